package app_test

import (
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/sandbox"
)

// doubt makes a post whose create lost its answer: LinkedIn has it, or not.
func (w *world) doubt(accepted bool) *postwrightv1.Post {
	w.T.Helper()
	mode := sandbox.Drop
	if accepted {
		mode = sandbox.AcceptThenDrop
	}
	require.NoError(w.T, w.Vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "createPost", Mode: mode, Times: 1}))
	post, _ := w.Publish(w.Draft("Is it there?"))
	require.Equal(w.T, unconfirmed, post.GetState())
	return post
}

func (w *world) resend(post *postwrightv1.Post) *postwrightv1.Post {
	w.T.Helper()
	_, err := w.Posts.PublishPost(w.T.Context(), &postwrightv1.PublishPostRequest{Id: post.GetId(), Resend: true})
	require.NoError(w.T, err)
	post, _ = w.Watch(post)
	return post
}

func TestAPersonSettlesADoubt(t *testing.T) {
	t.Parallel()
	t.Run("the post is there", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Serve()
		post := w.doubt(true)
		urn := w.Vendors.Ledger()[0].URN
		res, err := w.Posts.ResolvePost(
			t.Context(),
			&postwrightv1.ResolvePostRequest{Id: post.GetId(), Outcome: &postwrightv1.ResolvePostRequest_Published_{
				Published: &postwrightv1.ResolvePostRequest_Published{LinkedinUrn: urn},
			}},
		)
		require.NoError(t, err)
		require.Equal(t, published, res.GetPost().GetState())
		require.Equal(t, urn, res.GetPost().GetLinkedinUrn())
		require.Nil(t, res.GetPost().GetFailure())
		attempt := w.Attempts(post)[0]
		require.Equal(t, inDoubt, attempt.GetOutcome(), "what happened stays on record")
		require.Equal(t, postwrightv1.Settlement_SETTLEMENT_PERSON_PUBLISHED, attempt.GetSettlement())
		require.NotNil(t, attempt.GetSettleTime())
	})
	t.Run("the post is not there, and is published again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Serve()
		post := w.doubt(false)
		res, err := w.Posts.ResolvePost(t.Context(), &postwrightv1.ResolvePostRequest{
			Id: post.GetId(), Outcome: &postwrightv1.ResolvePostRequest_NotPublished_{NotPublished: &postwrightv1.ResolvePostRequest_NotPublished{}},
		})
		require.NoError(t, err)
		require.Equal(t, failed, res.GetPost().GetState())
		post, _ = w.Publish(post)
		require.Equal(t, published, post.GetState())
		require.Len(t, w.Vendors.Ledger(), 1)
	})
}

func TestOneMoreApprovedSendSettlesADoubt(t *testing.T) {
	t.Parallel()
	t.Run("LinkedIn names the first as duplicate", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Serve()
		post := w.resend(w.doubt(true))
		require.Equal(t, published, post.GetState())
		require.Len(t, w.Vendors.Ledger(), 1)
		require.Equal(t, w.Vendors.Ledger()[0].URN, post.GetLinkedinUrn())
		attempts := w.Attempts(post)
		require.Len(t, attempts, 2)
		require.Equal(t, postwrightv1.Settlement_SETTLEMENT_DUPLICATE_NAMED, attempts[0].GetSettlement())
		require.Equal(t, rejected, attempts[1].GetOutcome())
		require.Contains(t, attempts[1].GetMessage(), "Content is a duplicate of", "LinkedIn's own words")
	})
	t.Run("LinkedIn did not have it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Serve()
		post := w.resend(w.doubt(false))
		require.Equal(t, published, post.GetState())
		require.Len(t, w.Vendors.Ledger(), 1)
	})
	t.Run("another failure leaves the doubt standing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Serve()
		post := w.doubt(true)
		require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "createPost", Mode: sandbox.Status, Value: "403", Times: 1}))
		post = w.resend(post)
		require.Equal(t, unconfirmed, post.GetState())
		require.Equal(t, "ACCESS_DENIED", post.GetFailure().GetCode())
		require.Contains(t, post.GetFailure().GetRemedy(), "still in doubt")
	})
}

// What LinkedIn names as the one that a text is a duplicate of is another post, not the one whose answer was lost.
func TestADuplicateOfAnotherPostSettlesNoDoubt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	other := w.another()
	theirs, _ := other.Publish(other.Draft("Is it there?"))
	require.Equal(t, published, theirs.GetState())

	post := w.resend(w.doubt(false))
	require.Equal(t, unconfirmed, post.GetState())
	require.Equal(t, "LinkedIn refused the text as a duplicate of "+theirs.GetLinkedinUrn()+", which is another post.", post.GetFailure().GetMessage())
	require.Contains(t, post.GetFailure().GetRemedy(), "still in doubt")

	twin := w.doubt(false)
	post = w.resend(post)
	require.Equal(t, unconfirmed, post.GetState(), "also once a second one is in doubt")
	e := w.Curl(
		w.Key,
		"PostService/ResolvePost",
		[]byte(`{"id":"`+twin.GetId()+`","published":{"linkedinUrn":"`+theirs.GetLinkedinUrn()+`"}}`),
	).Failure(t)
	require.Equal(t, "invalid_argument", e.Code)
	require.Contains(t, e.Fields(t), "published.linkedinUrn")
}

