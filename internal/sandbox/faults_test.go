package sandbox_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/sandbox"
)

func onCreate(mode, value string) sandbox.Fault {
	return sandbox.Fault{Vendor: "linkedin", Operation: "createPost", Mode: mode, Value: value, Times: 1}
}

func TestFaultsThatAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault      sandbox.Fault
		status     int
		body       string
		retryAfter string
	}{
		"status 400": {onCreate(sandbox.Status, "400"), 400, `{"status":400,"code":"ILLEGAL_ARGUMENT","message":"Bad Request"}`, ""},
		"status 401": {onCreate(sandbox.Status, "401"), 401,
			`{"status":401,"serviceErrorCode":65600,"code":"INVALID_ACCESS_TOKEN","message":"Invalid access token"}`, ""},
		"status 403": {onCreate(sandbox.Status, "403"), 403, `{"status":403,"serviceErrorCode":100,"code":"ACCESS_DENIED",
			"message":"Not enough permissions to access: partnerApiPostsExternal.CREATE.20260901"}`, ""},
		"status 404": {onCreate(sandbox.Status, "404"), 404, `{"status":404,"code":"NOT_FOUND","message":"Not Found"}`, ""},
		"status 409": {onCreate(sandbox.Status, "409"), 409, `{"status":409,"code":"CONFLICT","message":"Write conflict"}`, ""},
		"status 418": {onCreate(sandbox.Status, "418"), 418, `{"status":418,"code":"ILLEGAL_ARGUMENT","message":"I'm a teapot"}`, ""},
		"status 422": {onCreate(sandbox.Status, "422"), 422, `{"status":422,"errorDetailType":"com.linkedin.common.error.BadRequest",
			"message":"com.linkedin.common.error.BadRequest: The request is not valid",
			"errorDetails":{"inputErrors":[{"code":"INVALID_VALUE_FOR_FIELD","description":"Invalid value","input":{}}]}}`, ""},
		"status 426": {onCreate(sandbox.Status, "426"), 426,
			`{"status":426,"code":"NONEXISTENT_VERSION","message":"Requested version 20260901 is not active"}`, ""},
		"status 429": {onCreate(sandbox.Status, "429"), 429,
			`{"status":429,"serviceErrorCode":101,"message":"Resource level throttle limit for calls to this resource is reached."}`, ""},
		"status 500": {onCreate(sandbox.Status, "500"), 500, `{"status":500,"code":"INTERNAL_ERROR","message":"Internal Server Error"}`, ""},
		"status 502": {onCreate(sandbox.Status, "502"), 502, `{"status":502,"code":"INTERNAL_ERROR","message":"Bad Gateway"}`, ""},
		"status 503": {onCreate(sandbox.Status, "503"), 503, `{"status":503,"code":"UNDER_MAINTENANCE","message":"Service Unavailable"}`, ""},
		"rate_limited_day": {onCreate(sandbox.RateLimitedDay, ""), 429, `{"status":429,"serviceErrorCode":101,"code":"TOO_MANY_REQUESTS",
			"message":"Resource level throttle APPLICATION DAY limit for calls to this resource is reached."}`, ""},
		"retry_after in seconds": {onCreate(sandbox.RetryAfter, "30"), 429,
			`{"status":429,"serviceErrorCode":101,"message":"Resource level throttle limit for calls to this resource is reached."}`, "30"},
		"retry_after at a date": {onCreate(sandbox.RetryAfter, "Sun, 22 Nov 2026 12:01:00 GMT"), 429,
			`{"status":429,"serviceErrorCode":101,"message":"Resource level throttle limit for calls to this resource is reached."}`,
			"Sun, 22 Nov 2026 12:01:00 GMT"},
		"token_expired": {onCreate(sandbox.TokenExpired, ""), 401,
			`{"status":401,"serviceErrorCode":65602,"code":"EXPIRED_ACCESS_TOKEN","message":"The token used in the request has expired"}`, ""},
		"token_revoked": {onCreate(sandbox.TokenRevoked, ""), 401, `{"status":401,"serviceErrorCode":65601,"code":"REVOKED_ACCESS_TOKEN",
			"message":"The token used in the request has been revoked by the user"}`, ""},
		"duplicate": {onCreate(sandbox.Duplicate, ""), 422, `{"status":422,"errorDetailType":"com.linkedin.common.error.BadRequest",
			"message":"com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of urn:li:share:7141138937766391808",
			"errorDetails":{"inputErrors":[{"code":"DUPLICATE_POST","description":"Duplicate post is detected","input":{}}]}}`, ""},
		"version_sunset": {onCreate(sandbox.VersionSunset, ""), 426,
			`{"status":426,"code":"NONEXISTENT_VERSION","message":"Requested version 20260901 is not active"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			require.NoError(t, w.box.Arm(c.fault))
			got := w.call(t, "POST", "/rest/posts", newPost("Hello"))
			require.Equal(t, c.status, got.status, got.body)
			require.JSONEq(t, c.body, got.body)
			require.Equal(t, c.retryAfter, got.header.Get("Retry-After"))
			require.Empty(t, w.box.Ledger(), "nothing took effect")
			w.create(t, "Hello") // and the fault is used up
		})
	}
}

func TestFaultsHaveTheShapeOfTheirVendor(t *testing.T) {
	t.Parallel()
	const plain = `{"error":{"code":"INVALID_VALUE_FOR_FIELD","message":"com.linkedin.common.error.BadRequest: The request is not valid"}}`
	for name, c := range map[string]struct{ vendor, path, body string }{
		"analysis":     {"analysis", "/analyze/sentiment", plain},
		"notification": {"notification", "/notifications/push", plain},
		"OAuth": {"linkedin", "/oauth/v2/accessToken",
			`{"error":"INVALID_VALUE_FOR_FIELD","error_description":"com.linkedin.common.error.BadRequest: The request is not valid"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			require.NoError(t, w.box.Arm(sandbox.Fault{Vendor: c.vendor, Mode: sandbox.Status, Value: "422"}))
			got := w.call(t, "POST", c.path, "{}")
			require.Equal(t, http.StatusUnprocessableEntity, got.status)
			require.JSONEq(t, c.body, got.body)
		})
	}
}

