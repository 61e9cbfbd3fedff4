package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/sandbox"
)

const (
	queued      = postwrightv1.PostState_POST_STATE_QUEUED
	publishing  = postwrightv1.PostState_POST_STATE_PUBLISHING
	published   = postwrightv1.PostState_POST_STATE_PUBLISHED
	failed      = postwrightv1.PostState_POST_STATE_FAILED
	unconfirmed = postwrightv1.PostState_POST_STATE_UNCONFIRMED

	accepted = postwrightv1.AttemptOutcome_ATTEMPT_OUTCOME_ACCEPTED
	rejected = postwrightv1.AttemptOutcome_ATTEMPT_OUTCOME_REJECTED
	notSent  = postwrightv1.AttemptOutcome_ATTEMPT_OUTCOME_NOT_SENT
	inDoubt  = postwrightv1.AttemptOutcome_ATTEMPT_OUTCOME_IN_DOUBT
)

func TestAPublishedPostIsShownAsItWasWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	res, err := w.Posts.CreatePost(t.Context(), &postwrightv1.CreatePostRequest{Post: &postwrightv1.Post{
		Content:  "Brackets (and [more] {of} <them>), stars *, tildes ~, a\\b, snake_case, me@example.org 🎉 #Go",
		Hashtags: []string{"go", "PostgreSQL"},
	}})
	require.NoError(t, err)

	post, states := w.Publish(res.GetPost())

	require.Equal(t, published, post.GetState())
	require.Subset(t, []postwrightv1.PostState{queued, publishing, published}, states)
	ledger := w.Vendors.Ledger()
	require.Len(t, ledger, 1)
	require.Equal(t, post.GetContent()+"\n\n#PostgreSQL", ledger[0].Shown, "hashtags the text lacks are added, others are not repeated")
	require.Equal(t, ledger[0].URN, post.GetLinkedinUrn())
	require.Equal(t, "https://www.linkedin.com/feed/update/"+ledger[0].URN, post.GetPermalink())
	require.NotNil(t, post.GetPublishedTime())
	attempts := w.Attempts(post)
	require.Len(t, attempts, 1)
	require.Equal(t, accepted, attempts[0].GetOutcome())
	require.EqualValues(t, 201, attempts[0].GetStatus())
	require.NotEmpty(t, attempts[0].GetRequestId(), "LinkedIn's trace id is kept")
}

func TestWhatFollowsAPublicationIsDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, numbersAtOnce)
	w.Serve()
	post, _ := w.Publish(w.Draft("Numbers and messages follow"))
	require.Eventually(t, func() bool {
		res, err := w.Posts.GetPostAnalytics(t.Context(), &postwrightv1.GetPostAnalyticsRequest{Id: post.GetId()})
		return err == nil && res.GetAnalytics().ViewsCount != nil && len(w.Vendors.Notifications()) == 2
	}, apptest.WaitLimit, apptest.WaitStep)
	sent := map[string]string{}
	for _, n := range w.Vendors.Notifications() {
		sent[n.Channel] = n.Recipient
	}
	require.Equal(t, map[string]string{"email": "tess@example.org", "push": post.GetOwnerId()}, sent)
}

