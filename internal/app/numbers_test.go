package app_test

import (
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/sandbox"
)

// planned asks for numbers at times after a post went out.
func planned(plan string) func(c *app.Config) {
	return func(c *app.Config) { c.Publishing.NumbersPlan = plan }
}

// older makes all posts older than they are, and has it looked for those whose next time has come.
func (w *world) older(by string) {
	w.T.Helper()
	w.Exec(`UPDATE posts SET published_at = published_at - interval '` + by + `'`)
	w.Exec(`UPDATE post_numbers SET counted_at = counted_at - interval '` + by + `'`)
	w.Exec(`UPDATE post_numbers_due SET due_at = due_at - interval '` + by + `'`)
	w.Exec(`INSERT INTO river.river_job (kind, args, max_attempts, state) VALUES ('refresh_due_analytics', '{}', 3, 'available')`)
}

// waits is how many posts wait for the next time of their plan.
func (w *world) waits() int {
	w.T.Helper()
	return w.Count(`SELECT count(*) FROM post_numbers_due WHERE due_at > now() + interval '1 minute'`)
}

// asks is how many jobs for numbers have not ended.
func (w *world) asks() int {
	w.T.Helper()
	return w.Count(`SELECT count(*) FROM river.river_job WHERE kind = 'refresh_analytics' AND finalized_at IS NULL`)
}

func (w *world) numbers(id, token string) *postwrightv1.ListPostNumbersResponse {
	w.T.Helper()
	res, err := w.Posts.ListPostNumbers(w.T.Context(), &postwrightv1.ListPostNumbersRequest{Id: id, PageToken: token})
	require.NoError(w.T, err)
	return res
}

func TestNumbersAreCountedAtEveryTimeOfThePlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t, planned("0s,1h,1d"))
	w.Serve()
	post, _ := w.Publish(w.Draft("Counted again and again"))
	for counted, age := range []string{"0", "2 hours", "3 days"} {
		w.older(age)
		require.Eventually(t, func() bool {
			return w.Count(`SELECT count(*) FROM post_numbers`) == counted+1 && (counted == 2 || w.waits() == 1 && w.asks() == 0)
		}, apptest.WaitLimit, apptest.WaitStep, "after %s", age)
	}
	require.Eventually(t, func() bool {
		return w.asks() == 0 && w.Count(`SELECT count(*) FROM post_numbers_due`) == 0
	}, apptest.WaitLimit, apptest.WaitStep, "the plan has ended")

	res := w.numbers(post.GetId(), "")

	require.Len(t, res.GetNumbers(), 3)
	require.Empty(t, res.GetNextPageToken())
	var before time.Time
	for _, n := range res.GetNumbers() {
		require.True(t, n.GetCountTime().AsTime().After(before), "in the order they were counted")
		before = n.GetCountTime().AsTime()
		require.NotNil(t, n.ViewsCount)
	}
	known, err := w.Posts.GetPostAnalytics(t.Context(), &postwrightv1.GetPostAnalyticsRequest{Id: post.GetId()})
	require.NoError(t, err)
	require.Equal(t, res.GetNumbers()[2].GetViewsCount(), known.GetAnalytics().GetViewsCount(), "the last are what is known now")
}

func TestWithoutAPlanNumbersAreCountedOnRequestAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, planned(""))
	w.Serve()
	post, _ := w.Publish(w.Draft("Counted when somebody asks"))
	require.Zero(t, w.Count(`SELECT count(*) FROM river.river_job WHERE kind = 'refresh_analytics'`))

	_, err := w.Posts.RefreshPostAnalytics(t.Context(), &postwrightv1.RefreshPostAnalyticsRequest{Id: post.GetId()})

	require.NoError(t, err)
	require.Len(t, w.numbers(post.GetId(), "").GetNumbers(), 1)
}

// A post whose numbers LinkedIn would not give at one time of the plan was never asked about again.
func TestATimeAtWhichLinkedInGivesNoNumbersDoesNotEndThePlan(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]string{"refused": "404", "not answered": "503"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, planned("0s,1h"), func(c *app.Config) { c.Outbound.Attempts = app.Count{Value: 1} })
			require.NoError(t, w.Vendors.Arm(sandbox.Fault{
				Vendor: "linkedin", Operation: "getMemberPostAnalytics", Mode: sandbox.Status, Value: status,
			}))
			w.Serve()
			w.Publish(w.Draft("Counted the second time"))
			require.Eventually(t, func() bool { return w.waits() == 1 }, apptest.WaitLimit, apptest.WaitStep)
			require.Zero(t, w.Count(`SELECT count(*) FROM post_numbers`))

			w.Vendors.Disarm()
			w.older("2 hours")

			require.Eventually(t, func() bool { return w.Count(`SELECT count(*) FROM post_numbers`) == 1 }, apptest.WaitLimit, apptest.WaitStep)
		})
	}
}

func TestNumbersAreListedPageByPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, planned(""))
	w.Serve()
	post, _ := w.Publish(w.Draft("Counted 250 times"))
	w.Exec(`INSERT INTO post_numbers (post_id, counted_at, views_count)
		SELECT id, '2026-01-01'::timestamptz + n * interval '1 minute', n FROM posts, generate_series(1, 250) AS n`)
	last, token, pages := int64(251), "", 0
	for {
		res := w.numbers(post.GetId(), token)
		require.NotEmpty(t, res.GetNumbers())
		for i, n := range res.GetNumbers() {
			require.Equal(t, last-int64(len(res.GetNumbers()))+int64(i), n.GetViewsCount())
			require.Nil(t, n.LikesCount, "what was not said is absent")
		}
		last, token, pages = res.GetNumbers()[0].GetViewsCount(), res.GetNextPageToken(), pages+1
		if token == "" {
			break
		}
	}
	require.Equal(t, int64(1), last)
	require.Equal(t, 3, pages)

	_, err := w.Posts.ListPostNumbers(t.Context(), &postwrightv1.ListPostNumbersRequest{Id: post.GetId(), PageToken: "mine"})
	require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err))
	require.ErrorContains(t, err, "pageToken")
	_, err = w.Posts.ListPostNumbers(t.Context(), &postwrightv1.ListPostNumbersRequest{Id: "018f0000-0000-7000-8000-000000000000"})
	require.Equal(t, connect.CodeNotFound, connect.CodeOf(err))
}
