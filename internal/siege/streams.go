package siege

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/testbed"
)

const (
	// openers open streams at once.
	openers = 16
	// streamsPerConnection is below what servers commonly allow.
	streamsPerConnection = 100
	// perStream is what a stream may hold in the node: its buffers and goroutines, at both ends of HTTP/2.
	perStream = 64 << 10
	// What idle streams may cost beyond what the node costs without them.
	idleCPUMost     = 2.0 // per cent of a core
	idleQueriesMost = 5.0 // a second
)

// overHTTP2 returns a transport of unencrypted HTTP/2 from an address, as gRPC clients have.
func overHTTP2(address string) *http.Transport {
	transport := from(address)
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetUnencryptedHTTP2(true)
	return transport
}

// openStreams lets one owner open as many streams as they want, on a post that does not change; then a crowd, up to the same
// number. Others' streams and calls go on, and what waits costs nothing.
func openStreams(ctx context.Context, s *stage) error {
	s.dismiss()
	calm, err := s.idle(ctx)
	if err != nil {
		return err
	}
	s.live(ctx)
	streaming, end := context.WithCancel(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer end()
	var open atomic.Int64
	watch := func(owner *testbed.Owner, count int) error {
		post, err := s.scheduled(ctx, owner)
		if err != nil {
			return err
		}
		apis := make([]postwrightv1connect.PostServiceClient, count/streamsPerConnection+1)
		for i := range apis {
			apis[i] = s.posts(owner, overHTTP2(attackersAddress))
		}
		bounded(ctx, openers, count, func(_ context.Context, i int) {
			s.sent.Add(1)
			stream, err := apis[i%len(apis)].WatchPost(streaming, &postwrightv1.WatchPostRequest{Id: post})
			if err == nil {
				_, err = stream.Receive()
			}
			if err != nil {
				return // refused: there are enough
			}
			open.Add(1)
			watching.Go(func() {
				for err == nil {
					_, err = stream.Receive()
				}
				_ = stream.Close()
			})
		})
		return nil
	}
	if err := watch(s.people.greedy, s.Size.Streams); err != nil {
		return err
	}
	ofOne := open.Load()
	s.judgeOthers(ctx)
	if err := each(s.people.crowd, func(owner *testbed.Owner) error {
		left := s.Size.Streams - int(open.Load())
		return watch(owner, min(max(left, 0), s.Size.Streams/len(s.people.crowd)+1))
	}); err != nil {
		return err
	}
	ofAll := open.Load()
	s.reach("streams open at once", int(ofAll), s.Size.Streams/4)
	s.holding.Store(ofAll * perStream / memoryTimes)
	s.life.persist(ctx, s.Size.Flood) // the quiet owner looks on
	s.dismiss()
	idle, err := s.idle(ctx)
	if err != nil {
		return err
	}
	note := fmt.Sprintf("beyond the calm, %d streams open, %d of one owner", ofAll, ofOne)
	s.figure("CPU while streams are idle", 100*(idle.cpu-calm.cpu), idleCPUMost, "%", note)
	s.figure("queries a second while streams are idle", idle.queries-calm.queries, idleQueriesMost, "", note)
	return nil
}

func each(owners []*testbed.Owner, do func(owner *testbed.Owner) error) error {
	for _, owner := range owners {
		if err := do(owner); err != nil {
			return err
		}
	}
	return nil
}

// scheduled makes a post that waits for a time far away.
func (s *stage) scheduled(ctx context.Context, owner *testbed.Owner) (id string, err error) {
	api := s.posts(owner, from(attackersAddress))
	made, err := api.CreatePost(ctx, &postwrightv1.CreatePostRequest{Post: &postwrightv1.Post{Content: "Some day"}})
	if err != nil {
		return "", err
	}
	id = made.GetPost().GetId()
	_, err = api.SchedulePost(ctx, &postwrightv1.SchedulePostRequest{Id: id, ScheduledTime: timestamppb.New(s.Now().Add(300 * 24 * time.Hour))})
	return id, err
}

// judgeOthers lets the quiet owner use streams of their own.
func (s *stage) judgeOthers(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	failed, note := 0.0, ""
	for _, err := range []error{s.quiet.batch(ctx), s.quiet.watch(ctx)} {
		if err != nil {
			failed++
			note = err.Error()
		}
	}
	s.figure("streams of the quiet owner that failed", failed, 0, "", note)
}

// batch publishes two new posts in one call and follows them to their end.
func (q *quiet) batch(ctx context.Context) error {
	stream, err := q.api.BatchPublishPosts(ctx, &postwrightv1.BatchPublishPostsRequest{
		Posts: []*postwrightv1.Post{{Content: "A quiet batch, one"}, {Content: "A quiet batch, two"}},
	})
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close() }()
	published := 0
	for {
		res, err := stream.Receive()
		switch {
		case errors.Is(err, io.EOF) && published == 2:
			return nil
		case err != nil:
			return fmt.Errorf("BatchPublishPosts: %w", err)
		case res.GetOutcome().GetApiStatus() == postwrightv1.ApiStatus_API_STATUS_PUBLISHED:
			published++
		}
	}
}

