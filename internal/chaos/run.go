package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/testbed"
	"github.com/postwright/postwright/internal/testbed/loopback"
)

// Run is one run.
type Run struct {
	Options Options
	// Binary is the postwright program under test.
	Binary string
	// Dir keeps the run's data and logs.
	Dir string
	// Out hears how the run goes.
	Out io.Writer
	Now func() time.Time
	Log *slog.Logger
}

// Result is what a run came to.
type Result struct {
	verdict verdict
	options Options
	took    time.Duration
}

// Passed reports whether every promise was kept.
func (r Result) Passed() bool { return r.verdict.passed() }

// Line is the verdict in one line, with its figures.
func (r Result) Line() string { return r.verdict.line(r.options) }

// Findings are what was wrong, one line each, under the name of their figure in Line.
func (r Result) Findings() map[string][]string { return r.verdict.findings() }

// approvers is how many single posts are approved at once.
const approvers = 8

// world is everything that runs during a run.
type world struct {
	Run
	plan     plan
	database *database
	vendors  *sandbox.Sandbox
	witness  *witness
	nodes    []*node
	loud     *caller
	quiet    *caller
	restarts chan struct{}

	mu      sync.Mutex
	trouble []string
}

// Do publishes the posts while everything fails that can, waits until all is quiet, settles what is in doubt, and compares.
// Its error is that of the harness; what it finds wrong with Postwright is in the result.
func (r Run) Do(ctx context.Context) (Result, error) {
	if err := r.Options.Faults(); err != nil {
		return Result{}, err
	}
	began := r.Now()
	ctx, cancel := context.WithTimeout(ctx, r.Options.Deadline)
	defer cancel()
	w := &world{Run: r, plan: newPlan(r.Options), restarts: make(chan struct{}, r.Options.Restarts)}
	var err error
	if w.database, err = startDatabase(ctx, r.Dir, r.Log, r.Now); err != nil {
		return Result{}, err
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		if err := w.database.stop(stopping); err != nil {
			r.Log.ErrorContext(ctx, "stop PostgreSQL", "error", err)
		}
	}()
	found, err := w.do(ctx)
	if err != nil {
		return Result{}, err
	}
	return Result{verdict: check(found), options: r.Options, took: r.Now().Sub(began)}, nil
}

