package app_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
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
	w.serve()
	res, err := w.posts.CreatePost(t.Context(), &postwrightv1.CreatePostRequest{Post: &postwrightv1.Post{
		Content:  "Brackets (and [more] {of} <them>), stars *, tildes ~, a\\b, snake_case, me@example.org 🎉 #Go",
		Hashtags: []string{"go", "PostgreSQL"},
	}})
	require.NoError(t, err)

	post, states := w.publish(res.GetPost())

	require.Equal(t, published, post.GetState())
	require.Subset(t, []postwrightv1.PostState{queued, publishing, published}, states)
	ledger := w.vendors.Ledger()
	require.Len(t, ledger, 1)
	require.Equal(t, post.GetContent()+"\n\n#PostgreSQL", ledger[0].Shown, "hashtags the text lacks are added, others are not repeated")
	require.Equal(t, ledger[0].URN, post.GetLinkedinUrn())
	require.Equal(t, "https://www.linkedin.com/feed/update/"+ledger[0].URN, post.GetPermalink())
	require.NotNil(t, post.GetPublishedTime())
	attempts := w.attempts(post)
	require.Len(t, attempts, 1)
	require.Equal(t, accepted, attempts[0].GetOutcome())
	require.EqualValues(t, 201, attempts[0].GetStatus())
	require.NotEmpty(t, attempts[0].GetRequestId(), "LinkedIn's trace id is kept")
}

func TestWhatFollowsAPublicationIsDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, numbersAtOnce)
	w.serve()
	post, _ := w.publish(w.draft("Numbers and messages follow"))
	require.Eventually(t, func() bool {
		res, err := w.posts.GetPostAnalytics(t.Context(), &postwrightv1.GetPostAnalyticsRequest{Id: post.GetId()})
		return err == nil && res.GetAnalytics().ViewsCount != nil && len(w.vendors.Notifications()) == 2
	}, waitLimit, waitStep)
	sent := map[string]string{}
	for _, n := range w.vendors.Notifications() {
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
			w.serve()
			c.fault.Vendor, c.fault.Operation, c.fault.Times = "linkedin", "createPost", 1
			require.NoError(t, w.vendors.Arm(c.fault))

			post, _ := w.publish(w.draft("What becomes of it?"))

			require.Equal(t, c.state, post.GetState())
			require.Equal(t, c.code, post.GetFailure().GetCode())
			if c.state != published {
				require.NotEmpty(t, post.GetFailure().GetMessage())
				require.NotEmpty(t, post.GetFailure().GetRemedy())
			}
			attempts := w.attempts(post)
			require.Len(t, attempts, 1, "one approval, one attempt")
			require.Equal(t, c.outcome, attempts[0].GetOutcome())
			require.Equal(t, c.status, attempts[0].GetStatus())
			require.Len(t, w.vendors.Ledger(), c.there)
		})
	}
}

// LinkedIn accepted the post and did not say under which URN: it is published, and the address stays unknown.
func TestAPostWhoseURNIsUnknownIsPublishedAllTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve()
	w.onCreate(sandbox.Fault{Mode: sandbox.NoID, Times: 1})
	post, _ := w.publish(w.draft("Out, somewhere"))
	require.Equal(t, published, post.GetState())
	require.Empty(t, post.GetLinkedinUrn())
	require.Empty(t, post.GetPermalink())
	require.Nil(t, post.GetFailure())
	attempts := w.attempts(post)
	require.Len(t, attempts, 1)
	require.Equal(t, accepted, attempts[0].GetOutcome())
	require.EqualValues(t, 201, attempts[0].GetStatus())
	w.idle()
	require.Len(t, w.vendors.Ledger(), 1)
	for _, n := range w.vendors.Notifications() {
		require.Contains(t, n.Content, "LinkedIn did not say under which address.")
	}
	res, err := w.posts.GetPostAnalytics(t.Context(), &postwrightv1.GetPostAnalyticsRequest{Id: post.GetId()})
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
			post, _ := w.publish(w.draft("Out already"))
			return post
		}, published, "The post is published already: create another to publish again."},
		"queued": {func(w *world) *postwrightv1.Post {
			w.onCreate(sandbox.Fault{Mode: sandbox.RateLimitedDay, Times: 1})
			post, _ := w.publish(w.draft("On its way"))
			return post
		}, queued, "The post is being published already: WatchPost tells how it goes."},
		"scheduled": {func(w *world) *postwrightv1.Post {
			return w.schedule(w.draft("Tomorrow"), 24*time.Hour).GetPost()
		}, scheduled, "The post is scheduled: cancel its schedule first."},
		"in doubt": {func(w *world) *postwrightv1.Post {
			w.onCreate(sandbox.Fault{Mode: sandbox.Drop, Times: 1})
			post, _ := w.publish(w.draft("Perhaps there"))
			return post
		}, unconfirmed, "It is not known whether LinkedIn has the post: look there and say what you saw with ResolvePost, " +
			"or approve one more send with resend, which could publish it twice."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.serve()
			post := c.bring(w)
			require.Equal(t, c.state, post.GetState())
			there := len(w.vendors.Ledger())
			e := w.curl(w.key, "PostService/PublishPost", []byte(`{"id":"`+post.GetId()+`"}`)).failure(t)
			require.Equal(t, "failed_precondition", e.Code)
			require.Equal(t, c.says, e.Message)
			res, err := w.posts.GetPost(t.Context(), &postwrightv1.GetPostRequest{Id: post.GetId()})
			require.NoError(t, err)
			require.Equal(t, c.state, res.GetPost().GetState())
			w.idle()
			require.Len(t, w.vendors.Ledger(), there)
		})
	}
}

