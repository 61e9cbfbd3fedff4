// Package siege proves that nobody takes a node down and nobody starves: it attacks nodes of Postwright, each a process of
// its own, as a hostile or careless caller does, and measures what a quiet owner sees of it, what the node holds and logs,
// and how it stops.
//
// It owns the attacks and what counts as kept. It must not know how Postwright defends itself: it sees the API, /metrics
// and the process. It needs Linux, for /proc and 127.0.0.0/8.
package siege

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

	"github.com/postwright/postwright/internal/testbed"
)

// Size is how much is done.
type Size struct {
	// Calm is how long the quiet owner is watched before each attack.
	Calm time.Duration
	// Flood is how long an attack goes on that has no number of its own.
	Flood time.Duration
	// DroppedReads is how many reads are dropped.
	DroppedReads int
	// BombBytes are the sizes of the bad requests.
	BombBytes []int
	// OneKey is over how many connections one owner floods.
	OneKey int
	// Streams is how many streams one owner asks for.
	Streams int
	// Idle is how long a node with idle streams is watched: longer than what polls would pause.
	Idle time.Duration
	// Batch is how many posts each of two batches has.
	Batch int
	// Stall is how long a stalled body is watched.
	Stall time.Duration
	// Grace is what a node has to stop that is told to while bodies are stalled.
	Grace time.Duration
}

// Full is the whole siege; Short is what every change is tried with.
var (
	Full = Size{
		Calm:         3 * time.Second,
		Flood:        8 * time.Second,
		DroppedReads: 12_000,
		BombBytes:    []int{1_300_000, 4 << 20, 15 << 20},
		OneKey:       1_000,
		Streams:      1_000,
		Idle:         8 * time.Second,
		Batch:        1_000,
		Stall:        65 * time.Second,
		Grace:        testbed.DefaultGrace,
	}
	Short = Size{Calm: time.Second, Flood: 2 * time.Second, DroppedReads: 2_000, BombBytes: []int{1_300_000}, OneKey: 32, Streams: 1_000,
		Idle: 3 * time.Second, Batch: 250, Stall: 6 * time.Second, Grace: 6 * time.Second}
)

// Run is one run.
type Run struct {
	Size Size
	// Only names the attacks; all when it is empty.
	Only []string
	// Binary is the postwright program under test.
	Binary string
	// Dir keeps the run's data and logs.
	Dir string
	// Out hears how the run goes.
	Out io.Writer
	Now func() time.Time
	Log *slog.Logger
}

// Names are those of all attacks, in order.
func Names() []string {
	var names []string
	for _, a := range attacks(Full) {
		names = append(names, a.name)
	}
	return names
}

// Do attacks. Its error is that of the harness; what it finds wrong with Postwright is in the result.
func (r Run) Do(ctx context.Context) (_ Result, err error) {
	for _, name := range r.Only {
		if !slices.Contains(Names(), name) {
			return Result{}, fmt.Errorf("there is no attack %q: choose from %v", name, Names())
		}
	}
	began := r.Now()
	g, err := newGround(ctx, filepath.Join(r.Dir, "postgres"), r.Log)
	if err != nil {
		return Result{}, err
	}
	defer g.stop(ctx)
	if err := r.settle(ctx, g); err != nil {
		return Result{}, err
	}
	serving, end := context.WithCancel(ctx)
	group, serving := errgroup.WithContext(serving)
	defer func() { err = errors.Join(err, group.Wait()) }()
	defer end()
	aside, err := r.newBystander(serving, group, g)
	if err != nil {
		return Result{}, err
	}
	var v verdict
	for _, a := range attacks(r.Size) {
		if len(r.Only) > 0 && !slices.Contains(r.Only, a.name) {
			continue
		}
		s := &stage{Run: r, attack: a, ground: g, people: g.people, vendors: newVendors(g.people, r.Now), bystander: aside}
		started := r.Now()
		if err := s.play(ctx); err != nil {
			return Result{}, err
		}
		r.tell("%s: %s", a.name, r.Now().Sub(started).Round(100*time.Millisecond))
		for _, got := range s.reached {
			r.tell("  %s: reached: %s: %s, at least %s", got.Attack, got.What, number(got.Value, ""), number(got.Least, ""))
		}
		for _, f := range s.figures {
			mark := " "
			if !f.kept() {
				mark = "!"
			}
			r.tell("%s %s", mark, f)
		}
		v.Attacks, v.Reached = append(v.Attacks, a.name), append(v.Reached, s.reached...)
		v.Figures, v.Missed = append(v.Figures, s.figures...), append(v.Missed, s.missed...)
	}
	return Result{verdict: v, took: r.Now().Sub(began)}, nil
}

// settle makes the people, whose accounts are checked with LinkedIn.
func (r Run) settle(ctx context.Context, g *ground) error {
	serving, end := context.WithCancel(ctx)
	group, serving := errgroup.WithContext(serving)
	url, err := testbed.ServeHTTP(serving, group, newVendors(g.people, r.Now).Handler())
	if err == nil {
		err = g.settle(ctx, url)
	}
	end()
	return errors.Join(err, group.Wait())
}

func (r Run) tell(format string, args ...any) {
	fmt.Fprintf(r.Out, "  "+format+"\n", args...)
}
