package posts_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/idempotency"
	"github.com/postwright/postwright/internal/posts"
)

func TestADraftIsKeptAsItWasWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draft := posts.Draft{
		AccountID: &w.adasAccount, Content: "Grüße 👋🏽\n\n\\ 100% 'quoted' \"twice\"", PostType: "story", Tone: "humorous",
		TargetAudience: "everyone", Visibility: posts.VisibilityConnections, Hashtags: []string{"Go", "日本"},
	}
	made, err := w.Create(t.Context(), posts.CreateInput{OwnerID: w.ada, Draft: draft})
	require.NoError(t, err)
	kept, err := w.Get(t.Context(), w.ada, made.ID)
	require.NoError(t, err)
	require.Equal(t, made, kept)
	require.Equal(t, draft, posts.Draft{
		AccountID: kept.AccountID, Content: kept.Content, PostType: kept.PostType, Tone: kept.Tone,
		TargetAudience: kept.TargetAudience, Visibility: kept.Visibility, Hashtags: kept.Hashtags,
	})
	require.Equal(t, w.ada, kept.OwnerID)
	require.Equal(t, posts.StateDraft, kept.State)
	require.Equal(t, uuid.Version(7), kept.ID.Version())
}

func TestWhatADraftLeavesOpenHasADefault(t *testing.T) {
	t.Parallel()
	kept := newWorld(t).draft("Only this")
	require.Equal(t, posts.Unspecified, kept.PostType)
	require.Equal(t, posts.Unspecified, kept.Tone)
	require.Equal(t, posts.VisibilityPublic, kept.Visibility)
	require.Empty(t, kept.Hashtags)
	require.Nil(t, kept.AccountID)
}

func TestABadDraftIsNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		input posts.CreateInput
		want  []string
	}{
		"faults of the post and of the request": {
			posts.CreateInput{Draft: posts.Draft{TargetAudience: "\x00"}, Request: request(strings.Repeat("r", idempotency.MaxIDLength+1), 1)},
			[]string{"post.content", "post.targetAudience", "requestId"},
		},
		"another's account": {posts.CreateInput{Draft: posts.Draft{Content: "a", AccountID: &w.bobsAccount}}, []string{"post.accountId"}},
		"nobody's account":  {posts.CreateInput{Draft: posts.Draft{Content: "a", AccountID: &uuid.Nil}}, []string{"post.accountId"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.input.OwnerID = w.ada
			_, err := w.Create(t.Context(), c.input)
			require.Equal(t, c.want, fieldsOf(t, err))
			require.Zero(t, w.count(w.ada))
		})
	}
}

// request is one with an id, and some hash: another for another content.
func request(id string, content byte) idempotency.Request {
	return idempotency.Request{ID: id, Hash: [32]byte{content}}
}

func TestTheSameRequestIDGivesTheSamePost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := posts.CreateInput{OwnerID: w.ada, Draft: posts.Draft{Content: "Once"}, Request: request("r1", 1)}
	made, err := w.Create(t.Context(), first)
	require.NoError(t, err)

	t.Run("again", func(t *testing.T) {
		repeated, err := w.Create(t.Context(), first)
		require.NoError(t, err)
		require.Equal(t, made, repeated)
	})
	t.Run("but not for other content", func(t *testing.T) {
		other := first
		other.Draft.Content, other.Request = "Twice", request("r1", 2)
		_, err := w.Create(t.Context(), other)
		require.Equal(t, []string{"requestId"}, fieldsOf(t, err))
	})
	t.Run("and is another's own to use", func(t *testing.T) {
		bobs := first
		bobs.OwnerID = w.bob
		theirs, err := w.Create(t.Context(), bobs)
		require.NoError(t, err)
		require.NotEqual(t, made.ID, theirs.ID)
	})
	t.Run("and a batch's own", func(t *testing.T) {
		batch, err := w.CreateBatch(t.Context(), posts.CreateBatchInput{OwnerID: w.bob, Drafts: []posts.Draft{first.Draft}, Request: request("r1", 1)})
		require.NoError(t, err)
		require.NotEqual(t, made.ID, batch[0].ID)
	})
	require.Equal(t, 1, w.count(w.ada))
}

func TestARequestThatFailedCanBeRepeatedUnderItsID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Create(
		t.Context(),
		posts.CreateInput{OwnerID: w.ada, Draft: posts.Draft{Content: "a", AccountID: &w.bobsAccount}, Request: request("r1", 1)},
	)
	require.Equal(t, []string{"post.accountId"}, fieldsOf(t, err))
	_, err = w.Create(
		t.Context(),
		posts.CreateInput{OwnerID: w.ada, Draft: posts.Draft{Content: "a", AccountID: &w.adasAccount}, Request: request("r1", 2)},
	)
	require.NoError(t, err)
}