func (w *world) do(ctx context.Context) (_ evidence, err error) {
	if err := postgres.Migrate(ctx, w.database.url(), w.Log); err != nil {
		return evidence{}, err
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	group, serving := errgroup.WithContext(serving)
	defer func() { err = errors.Join(err, group.Wait()) }()
	defer stop()
	if err := w.serve(ctx, serving, group); err != nil {
		return evidence{}, err
	}
	w.tell("%d nodes, %d posts, %d kills, %d restarts of PostgreSQL, %d of each of LinkedIn's faults; seed %d",
		nodes, len(w.plan.Posts), w.Options.Kills, w.Options.Restarts, w.Options.FaultsOfEach, w.Options.Seed)
	w.approve(ctx)
	w.tell("all posts are approved")
	w.finish(ctx)
	found := evidence{Planned: w.plan.Posts, Ledger: w.ledger()}
	if found.Posts, err = w.database.posts(ctx); err != nil {
		return evidence{}, fmt.Errorf("read the database at the end: %w", err)
	}
	w.settle(ctx, found)
	if found.Settled, err = w.database.posts(ctx); err != nil {
		return evidence{}, fmt.Errorf("read the database after settling: %w", err)
	}
	found.Ledger = w.ledger()
	found.Creates, found.Missed = w.witness.report()
	for _, n := range w.nodes {
		found.Kills = append(found.Kills, n.report()...)
	}
	if n := w.Options.Kills - len(found.Kills); n > 0 {
		found.Missed = append(found.Missed, fmt.Sprintf("%d of %d kills", n, w.Options.Kills))
	}
	found.Outages = w.database.report()
	w.mu.Lock()
	defer w.mu.Unlock()
	found.Trouble = w.trouble
	return found, nil
}

// serve starts the sandbox behind its witness, the nodes, and whoever restarts PostgreSQL.
func (w *world) serve(ctx, serving context.Context, group *errgroup.Group) error {
	var people []sandbox.Member
	var tokens []string
	for i := range members + 1 {
		token := fmt.Sprintf("token-of-member-%d", i)
		tokens = append(tokens, token)
		people = append(people, sandbox.Member{ID: fmt.Sprintf("member%d", i), GivenName: "Member", FamilyName: fmt.Sprint(i), Token: token,
			Scopes: []string{"openid", "profile", "w_member_social"}})
	}
	// No quota, and no memory of texts: what is sent twice must stand there twice.
	w.vendors = sandbox.New(sandbox.Options{Clock: w.Now, Log: slog.New(slog.DiscardHandler), Members: people,
		MemberDayLimit: -1, AppDayLimit: -1, DuplicateWindow: -1})
	w.witness = &witness{plan: w.plan, vendors: w.vendors, next: w.vendors.Handler(), now: w.Now,
		kill:    func(n int) bool { return w.nodes[n].kill() },
		restart: func() { w.restarts <- struct{}{} }}
	vendorsURLs := make([]string, nodes)
	for i := range nodes {
		var err error
		if vendorsURLs[i], err = testbed.ServeHTTP(serving, group, w.witness.handler(i)); err != nil {
			return err
		}
	}
	keyset, err := accounts.NewKeyset()
	if err != nil {
		return err
	}
	loud := &testbed.Owner{Email: "loud@example.org", Tokens: tokens[:members]}
	quiet := &testbed.Owner{Email: "quiet@example.org", Tokens: tokens[members:]}
	if err := testbed.AddOwners(
		ctx,
		testbed.Wiring{DatabaseURL: w.database.url(), VendorsURL: vendorsURLs[0], Keyset: keyset},
		loud,
		quiet,
	); err != nil {
		return err
	}
	var urls []string
	for i := range nodes {
		address, err := loopback.FreeAddress(ctx)
		if err != nil {
			return err
		}
		role := "all"
		if i == nodes-1 {
			role = "workers"
		} else {
			urls = append(urls, "http://"+address)
		}
		wiring := testbed.Wiring{Listen: address, DatabaseURL: w.database.url(), VendorsURL: vendorsURLs[i], Keyset: keyset}
		n := &node{
			number:  i,
			binary:  w.Binary,
			now:     w.Now,
			excused: w.database.awayLately,
			log:     filepath.Join(w.Dir, fmt.Sprintf("node-%d.log", i)),
			env: wiring.Environment(
				"POSTWRIGHT_ROLE="+role,
				"POSTWRIGHT_DATABASE_MIN_CONNECTIONS=2",
				"POSTWRIGHT_OUTBOUND_ATTEMPT_TIMEOUT="+attemptTimeout.String(),
				"POSTWRIGHT_OUTBOUND_BUDGET="+attemptTimeout.String(),
				"POSTWRIGHT_OUTBOUND_BREAKER_DELAY=2s",
				"POSTWRIGHT_JOBS_MAX_WORKERS="+strconv.Itoa(
					workers,
				),
				"POSTWRIGHT_JOBS_TIMEOUT="+jobTimeout.String(),
				"POSTWRIGHT_JOBS_RESCUE_AFTER="+rescueAfter.String(),
				"POSTWRIGHT_PUBLISHING_ACCOUNT_CONCURRENCY=20",
				"POSTWRIGHT_PUBLISHING_RETRY_WAIT=500ms",
			),
		}
		w.nodes = append(w.nodes, n)
	}
	for _, n := range w.nodes {
		group.Go(func() error {
			if err := n.run(serving); err != nil {
				w.note("%v", err)
			}
			return nil
		})
	}
	group.Go(func() error {
		for hard := false; ; hard = !hard {
			select {
			case <-serving.Done():
				return nil
			case <-w.restarts:
			}
			if err := w.database.restart(serving, hard); err != nil && serving.Err() == nil {
				w.note("PostgreSQL could not be restarted: %v", err)
			}
		}
	})
	ids := slices.Concat(loud.Accounts, quiet.Accounts) // by member
	w.loud, w.quiet = newCaller(urls, loud.Key, ids, w.Now), newCaller(urls, quiet.Key, ids, w.Now)
	return nil
}

// callerOf is who publishes with a member's account.
func (w *world) callerOf(member int) *caller {
	if member == quietMember {
		return w.quiet
	}
	return w.loud
}

// approve approves every post of the plan, each the way that the plan says: the batches all at once, so that from the
// beginning many of the loud owner's posts wait, then the others, several at once.
func (w *world) approve(ctx context.Context) {
	var batches, group errgroup.Group
	number := 0
	for batch := range slices.Chunk(w.plan.by(wayBatch), batchSize) {
		n := number
		number++
		batches.Go(func() error { w.noteError(w.loud.batch(ctx, n, batch)); return nil })
	}
	group.SetLimit(approvers)
	for _, p := range w.plan.Posts {
		switch p.Way {
		case wayNow:
			group.Go(func() error { w.noteError(w.callerOf(p.Member).publish(ctx, p)); return nil })
		case wayLater:
			group.Go(func() error { w.noteError(w.loud.schedule(ctx, p)); return nil })
		}
	}
	_, _ = group.Wait(), batches.Wait() // what went wrong is noted
}

// finish lets the kills happen that found nobody to kill, and waits until every post rests.
func (w *world) finish(ctx context.Context) {
	last := -1
	for ctx.Err() == nil {
		w.witness.payOne()
		n, err := w.database.unrest(ctx)
		if err == nil && n == 0 && w.witness.owing() == 0 && len(w.restarts) == 0 {
			w.tell("every post rests")
			return
		}
		if err == nil && n != last {
			w.tell("%d posts are on their way", n)
			last = n
		}
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
	w.note("the run was not over after %s", w.Options.Deadline)
}

// settle looks every post in doubt up at LinkedIn, and says what is there, as a person would.
func (w *world) settle(ctx context.Context, found evidence) {
	there := map[string]string{}
	for _, e := range found.Ledger {
		there[e.Text] = e.URN
	}
	owners := map[string]int{}
	for _, p := range w.plan.Posts {
		owners[p.Text] = p.Member
	}
	settled := 0
	for _, p := range found.Posts {
		if p.State == "unconfirmed" {
			w.noteError(w.callerOf(owners[p.Text]).settle(ctx, p.ID, there[p.Text]))
			settled++
		}
	}
	w.tell("%d posts in doubt are settled", settled)
}

func (w *world) ledger() []entry {
	var list []entry
	for _, e := range w.vendors.Ledger() {
		list = append(list, entry{Text: e.Shown, URN: e.URN})
	}
	return list
}

func (w *world) tell(format string, args ...any) {
	fmt.Fprintf(w.Out, "  "+format+"\n", args...)
}

func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trouble = append(w.trouble, fmt.Sprintf(format, args...))
}

func (w *world) noteError(err error) {
	if err != nil {
		w.note("a caller could not do their part: %v", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
}
