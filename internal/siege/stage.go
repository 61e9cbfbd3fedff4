package siege

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/testbed"
	"github.com/postwright/postwright/internal/testbed/loopback"
)

// attack is something that is done to a node of its own.
type attack struct {
	name string
	// settings are the node's, NAME=value.
	settings []string
	// queue says that the attack leaves posts on their way, for which the workers hold connections.
	queue bool
	// grace is what the node is given to stop; the default when it is 0.
	grace time.Duration
	// vendors is how the vendors are from the start on, before the calm is measured.
	vendors []sandbox.Fault
	// do attacks until it is done, and leaves nothing open. Its error is the harness's; what it finds goes to the stage.
	do func(ctx context.Context, s *stage) error
}

// stage is where one attack takes place.
type stage struct {
	Run
	attack  attack
	ground  *ground
	people  people
	vendors *sandbox.Sandbox
	// vendorsURL, database: what a node needs.
	vendorsURL string
	database   string
	node       *testbed.Node
	quiet      *quiet
	bystander  *bystander
	life       *life // the quiet owner's, during the attack
	aside      *life // the bystander's
	// dismiss ends the quiet owner's life during the attack and returns once it has ended; an attack that needs silence may
	// call it.
	dismiss func() (attacked, beside seen)
	peak    uint64        // the most memory that a node held during the attack, in bytes
	died    int           // nodes that ended by themselves
	ended   *testbed.Exit // of a node that the attack itself stopped

	sent    atomic.Int64 // requests, for what may be logged
	holding atomic.Int64 // the most bytes of requests that are with the node at once, for what it may hold

	mu      sync.Mutex
	reached []reached
	figures []figure
	missed  []string
}

// What every node may hold and log beyond what it is asked.
const (
	memoryFloor   = 64 * mebibyte
	memoryTimes   = 10 // of the bytes that the requests under way have
	logFloor      = 256 << 10
	logPerRequest = 2 << 10
	poolPatience  = 5 * time.Second
	workers       = 10 // of a node, by default
)

func (s *stage) figure(name string, value, most float64, unit, note string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.figures = append(s.figures, figure{Attack: s.attack.name, Name: name, Value: value, Most: most, Unit: unit, Note: note})
}

func (s *stage) add(list []figure) {
	for _, f := range list {
		s.figure(f.Name, f.Value, f.Most, f.Unit, f.Note)
	}
}

// miss notes what was planned and did not happen.
func (s *stage) miss(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.missed = append(s.missed, s.attack.name+": "+fmt.Sprintf(format, args...))
}

// reach notes what the attack came to, and misses it when that is less than the least with which it counts as one.
func (s *stage) reach(what string, value, least int) {
	s.mu.Lock()
	s.reached = append(s.reached, reached{Attack: s.attack.name, What: what, Value: float64(value), Least: float64(least)})
	s.mu.Unlock()
	if value < least {
		s.miss("%s: %d, and it takes %d", what, value, least)
	}
}

func (s *stage) posts(owner *testbed.Owner, through http.RoundTripper) postwrightv1connect.PostServiceClient {
	return postwrightv1connect.NewPostServiceClient(testbed.NewClient(&http.Client{Transport: through}, s.node.URL, owner.Key))
}

// fewConnections is a setting of every node: two nodes and what measures them share one PostgreSQL.
const fewConnections = "POSTWRIGHT_DATABASE_MIN_CONNECTIONS=2"

// start starts a node on the attack's database, at the address of the one before.
func (s *stage) start(ctx context.Context) (err error) {
	wiring := testbed.Wiring{DatabaseURL: s.ground.server.URL(s.database), VendorsURL: s.vendorsURL, Keyset: s.ground.keyset}
	if s.node != nil {
		wiring.Listen = s.node.Address
	} else if wiring.Listen, err = loopback.FreeAddress(ctx); err != nil {
		return err
	}
	s.node, err = testbed.StartNode(ctx, s.Binary, s.Dir, s.attack.name, wiring, append([]string{fewConnections}, s.attack.settings...)...)
	return err
}

// restart replaces the node, which is broken, by a fresh one, so that what comes next is measured for itself.
func (s *stage) restart(ctx context.Context) error {
	s.notePeak()
	if !s.node.Alive() {
		s.died++
	}
	s.node.Signal(os.Kill)
	<-s.node.Gone()
	return s.start(ctx)
}

// live begins the quiet owner's life during the attack, and the bystander's; a life that was led before is forgotten.
func (s *stage) live(ctx context.Context) {
	living, leave := context.WithCancel(ctx)
	attacked, beside := s.quiet.begin(living), s.bystander.quiet.begin(living)
	s.life, s.aside = attacked, beside
	s.dismiss = sync.OnceValues(func() (seen, seen) {
		leave()
		return attacked.end(), beside.end()
	})
}

// flooding returns a context that ends after a while, once the quiet owner has seen enough of the attack, and what ends it
// before.
func (s *stage) flooding(ctx context.Context, least time.Duration) (flooding context.Context, end func()) {
	flooding, cancel := context.WithCancel(ctx)
	life := s.life
	var watch sync.WaitGroup
	watch.Go(func() {
		life.persist(flooding, least)
		cancel()
	})
	return flooding, func() {
		cancel()
		watch.Wait()
	}
}

