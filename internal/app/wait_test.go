package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/sandbox"
)

// onCreate makes LinkedIn's next creates fail.
func (w *world) onCreate(f sandbox.Fault) {
	w.T.Helper()
	f.Vendor, f.Operation = "linkedin", "createPost"
	require.NoError(w.T, w.Vendors.Arm(f))
}

// soon is a rule of trying again for tests.
func soon(c *app.Config) { c.Publishing.RetryWait.Value = 10 * time.Millisecond }

func TestAPostWaitsUntilLinkedInCanBeReached(t *testing.T) {
	t.Parallel()
	w := newWorld(t, soon)
	w.Serve()
	// The version is dead for three creates; then an operator has set another.
	w.onCreate(sandbox.Fault{Mode: sandbox.VersionSunset, Times: 3})
	_, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: w.Draft("Patience").GetId()})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(w.Vendors.Ledger()) == 1 }, apptest.WaitLimit, apptest.WaitStep)
	w.Idle()
	posts, err := w.Posts.ListPosts(t.Context(), &postwrightv1.ListPostsRequest{})
	require.NoError(t, err)
	require.Equal(t, published, posts.GetPosts()[0].GetState())
	require.Nil(t, posts.GetPosts()[0].GetFailure(), "what it waited for is over")
	attempts := w.Attempts(posts.GetPosts()[0])
	require.Len(t, attempts, 4, "each attempt is on record")
	require.Equal(t, rejected, attempts[0].GetOutcome())
	require.Equal(t, accepted, attempts[3].GetOutcome())
}

func TestAPostThatCannotBeSentWithinTheWindowFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, soon, func(c *app.Config) { c.Publishing.OverdueWindow.Value = time.Second })
	w.Serve()
	w.VendorsHTTP.Close()
	_, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: w.Draft("Nobody listens").GetId()})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return w.Count(`SELECT count(*) FROM posts WHERE state = 'failed'`) == 1 }, apptest.WaitLimit, apptest.WaitStep)
	require.Equal(t, 1, w.Count(`SELECT count(*) FROM posts WHERE failure_code = 'UNREACHABLE'`))
	require.Zero(t, w.Count(`SELECT count(*) FROM publish_attempts WHERE outcome <> 'not_sent'`))
}

// LinkedIn's host has failed and is left alone for a moment: a post waits for that and goes out by itself.
func TestAPostWaitsWhileLinkedInIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, soon, func(c *app.Config) {
		c.Outbound.BreakerFailures.Value, c.Outbound.BreakerDelay.Value = 1, 2*time.Second
	})
	w.Serve()
	w.onCreate(sandbox.Fault{Mode: sandbox.Drop, Times: 1})
	lost, _ := w.Publish(w.Draft("Hung up on"))
	require.Equal(t, unconfirmed, lost.GetState())
	waits, _ := w.Publish(w.Draft("Patience"))
	require.Equal(t, queued, waits.GetState())
	require.Equal(t, "BREAKER_OPEN", waits.GetFailure().GetCode())
	require.Contains(t, waits.GetFailure().GetRemedy(), "by itself")
	require.Eventually(t, func() bool { return len(w.Vendors.Ledger()) == 1 }, apptest.WaitLimit, apptest.WaitStep)
	require.Equal(t, "Patience", w.Vendors.Ledger()[0].Shown)
	w.Idle()
	attempts := w.Attempts(waits)
	require.Equal(t, notSent, attempts[0].GetOutcome(), "nothing was sent")
	require.Equal(t, accepted, attempts[len(attempts)-1].GetOutcome())
}