func TestFaultsThatBreakTheConnection(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mode    string
		entries int
	}{
		"drop, before it counts":            {sandbox.Drop, 0},
		"accept_then_drop, after it counts": {sandbox.AcceptThenDrop, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			require.NoError(t, w.box.Arm(onCreate(c.mode, "")))
			_, err := w.try(t, "POST", "/rest/posts", newPost("Hello"))
			require.ErrorIs(t, err, io.EOF)
			require.Len(t, w.box.Ledger(), c.entries)
		})
	}
	t.Run("accept_then_drop, of what is refused", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		require.NoError(t, w.box.Arm(onCreate(sandbox.AcceptThenDrop, "")))
		_, err := w.try(t, "POST", "/rest/posts", newPost("Hello"), with("Authorization", "Bearer nobody"))
		require.ErrorIs(t, err, io.EOF)
		require.Empty(t, w.box.Ledger())
	})
}

func TestGarbageBodyTakesEffectBehindAPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.box.Arm(onCreate(sandbox.GarbageBody, "")))
	got := w.call(t, "POST", "/rest/posts", newPost("Hello"))
	require.Equal(t, http.StatusOK, got.status)
	require.Equal(t, "text/html", got.header.Get("Content-Type"))
	require.Contains(t, got.body, "<html>")
	require.Empty(t, got.header.Get("x-restli-id"))
	require.Empty(t, got.header.Get("x-li-uuid"))
	require.Len(t, w.box.Ledger(), 1)
}

func TestNoIDTakesEffectAndDoesNotSayWhatWasMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fault := onCreate(sandbox.NoID, "")
	fault.Times = 2
	require.NoError(t, w.box.Arm(fault))
	got := w.call(t, "POST", "/rest/posts", newPost("Hello"))
	require.Equal(t, http.StatusCreated, got.status)
	require.NotContains(t, got.header, "X-Restli-Id")
	require.Empty(t, got.body)
	entries := w.box.Ledger()
	require.Len(t, entries, 1)
	require.NotEmpty(t, entries[0].URN)
	require.Equal(t, got.header.Get("x-li-request-id"), entries[0].RequestID)

	got = w.call(t, "POST", "/rest/posts", newPost("Hello"))
	require.Equal(t, http.StatusUnprocessableEntity, got.status, "a refusal is what it is without the fault")
	require.Contains(t, got.body, entries[0].URN)
}

// A reader of the ledger can tell by the request id which attempt made the post, if the caller saw one; and knows that no
// caller saw it when no attempt has it.
func TestTheLedgerNamesTheRequestWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, mode := range []string{sandbox.AcceptThenDrop, sandbox.GarbageBody} {
		require.NoError(t, w.box.Arm(onCreate(mode, "")))
		_, _ = w.try(t, "POST", "/rest/posts", newPost("Hello, "+mode))
	}
	entries := w.box.Ledger()
	require.Len(t, entries, 2)
	require.Regexp(t, "^[0-9a-f]{32}$", entries[0].RequestID)
	require.Regexp(t, "^[0-9a-f]{32}$", entries[1].RequestID)
	require.NotEqual(t, entries[0].RequestID, entries[1].RequestID)
}

func TestHugeBodyComesWithTheRightAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.box.Arm(sandbox.Fault{Vendor: "linkedin", Mode: sandbox.HugeBody, Times: 2}))
	got := w.call(t, "POST", "/rest/posts", newPost("Hello"))
	require.Equal(t, http.StatusCreated, got.status)
	require.Len(t, got.body, 64<<20)
	entries := w.box.Ledger()
	require.Len(t, entries, 1)
	require.Equal(t, entries[0].URN, got.header.Get("x-restli-id"))

	got = w.call(t, "DELETE", "/rest/posts/"+encoded(entries[0].URN), "")
	require.Equal(t, http.StatusOK, got.status, "a 204 could have no body")
	require.Len(t, got.body, 64<<20)
	require.True(t, w.box.Ledger()[0].Deleted)
}

func TestSlowHoldsTheCallBeforeItCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	slow := onCreate(sandbox.Slow, "")
	slow.AfterMS = 30
	require.NoError(t, w.box.Arm(slow))
	began := time.Now()
	w.create(t, "Hello")
	require.GreaterOrEqual(t, time.Since(began), 30*time.Millisecond)

	t.Run("a caller who leaves has done nothing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		slow.AfterMS = 600_000
		require.NoError(t, w.box.Arm(slow))
		_, err := w.try(t, "POST", "/rest/posts", newPost("Hello"), func(r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), 20*time.Millisecond)
			t.Cleanup(cancel)
			*r = *r.WithContext(ctx)
		})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		w.server.Close() // returns only when no call is held any more
		require.Empty(t, w.box.Ledger())
	})
	t.Run("any mode can be late", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		late := onCreate(sandbox.Status, "503")
		late.AfterMS = 30
		require.NoError(t, w.box.Arm(late))
		began := time.Now()
		require.Equal(t, http.StatusServiceUnavailable, w.call(t, "POST", "/rest/posts", newPost("Hello")).status)
		require.GreaterOrEqual(t, time.Since(began), 30*time.Millisecond)
	})
}

func TestWhichCallsAFaultHits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	userinfo := func() int { return w.call(t, "GET", "/v2/userinfo", "").status }
	sentiment := func() int { return w.call(t, "POST", "/analyze/sentiment", `{"text":"good"}`).status }

	require.NoError(t, w.box.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "getUserInfo", Mode: sandbox.Status, Value: "500", Times: 2}))
	require.NoError(t, w.box.Arm(sandbox.Fault{Vendor: "linkedin", Mode: sandbox.Status, Value: "503", Times: 1}))
	require.Equal(t, http.StatusOK, sentiment(), "other vendors go on")
	require.Equal(t, []int{500, 500, 503, 200}, []int{userinfo(), userinfo(), userinfo(), userinfo()}, "in the order of arming")

	require.NoError(t, w.box.Arm(sandbox.Fault{Vendor: "analysis", Mode: sandbox.Status, Value: "500"}))
	for range 5 {
		require.Equal(t, http.StatusInternalServerError, sentiment(), "until it is cleared")
	}
	w.box.Disarm()
	require.Equal(t, http.StatusOK, sentiment())
}

func TestABadFaultIsToldAllThatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault sandbox.Fault
		paths []string
	}{
		"everything": {sandbox.Fault{Vendor: "x", Mode: "y", Times: -1, AfterMS: -1, Value: "z"},
			[]string{"vendor", "mode", "times", "afterMs", "value"}},
		"nothing":                 {sandbox.Fault{}, []string{"vendor", "mode"}},
		"another vendor's":        {sandbox.Fault{Vendor: "analysis", Operation: "createPost", Mode: sandbox.Drop}, []string{"operation"}},
		"a status without one":    {onCreate(sandbox.Status, ""), []string{"value"}},
		"a status of success":     {onCreate(sandbox.Status, "200"), []string{"value"}},
		"a Retry-After of words":  {onCreate(sandbox.RetryAfter, "soon"), []string{"value"}},
		"a Retry-After before":    {onCreate(sandbox.RetryAfter, "-1"), []string{"value"}},
		"a value without a use":   {onCreate(sandbox.Drop, "1"), []string{"value"}},
		"slow, and not how long":  {onCreate(sandbox.Slow, ""), []string{"afterMs"}},
		"later than ten minutes":  {sandbox.Fault{Vendor: "linkedin", Mode: sandbox.Drop, AfterMS: 600_001}, []string{"afterMs"}},
		"a delay that overflows":  {sandbox.Fault{Vendor: "linkedin", Mode: sandbox.Drop, AfterMS: 1 << 62}, []string{"afterMs"}},
		"an id of what has none":  {sandbox.Fault{Vendor: "linkedin", Operation: "getPost", Mode: sandbox.NoID}, []string{"operation"}},
		"no id of anything":       {sandbox.Fault{Vendor: "linkedin", Mode: sandbox.NoID}, []string{"operation"}},
		"an operation of no name": {sandbox.Fault{Vendor: "linkedin", Operation: "fly", Mode: sandbox.Drop}, []string{"operation"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := newWorld(t).box.Arm(c.fault)
			require.True(t, fault.Is(err, fault.Invalid))
			var paths []string
			for _, f := range fault.Of(err).Fields {
				paths = append(paths, f.Path)
			}
			require.Equal(t, c.paths, paths)
		})
	}
	t.Run("one too many", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for range 1000 {
			require.NoError(t, w.box.Arm(onCreate(sandbox.Drop, "")))
		}
		require.ErrorContains(t, w.box.Arm(onCreate(sandbox.Drop, "")), "clear them first")
	})
}

