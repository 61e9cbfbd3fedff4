package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/sandbox"
)

func TestRefusedBeforeTheOperation(t *testing.T) {
	t.Parallel()
	const share = "/rest/posts/urn%3Ali%3Ashare%3A1"
	for name, c := range map[string]struct {
		method, path string
		adapt        func(*http.Request)
		status       int
		body         string
	}{
		"no version": {"GET", share, with("LinkedIn-Version", ""), 400, `{"status":400,"code":"VERSION_MISSING",
			"message":"A version must be present. Please specify a version by adding the LinkedIn-Version header."}`},
		"a dead version": {"GET", share, with("LinkedIn-Version", "202511"), 426,
			`{"status":426,"code":"NONEXISTENT_VERSION","message":"Requested version 20251101 is not active"}`},
		"a version of the future": {"GET", share, with("LinkedIn-Version", "202701"), 426,
			`{"status":426,"code":"NONEXISTENT_VERSION","message":"Requested version 20270101 is not active"}`},
		"no December version": {"GET", share, with("LinkedIn-Version", "202512"), 426,
			`{"status":426,"code":"NONEXISTENT_VERSION","message":"Requested version 20251201 is not active"}`},
		"no token": {"GET", share, with("Authorization", ""), 401,
			`{"status":401,"serviceErrorCode":401,"code":"EMPTY_ACCESS_TOKEN","message":"Empty oauth2_access_token"}`},
		"an unknown token": {"GET", share, with("Authorization", "Bearer nobody"), 401,
			`{"status":401,"serviceErrorCode":65600,"code":"INVALID_ACCESS_TOKEN","message":"Invalid access token"}`},
		"another protocol": {"GET", share, with("X-Restli-Protocol-Version", "1.0.0"), 400,
			`{"status":400,"code":"ILLEGAL_ARGUMENT","message":"Header X-Restli-Protocol-Version must be 2.0.0"}`},
		"no scope to read": {"GET", share, asBob, 403,
			`{"status":403,"serviceErrorCode":100,"code":"ACCESS_DENIED","message":"Not enough permissions to access: ` +
				`partnerApiPostsExternal.GET.20260901"}`},
		"no scope for a path without versions": {"GET", "/v2/people/(id:ada)", asBob, 403,
			`{"status":403,"serviceErrorCode":100,"code":"ACCESS_DENIED","message":"Not enough permissions to access: people.GET.NO_VERSION"}`},
		"bare colons in a path": {"GET", "/rest/posts/urn:li:share:1", nil, 400,
			`{"status":400,"code":"ILLEGAL_ARGUMENT","message":"Syntax exception in path variables"}`},
		"one bare colon among escaped ones": {"DELETE", "/rest/posts/urn%3Ali%3Ashare:1", nil, 400,
			`{"status":400,"code":"ILLEGAL_ARGUMENT","message":"Syntax exception in path variables"}`},
		"bare colons in a parameter": {"GET",
			"/rest/memberCreatorPostAnalytics?q=entity&entity=(share:urn:li:share:1)&queryType=IMPRESSION&aggregation=TOTAL", nil, 400,
			`{"status":400,"code":"ILLEGAL_ARGUMENT","message":"Syntax exception in path variables"}`},
		"escaped parentheses in a path": {"GET", "/v2/people/%28id:ada%29", nil, 400,
			`{"status":400,"code":"PARAM_INVALID","message":"Invalid param. Please see errorDetails for more information."}`},
		"escaped parentheses in a parameter": {"GET",
			"/rest/memberCreatorPostAnalytics?q=entity&entity=%28share:urn%3Ali%3Ashare%3A1%29&queryType=IMPRESSION&aggregation=TOTAL", nil, 400,
			`{"status":400,"code":"PARAM_INVALID","message":"Invalid param. Please see errorDetails for more information."}`},
		"lists in the old style": {"GET",
			"/rest/organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity=urn%3Ali%3Aorganization%3A5&shares[0]=x", nil, 403,
			`{"status":403,"serviceErrorCode":100,"code":"ACCESS_DENIED",
			"message":"Unpermitted fields present in PARAMETER: Data Processing Exception while processing fields [/shares[0]]"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adapt := c.adapt
			if adapt == nil {
				adapt = func(*http.Request) {}
			}
			got := newWorld(t).call(t, c.method, c.path, "", adapt)
			require.Equal(t, c.status, got.status, got.body)
			require.JSONEq(t, c.body, got.body)
			require.Equal(t, "application/json", got.header.Get("Content-Type"))
			require.NotEmpty(t, got.header.Get("x-li-uuid"), "the trace id is on refusals too")
		})
	}
}

func TestAVersionIsActiveFromTheMiddleOfItsMonthForAYear(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		version string
		at      time.Time
		active  bool
	}{
		"not on the first":           {"202609", time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), false},
		"not yet on the thirteenth":  {"202609", time.Date(2026, 9, 13, 23, 0, 0, 0, time.UTC), false},
		"by the eighteenth":          {"202609", time.Date(2026, 9, 18, 0, 0, 0, 0, time.UTC), true},
		"until its last hour":        {"202603", time.Date(2027, 3, 15, 23, 59, 0, 0, time.UTC), true},
		"not on the day of its end":  {"202603", time.Date(2027, 3, 16, 0, 0, 0, 0, time.UTC), false},
		"not what is no month":       {"202613", noon, false},
		"not what is no version":     {"latest", noon, false},
		"not one from before it all": {"202401", noon, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The sandbox starts at that time: a token of noon might have expired by then.
			w := newWorld(t, func(o *sandbox.Options) { o.Clock = func() time.Time { return c.at } })
			got := w.call(t, "DELETE", "/rest/posts/urn%3Ali%3Ashare%3A1", "", with("LinkedIn-Version", c.version))
			if c.active {
				require.Equal(t, http.StatusNoContent, got.status, got.body)
				return
			}
			require.Equal(t, http.StatusUpgradeRequired, got.status, got.body)
		})
	}
}

func TestATokenLivesSixtyDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pass(60*24*time.Hour - time.Second)
	require.Equal(t, http.StatusOK, w.call(t, "GET", "/v2/userinfo", "").status)
	w.pass(time.Second)
	got := w.call(t, "GET", "/v2/userinfo", "")
	require.Equal(t, http.StatusUnauthorized, got.status)
	require.JSONEq(
		t,
		`{"status":401,"serviceErrorCode":65602,"code":"EXPIRED_ACCESS_TOKEN","message":"The token used in the request has expired"}`,
		got.body,
	)
}

func TestGrantingOtherScopesRevokesTheTokensBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	again := ada
	again.Token = "newer"
	w.box.AddMember(again)
	require.Equal(t, http.StatusOK, w.call(t, "GET", "/v2/userinfo", "").status, "the same scopes leave it alone")

	again.Token, again.Scopes = "newest", []string{"openid"}
	w.box.AddMember(again)
	for _, old := range []string{"token-of-ada", "newer"} {
		got := w.call(t, "GET", "/v2/userinfo", "", with("Authorization", "Bearer "+old))
		require.Equal(t, http.StatusUnauthorized, got.status)
		require.JSONEq(t, `{"status":401,"serviceErrorCode":65601,"code":"REVOKED_ACCESS_TOKEN",
			"message":"The token used in the request has been revoked by the user"}`, got.body)
	}
	require.Equal(t, http.StatusOK, w.call(t, "GET", "/v2/userinfo", "", with("Authorization", "Bearer newest")).status)
	require.Equal(t, http.StatusOK, w.call(t, "GET", "/v2/userinfo", "", asBob).status, "other members keep theirs")
}

func TestQuotasOfTheDay(t *testing.T) {
	t.Parallel()
	const missing = "/rest/posts/urn%3Ali%3Ashare%3A1"
	t.Run("a member's, until midnight UTC", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(o *sandbox.Options) { o.MemberDayLimit = 2 })
		for range 2 {
			require.Equal(t, http.StatusNoContent, w.call(t, "DELETE", missing, "").status)
		}
		got := w.call(t, "DELETE", missing, "")
		require.Equal(t, http.StatusTooManyRequests, got.status)
		require.JSONEq(t, `{"status":429,"serviceErrorCode":101,"code":"TOO_MANY_REQUESTS",
			"message":"Resource level throttle MEMBER DAY limit for calls to this resource is reached."}`, got.body)
		require.Empty(t, got.header.Get("Retry-After"))
		require.Equal(t, http.StatusNoContent, w.call(t, "DELETE", missing, "", asBob).status, "another member's is another")
		require.Equal(t, http.StatusOK, w.call(t, "GET", "/v2/userinfo", "").status, "userinfo is not of it")

		w.pass(12*time.Hour - time.Nanosecond)
		require.Equal(t, http.StatusTooManyRequests, w.call(t, "DELETE", missing, "").status)
		w.pass(time.Nanosecond)
		require.Equal(t, http.StatusNoContent, w.call(t, "DELETE", missing, "").status)
	})
	t.Run("the app's, whoever asks", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(o *sandbox.Options) { o.AppDayLimit = 1 })
		require.Equal(t, http.StatusNoContent, w.call(t, "DELETE", missing, "").status)
		got := w.call(t, "DELETE", missing, "", asBob)
		require.Equal(t, http.StatusTooManyRequests, got.status)
		require.Equal(t, "Resource level throttle APPLICATION DAY limit for calls to this resource is reached.", got.json(t)["message"])
	})
	t.Run("LinkedIn's own when none is set", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for range 150 {
			require.Equal(t, http.StatusNoContent, w.call(t, "DELETE", missing, "").status)
		}
		require.Equal(t, http.StatusTooManyRequests, w.call(t, "DELETE", missing, "").status)
	})
	t.Run("none when it is less than zero", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(o *sandbox.Options) { o.MemberDayLimit, o.AppDayLimit = -1, -1 })
		for range 151 {
			require.Equal(t, http.StatusNoContent, w.call(t, "DELETE", missing, "").status)
		}
	})
}

func TestUnreadableRequestsInEachVendorsShape(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path, body string
		status     int
		code       func(map[string]any) any
		want       string
	}{
		"LinkedIn":          {"/rest/posts", `{`, 400, func(b map[string]any) any { return b["code"] }, "ILLEGAL_ARGUMENT"},
		"LinkedIn, a type":  {"/rest/posts", `{"author":5}`, 400, func(b map[string]any) any { return b["code"] }, "ILLEGAL_ARGUMENT"},
		"analysis":          {"/analyze/sentiment", `{`, 400, plainCode, "ILLEGAL_ARGUMENT"},
		"notification":      {"/notifications/email", `[]`, 400, plainCode, "ILLEGAL_ARGUMENT"},
		"LinkedIn, too big": {"/rest/posts", strings.Repeat(" ", 1<<20+1), 413, func(b map[string]any) any { return b["code"] }, "REQUEST_TOO_LARGE"},
		"analysis, too big": {"/analyze/sentiment", strings.Repeat(" ", 1<<20+1), 413, plainCode, "REQUEST_TOO_LARGE"},
		"OAuth, too big": {"/oauth/v2/accessToken", strings.Repeat(" ", 1<<20+1), 413,
			func(b map[string]any) any { return b["error"] }, "REQUEST_TOO_LARGE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newWorld(t).call(t, "POST", c.path, c.body)
			require.Equal(t, c.status, got.status, got.body)
			require.Equal(t, c.want, c.code(got.json(t)))
		})
	}
}

// plainCode is the code of an error of the analysis and notification APIs.
func plainCode(body map[string]any) any {
	e, _ := body["error"].(map[string]any)
	return e["code"]
}