func TestADuplicateOfWhatMayBeATwinSettlesNoDoubt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	first, second := w.doubt(true), w.doubt(false)
	require.Equal(t, unconfirmed, second.GetState())
	post := w.resend(first)
	require.Equal(t, unconfirmed, post.GetState())
	require.Contains(t, post.GetFailure().GetMessage(), w.Vendors.Ledger()[0].URN+", which may be another post of the same text.")
}

func TestADuplicateWithoutADoubtIsAFailureThatNamesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	first, _ := w.Publish(w.Draft("Twice the same"))
	second, _ := w.Publish(w.Draft("Twice the same"))
	require.Equal(t, failed, second.GetState())
	require.Contains(t, second.GetFailure().GetMessage(), first.GetLinkedinUrn())
	require.Len(t, w.Vendors.Ledger(), 1)
}

func TestOnlyADoubtCanBeResolved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	id := w.Draft("No doubt").GetId()
	for name, c := range map[string]struct{ body, code, field string }{
		"not in doubt":           {`{"id":"` + id + `","notPublished":{}}`, "failed_precondition", ""},
		"no outcome":             {`{"id":"` + id + `"}`, "invalid_argument", "outcome"},
		"URN of a wrong kind":    {`{"id":"` + id + `","published":{"linkedinUrn":"urn:li:person:x"}}`, "invalid_argument", "published.linkedinUrn"},
		"not a URN":              {`{"id":"` + id + `","published":{"linkedinUrn":"https://linkedin.com"}}`, "invalid_argument", "published.linkedinUrn"},
		"somebody else's post":   {`{"id":"01900000-0000-7000-8000-000000000009","notPublished":{}}`, "not_found", ""},
		"several faults at once": {`{"id":"1","published":{"linkedinUrn":"x"}}`, "invalid_argument", "id"},
	} {
		t.Run(name, func(t *testing.T) {
			e := w.Curl(w.Key, "PostService/ResolvePost", []byte(c.body)).Failure(t)
			require.Equal(t, c.code, e.Code, e.Message)
			if c.field != "" {
				require.Contains(t, e.Fields(t), c.field)
			}
		})
	}
}

// LinkedIn remembers a text for a while only: later, one more send could put the post there twice.
func TestALateResendIsForThoseWhoHaveLooked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	t.Run("approved too late", func(t *testing.T) {
		post := w.doubt(false)
		w.Exec(`UPDATE publish_attempts SET started_at = started_at - interval '11 minutes' WHERE post_id = '` + post.GetId() + `'`)
		_, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: post.GetId(), Resend: true})
		require.Equal(t, connect.CodeFailedPrecondition, connect.CodeOf(err))
		require.ErrorContains(t, err, "about 10m0s only")
		require.ErrorContains(t, err, "send it again with looked")
		_, err = w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: post.GetId(), Resend: true, Looked: true})
		require.NoError(t, err)
		post, _ = w.Watch(post)
		require.Equal(t, published, post.GetState())
	})
	t.Run("kept waiting for too long", func(t *testing.T) {
		post := w.doubt(true)
		w.Exec(`UPDATE linkedin_accounts SET held_until = now() + interval '1 hour', held_reason = 'RATE_LIMITED'`)
		_, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: post.GetId(), Resend: true})
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			return w.Count(`SELECT count(*) FROM river.river_job WHERE kind = 'publish_post' AND state = 'scheduled'`) == 1
		}, apptest.WaitLimit, apptest.WaitStep)
		sends := len(w.Vendors.Ledger())
		w.Exec(`UPDATE publish_attempts SET started_at = started_at - interval '11 minutes' WHERE post_id = '` + post.GetId() + `'`)
		w.Exec(`UPDATE publications SET created_at = created_at - interval '5 minutes' WHERE post_id = '` + post.GetId() + `'`)
		w.Exec(`UPDATE linkedin_accounts SET held_until = NULL, held_reason = ''`)
		w.Exec(`UPDATE river.river_job SET state = 'available', scheduled_at = now() WHERE kind = 'publish_post' AND state = 'scheduled'`)
		require.Eventually(t, func() bool {
			res, err := w.Posts.GetPost(t.Context(), &postwrightv1.GetPostRequest{Id: post.GetId()})
			post = res.GetPost()
			return err == nil && post.GetState() == unconfirmed
		}, apptest.WaitLimit, apptest.WaitStep)
		require.Equal(t, "RESEND_TOO_LATE", post.GetFailure().GetCode())
		require.Len(t, w.Vendors.Ledger(), sends)
	})
	t.Run("a look at what is in no doubt", func(t *testing.T) {
		_, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: w.Draft("New").GetId(), Looked: true})
		require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err))
		require.ErrorContains(t, err, "looked only says something about a resend")
	})
}