func TestADayLimitParksTheAccountUntilMidnightUTC(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	w.onCreate(sandbox.Fault{Mode: sandbox.RateLimitedDay, Times: 1})
	first, _ := w.Publish(w.Draft("The one too many"))
	second, _ := w.Publish(w.Draft("The one after"))

	for _, post := range []*postwrightv1.Post{first, second} {
		require.Equal(t, queued, post.GetState())
		require.Equal(t, "DAY_LIMIT", post.GetFailure().GetCode())
		require.Contains(t, post.GetFailure().GetRemedy(), "T00:00:00Z")
	}
	require.Empty(t, w.Attempts(second), "nothing is asked of LinkedIn meanwhile")
	midnight := time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	require.Equal(t, 1, w.Count(`SELECT count(*) FROM linkedin_accounts WHERE held_until = '`+midnight.Format(time.RFC3339)+`'`))
	require.Zero(t, w.Count(`SELECT count(*) FROM publications WHERE due_at < '`+midnight.Format(time.RFC3339)+`'`), "the wait makes nothing late")

	w.Exec(`UPDATE linkedin_accounts SET held_until = now()`) // midnight
	w.Idle()                                                  // the jobs sleep a moment after the posts say that they wait
	w.due()
	require.Eventually(t, func() bool { return len(w.Vendors.Ledger()) == 2 }, apptest.WaitLimit, apptest.WaitStep)
}

func TestAPostWaitsAsLongAsLinkedInAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	w.onCreate(sandbox.Fault{Mode: sandbox.RetryAfter, Value: "1", Times: 1})
	post, _ := w.Publish(w.Draft("In a second"))
	require.Equal(t, queued, post.GetState())
	require.Eventually(t, func() bool { return len(w.Vendors.Ledger()) == 1 }, apptest.WaitLimit, apptest.WaitStep)
	w.Idle()
	require.Len(t, w.Attempts(post), 2)
}

// While LinkedIn was refusing the token, the account was connected again: the refusal says nothing about the new one, and
// nobody has to wait.
func TestARefusalOfTheTokenOfBeforeDoesNotPauseTheNewOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	w.onCreate(sandbox.Fault{Mode: sandbox.TokenExpired, AfterMS: 1000, Times: 1})
	draft := w.Draft("Refused, and out at once")
	_, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: draft.GetId()})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return w.Count(`SELECT count(*) FROM publish_attempts WHERE outcome = 'started'`) == 1
	}, apptest.WaitLimit, apptest.WaitStep)
	w.connect()
	require.Eventually(t, func() bool { return len(w.Vendors.Ledger()) == 1 }, apptest.WaitLimit, apptest.WaitStep)
	w.Idle()
	require.Zero(t, w.Count(`SELECT count(*) FROM linkedin_accounts WHERE paused_reason <> ''`))
	attempts := w.Attempts(draft)
	require.Len(t, attempts, 2)
	require.Equal(t, rejected, attempts[0].GetOutcome())
	require.Equal(t, accepted, attempts[1].GetOutcome())
}

func TestAnExpiredTokenPausesTheAccountUntilItIsConnectedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	w.onCreate(sandbox.Fault{Mode: sandbox.TokenExpired, Times: 1})
	first, _ := w.Publish(w.Draft("Refused"))
	second, _ := w.Publish(w.Draft("Not even tried"))
	require.Equal(t, "EXPIRED_ACCESS_TOKEN", second.GetFailure().GetCode())
	require.Contains(t, second.GetFailure().GetRemedy(), "Connect the account again")
	require.Empty(t, w.Attempts(second))
	w.Idle()
	require.Len(t, w.Attempts(first), 1, "a dead token is not tried again")
	require.Eventually(t, func() bool { return len(w.Vendors.Notifications()) == 2 }, apptest.WaitLimit, apptest.WaitStep, "the owner is told, once")
	require.Contains(t, w.Vendors.Notifications()[0].Content, "Connect the account again")

	w.connect()

	require.Eventually(t, func() bool { return len(w.Vendors.Ledger()) == 2 }, apptest.WaitLimit, apptest.WaitStep, "both go out by themselves")
}

func TestAPostThatNothingWasRunningForFailsInsteadOfGoingOutLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := w.UnderWay("queued")
	w.Exec(`UPDATE publications SET due_at = now() - interval '61 minutes'`)
	w.due()
	w.Serve()
	post, _ = w.Watch(post)
	require.Equal(t, failed, post.GetState())
	require.Equal(t, "OVERDUE", post.GetFailure().GetCode())
	require.Empty(t, w.Vendors.Ledger())
}

