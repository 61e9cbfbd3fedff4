package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/testbed"
)

var (
	publishMany = goal{name: "publish_many", what: "posts published a second through the sandbox, end to end, by 100 accounts", unit: "posts/s",
		atLeast: 500, stretch: 1500}
	publishOne = goal{name: "publish_one", what: "… by one account alone", unit: "posts/s", atLeast: 60, stretch: 200}
)

// publishPatience bounds a round.
const publishPatience = 3 * time.Minute

func measurePublish(ctx context.Context, s *stage) error {
	node, stop, err := s.serve(ctx, "publish")
	if err != nil {
		return err
	}
	defer stop()
	p := &publishing{stage: s, node: node}
	many, lone := s.ground.owners[firstMany:firstMany+accountsN], s.ground.owners[loneOwner:loneOwner+1]
	measures, err := s.measure(ctx,
		subject{fmt.Sprintf("published, %d accounts", accountsN), node, p.by(many, s.Size.PostsOfAccount)},
		subject{"published, one account", node, p.by(lone, s.Size.OneAccount)},
	)
	if err != nil {
		return err
	}
	for i, g := range []goal{publishMany, publishOne} {
		s.reach(g, measures[i].perSecond(), "from approval to published: p50 %s", number(measures[i].latency(50).Seconds(), "s"))
	}
	return nil
}

// publishing makes drafts, which is not measured, and approves all of them at once, which is, until all are published.
type publishing struct {
	*stage
	node  *testbed.Node
	texts int // made so far: no two are the same
}

// by publishes so many posts of each owner, as a subject.
func (p *publishing) by(owners []*testbed.Owner, each int) working {
	return func(ctx context.Context, _ time.Duration) (_ round, err error) {
		ctx, cancel := context.WithTimeout(ctx, publishPatience)
		defer cancel()
		drafts := make([][]string, len(owners))
		for i, owner := range owners {
			if drafts[i], err = p.draft(ctx, owner, each); err != nil {
				return round{}, err
			}
		}
		var (
			mu  sync.Mutex
			all round
		)
		began := time.Now()
		group, ctx := errgroup.WithContext(ctx)
		for i, owner := range owners {
			group.Go(func() error {
				return p.publish(ctx, owner, drafts[i], func() {
					mu.Lock()
					defer mu.Unlock()
					all.calls++
					all.latencies = append(all.latencies, time.Since(began))
				})
			})
		}
		err = group.Wait()
		all.took = time.Since(began)
		return all, err
	}
}

func (p *publishing) draft(ctx context.Context, owner *testbed.Owner, n int) (ids []string, err error) {
	api, hangUp := p.posts(p.node, owner)
	defer hangUp()
	request := batch{first: 10*p.Size.Posts + p.texts, owner: loneOwner, size: n}.request()
	p.texts += n
	made, err := api.BatchCreatePosts(ctx, request)
	for _, post := range made.GetPosts() {
		ids = append(ids, post.GetId())
	}
	return ids, err
}

// publish approves posts and tells of each that is published. One that is not is an error.
func (p *publishing) publish(ctx context.Context, owner *testbed.Owner, ids []string, published func()) error {
	api, hangUp := p.posts(p.node, owner)
	defer hangUp()
	stream, err := api.BatchPublishPosts(ctx, &postwrightv1.BatchPublishPostsRequest{Ids: ids})
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close() }()
	for n := 0; ; {
		res, err := stream.Receive()
		switch {
		case errors.Is(err, io.EOF):
			return wrongCount(nil, n, len(ids))
		case err != nil:
			return err
		}
		switch status := res.GetOutcome().GetApiStatus(); status {
		case postwrightv1.ApiStatus_API_STATUS_WAITING:
		case postwrightv1.ApiStatus_API_STATUS_PUBLISHED:
			n++
			published()
		default:
			return fmt.Errorf("a post is %s: %s", status, res.GetOutcome().GetError().GetMessage())
		}
	}
}
