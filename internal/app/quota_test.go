package app_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/sandbox"
)

// numbersAtOnce asks for the numbers of what has just gone out.
func numbersAtOnce(c *app.Config) {
	c.Publishing.NumbersPlan = "0s"
}

// takes lets LinkedIn take so many requests of a member in a day, of which Postwright knows.
func takes(t *testing.T, requests int, member sandbox.Member) func(c *app.Config) {
	t.Helper()
	vendors := sandbox.New(
		sandbox.Options{Clock: app.Now, Log: slog.New(slog.DiscardHandler), MemberDayLimit: requests, Members: []sandbox.Member{member}},
	)
	server := httptest.NewServer(vendors.Handler())
	t.Cleanup(server.Close)
	return func(c *app.Config) {
		c.LinkedIn.APIURL, c.LinkedIn.AuthURL = server.URL, server.URL
		c.LinkedIn.DailyRequests, c.Publishing.Reserve = app.Count{Value: requests}, app.Count{Value: 5}
	}
}

func tess() sandbox.Member {
	return sandbox.Member{
		ID:            "tester",
		GivenName:     "Tess",
		FamilyName:    "Ter",
		Token:         apptest.MemberToken,
		Scopes:        apptest.Scopes,
		Organizations: []string{"5"},
	}
}

// quota is what GetStatus says of an account's requests.
func (w *world) quota(name string) *postwrightv1.Check {
	w.T.Helper()
	res, err := postwrightv1connect.NewSystemServiceClient(w.Client(w.Key)).GetStatus(w.T.Context(), &postwrightv1.GetStatusRequest{})
	require.NoError(w.T, err)
	for _, check := range res.GetChecks() {
		if check.GetName() == "quota of "+name {
			return check
		}
	}
	w.T.Fatalf("no check tells the quota of %s", name)
	return nil
}

// A batch of 40 with its numbers would take 200 requests, and there are 60: all posts go out, and numbers have what is left.
func TestNumbersLeavePostsTheirPartOfTheDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, numbersAtOnce, takes(t, 60, tess()))
	w.Serve()
	const total = 40

	outcomes := w.PublishBatch(&postwrightv1.BatchPublishPostsRequest{Posts: apptest.NewPosts(total)})

	require.Len(t, outcomes, total)
	for _, o := range outcomes {
		require.Equal(t, postwrightv1.ApiStatus_API_STATUS_PUBLISHED, o.GetApiStatus(), "%v", o.GetError())
	}
	numbers := &postwrightv1.RefreshPostAnalyticsRequest{Id: outcomes[0].GetId()}
	require.Eventually(t, func() bool {
		_, err := w.Posts.RefreshPostAnalytics(t.Context(), numbers)
		return connect.CodeOf(err) == connect.CodeResourceExhausted
	}, apptest.WaitLimit, apptest.WaitStep, "what is left is kept")
	_, err := w.Posts.RefreshPostAnalytics(t.Context(), numbers)
	require.ErrorContains(t, err, "LinkedIn takes 60 requests of Tess Ter in a day (UTC), and what is left of them today is kept for posts")
	_, err = postwrightv1connect.NewAccountServiceClient(w.Client(w.Key)).GetProfile(t.Context(), &postwrightv1.GetProfileRequest{})
	if err == nil { // up to three requests may have been too few for the numbers of one more post
		require.Eventually(t, func() bool {
			_, err = postwrightv1connect.NewAccountServiceClient(w.Client(w.Key)).GetProfile(t.Context(), &postwrightv1.GetProfileRequest{})
			return err != nil
		}, apptest.WaitLimit, apptest.WaitStep)
	}
	require.Equal(t, connect.CodeResourceExhausted, connect.CodeOf(err), "whoever asks")
	require.Contains(t, w.quota("Tess Ter").GetDetail(), "Requests made today (UTC): 5", "5x: the reserve is left")

	post, _ := w.Publish(w.Draft("And one of the reserve"))
	require.Equal(t, published, post.GetState())
}

// A request that LinkedIn answered with a failure is sent again, and LinkedIn counts both. With none left for what can wait, it
// is not.
func TestEveryRequestThatReachesLinkedInIsCountedOfTheDay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		left     int // of the day, for what can wait
		counted  int
		answered bool
	}{
		"as many as are needed": {10, 3, true},
		"one more":              {2, 2, false},
		"this one alone":        {1, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(c *app.Config) {
				c.LinkedIn.DailyRequests, c.Publishing.Reserve = app.Count{Value: 50}, app.Count{Value: 5}
				c.Role = "api" // the look at the version that a worker takes at its start is counted as well
			})
			w.Serve()
			w.Exec("UPDATE linkedin_accounts SET requests_day = date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'")
			w.Exec("UPDATE linkedin_accounts SET requests_made = " + strconv.Itoa(45-c.left))
			require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "getUserInfo", Mode: sandbox.Status, Value: "503", Times: 2}))
			_, err := postwrightv1connect.NewAccountServiceClient(w.Client(w.Key)).GetProfile(t.Context(), &postwrightv1.GetProfileRequest{})
			if c.answered {
				require.NoError(t, err)
			} else {
				require.Equal(t, connect.CodeUnavailable, connect.CodeOf(err), "%v", err)
			}
			require.Equal(t, 45-c.left+c.counted, w.Count("SELECT requests_made FROM linkedin_accounts"))
		})
	}
}

