package app_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/sandbox"
)

func TestEachPostOfABatchHasOneOutcome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	w.onCreate(sandbox.Fault{Mode: sandbox.Status, Value: "403", Times: 1})
	w.onCreate(sandbox.Fault{Mode: sandbox.AcceptThenDrop, Times: 1})
	const total = 40

	outcomes := w.PublishBatch(&postwrightv1.BatchPublishPostsRequest{Posts: apptest.NewPosts(total)})

	require.Len(t, outcomes, total)
	statuses, indexes := map[postwrightv1.ApiStatus]int{}, map[int32]bool{}
	for i, o := range outcomes {
		require.Equal(t, postwrightv1.DatabaseStatus_DATABASE_STATUS_APPROVED, o.GetDatabaseStatus())
		require.EqualValues(t, i+1, o.GetDone())
		require.EqualValues(t, total, o.GetTotal())
		statuses[o.GetApiStatus()]++
		indexes[o.GetIndex()] = true
		require.Equal(t, o.GetApiStatus() == postwrightv1.ApiStatus_API_STATUS_PUBLISHED, o.GetLinkedinUrn() != "")
		require.Equal(t, o.GetApiStatus() == postwrightv1.ApiStatus_API_STATUS_PUBLISHED, o.GetError() == nil)
	}
	require.Equal(t, map[postwrightv1.ApiStatus]int{
		postwrightv1.ApiStatus_API_STATUS_PUBLISHED:   total - 2,
		postwrightv1.ApiStatus_API_STATUS_FAILED:      1,
		postwrightv1.ApiStatus_API_STATUS_UNCONFIRMED: 1,
	}, statuses, "one failure stops no other")
	require.Len(t, indexes, total)
	require.Len(t, w.Vendors.Ledger(), total-1)
}

func TestABatchOfPostsSaysWhichItCouldNotApprove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	before, _ := w.Publish(w.Draft("Published before"))
	fresh := w.Draft("Not yet")
	foreigner := postwrightv1connect.NewPostServiceClient(w.Client(w.User("eve@example.org")))
	foreign, err := foreigner.CreatePost(t.Context(), &postwrightv1.CreatePostRequest{Post: &postwrightv1.Post{Content: "Eve's"}})
	require.NoError(t, err)

	outcomes := w.PublishBatch(&postwrightv1.BatchPublishPostsRequest{Ids: []string{before.GetId(), fresh.GetId(), foreign.GetPost().GetId()}})

	codes := map[string]string{}
	for _, o := range outcomes {
		codes[o.GetId()] = o.GetError().GetCode()
		if o.GetError() != nil {
			require.Equal(t, postwrightv1.DatabaseStatus_DATABASE_STATUS_REFUSED, o.GetDatabaseStatus())
			require.Equal(t, postwrightv1.ApiStatus_API_STATUS_NOT_ASKED, o.GetApiStatus())
		}
	}
	require.Equal(t, map[string]string{before.GetId(): "ALREADY_PUBLISHED", fresh.GetId(): "", foreign.GetPost().GetId(): "NOT_FOUND"}, codes)
	require.Len(t, w.Vendors.Ledger(), 2)
}

func TestACallerWhoLeavesABatchCanAskAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	w.onCreate(sandbox.Fault{Mode: sandbox.Slow, AfterMS: 100, Times: 20})
	req := &postwrightv1.BatchPublishPostsRequest{Posts: apptest.NewPosts(20), RequestId: "batch-1"}
	ctx, leave := context.WithCancel(t.Context())
	stream, err := w.Posts.BatchPublishPosts(ctx, req)
	require.NoError(t, err)
	_, err = stream.Receive()
	require.NoError(t, err)
	leave()
	_ = stream.Close()

	outcomes := w.PublishBatch(req)

	require.Len(t, outcomes, 20)
	for _, o := range outcomes {
		require.Equal(t, postwrightv1.ApiStatus_API_STATUS_PUBLISHED, o.GetApiStatus())
	}
	require.Len(t, w.Vendors.Ledger(), 20, "nothing twice, nothing left out")
}

func TestABatchTellsWhatAPostWaitsFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	w.onCreate(sandbox.Fault{Mode: sandbox.RetryAfter, Value: "1", Times: 1})
	outcomes := w.PublishBatch(&postwrightv1.BatchPublishPostsRequest{Posts: apptest.NewPosts(1)})
	require.Len(t, outcomes, 2)
	require.Equal(t, postwrightv1.ApiStatus_API_STATUS_WAITING, outcomes[0].GetApiStatus())
	require.Equal(t, "RATE_LIMITED", outcomes[0].GetError().GetCode())
	require.Zero(t, outcomes[0].GetDone())
	require.Equal(t, postwrightv1.ApiStatus_API_STATUS_PUBLISHED, outcomes[1].GetApiStatus())
	require.EqualValues(t, 1, outcomes[1].GetDone())
}

func TestABatchOfNewPostsIsMadeWhollyOrNotAtAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	loner := postwrightv1connect.NewPostServiceClient(w.Client(w.User("loner@example.org")))
	stream, err := loner.BatchPublishPosts(t.Context(), &postwrightv1.BatchPublishPostsRequest{Posts: apptest.NewPosts(3)})
	require.NoError(t, err)
	_, err = stream.Receive()
	require.ErrorContains(t, err, "No LinkedIn account is connected")
	require.NoError(t, stream.Close())
	require.Zero(t, w.Count(`SELECT count(*) FROM posts`))
}

func TestBatchesThatCannotBeAreRefusedWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	id := w.Draft("Here").GetId()
	many := make([]string, 1001)
	for i := range many {
		many[i] = uuid.NewString()
	}
	for name, c := range map[string]struct {
		req    *postwrightv1.BatchPublishPostsRequest
		fields []string
	}{
		"neither":       {&postwrightv1.BatchPublishPostsRequest{}, []string{"ids"}},
		"both":          {&postwrightv1.BatchPublishPostsRequest{Ids: []string{id}, Posts: apptest.NewPosts(1)}, []string{"ids"}},
		"twice":         {&postwrightv1.BatchPublishPostsRequest{Ids: []string{id, id}}, []string{"ids[1]"}},
		"too many":      {&postwrightv1.BatchPublishPostsRequest{Ids: many}, []string{"ids"}},
		"too many new":  {&postwrightv1.BatchPublishPostsRequest{Posts: apptest.NewPosts(1001)}, []string{"posts"}},
		"not an id":     {&postwrightv1.BatchPublishPostsRequest{Ids: []string{id, "x"}}, []string{"ids[1]"}},
		"empty content": {&postwrightv1.BatchPublishPostsRequest{Posts: []*postwrightv1.Post{{Content: "a"}, {}}}, []string{"posts[1].content"}},
	} {
		t.Run(name, func(t *testing.T) {
			stream, err := w.Posts.BatchPublishPosts(t.Context(), c.req)
			require.NoError(t, err)
			_, err = stream.Receive()
			require.NoError(t, stream.Close())
			for _, field := range c.fields {
				require.ErrorContains(t, err, field+" ")
			}
			require.Zero(t, w.Count(`SELECT count(*) FROM publications`))
		})
	}
}