// Each answer of LinkedIn, and what it must mean for the post. The ledger tells what LinkedIn really has.
func TestWhatLinkedInAnswersDecidesWhatBecomesOfThePost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault   sandbox.Fault
		state   postwrightv1.PostState
		outcome postwrightv1.AttemptOutcome
		code    string
		status  int32
		there   int // posts in the ledger
	}{
		"expired token waits for a new one":  {sandbox.Fault{Mode: sandbox.TokenExpired}, queued, rejected, "EXPIRED_ACCESS_TOKEN", 401, 0},
		"revoked token waits for a new one":  {sandbox.Fault{Mode: sandbox.TokenRevoked}, queued, rejected, "REVOKED_ACCESS_TOKEN", 401, 0},
		"duplicate of another post":          {sandbox.Fault{Mode: sandbox.Duplicate}, failed, rejected, "DUPLICATE_POST", 422, 0},
		"missing permission":                 {sandbox.Fault{Mode: sandbox.Status, Value: "403"}, failed, rejected, "ACCESS_DENIED", 403, 0},
		"version no longer served":           {sandbox.Fault{Mode: sandbox.VersionSunset}, queued, rejected, "NONEXISTENT_VERSION", 426, 0},
		"quota of the day used up":           {sandbox.Fault{Mode: sandbox.RateLimitedDay}, queued, rejected, "DAY_LIMIT", 429, 0},
		"asked to wait":                      {sandbox.Fault{Mode: sandbox.RetryAfter, Value: "30"}, queued, rejected, "RATE_LIMITED", 429, 0},
		"server error leaves doubt":          {sandbox.Fault{Mode: sandbox.Status, Value: "500"}, unconfirmed, inDoubt, "INTERNAL_ERROR", 500, 0},
		"conflict leaves doubt":              {sandbox.Fault{Mode: sandbox.Status, Value: "409"}, unconfirmed, inDoubt, "CONFLICT", 409, 0},
		"proxy's timeout leaves doubt":       {sandbox.Fault{Mode: sandbox.Status, Value: "408"}, unconfirmed, inDoubt, "ILLEGAL_ARGUMENT", 408, 0},
		"connection lost before it counted":  {sandbox.Fault{Mode: sandbox.Drop}, unconfirmed, inDoubt, "UNREACHABLE", 0, 0},
		"accepted, and the answer was lost":  {sandbox.Fault{Mode: sandbox.AcceptThenDrop}, unconfirmed, inDoubt, "UNREACHABLE", 0, 1},
		"a proxy's page instead of LinkedIn": {sandbox.Fault{Mode: sandbox.GarbageBody}, unconfirmed, inDoubt, "BAD_ANSWER", 200, 1},
		"accepted with an endless body":      {sandbox.Fault{Mode: sandbox.HugeBody}, published, accepted, "", 201, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Serve()
			c.fault.Vendor, c.fault.Operation, c.fault.Times = "linkedin", "createPost", 1
			require.NoError(t, w.Vendors.Arm(c.fault))

			post, _ := w.Publish(w.Draft("What becomes of it?"))

			require.Equal(t, c.state, post.GetState())
			require.Equal(t, c.code, post.GetFailure().GetCode())
			if c.state != published {
				require.NotEmpty(t, post.GetFailure().GetMessage())
				require.NotEmpty(t, post.GetFailure().GetRemedy())
			}
			attempts := w.Attempts(post)
			require.Len(t, attempts, 1, "one approval, one attempt")
			require.Equal(t, c.outcome, attempts[0].GetOutcome())
			require.Equal(t, c.status, attempts[0].GetStatus())
			require.Len(t, w.Vendors.Ledger(), c.there)
		})
	}
}

// LinkedIn accepted the post and did not say under which URN: it is published, and the address stays unknown.
func TestAPostWhoseURNIsUnknownIsPublishedAllTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	w.onCreate(sandbox.Fault{Mode: sandbox.NoID, Times: 1})
	post, _ := w.Publish(w.Draft("Out, somewhere"))
	require.Equal(t, published, post.GetState())
	require.Empty(t, post.GetLinkedinUrn())
	require.Empty(t, post.GetPermalink())
	require.Nil(t, post.GetFailure())
	attempts := w.Attempts(post)
	require.Len(t, attempts, 1)
	require.Equal(t, accepted, attempts[0].GetOutcome())
	require.EqualValues(t, 201, attempts[0].GetStatus())
	w.Idle()
	require.Len(t, w.Vendors.Ledger(), 1)
	for _, n := range w.Vendors.Notifications() {
		require.Contains(t, n.Content, "LinkedIn did not say under which address.")
	}
	res, err := w.Posts.GetPostAnalytics(t.Context(), &postwrightv1.GetPostAnalyticsRequest{Id: post.GetId()})
	require.NoError(t, err)
	require.Nil(t, res.GetAnalytics().ViewsCount, "unknown, and not 0")
}

// What can't be published now is refused with a reason and what to do, and stays as it is.
func TestOnlyADraftOrAFailedPostIsPublished(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bring func(w *world) *postwrightv1.Post // into the state
		state postwrightv1.PostState
		says  string
	}{
		"published": {func(w *world) *postwrightv1.Post {
			post, _ := w.Publish(w.Draft("Out already"))
			return post
		}, published, "The post is published already: create another to publish again."},
		"queued": {func(w *world) *postwrightv1.Post {
			w.onCreate(sandbox.Fault{Mode: sandbox.RateLimitedDay, Times: 1})
			post, _ := w.Publish(w.Draft("On its way"))
			return post
		}, queued, "The post is being published already: WatchPost tells how it goes."},
		"scheduled": {func(w *world) *postwrightv1.Post {
			return w.schedule(w.Draft("Tomorrow"), 24*time.Hour).GetPost()
		}, scheduled, "The post is scheduled: cancel its schedule first."},
		"in doubt": {func(w *world) *postwrightv1.Post {
			w.onCreate(sandbox.Fault{Mode: sandbox.Drop, Times: 1})
			post, _ := w.Publish(w.Draft("Perhaps there"))
			return post
		}, unconfirmed, "It is not known whether LinkedIn has the post: look there and say what you saw with ResolvePost, " +
			"or approve one more send with resend, which could publish it twice."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Serve()
			post := c.bring(w)
			require.Equal(t, c.state, post.GetState())
			there := len(w.Vendors.Ledger())
			e := w.Curl(w.Key, "PostService/PublishPost", []byte(`{"id":"`+post.GetId()+`"}`)).Failure(t)
			require.Equal(t, "failed_precondition", e.Code)
			require.Equal(t, c.says, e.Message)
			res, err := w.Posts.GetPost(t.Context(), &postwrightv1.GetPostRequest{Id: post.GetId()})
			require.NoError(t, err)
			require.Equal(t, c.state, res.GetPost().GetState())
			w.Idle()
			require.Len(t, w.Vendors.Ledger(), there)
		})
	}
}

