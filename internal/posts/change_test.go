package posts_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
)

// full is a draft with a value in every field.
func (w *world) full() posts.Draft {
	return posts.Draft{
		AccountID: &w.adasAccount, Content: "Before", PostType: "story", Tone: "humorous", TargetAudience: "some",
		Visibility: posts.VisibilityConnections, Hashtags: []string{"before"},
	}
}

func TestAnUpdateChangesTheFieldsNamedAndNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// Every field is another one: what the mask does not name must not come in with it.
	changed := posts.Draft{
		Content:        "After",
		PostType:       "opinion",
		Tone:           "professional",
		TargetAudience: "all",
		Visibility:     posts.VisibilityPublic,
		Hashtags:       []string{"after"},
	}
	for name, c := range map[string]struct {
		fields []string
		draft  posts.Draft
		want   func(*posts.Post)
	}{
		"content":             {[]string{"content"}, changed, func(p *posts.Post) { p.Content = "After" }},
		"post type":           {[]string{"post_type"}, changed, func(p *posts.Post) { p.PostType = "opinion" }},
		"tone":                {[]string{"tone"}, changed, func(p *posts.Post) { p.Tone = "professional" }},
		"target audience":     {[]string{"target_audience"}, changed, func(p *posts.Post) { p.TargetAudience = "all" }},
		"visibility":          {[]string{"visibility"}, changed, func(p *posts.Post) { p.Visibility = posts.VisibilityPublic }},
		"hashtags":            {[]string{"hashtags"}, changed, func(p *posts.Post) { p.Hashtags = []string{"after"} }},
		"account":             {[]string{"account_id"}, changed, func(p *posts.Post) { p.AccountID = nil }},
		"two of them":         {[]string{"tone", "content", "tone"}, changed, func(p *posts.Post) { p.Tone, p.Content = "professional", "After" }},
		"no type any more":    {[]string{"post_type"}, posts.Draft{}, func(p *posts.Post) { p.PostType = posts.Unspecified }},
		"no tone any more":    {[]string{"tone"}, posts.Draft{}, func(p *posts.Post) { p.Tone = posts.Unspecified }},
		"no audience":         {[]string{"target_audience"}, posts.Draft{}, func(p *posts.Post) { p.TargetAudience = "" }},
		"no visibility given": {[]string{"visibility"}, posts.Draft{}, func(p *posts.Post) { p.Visibility = posts.VisibilityPublic }},
		"no hashtags":         {[]string{"hashtags"}, posts.Draft{}, func(p *posts.Post) { p.Hashtags = []string{} }},
		"content at its limit, whatever hashtags the draft holds besides": {
			[]string{"content"}, posts.Draft{Content: strings.Repeat("a", 2991), Hashtags: []string{"longerthanthat"}},
			func(p *posts.Post) { p.Content = strings.Repeat("a", 2991) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, err := w.Create(t.Context(), posts.CreateInput{OwnerID: w.ada, Draft: w.full()})
			require.NoError(t, err)
			after, err := w.Update(t.Context(), posts.UpdateInput{
				OwnerID: w.ada, ID: before.ID, Fields: c.fields, Draft: c.draft, Etag: before.Etag(),
			})
			require.NoError(t, err)
			want := before
			c.want(&want)
			want.UpdatedAt, want.Revision = after.UpdatedAt, before.Revision+1
			require.Equal(t, want, after)
			require.True(t, after.UpdatedAt.After(before.UpdatedAt))
			kept, err := w.Get(t.Context(), w.ada, before.ID)
			require.NoError(t, err)
			require.Equal(t, after, kept)
		})
	}
}

func TestAnUpdateThatCannotBeMadeChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before, err := w.Create(t.Context(), posts.CreateInput{OwnerID: w.ada, Draft: w.full()})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		input posts.UpdateInput
		want  []string
	}{
		"no field named": {posts.UpdateInput{}, []string{"updateMask"}},
		"everything at once": {
			posts.UpdateInput{
				Fields: []string{"content", "hashtags", "target_audience", "flavour", "state"}, Etag: "zzz",
				Draft: posts.Draft{Hashtags: []string{"ok", "#no", "OK"}, TargetAudience: "\xff"},
			},
			[]string{"updateMask", "post.content", "post.targetAudience", "post.hashtags[1]", "post.hashtags[2]", "etag"},
		},
		"content that the post's hashtags make too long": {
			posts.UpdateInput{Fields: []string{"content"}, Draft: posts.Draft{Content: strings.Repeat("a", 2992)}}, []string{"post.content"},
		},
		"another's account, and content too long with the post's hashtags": {
			posts.UpdateInput{Fields: []string{"content", "account_id"}, Draft: posts.Draft{Content: strings.Repeat("a", 3000), AccountID: &w.bobsAccount}},
			[]string{"post.content", "post.accountId"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.input.OwnerID, c.input.ID = w.ada, before.ID
			_, err := w.Update(t.Context(), c.input)
			require.Equal(t, c.want, fieldsOf(t, err))
		})
	}
	t.Run("every unknown field is named", func(t *testing.T) {
		_, err := w.Update(t.Context(), posts.UpdateInput{OwnerID: w.ada, ID: before.ID, Fields: []string{"flavour", "tone", "owner_id"}})
		require.Equal(t, []string{"updateMask"}, fieldsOf(t, err))
		require.Contains(t, fault.Of(err).Fields[0].Problem, `names "flavour", "owner_id",`)
	})
	t.Run("no id", func(t *testing.T) {
		_, err := w.Update(t.Context(), posts.UpdateInput{OwnerID: w.ada, Fields: []string{"flavour"}})
		require.Equal(t, []string{"post.id", "updateMask"}, fieldsOf(t, err))
	})
	t.Run("stale etag", func(t *testing.T) {
		_, err := w.Update(t.Context(), posts.UpdateInput{
			OwnerID: w.ada, ID: before.ID, Fields: []string{"tone"}, Draft: posts.Draft{Tone: "professional"}, Etag: "999",
		})
		require.Equal(t, fault.Stale, kindOf(t, err))
	})
	t.Run("another owner's", func(t *testing.T) {
		_, err := w.Update(t.Context(), posts.UpdateInput{OwnerID: w.bob, ID: before.ID, Fields: []string{"tone"}})
		require.Equal(t, fault.NotFound, kindOf(t, err))
		require.Equal(t, "There is no such post.", fault.Of(err).Message)
	})
	after, err := w.Get(t.Context(), w.ada, before.ID)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestWhatLinkedInGetsIsFixedOnceThePostIsOnItsWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for state, editable := range map[string]bool{
		posts.StateDraft: true, posts.StateFailed: true,
		posts.StateQueued: false, posts.StatePublishing: false, posts.StatePublished: false, posts.StateUnconfirmed: false,
	} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			post := w.in(state)
			for _, field := range []string{"content", "hashtags", "visibility", "account_id"} {
				_, err := w.Update(t.Context(), posts.UpdateInput{
					OwnerID: w.ada, ID: post.ID, Fields: []string{"tone", field}, Draft: posts.Draft{Content: "New", Tone: "humorous"},
				})
				if editable {
					require.NoError(t, err, field)
					continue
				}
				require.Equal(t, fault.Precondition, kindOf(t, err), field)
				require.Equal(t, "POST_FIXED", fault.Of(err).Reason)
			}
			kept, err := w.Get(t.Context(), w.ada, post.ID)
			require.NoError(t, err)
			require.Equal(t, state, kept.State)
			if !editable {
				require.Equal(t, post, kept)
			}
			_, err = w.Update(t.Context(), posts.UpdateInput{
				OwnerID: w.ada, ID: post.ID, Fields: []string{"post_type", "tone", "target_audience"}, Draft: posts.Draft{Tone: "professional"},
			})
			require.NoError(t, err)
		})
	}
}

func TestDeleting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, state := range []string{posts.StateDraft, posts.StateQueued, posts.StatePublished, posts.StateFailed, posts.StateUnconfirmed} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			post := w.in(state)
			require.NoError(t, w.Delete(t.Context(), posts.DeleteInput{OwnerID: w.ada, ID: post.ID, Etag: post.Etag()}))
			_, err := w.Get(t.Context(), w.ada, post.ID)
			require.Equal(t, fault.NotFound, kindOf(t, err))
			require.Equal(t, fault.NotFound, kindOf(t, w.Delete(t.Context(), posts.DeleteInput{OwnerID: w.ada, ID: post.ID})))
		})
	}
}

func TestAPostThatMayNotBeDeletedStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		state string
		input posts.DeleteInput
		want  fault.Kind
	}{
		"another owner's": {posts.StateDraft, posts.DeleteInput{OwnerID: w.bob}, fault.NotFound},
		"stale etag":      {posts.StateDraft, posts.DeleteInput{OwnerID: w.ada, Etag: "999"}, fault.Stale},
		"no etag of ours": {posts.StateDraft, posts.DeleteInput{OwnerID: w.ada, Etag: `W/"1"`}, fault.Invalid},
		"being sent":      {posts.StatePublishing, posts.DeleteInput{OwnerID: w.ada}, fault.Precondition},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			post := w.in(c.state)
			c.input.ID = post.ID
			require.Equal(t, c.want, kindOf(t, w.Delete(t.Context(), c.input)))
			kept, err := w.Get(t.Context(), w.ada, post.ID)
			require.NoError(t, err)
			require.Equal(t, post, kept)
		})
	}
	err := w.Delete(t.Context(), posts.DeleteInput{OwnerID: w.ada, ID: uuid.New()})
	require.Equal(t, fault.NotFound, kindOf(t, err))
	require.Equal(t, "There is no such post.", fault.Of(err).Message)
}

func TestAnotherOwnersPostIsNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := w.draft("Ada's own")
	_, foreign := w.Get(t.Context(), w.bob, post.ID)
	_, missing := w.Get(t.Context(), w.bob, uuid.New())
	require.Equal(t, fault.NotFound, kindOf(t, foreign))
	require.Equal(t, "There is no such post.", fault.Of(foreign).Message)
	require.Equal(t, fault.Of(missing).Message, fault.Of(foreign).Message, "nothing tells that it exists")
}