func TestControlEndpoints(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.call(t, "POST", "/_sandbox/faults", `{"vendor":"linkedin","operation":"getUserInfo","mode":"status","value":"500","times":3}`)
	require.Equal(t, http.StatusOK, got.status)
	armed := func(times string) string {
		return `{"faults":[{"vendor":"linkedin","operation":"getUserInfo","mode":"status","value":"500","times":` + times + `}]}`
	}
	require.JSONEq(t, armed("3"), got.body)
	require.Equal(t, http.StatusInternalServerError, w.call(t, "GET", "/v2/userinfo", "").status)
	require.JSONEq(t, armed("2"), w.call(t, "GET", "/_sandbox/faults", "").body, "what is left of it")
	require.JSONEq(t, `{"faults":[]}`, w.call(t, "DELETE", "/_sandbox/faults", "").body)
	require.Equal(t, http.StatusOK, w.call(t, "GET", "/v2/userinfo", "").status)

	t.Run("a bad fault", func(t *testing.T) {
		t.Parallel()
		got := w.call(t, "POST", "/_sandbox/faults", `{"vendor":"myspace","mode":"explode","times":-1}`)
		require.Equal(t, http.StatusBadRequest, got.status)
		require.Equal(t, []any{
			map[string]any{"path": "vendor", "problem": "must be linkedin, analysis, llm or notification"},
			map[string]any{"path": "mode", "problem": "must be one of " + strings.Join(sandbox.Modes, ", ")},
			map[string]any{"path": "times", "problem": "must be 0 (until cleared) or more"},
		}, got.json(t)["fields"])
	})
	for name, c := range map[string]struct{ body, says string }{
		"a field there is not": {`{"vendor":"linkedin","colour":"red"}`, `unknown field \"colour\"`},
		"a wrong type":         {`{"vendor":"linkedin","times":"x"}`, "times"},
		"no JSON":              {`times=1`, "The body must be a fault"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := w.call(t, "POST", "/_sandbox/faults", c.body)
			require.Equal(t, http.StatusBadRequest, got.status)
			require.Contains(t, got.body, c.says)
		})
	}
	t.Run("the ledger", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		require.JSONEq(t, `{"entries":[]}`, w.call(t, "GET", "/_sandbox/ledger", "").body)
		created := w.call(t, "POST", "/rest/posts", newPost("Hello (world)"))
		entries, _ := w.call(t, "GET", "/_sandbox/ledger", "").json(t)["entries"].([]any)
		require.Equal(t, []any{map[string]any{
			"operation": "createPost", "time": "2026-11-22T12:00:00Z", "author": "urn:li:person:ada", "version": "202609",
			"urn": created.header.Get("x-restli-id"), "requestId": created.header.Get("x-li-request-id"),
			"visibility": "PUBLIC", "sent": newPost("Hello (world)"), "commentary": "Hello (world)", "shown": "Hello ",
			"edited": "2026-11-22T12:00:00Z", "deleted": false,
		}}, entries)
	})
}

// The names of the operations are part of what callers arm: a new one must be armable from the start.
func TestEveryOperationCanBeArmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for vendor, ids := range map[string]string{
		"linkedin": `createPost getPost findPostsByAuthor updatePost deletePost createUgcPost getUserInfo getPerson
			getMemberPostAnalytics getSocialMetadata getOrganizationShareStatistics findOrganizationAcls createAccessToken introspectToken`,
		"analysis":     "analyzeSentiment generateHashtags optimizeContent",
		"llm":          "createChatCompletion listModels",
		"notification": "sendEmail sendPush",
	} {
		for id := range strings.FieldsSeq(ids) {
			require.NoError(t, w.box.Arm(sandbox.Fault{Vendor: vendor, Operation: id, Mode: sandbox.Drop, Times: 1}))
		}
	}
	_, err := w.try(t, "POST", "/oauth/v2/introspectToken", url.Values{}.Encode())
	require.ErrorIs(t, err, io.EOF)
}
