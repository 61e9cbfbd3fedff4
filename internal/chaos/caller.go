package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/types/known/timestamppb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/testbed"
)

// caller publishes posts as a careful user does: it repeats what may not have arrived, with the same request id, at
// whichever node answers.
type caller struct {
	apis     []postwrightv1connect.PostServiceClient
	accounts []string // by member
	now      func() time.Time
}

// Bounds of a caller's patience. callTimeout is short, because a node may be killed while it answers.
const (
	callTimeout = 5 * time.Second
	callPause   = 150 * time.Millisecond
)

func newCaller(urls []string, key string, accounts []string, now func() time.Time) *caller {
	c := &caller{accounts: accounts, now: now}
	for _, url := range urls {
		through := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 50}}
		c.apis = append(c.apis, postwrightv1connect.NewPostServiceClient(testbed.NewClient(through, url, key)))
	}
	return c
}

// errSurprise is an answer that no caller should ever get.
var errSurprise = errors.New("an answer that no caller should get")

// surprising reports whether a node gave an answer that it must not give to what these callers ask. What the caller's own
// side says of a connection that broke is none.
func surprising(err error) bool {
	if errors.Is(err, errSurprise) {
		return true
	}
	var answer *connect.Error
	if !errors.As(err, &answer) || !answer.IsRemote() {
		return false
	}
	switch answer.Code() {
	case connect.CodeUnavailable, connect.CodeAborted, connect.CodeDeadlineExceeded, connect.CodeCanceled:
		return false
	}
	return true
}

// insist calls until it is answered, by one node after the other. first is true for the first try alone.
func (c *caller) insist(
	ctx context.Context,
	start int,
	call func(ctx context.Context, api postwrightv1connect.PostServiceClient, first bool) error,
) error {
	for try := 0; ; try++ {
		attempt, cancel := context.WithTimeout(ctx, callTimeout)
		err := call(attempt, c.apis[(start+try)%len(c.apis)], try == 0)
		cancel()
		if err == nil {
			return nil
		}
		if surprising(err) {
			return fmt.Errorf("%w: %w", errSurprise, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; the last answer: %w", ctx.Err(), err)
		case <-time.After(callPause):
		}
	}
}

func (c *caller) message(p planned) *postwrightv1.Post {
	return &postwrightv1.Post{Content: p.Text, AccountId: c.accounts[p.Member]}
}

func (c *caller) create(ctx context.Context, p planned) (id string, err error) {
	err = c.insist(ctx, p.Index, func(ctx context.Context, api postwrightv1connect.PostServiceClient, _ bool) error {
		res, err := api.CreatePost(ctx, &postwrightv1.CreatePostRequest{Post: c.message(p), RequestId: fmt.Sprintf("create-%d", p.Index)})
		if err == nil {
			id = res.GetPost().GetId()
		}
		return err
	})
	return id, err
}

// publish approves one post.
func (c *caller) publish(ctx context.Context, p planned) error {
	id, err := c.create(ctx, p)
	if err != nil {
		return err
	}
	return c.insist(ctx, p.Index+1, func(ctx context.Context, api postwrightv1connect.PostServiceClient, _ bool) error {
		_, err := api.PublishPost(ctx, &postwrightv1.PublishPostRequest{Id: id, RequestId: fmt.Sprintf("publish-%d", p.Index)})
		return err
	})
}

// schedule approves one post for later. The call has no request id: repeated, it moves the schedule, and is refused once
// the post is on its way, which says that an earlier try arrived.
func (c *caller) schedule(ctx context.Context, p planned) error {
	id, err := c.create(ctx, p)
	if err != nil {
		return err
	}
	return c.insist(ctx, p.Index+1, func(ctx context.Context, api postwrightv1connect.PostServiceClient, first bool) error {
		_, err := api.SchedulePost(ctx, &postwrightv1.SchedulePostRequest{
			Id: id, ScheduledTime: timestamppb.New(c.now().Add(p.After)), TimeZone: "Europe/Berlin",
		})
		if !first && connect.CodeOf(err) == connect.CodeFailedPrecondition {
			return nil
		}
		return err
	})
}

// batch approves many posts at once and follows them to their rest; a stream that breaks is asked for again.
func (c *caller) batch(ctx context.Context, number int, posts []planned) error {
	req := &postwrightv1.BatchPublishPostsRequest{RequestId: fmt.Sprintf("batch-%d", number)}
	for _, p := range posts {
		req.Posts = append(req.Posts, c.message(p))
	}
	for try := number; ; try++ {
		err := readToEnd(ctx, c.apis[try%len(c.apis)], req)
		if err == nil {
			return nil
		}
		if surprising(err) {
			return fmt.Errorf("%w: %w", errSurprise, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; the last answer: %w", ctx.Err(), err)
		case <-time.After(callPause):
		}
	}
}

// readToEnd reads one stream to its end, which comes when every post rests.
func readToEnd(ctx context.Context, api postwrightv1connect.PostServiceClient, req *postwrightv1.BatchPublishPostsRequest) error {
	stream, err := api.BatchPublishPosts(ctx, req)
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close() }()
	done, total := int32(0), int32(len(req.GetPosts())) //nolint:gosec // at most batchSize
	for {
		res, err := stream.Receive()
		switch {
		case errors.Is(err, io.EOF) && done == total:
			return nil
		case errors.Is(err, io.EOF):
			return fmt.Errorf("%w: the stream ended after %d of %d outcomes", errSurprise, done, total)
		case err != nil:
			return err
		}
		done = res.GetOutcome().GetDone()
	}
}

// settle says what became of a post in doubt, as a person does who has looked.
func (c *caller) settle(ctx context.Context, id, urn string) error {
	req := &postwrightv1.ResolvePostRequest{
		Id:      id,
		Outcome: &postwrightv1.ResolvePostRequest_NotPublished_{NotPublished: &postwrightv1.ResolvePostRequest_NotPublished{}},
	}
	if urn != "" {
		req.Outcome = &postwrightv1.ResolvePostRequest_Published_{Published: &postwrightv1.ResolvePostRequest_Published{LinkedinUrn: urn}}
	}
	return c.insist(ctx, 0, func(ctx context.Context, api postwrightv1connect.PostServiceClient, first bool) error {
		_, err := api.ResolvePost(ctx, req)
		if !first && connect.CodeOf(err) == connect.CodeFailedPrecondition {
			return nil // an earlier try arrived
		}
		return err
	})
}