func (s *stage) grace() time.Duration { return cmp.Or(s.attack.grace, testbed.DefaultGrace) }

// notePeak remembers what the node held, while there is one to ask.
func (s *stage) notePeak() {
	_, peak := s.node.Memory()
	s.peak = max(s.peak, peak)
}

// stop stops the node, for an attack that is about its end.
func (s *stage) stop(ctx context.Context, stopping func(ctx context.Context)) {
	s.notePeak()
	watching, enough := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { stopping(watching) })
	ended := s.node.Stop(s.grace())
	enough()
	watch.Wait()
	s.ended = &ended
}

// play lets the quiet owner live alone, then during the attack, and inspects the node afterwards.
func (s *stage) play(ctx context.Context) (err error) {
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	group, serving := errgroup.WithContext(serving)
	defer func() { err = errors.Join(err, group.Wait()) }()
	defer end()
	if s.vendorsURL, err = testbed.ServeHTTP(serving, group, s.vendors.Handler()); err != nil {
		return err
	}
	if s.database, err = s.ground.database(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.ground.drop(context.WithoutCancel(ctx), s.database)) }()
	ctx, kill := context.WithCancel(ctx) // ends the node, where the attack did not get that far
	defer kill()
	for _, f := range s.attack.vendors {
		if err := errors.Join(s.vendors.Arm(f), s.bystander.vendors.Arm(f)); err != nil {
			return err
		}
	}
	defer s.bystander.vendors.Disarm()
	if err := s.start(ctx); err != nil {
		return err
	}
	if s.quiet, err = newQuiet(ctx, s.people.quiet, s.node.URL, quietAddress); err != nil {
		return err
	}
	calm := s.calm(ctx)
	if failed := slices.Concat(calm.errors, calm.unserved); len(failed) > 0 {
		s.miss("the quiet owner had errors before the attack: %s", failed[0])
	}
	if err := s.node.ForgetPeak(); err != nil {
		return err
	}
	resident, _ := s.node.Memory()
	logged := s.node.LogBytes()

	s.live(ctx)
	failed := s.attack.do(ctx, s)
	s.notePeak()
	attacked, aside := s.dismiss()
	s.sent.Add(attacked.calls())
	if failed != nil {
		return fmt.Errorf("%s: %w", s.attack.name, failed)
	}
	if len(s.reached) == 0 {
		s.miss("it does not say what it reached")
	}
	figures, missed := compare(calm, attacked, aside)
	s.add(figures)
	for _, said := range missed {
		s.miss("%s", said)
	}
	s.inspect(ctx, resident, logged)
	return nil
}

// calm is what the quiet owner sees when nobody attacks.
func (s *stage) calm(ctx context.Context) seen {
	calming, calmed := context.WithCancel(ctx)
	life := s.quiet.begin(calming)
	life.persist(ctx, s.Size.Calm)
	calmed()
	return life.end()
}

// inspect measures the node after the attack, and ends it.
func (s *stage) inspect(ctx context.Context, resident uint64, logged int64) {
	growth := max(float64(s.peak)-float64(resident), 0)
	s.figure(nameMemory, growth/mebibyte, float64(memoryFloor+memoryTimes*s.holding.Load())/mebibyte, "MiB",
		fmt.Sprintf("before: %s", number(float64(resident)/mebibyte, "MiB")))
	s.figure(nameLog, float64(s.node.LogBytes()-logged)/1024, float64(logFloor+logPerRequest*s.sent.Load())/1024, "KiB",
		fmt.Sprintf("%d requests", s.sent.Load()))
	if s.ended == nil && !s.node.Alive() {
		s.died++
	}
	s.figure(nameDied, float64(s.died), 0, "", "")
	if s.ended == nil {
		if !s.node.Alive() {
			return
		}
		most := 0.0
		if s.attack.queue {
			most = workers
		}
		s.figure(namePool, s.leastInUse(ctx), most, "", "of 20")
		ended := s.node.Stop(s.grace())
		s.ended = &ended
	}
	s.figure(nameExit, s.ended.Took.Seconds(), (s.grace() + testbed.ExitMargin).Seconds(), "s", "")
	s.figure(nameExitCode, asFailure(s.ended.Code), 0, "", "")
}

// asFailure turns an exit code into a figure: what was killed is as bad as what failed.
func asFailure(code int) float64 {
	if code < 0 {
		return 255
	}
	return float64(code)
}

// leastInUse is the least number of connections in use that was seen in a while: jobs and looks take one for moments.
func (s *stage) leastInUse(ctx context.Context) float64 {
	least := 20.0
	for began := time.Now(); least > 0 && time.Since(began) < poolPatience; {
		if m, err := s.node.Metrics(ctx); err == nil {
			if n, err := m.Sum("db_pool_connections", "state", "in_use"); err == nil {
				least = min(least, n)
			}
		}
		wait(ctx, 50*time.Millisecond)
	}
	return least
}
