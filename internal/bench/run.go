// Package bench measures Postwright beside references, in one run on one machine: how many calls it serves, how long they take,
// what they allocate, and how that compares with servers and statements that are written by hand (package reference).
//
// It owns what is measured, how, and what it shall come to. It must not know how Postwright is made: it sees a binary, its
// settings, the API, /metrics and the process; of the database it knows as much as makes references and rows. It needs Linux, for
// /proc.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/postwright/postwright/internal/devdb"
)

// Size is how much is measured.
type Size struct {
	// Owners and Posts are how many there are; a tenth of the posts is one owner's.
	Owners, Posts int
	// Rounds is how often each subject is measured, and Span for how long each time.
	Rounds int
	Span   time.Duration
	// PostsOfAccount is how many posts each of many accounts publishes in a round, OneAccount how many one that is alone.
	PostsOfAccount, OneAccount int
	// Deletes is how many posts are deleted.
	Deletes int
	// Starts is how often the start is measured.
	Starts int
	// Idle is how long a node is watched that has nothing to do.
	Idle time.Duration
}

// Full is what docs/benchmarks.md tells of; Short shows the same in less than two minutes.
var (
	Full = Size{Owners: 1_000, Posts: 1_000_000, Rounds: 5, Span: 3 * time.Second, PostsOfAccount: 20, OneAccount: 200, Deletes: 1_000, Starts: 11,
		Idle: time.Minute}
	Short = Size{Owners: 1_000, Posts: 50_000, Rounds: 3, Span: 700 * time.Millisecond, PostsOfAccount: 2, OneAccount: 15, Deletes: 200,
		Starts: 3, Idle: 10 * time.Second}
)

// Run is one run.
type Run struct {
	Size Size
	// Only names the experiments; all when it is empty.
	Only []string
	// Binary is the postwright program that is measured.
	Binary string
	// Reference is the command that serves a reference: a reference's name and flags follow, see FlagListen.
	Reference []string
	// Dir keeps the run's data and logs.
	Dir string
	// Out hears how the run goes.
	Out io.Writer
	Now func() time.Time
	Log *slog.Logger
	// Save hears what is known after each experiment, so that a run that is cut off has measured something; nil for nobody.
	Save func(Result) error
}

// experiment measures what one or several goals need.
type experiment struct {
	name  string
	goals []goal
	do    func(ctx context.Context, s *stage) error
}

// experiments are all, in order: what only reads comes before what makes the tables grow.
func experiments() []experiment {
	return []experiment{
		{"idle", []goal{startToReady, idleMemory, idleTransactions, idleCPU}, measureIdle},
		{"get-cached", []goal{getCached}, measureGetCached},
		{"get-database", []goal{getDatabase}, measureGetDatabase},
		{"search", []goal{searchRare, searchCommon, searchNone}, measureSearch},
		{"list", []goal{listDeep}, measureList},
		{"create", []goal{createPost}, measureCreate},
		{"batch", []goal{batchInserts, batchCopy}, measureBatch},
		{"publish", []goal{publishMany, publishOne}, measurePublish},
		{"delete", []goal{deletePublished}, measureDelete},
	}
}

// Names are those of all experiments, in order.
func Names() []string { return named(experiments()) }

func named(list []experiment) (names []string) {
	for _, e := range list {
		names = append(names, e.name)
	}
	return names
}

// Do measures. An experiment that fails leaves its goals unknown; Do's own error is that of what all of them stand on.
func (r Run) Do(ctx context.Context) (_ Result, err error) {
	for _, name := range r.Only {
		if !slices.Contains(Names(), name) {
			return Result{}, fmt.Errorf("there is no experiment %q: choose from %v", name, Names())
		}
	}
	began := r.Now()
	result := Result{size: r.Size}
	if result.machine, err = describeMachine(ctx); err != nil {
		return Result{}, err
	}
	serving, end := context.WithCancel(ctx)
	group, serving := errgroup.WithContext(serving)
	defer func() { err = errors.Join(err, group.Wait()) }()
	defer end()
	g, err := newGround(serving, group, r)
	if err != nil {
		return Result{}, err
	}
	defer g.stop(ctx)
	s := &stage{Run: r, ground: g}
	if err := s.fill(ctx, &result); err != nil {
		return Result{}, err
	}
	chosen := r.chosen()
	for i, e := range chosen {
		started := r.Now()
		s.perform(ctx, e)
		if err := ctx.Err(); err != nil {
			return Result{}, err // what this experiment did not reach is not known for any reason of its own
		}
		r.tell("%s: %s", e.name, r.Now().Sub(started).Round(100*time.Millisecond))
		result.outcomes, result.measures, result.took, result.left = s.outcomes, s.measures, r.Now().Sub(began), named(chosen[i+1:])
		if r.Save == nil {
			continue
		}
		if err := r.Save(result); err != nil {
			return Result{}, err
		}
	}
	return result, nil
}

// chosen are the experiments that are done.
func (r Run) chosen() []experiment {
	return slices.DeleteFunc(experiments(), func(e experiment) bool { return len(r.Only) > 0 && !slices.Contains(r.Only, e.name) })
}

// fill loads the posts, through a node of its own.
func (s *stage) fill(ctx context.Context, result *Result) error {
	node, stop, err := s.serve(ctx, "load")
	if err != nil {
		return err
	}
	began := s.Now()
	s.loaded, err = s.load(ctx, node)
	stop()
	if err != nil {
		return fmt.Errorf("load the posts: %w", err)
	}
	result.loading = s.Now().Sub(began)
	s.tell("%d posts of %d owners loaded by BatchCreatePosts in %s", s.Size.Posts, s.Size.Owners, result.loading.Round(100*time.Millisecond))
	return s.ground.settle(ctx)
}

func (r Run) tell(format string, args ...any) {
	fmt.Fprintf(r.Out, "  "+format+"\n", args...)
}

// postgresDir is where the run's PostgreSQL keeps its data.
func (r Run) postgresDir() string { return filepath.Join(r.Dir, "postgres") }

// pgbench is where PostgreSQL's own pgbench is.
func pgbench(ctx context.Context) (string, error) { return devdb.Program(ctx, "pgbench") }