func TestAFailedPostCanBePublishedAgainAsANewAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve()
	require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "createPost", Mode: sandbox.Status, Value: "403", Times: 1}))
	post, _ := w.publish(w.draft("Second time lucky"))
	require.Equal(t, failed, post.GetState())
	post, _ = w.publish(post)
	require.Equal(t, published, post.GetState())
	require.Nil(t, post.GetFailure())
	require.Len(t, w.attempts(post), 2)
	require.Len(t, w.vendors.Ledger(), 1)
}

func TestAPostInDoubtIsNeverSentAgainByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve()
	require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "createPost", Mode: sandbox.AcceptThenDrop, Times: 1}))
	post, _ := w.publish(w.draft("Is it there?"))
	require.Equal(t, unconfirmed, post.GetState())

	refused := w.curl(w.key, "PostService/PublishPost", jsonOf(t, map[string]any{"id": post.GetId()}))

	require.Equal(t, "failed_precondition", refused.failure(t).Code)
	require.Len(t, w.vendors.Ledger(), 1)
}

func TestThePublishRequestIDApprovesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve()
	draft := w.draft("Once")
	request := &postwrightv1.PublishPostRequest{Id: draft.GetId(), RequestId: "approval-1"}
	_, err := w.posts.PublishPost(t.Context(), request)
	require.NoError(t, err)
	post, _ := w.watch(draft)
	require.Equal(t, published, post.GetState())

	again, err := w.posts.PublishPost(t.Context(), request)

	require.NoError(t, err)
	require.Equal(t, published, again.GetPost().GetState())
	require.Len(t, w.vendors.Ledger(), 1)
}

// A process that dies between the attempt's row and the answer leaves a job that another takes up.
func TestAnAttemptWhoseProcessDiedIsInDoubtAndNotRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draft := w.underWay("publishing")
	w.exec(`INSERT INTO publish_attempts (id, publication_id, post_id, number, started_at, outcome)
		SELECT gen_random_uuid(), id, post_id, 1, now(), 'started' FROM publications`)
	w.serve()
	w.due()

	post, _ := w.watch(draft)

	require.Equal(t, unconfirmed, post.GetState())
	require.Equal(t, "PROCESS_DIED", post.GetFailure().GetCode())
	require.Equal(t, inDoubt, w.attempts(post)[0].GetOutcome())
	require.Empty(t, w.vendors.Ledger())
}

func TestDeletingAQueuedPostKeepsItFromBeingSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draft := w.underWay("queued")
	w.serve()
	_, err := w.posts.DeletePost(t.Context(), &postwrightv1.DeletePostRequest{Id: draft.GetId()})
	require.NoError(t, err)
	w.due()
	require.Eventually(t, func() bool {
		return w.count(`SELECT count(*) FROM river.river_job WHERE kind = 'publish_post' AND state = 'completed'`) == 1
	}, waitLimit, waitStep)
	require.Empty(t, w.vendors.Ledger())
}

func TestAPostThatIsBeingSentCannotBeDeletedOrChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draft := w.underWay("publishing")
	w.serve()
	refused := w.curl(w.key, "PostService/DeletePost", jsonOf(t, map[string]any{"id": draft.GetId()}))
	require.Equal(t, "failed_precondition", refused.failure(t).Code)
	refused = w.curl(w.key, "PostService/UpdatePost", jsonOf(t, map[string]any{
		"post": map[string]any{"id": draft.GetId(), "content": "Changed under way"}, "updateMask": "content",
	}))
	require.Equal(t, "failed_precondition", refused.failure(t).Code)
}

// underWay makes a post whose publication is in the state given, with a job that waits until the test lets it go.
func (w *world) underWay(state string) *postwrightv1.Post {
	w.t.Helper()
	const id = "01900000-0000-7000-8000-000000000001"
	w.exec(`INSERT INTO posts (id, owner_id, account_id, content, post_type, tone, target_audience, visibility, hashtags, state, created_at, updated_at)
		SELECT '` + id + `', owner_id, id, 'Under way', 'story', 'humorous', '', 'public', '{}', '` + state + `', now(), now() FROM linkedin_accounts`)
	w.exec(`INSERT INTO publications (id, post_id, owner_id, account_id, state, created_at, due_at)
		SELECT gen_random_uuid(), id, owner_id, account_id, state, now(), now() FROM posts`)
	w.exec(`INSERT INTO river.river_job (kind, args, max_attempts, state, scheduled_at)
		SELECT 'publish_post', jsonb_build_object('owner_id', owner_id, 'post_id', post_id, 'publication_id', id), 25, 'scheduled', now() + interval '1 hour'
		FROM publications`)
	return &postwrightv1.Post{Id: id}
}

func jsonOf(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

// database is a connection of the test's own, past the service.
func (w *world) database() *pgx.Conn {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.databaseURL)
	require.NoError(w.t, err)
	return conn
}

func (w *world) exec(sql string) {
	w.t.Helper()
	conn := w.database()
	_, err := conn.Exec(w.t.Context(), sql)
	require.NoError(w.t, err)
	require.NoError(w.t, conn.Close(w.t.Context()))
}

func (w *world) count(sql string) (n int) {
	w.t.Helper()
	conn := w.database()
	require.NoError(w.t, conn.QueryRow(w.t.Context(), sql).Scan(&n))
	require.NoError(w.t, conn.Close(w.t.Context()))
	return n
}
