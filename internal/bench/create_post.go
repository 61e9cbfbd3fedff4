package bench

import (
	"context"
	"time"

	"github.com/postwright/postwright/internal/bench/reference"
)

var createPost = goal{name: "create", what: "CreatePost (cache off), against one written by hand", unit: "×", atLeast: 0.85, stretch: 0.95}

// newPosts is how many different posts are made again and again.
const newPosts = 2_000

func measureCreate(ctx context.Context, s *stage) error {
	node, stop, err := s.serve(ctx, "create")
	if err != nil {
		return err
	}
	defer stop()
	uncached, stopUncached, err := s.serveUncached(ctx, "create-uncached")
	if err != nil {
		return err
	}
	defer stopUncached()
	hand, stopHand, err := s.serveReference(ctx, ReferenceHandwritten, FlagDatabase, s.ground.url)
	if err != nil {
		return err
	}
	defer stopHand()
	program, err := pgbench(ctx)
	if err != nil {
		return err
	}
	p := reference.PGBench{Program: program, URL: s.ground.url, Dir: s.Dir, Clients: PoolSize}
	owner, row := s.ground.owners[batcher].ID, rows(1)[0]
	var creates []call
	for i := range newPosts {
		creates = append(creates, createCall(s.ground.owners[firstMany+i%accountsN], s.Size.Posts+i))
	}
	measures, err := s.measure(ctx,
		subject{"CreatePost, cache off", uncached, newCalls(uncached.Address, connections, creates).again},
		subject{"CreatePost, default settings", node, newCalls(node.Address, connections, creates).again},
		subject{"CreatePost by hand", hand, newCalls(hand.address, connections, creates).again},
		pgbenching("pgbench, one INSERT", func(ctx context.Context, span time.Duration) (reference.PGBenched, error) {
			return p.Create(ctx, span, owner, row)
		}),
	)
	if err != nil {
		return err
	}
	return s.compare(createPost, measures[0], measures[2])
}