func TestNumbersOfAPageAreAskedForTogether(t *testing.T) {
	t.Parallel()
	member := tess()
	member.Scopes = []string{"openid", "profile", "w_member_social", "w_organization_social", "rw_organization_admin"}
	w := newWorld(t, takes(t, 150, member))
	page, err := w.App.Accounts.Add(
		t.Context(),
		accounts.AddInput{OwnerID: uuid.MustParse(w.UserID("tess@example.org")), Token: apptest.MemberToken, Organization: "5"},
	)
	require.NoError(t, err)
	stop := w.Serve()
	posts := apptest.NewPosts(20)
	for _, post := range posts {
		post.AccountId = page.ID.String()
	}
	outcomes := w.PublishBatch(&postwrightv1.BatchPublishPostsRequest{Posts: posts})
	for _, o := range outcomes {
		require.Equal(t, postwrightv1.ApiStatus_API_STATUS_PUBLISHED, o.GetApiStatus(), "%v", o.GetError())
	}
	require.NoError(t, stop())
	require.Zero(t, w.Count(`SELECT count(*) FROM post_analytics WHERE refreshed_at IS NOT NULL`), "the first numbers come after an hour")
	w.Exec(`UPDATE posts SET published_at = published_at - interval '2 hours'`)
	w.Exec(`UPDATE river.river_job SET state = 'available', scheduled_at = now() WHERE kind = 'refresh_analytics'`)
	w.URL, _ = w.Run(w.Node(w.Config))
	w.Posts = postwrightv1connect.NewPostServiceClient(w.Client(w.Key))
	for _, o := range outcomes {
		require.Eventually(t, func() bool {
			res, err := w.Posts.GetPostAnalytics(t.Context(), &postwrightv1.GetPostAnalyticsRequest{Id: o.GetId()})
			return err == nil && res.GetAnalytics().ViewsCount != nil
		}, apptest.WaitLimit, apptest.WaitStep)
	}
	require.Equal(
		t,
		21,
		w.Count("SELECT requests_made FROM linkedin_accounts WHERE id = '"+page.ID.String()+"'"),
		"20 creates, and one request for the numbers of all",
	)
}

// The day's limit cut the asking short: the numbers that LinkedIn had given were thrown away, and cost as many requests again.
func TestNumbersThatALimitCutsShortAreKeptAndNotAskedForAgain(t *testing.T) {
	t.Parallel()
	vendors := sandbox.New(sandbox.Options{Clock: app.Now, Log: slog.New(slog.DiscardHandler), Members: []sandbox.Member{tess()}})
	var mu sync.Mutex
	answered, left := map[string]int{}, 2
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if metric := r.URL.Query().Get("queryType"); metric != "" {
			mu.Lock()
			defer mu.Unlock()
			if left == 0 {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusTooManyRequests)
				_, _ = w.Write([]byte(`{"status":429,"message":"Resource level throttle MEMBER DAY limit for calls to this resource is reached."}`))
				return
			}
			left--
			answered[metric]++
		}
		vendors.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	w := newWorld(t, numbersAtOnce, func(c *app.Config) { c.LinkedIn.APIURL, c.LinkedIn.AuthURL = server.URL, server.URL })
	w.Serve()
	post, _ := w.Publish(w.Draft("Counted in two goes"))
	require.Equal(t, published, post.GetState())
	require.Eventually(t, func() bool {
		return w.Count(`SELECT count(*) FROM post_analytics WHERE views_count IS NOT NULL AND likes_count IS NOT NULL AND comments_count IS NULL`) == 1 &&
			w.Count(`SELECT count(*) FROM river.river_job WHERE kind = 'refresh_analytics' AND state = 'scheduled'`) == 1
	}, apptest.WaitLimit, apptest.WaitStep, "two are kept, and the rest waits")

	mu.Lock()
	left = 10
	mu.Unlock()
	w.Exec(`UPDATE linkedin_accounts SET numbers_held_until = NULL`)
	w.Exec(`UPDATE river.river_job SET state = 'available', scheduled_at = now() WHERE kind = 'refresh_analytics'`)

	require.Eventually(t, func() bool {
		return w.Count(`SELECT count(*) FROM post_analytics WHERE comments_count IS NOT NULL AND shares_count IS NOT NULL`) == 1
	}, apptest.WaitLimit, apptest.WaitStep)
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, map[string]int{"IMPRESSION": 1, "REACTION": 1, "COMMENT": 1, "RESHARE": 1}, answered, "each once")
}

func TestAHeldAccountIsToldWithItsQuota(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	w.onCreate(sandbox.Fault{Mode: sandbox.RateLimitedDay, Times: 1})
	post := w.Draft("Not today")
	_, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: post.GetId()})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		res, err := w.Posts.GetPost(t.Context(), &postwrightv1.GetPostRequest{Id: post.GetId()})
		return err == nil && res.GetPost().GetFailure().GetCode() == "DAY_LIMIT"
	}, apptest.WaitLimit, apptest.WaitStep)

	check := w.quota("Tess Ter")

	require.Equal(t, postwrightv1.CheckState_CHECK_STATE_WARNING, check.GetState())
	require.Contains(t, check.GetDetail(), "LinkedIn takes no more of its posts until ")
	require.Contains(t, check.GetDetail(), "(DAY_LIMIT). Requests made today (UTC): ")
	require.Contains(t, check.GetRemedy(), "What waits goes out by itself after that.")
	require.Equal(t, "warning", string(w.examine(w.Config)["quota of Tess Ter"].State), "doctor says it too")
}