func TestConcurrentCallsWithOneRequestIDMakeOnePost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := make([]uuid.UUID, 12)
	var calls errgroup.Group
	for i := range ids {
		calls.Go(func() error {
			post, err := w.Create(t.Context(), posts.CreateInput{OwnerID: w.ada, Draft: posts.Draft{Content: "Once"}, Request: request("r1", 1)})
			ids[i] = post.ID
			return err
		})
	}
	require.NoError(t, calls.Wait())
	for _, id := range ids {
		require.Equal(t, ids[0], id)
	}
	require.Equal(t, 1, w.count(w.ada))
}

func TestARepeatedRequestDoesNotBringADeletedPostBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := posts.CreateInput{OwnerID: w.ada, Draft: posts.Draft{Content: "Once"}, Request: request("r1", 1)}
	made, err := w.Create(t.Context(), one)
	require.NoError(t, err)
	require.NoError(t, w.Delete(t.Context(), posts.DeleteInput{OwnerID: w.ada, ID: made.ID}))
	_, err = w.Create(t.Context(), one)
	require.Equal(t, fault.NotFound, kindOf(t, err))
	require.Contains(t, fault.Of(err).Message, "deleted since")

	many := posts.CreateBatchInput{OwnerID: w.ada, Drafts: []posts.Draft{{Content: "a"}, {Content: "b"}}, Request: request("r2", 1)}
	batch, err := w.CreateBatch(t.Context(), many)
	require.NoError(t, err)
	require.NoError(t, w.Delete(t.Context(), posts.DeleteInput{OwnerID: w.ada, ID: batch[1].ID}))
	_, err = w.CreateBatch(t.Context(), many)
	require.Equal(t, fault.NotFound, kindOf(t, err))
	require.Contains(t, fault.Of(err).Message, "deleted since")
	require.Equal(t, 1, w.count(w.ada))
}

// drafts are n drafts that differ in every field that a batch must not mix up.
func (w *world) drafts(n int) []posts.Draft {
	list := make([]posts.Draft, n)
	for i := range list {
		list[i] = posts.Draft{Content: fmt.Sprintf("Post %d", i), TargetAudience: fmt.Sprintf("group %d", i)}
		if i%2 == 1 {
			list[i].AccountID, list[i].PostType, list[i].Tone = &w.adasAccount, "story", "humorous"
			list[i].Visibility, list[i].Hashtags = posts.VisibilityConnections, []string{fmt.Sprintf("tag%d", i), "日本"}
		}
	}
	return list
}

func TestABatchOfAThousandIsKeptInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	input := posts.CreateBatchInput{OwnerID: w.ada, Drafts: w.drafts(posts.MaxBatch), Request: request("r1", 1)}
	made, err := w.CreateBatch(t.Context(), input)
	require.NoError(t, err)
	require.Len(t, made, posts.MaxBatch)
	for i, post := range made {
		want := input.Drafts[i]
		require.Equal(t, want.Content, post.Content)
		require.Equal(t, want.TargetAudience, post.TargetAudience)
		require.Equal(t, want.AccountID, post.AccountID)
		if i%2 == 0 {
			require.Equal(t, posts.Unspecified, post.PostType)
			require.Equal(t, posts.Unspecified, post.Tone)
			require.Equal(t, posts.VisibilityPublic, post.Visibility)
			require.Empty(t, post.Hashtags)
			continue
		}
		require.Equal(t, "story", post.PostType)
		require.Equal(t, "humorous", post.Tone)
		require.Equal(t, posts.VisibilityConnections, post.Visibility)
		require.Equal(t, want.Hashtags, post.Hashtags)
	}

	// A row that changes is written anew, behind the others.
	made[0], err = w.Update(t.Context(), posts.UpdateInput{
		OwnerID: w.ada, ID: made[0].ID, Fields: []string{"tone"}, Draft: posts.Draft{Tone: "humorous"},
	})
	require.NoError(t, err)
	again, err := w.CreateBatch(t.Context(), input)
	require.NoError(t, err)
	require.Equal(t, made, again)
	require.Equal(t, posts.MaxBatch, w.count(w.ada))
}

func TestABatchIsKeptWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	with := func(i int, change func(*posts.Draft)) []posts.Draft {
		drafts := w.drafts(posts.MaxBatch)
		change(&drafts[i])
		return drafts
	}
	for name, c := range map[string]struct {
		drafts    []posts.Draft
		requestID string
		want      []string
	}{
		"none":                    {nil, "", []string{"posts"}},
		"1,001, and a request id": {w.drafts(posts.MaxBatch + 1), strings.Repeat("r", 200), []string{"requestId", "posts"}},
		"one bad post of 1,000": {with(617, func(d *posts.Draft) { d.Content, d.Hashtags = "", []string{"#"} }), "",
			[]string{"posts[617].content", "posts[617].hashtags[0]"}},
		"another's account": {with(999, func(d *posts.Draft) { d.AccountID = &w.bobsAccount }), "r2", []string{"posts[999].accountId"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.CreateBatch(t.Context(), posts.CreateBatchInput{OwnerID: w.ada, Drafts: c.drafts, Request: request(c.requestID, 1)})
			require.Equal(t, c.want, fieldsOf(t, err))
			require.Zero(t, w.count(w.ada))
		})
	}
}
