package siege

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
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
	node       *node
	quiet      *quiet
	// dismiss ends the quiet owner's life during the attack and returns once it has ended; an attack that needs silence may
	// call it.
	dismiss func() seen
	peak    uint64 // the most memory that a node held during the attack, in bytes
	died    int    // nodes that ended by themselves
	ended   *exit  // of a node that the attack itself stopped

	sent    atomic.Int64 // requests, for what may be logged
	holding atomic.Int64 // the most bytes of requests that are with the node at once, for what it may hold

	mu      sync.Mutex
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

func (s *stage) posts(owner *testbed.Owner, through http.RoundTripper) postwrightv1connect.PostServiceClient {
	return postwrightv1connect.NewPostServiceClient(testbed.NewClient(&http.Client{Transport: through}, s.node.url, owner.Key))
}

// start starts a node on the attack's database, at the address of the one before.
func (s *stage) start(ctx context.Context) (err error) {
	wiring := testbed.Wiring{DatabaseURL: s.ground.server.URL(s.database), VendorsURL: s.vendorsURL, Keyset: s.ground.keyset}
	if s.node != nil {
		wiring.Listen = s.node.address
	} else if wiring.Listen, err = loopback.FreeAddress(ctx); err != nil {
		return err
	}
	settings := append([]string{"POSTWRIGHT_DATABASE_MIN_CONNECTIONS=2"}, s.attack.settings...)
	s.node, err = startNode(ctx, s.Binary, s.Dir, s.attack.name, wiring, settings)
	return err
}

// restart replaces the node, which is broken, by a fresh one, so that what comes next is measured for itself.
func (s *stage) restart(ctx context.Context) error {
	s.notePeak()
	if !s.node.alive() {
		s.died++
	}
	s.node.process.Signal(os.Kill)
	<-s.node.process.Gone()
	return s.start(ctx)
}

// live begins the quiet owner's life during the attack; a life that was led before is forgotten.
func (s *stage) live(ctx context.Context) {
	living, leave := context.WithCancel(ctx)
	during := make(chan seen, 1)
	quiet := s.quiet
	go func() { during <- quiet.live(living) }()
	s.dismiss = sync.OnceValue(func() seen {
		leave()
		return <-during
	})
}

func (s *stage) grace() time.Duration { return cmp.Or(s.attack.grace, defaultGrace) }

// notePeak remembers what the node held, while there is one to ask.
func (s *stage) notePeak() {
	_, peak := s.node.memory()
	s.peak = max(s.peak, peak)
}

// stop stops the node, for an attack that is about its end.
func (s *stage) stop(ctx context.Context, stopping func(ctx context.Context)) {
	s.notePeak()
	watching, enough := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { stopping(watching) })
	ended := s.node.stop(s.grace())
	enough()
	watch.Wait()
	s.ended = &ended
}

// play lets the quiet owner live alone, then during the attack, and looks at the node afterwards.
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
		if err := s.vendors.Arm(f); err != nil {
			return err
		}
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	if s.quiet, err = newQuiet(ctx, s.people.quiet, s.node.url, quietAddress); err != nil {
		return err
	}
	calming, calmed := context.WithTimeout(ctx, s.Size.Calm)
	calm := s.quiet.live(calming)
	calmed()
	if len(calm.errors) > 0 {
		s.miss("the quiet owner had errors before the attack: %s", calm.errors[0])
	}
	if err := s.node.forgetPeak(); err != nil {
		return err
	}
	resident, _ := s.node.memory()
	logged := s.node.logBytes()

	s.live(ctx)
	failed := s.attack.do(ctx, s)
	s.notePeak()
	attacked := s.dismiss()
	s.sent.Add(attacked.calls())
	if failed != nil {
		return fmt.Errorf("%s: %w", s.attack.name, failed)
	}
	s.add(compare(calm, attacked))
	s.look(ctx, resident, logged)
	return nil
}

// look looks at the node after the attack, and ends it.
func (s *stage) look(ctx context.Context, resident uint64, logged int64) {
	growth := max(float64(s.peak)-float64(resident), 0)
	s.figure(nameMemory, growth/mebibyte, float64(memoryFloor+memoryTimes*s.holding.Load())/mebibyte, "MiB",
		fmt.Sprintf("before: %s", number(float64(resident)/mebibyte, "MiB")))
	s.figure(nameLog, float64(s.node.logBytes()-logged)/1024, float64(logFloor+logPerRequest*s.sent.Load())/1024, "KiB",
		fmt.Sprintf("%d requests", s.sent.Load()))
	if s.ended == nil && !s.node.alive() {
		s.died++
	}
	s.figure(nameDied, float64(s.died), 0, "", "")
	if s.ended == nil {
		if !s.node.alive() {
			return
		}
		s.figure(namePool, s.leastInUse(ctx), 0, "", "of 20")
		ended := s.node.stop(s.grace())
		s.ended = &ended
	}
	s.figure(nameExit, s.ended.took.Seconds(), (s.grace() + exitMargin).Seconds(), "s", "")
	s.figure(nameExitCode, asFailure(s.ended.code), 0, "", "")
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
		if m, err := s.node.metrics(ctx); err == nil {
			if n, err := m.poolInUse(); err == nil {
				least = min(least, n)
			}
		}
		wait(ctx, 50*time.Millisecond)
	}
	return least
}