// watch publishes a post and follows it to its end.
func (q *quiet) watch(ctx context.Context) error {
	id, err := q.create(ctx)
	if err != nil {
		return err
	}
	stream, err := q.api.WatchPost(ctx, &postwrightv1.WatchPostRequest{Id: id})
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close() }()
	if _, err := stream.Receive(); err != nil {
		return fmt.Errorf("WatchPost: %w", err)
	}
	return nil
}

const (
	// followers follow one batch, whose posts wait.
	followers      = 400
	followersLeast = 50
	followedSize   = 100
)

// followWaiting lets one owner follow, many times, a batch of posts that wait because LinkedIn takes no more of theirs today.
func followWaiting(ctx context.Context, s *stage) error {
	following, end := context.WithCancel(ctx)
	var open sync.WaitGroup
	defer open.Wait()
	defer end()
	s.dismiss() // so that the limit hits the right one
	if err := s.vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "createPost", Mode: sandbox.RateLimitedDay, Times: 1}); err != nil {
		return err
	}
	batch := &postwrightv1.BatchPublishPostsRequest{RequestId: "followed"}
	for i := range followedSize {
		batch.Posts = append(batch.Posts, &postwrightv1.Post{Content: fmt.Sprintf("Not today, %d", i)})
	}
	var count atomic.Int64
	follow := func(through http.RoundTripper) {
		s.sent.Add(1)
		stream, err := s.posts(s.people.greedy, through).BatchPublishPosts(following, batch)
		if err != nil {
			return
		}
		defer func() { _ = stream.Close() }()
		for waits := false; !waits; {
			res, err := stream.Receive()
			if err != nil {
				return // refused, or ended
			}
			waits = res.GetOutcome().GetApiStatus() == postwrightv1.ApiStatus_API_STATUS_WAITING
		}
		count.Add(1)
		for err == nil {
			_, err = stream.Receive()
		}
	}
	open.Go(func() { follow(overHTTP2(attackersAddress)) })
	for began := time.Now(); count.Load() == 0; {
		if !wait(ctx, 20*time.Millisecond) || time.Since(began) > publishTimeout {
			s.miss("no post had to wait")
			break
		}
	}
	s.live(ctx)
	transports := make([]*http.Transport, followers/streamsPerConnection)
	for i := range transports {
		transports[i] = overHTTP2(attackersAddress)
	}
	for i := range followers {
		open.Go(func() { follow(transports[i%len(transports)]) })
	}
	s.life.persist(ctx, 2*s.Size.Flood)
	s.reach("streams that follow what waits", int(count.Load()), followersLeast)
	s.holding.Store(count.Load() * perStream / memoryTimes)
	return nil
}

// idleness is what a node costs by the second.
type idleness struct{ cpu, queries float64 }

// idle watches the node for a while.
func (s *stage) idle(ctx context.Context) (idleness, error) {
	wait(ctx, time.Second) // what was begun comes to its end
	before, err := s.node.Metrics(ctx)
	if err != nil {
		return idleness{}, err
	}
	cpu, began := s.node.CPU(), time.Now()
	wait(ctx, s.Size.Idle)
	spent, seconds := s.node.CPU()-cpu, time.Since(began).Seconds()
	after, err := s.node.Metrics(ctx)
	if err != nil {
		return idleness{}, err
	}
	asked, unknown := before.Sum("db_operation_duration_seconds", "", "")
	askedSince, unknownSince := after.Sum("db_operation_duration_seconds", "", "")
	return idleness{cpu: spent.Seconds() / seconds, queries: (askedSince - asked) / seconds}, errors.Join(unknown, unknownSince)
}