func TestAFailedPostCanBePublishedAgainAsANewAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "createPost", Mode: sandbox.Status, Value: "403", Times: 1}))
	post, _ := w.Publish(w.Draft("Second time lucky"))
	require.Equal(t, failed, post.GetState())
	post, _ = w.Publish(post)
	require.Equal(t, published, post.GetState())
	require.Nil(t, post.GetFailure())
	require.Len(t, w.Attempts(post), 2)
	require.Len(t, w.Vendors.Ledger(), 1)
}

func TestAPostInDoubtIsNeverSentAgainByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "createPost", Mode: sandbox.AcceptThenDrop, Times: 1}))
	post, _ := w.Publish(w.Draft("Is it there?"))
	require.Equal(t, unconfirmed, post.GetState())

	refused := w.Curl(w.Key, "PostService/PublishPost", apptest.JSON(t, map[string]any{"id": post.GetId()}))

	require.Equal(t, "failed_precondition", refused.Failure(t).Code)
	require.Len(t, w.Vendors.Ledger(), 1)
}

func TestThePublishRequestIDApprovesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	draft := w.Draft("Once")
	request := &postwrightv1.PublishPostRequest{Id: draft.GetId(), RequestId: "approval-1"}
	_, err := w.Posts.PublishPost(t.Context(), request)
	require.NoError(t, err)
	post, _ := w.Watch(draft)
	require.Equal(t, published, post.GetState())

	again, err := w.Posts.PublishPost(t.Context(), request)

	require.NoError(t, err)
	require.Equal(t, published, again.GetPost().GetState())
	require.Len(t, w.Vendors.Ledger(), 1)
}

// A build from before the hashes of messages leaves no word of what else its request said.
func TestARequestIDOfAnOlderBuildNamesThePostThatItApproved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	approved, other := w.Draft("Approved before"), w.Draft("Not approved")
	w.Exec(`INSERT INTO requests (owner_id, operation, request_id, request_hash, post_ids, created_at)
		SELECT owner_id, 'PublishPost', 'approval-1', '', ARRAY[id], now() FROM posts WHERE content = 'Approved before'`)
	for _, draft := range []*postwrightv1.Post{approved, other} {
		again, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: draft.GetId(), RequestId: "approval-1"})
		require.NoError(t, err)
		require.Equal(t, approved.GetId(), again.GetPost().GetId())
	}
	require.Zero(t, w.Count(`SELECT count(*) FROM publications`))
}

// A process that dies between the attempt's row and the answer leaves a job that another takes up.
func TestAnAttemptWhoseProcessDiedIsInDoubtAndNotRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draft := w.UnderWay("publishing")
	w.Exec(`INSERT INTO publish_attempts (id, publication_id, post_id, number, started_at, outcome)
		SELECT gen_random_uuid(), id, post_id, 1, now(), 'started' FROM publications`)
	w.Serve()
	w.due()

	post, _ := w.Watch(draft)

	require.Equal(t, unconfirmed, post.GetState())
	require.Equal(t, "PROCESS_DIED", post.GetFailure().GetCode())
	require.Equal(t, inDoubt, w.Attempts(post)[0].GetOutcome())
	require.Empty(t, w.Vendors.Ledger())
}

func TestDeletingAQueuedPostKeepsItFromBeingSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draft := w.UnderWay("queued")
	w.Serve()
	_, err := w.Posts.DeletePost(t.Context(), &postwrightv1.DeletePostRequest{Id: draft.GetId()})
	require.NoError(t, err)
	w.due()
	require.Eventually(t, func() bool {
		return w.Count(`SELECT count(*) FROM river.river_job WHERE kind = 'publish_post' AND state = 'completed'`) == 1
	}, apptest.WaitLimit, apptest.WaitStep)
	require.Empty(t, w.Vendors.Ledger())
}

func TestAPostThatIsBeingSentCannotBeDeletedOrChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draft := w.UnderWay("publishing")
	w.Serve()
	refused := w.Curl(w.Key, "PostService/DeletePost", apptest.JSON(t, map[string]any{"id": draft.GetId()}))
	require.Equal(t, "failed_precondition", refused.Failure(t).Code)
	refused = w.Curl(w.Key, "PostService/UpdatePost", apptest.JSON(t, map[string]any{
		"post": map[string]any{"id": draft.GetId(), "content": "Changed under way"}, "updateMask": "content",
	}))
	require.Equal(t, "failed_precondition", refused.Failure(t).Code)
}