// The process that sent was silent for so long that another one took its job up; then LinkedIn's answer comes.
func TestAnAnswerThatComesLateSettlesTheDoubt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault sandbox.Fault
		state postwrightv1.PostState
		how   postwrightv1.Settlement
		there int
	}{
		"accepted": {sandbox.Fault{Mode: sandbox.Slow, AfterMS: 1500}, published, postwrightv1.Settlement_SETTLEMENT_LATE_ACCEPTED, 1},
		"refused":  {sandbox.Fault{Mode: sandbox.Status, Value: "403", AfterMS: 1500}, failed, postwrightv1.Settlement_SETTLEMENT_LATE_REFUSED, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Serve()
			c.fault.Times = 1
			w.onCreate(c.fault)
			draft := w.Draft("Slow")
			_, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: draft.GetId()})
			require.NoError(t, err)
			require.Eventually(t, func() bool {
				return w.Count(`SELECT count(*) FROM publish_attempts WHERE outcome = 'started'`) == 1
			}, apptest.WaitLimit, apptest.WaitStep)
			w.Exec(`UPDATE river.river_job SET state = 'available', scheduled_at = now() WHERE kind = 'publish_post'`)
			given, _ := w.Watch(draft)
			require.Equal(t, unconfirmed, given.GetState())

			require.Eventually(t, func() bool {
				res, err := w.Posts.GetPost(t.Context(), &postwrightv1.GetPostRequest{Id: draft.GetId()})
				return err == nil && res.GetPost().GetState() == c.state
			}, apptest.WaitLimit, apptest.WaitStep)
			require.Len(t, w.Vendors.Ledger(), c.there)
			attempts := w.Attempts(draft)
			require.Len(t, attempts, 1)
			require.Equal(t, inDoubt, attempts[0].GetOutcome(), "what was known at the time stays on record")
			require.Equal(t, c.how, attempts[0].GetSettlement())
			require.NotZero(t, attempts[0].GetStatus(), "with LinkedIn's words")
		})
	}
}

// A dozen posts of one account: no more than the rule allows are at LinkedIn at once, and all get there.
func TestAnAccountSendsOnlySoManyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Publishing.AccountConcurrency.Value = 2 })
	w.Serve()
	w.onCreate(sandbox.Fault{Mode: sandbox.Slow, AfterMS: 100, Times: 12})
	for i := range 12 {
		_, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: w.Draft("Number " + strings.Repeat("I", i+1)).GetId()})
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { return len(w.Vendors.Ledger()) == 12 }, apptest.WaitLimit, apptest.WaitStep)
	w.Idle()
	require.LessOrEqual(t, w.Count(`SELECT max(n) FROM (
		SELECT (SELECT count(*) FROM publish_attempts b WHERE b.started_at <= a.started_at AND b.ended_at > a.started_at) AS n
		FROM publish_attempts a) AS at_once`), 2)
}

// LinkedIn's documented words for a used-up day have no "DAY" in them, and it sends no Retry-After: whoever asks again every
// minute until midnight uses up more of it.
func TestALimitWithoutATimeHoldsTheAccountLongerEachTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) { c.Publishing.AccountConcurrency.Value = 1 }) // or both are refused at once
	w.Serve()
	w.onCreate(sandbox.Fault{Mode: sandbox.Status, Value: "429", Times: 3})
	first, _ := w.Publish(w.Draft("The first of two"))
	second, _ := w.Publish(w.Draft("The second of two"))
	minutes := func() int {
		return w.Count(`SELECT round(extract(epoch FROM held_until - updated_at) / 60)::int FROM linkedin_accounts`)
	}
	midnight := time.Until(time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour))
	for i, want := range []int{1, 2, 4} {
		require.Eventually(t, func() bool {
			return w.Count(`SELECT hold_streak FROM linkedin_accounts`) == i+1
		}, apptest.WaitLimit, apptest.WaitStep)
		if midnight > 10*time.Minute {
			require.Equal(t, want, minutes())
		}
		require.Empty(t, w.Vendors.Ledger())
		w.Idle()
		w.Exec(`UPDATE linkedin_accounts SET held_until = now()`)
		w.due()
	}
	require.Eventually(t, func() bool { return len(w.Vendors.Ledger()) == 2 }, apptest.WaitLimit, apptest.WaitStep)
	w.Idle()
	require.Zero(t, w.Count(`SELECT hold_streak FROM linkedin_accounts`), "a create that is taken begins anew")
	require.NotEqual(t, first.GetId(), second.GetId())
}
