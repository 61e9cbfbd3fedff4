package app_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/telemetry"
)

// consenting is a Postwright that browsers can come back to.
func consenting(t *testing.T, change ...func(*app.Config)) (*world, postwrightv1connect.AccountServiceClient) {
	t.Helper()
	w := newWorld(t, append(change, func(c *app.Config) { c.Server.PublicURL = "http://127.0.0.1:1" })...)
	w.Serve()
	w.Vendors.AddMember(sandbox.Member{ID: "bea", GivenName: "Bea <b>", FamilyName: "Bold", Scopes: apptest.Scopes})
	return w, postwrightv1connect.NewAccountServiceClient(w.Client(w.Key))
}

// comeBack follows an authorization URL to where LinkedIn sends the browser, at the address where this server really is.
func (w *world) comeBack(authorizationURL string) string {
	w.T.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(w.T.Context(), http.MethodGet, authorizationURL, nil)
	require.NoError(w.T, err)
	resp, err := client.Do(req)
	require.NoError(w.T, err)
	require.NoError(w.T, resp.Body.Close())
	return strings.Replace(resp.Header.Get("Location"), "http://127.0.0.1:1", w.URL, 1)
}

func TestAMemberConnectsTheirAccountInABrowser(t *testing.T) {
	t.Parallel()
	w, client := consenting(t)
	consent, err := client.ConnectAccount(t.Context(), &postwrightv1.ConnectAccountRequest{})
	require.NoError(t, err)
	asked, err := url.Parse(consent.GetAuthorizationUrl())
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:1/oauth/linkedin/callback", asked.Query().Get("redirect_uri"))
	require.Equal(t, "openid profile email w_member_social", asked.Query().Get("scope"))
	require.WithinDuration(t, app.Now().Add(20*time.Minute), consent.GetExpireTime().AsTime(), time.Minute)

	back := w.comeBack(consent.GetAuthorizationUrl() + "&login_hint=bea")
	page := w.Get(back)

	require.Equal(t, http.StatusOK, page.Status, "%s", page.Body)
	require.Contains(t, string(page.Body), "Bea &lt;b&gt; Bold is connected", "LinkedIn's words are escaped")
	require.Equal(t, "no-store", page.Header.Get("Cache-Control"))
	require.Equal(t, "no-referrer", page.Header.Get("Referrer-Policy"))
	list, err := client.ListAccounts(t.Context(), &postwrightv1.ListAccountsRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetAccounts(), 2)
	bea := list.GetAccounts()[1]
	require.Equal(t, "urn:li:person:bea", bea.GetUrn())
	require.NotNil(t, bea.GetTokenExpireTime())

	replayed := w.Get(back)
	require.Equal(t, http.StatusBadRequest, replayed.Status)
	require.Contains(t, string(replayed.Body), "used before")
}

func TestABrowserThatComesBackWithNothingUsableIsToldSo(t *testing.T) {
	t.Parallel()
	w, client := consenting(t)
	for name, c := range map[string]struct {
		query  string
		status int
		text   string
	}{
		"nothing":             {"", 400, "did not come from there"},
		"no code":             {"?state=x", 400, "did not come from there"},
		"two states":          {"?state=x&state=y&code=z", 400, "did not come from there"},
		"unknown state":       {"?state=x&code=y", 400, "used before, or is too old"},
		"unknown denied":      {"?state=x&error=access_denied", 400, "used before, or is too old"},
		"script in the error": {"?state=x&error=<script>", 400, "used before"},
	} {
		t.Run(name, func(t *testing.T) {
			page := w.Get(w.URL + "/oauth/linkedin/callback" + c.query)
			require.Equal(t, c.status, page.Status)
			require.Contains(t, string(page.Body), c.text)
			require.NotContains(t, string(page.Body), "<script>")
		})
	}
	t.Run("the member said no", func(t *testing.T) {
		consent, err := client.ConnectAccount(t.Context(), &postwrightv1.ConnectAccountRequest{})
		require.NoError(t, err)
		page := w.Get(w.comeBack(consent.GetAuthorizationUrl() + "&login_hint=denied"))
		require.Equal(t, http.StatusOK, page.Status)
		require.Contains(t, string(page.Body), "did not give your consent")
	})
	for code, c := range map[string]struct{ query, text string }{
		"a scope that the app may not ask for": {
			"error=unauthorized_scope_error&error_description=Scope+%26quot%3Br_x%26quot%3B+is+not+authorized", "unauthorized_scope_error (Scope",
		},
		"LinkedIn's own trouble": {"error=server_error", "LinkedIn has trouble: try again later"},
		"a code nobody knows":    {"error=brand_new", "brand_new"},
		"a script":               {"error=%3Cscript%3Ealert(1)%3C/script%3E&error_description=%3Cscript%3E%00", "&lt;script&gt;"},
	} {
		t.Run(code, func(t *testing.T) {
			consent, err := client.ConnectAccount(t.Context(), &postwrightv1.ConnectAccountRequest{})
			require.NoError(t, err)
			at, err := url.Parse(consent.GetAuthorizationUrl())
			require.NoError(t, err)
			page := w.Get(w.URL + "/oauth/linkedin/callback?state=" + url.QueryEscape(at.Query().Get("state")) + "&" + c.query)
			require.Equal(t, http.StatusBadGateway, page.Status)
			require.Contains(t, string(page.Body), c.text)
			require.NotContains(t, string(page.Body), "did not give your consent")
			require.NotContains(t, string(page.Body), "<script>")
		})
	}
	t.Run("LinkedIn is away", func(t *testing.T) {
		consent, err := client.ConnectAccount(t.Context(), &postwrightv1.ConnectAccountRequest{})
		require.NoError(t, err)
		back := w.comeBack(consent.GetAuthorizationUrl() + "&login_hint=bea")
		require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "createAccessToken", Mode: sandbox.Drop, Times: 1}))
		page := w.Get(back)
		require.Equal(t, http.StatusBadGateway, page.Status)
		require.Contains(t, string(page.Body), "can&#39;t be reached")
	})
	require.Equal(t, 1, w.Count(`SELECT count(*) FROM linkedin_accounts`))
}

// LinkedIn's own word of why nobody was asked was neither logged nor counted when it came back without a state that is known.
func TestWhatLinkedInSaysOfAConsentThatIsNotKnownIsLoggedAndCounted(t *testing.T) {
	t.Parallel()
	out := &logged{}
	w := newLoggedWorld(t, telemetry.NewLogger(out, slog.LevelInfo, true))
	w.Serve()
	const odd = "brand-new-hunter2"
	for _, c := range []struct{ query, code, shown string }{
		{"error=server_error", "server_error", "LinkedIn has trouble: try again later."},
		{"error=unauthorized_scope_error&error_description=" + odd, "unauthorized_scope_error", "leave the scope out of the app&#39;s scopes"},
		{"state=ended&error=invalid_client", "invalid_client", "the app&#39;s client id and secret"},
		{"state=a&state=b&error=Invalid_Request", "invalid_request", "without saying from which consent"},
		{"state=ended&error=user_cancelled_authorize", "user_cancelled_authorize", "used before, or is too old"},
		{"error=" + odd, "failed_precondition", "without saying from which consent"},
	} {
		key := "rpc_calls_total code=" + c.code + " procedure=/oauth/linkedin/callback"
		before := w.Scrape()[key]
		page := w.Get(w.URL + "/oauth/linkedin/callback?" + c.query)
		require.Equal(t, http.StatusBadRequest, page.Status, c.query)
		require.Contains(t, string(page.Body), c.shown, c.query)
		require.NotContains(t, string(page.Body), odd, "anybody may have written it")
		after := w.Scrape()
		require.InDelta(t, before+1, after[key], 0, "%s: %v", c.query, after)
		for key := range after {
			require.NotContains(t, key, odd)
		}
		failures := out.lines(t, "consent failed")
		said, _, _ := strings.Cut(c.query[strings.Index(c.query, "error=")+len("error="):], "&")
		require.Contains(t, failures[len(failures)-1]["error"], fmt.Sprintf("code=%q", said))
	}
}

// A member who said no was logged as a consent that went well.
func TestAMemberWhoDeclinesIsLoggedAsSuch(t *testing.T) {
	t.Parallel()
	out := &logged{}
	w := newLoggedWorld(t, telemetry.NewLogger(out, slog.LevelInfo, true), func(c *app.Config) { c.Server.PublicURL = "http://127.0.0.1:1" })
	w.Serve()
	consent, err := postwrightv1connect.NewAccountServiceClient(w.Client(w.Key)).ConnectAccount(t.Context(), &postwrightv1.ConnectAccountRequest{})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, w.Get(w.comeBack(consent.GetAuthorizationUrl()+"&login_hint=denied")).Status)
	require.Len(t, out.lines(t, "consent declined by the member"), 1)
	require.Empty(t, out.lines(t, "consent"))
}

func TestWithoutAPublicAddressNobodyCanConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	refused := w.Curl(w.Key, "AccountService/ConnectAccount", []byte(`{}`)).Failure(t)
	require.Equal(t, "failed_precondition", refused.Code)
	require.Contains(t, refused.Message, "--server-public-url")
	refused = w.Curl(w.Key, "AccountService/ConnectAccount", []byte(`{"organizationId":"urn:li:organization:5"}`)).Failure(t)
	require.Equal(t, "invalid_argument", refused.Code)
	require.Contains(t, refused.Fields(t), "organizationId")
}

func TestDisconnectingFailsWhatWaitsAndKeepsWhatWasPublished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	there, _ := w.Publish(w.Draft("Published before"))
	w.onCreate(sandbox.Fault{Mode: sandbox.RateLimitedDay, Times: 1})
	waiting, _ := w.Publish(w.Draft("Parked"))
	require.Equal(t, "DAY_LIMIT", waiting.GetFailure().GetCode())
	later := w.schedule(w.Draft("Scheduled"), time.Hour).GetPost()

	res := w.Curl(w.Key, "AccountService/DisconnectAccount", apptest.JSON(t, map[string]any{"accountId": there.GetAccountId()}))
	require.Equal(t, http.StatusOK, res.Status, "%s", res.Body)

	require.Eventually(t, func() bool {
		return w.Count(`SELECT count(*) FROM posts WHERE failure_code = 'ACCOUNT_DISCONNECTED'`) == 1
	}, apptest.WaitLimit, apptest.WaitStep)
	w.Exec(`UPDATE river.river_job SET state = 'available', scheduled_at = now() WHERE state = 'scheduled' AND kind = 'publish_due'`)
	missed, _ := w.Watch(later)
	require.Equal(t, failed, missed.GetState(), "its time comes, and nobody is there to send it")
	require.Equal(t, "NO_ACCOUNT", missed.GetFailure().GetCode())
	require.Len(t, w.Vendors.Ledger(), 1)
	require.Equal(t, 1, w.Count(`SELECT count(*) FROM posts WHERE state = 'published'`))
	list := w.Curl(w.Key, "AccountService/ListAccounts", []byte(`{}`))
	var accounts struct{ Accounts []any }
	require.NoError(t, json.Unmarshal(list.Body, &accounts))
	require.Empty(t, accounts.Accounts)
	refused := w.Curl(w.Key, "PostService/PublishPost", apptest.JSON(t, map[string]any{"id": w.Draft("With whom?").GetId()})).Failure(t)
	require.Contains(t, refused.Message, "No LinkedIn account is connected")
}

func TestAnAccountThatIsHeldOrPausedSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	w.onCreate(sandbox.Fault{Mode: sandbox.RateLimitedDay, Times: 1})
	w.Publish(w.Draft("Parked"))
	list, err := postwrightv1connect.NewAccountServiceClient(w.Client(w.Key)).ListAccounts(t.Context(), &postwrightv1.ListAccountsRequest{})
	require.NoError(t, err)
	require.Equal(t, "DAY_LIMIT", list.GetAccounts()[0].GetHoldReason())
	require.Equal(t, time.Now().UTC().Truncate(24*time.Hour).Add(24*time.Hour), list.GetAccounts()[0].GetHoldTime().AsTime())
}

// Anybody may come back with a state that they made up, from as many addresses as they have. While the database has trouble to
// look them up, the others have it to themselves, and a member with a right one may come again.
func TestBrowsersWithMadeUpStatesLeaveTheDatabaseToTheOthers(t *testing.T) {
	t.Parallel()
	w, client := consenting(t, func(c *app.Config) {
		c.Server.ClientAddressHeader, c.Role = "X-From", "api"
		c.Database.MaxConnections.Value = 8
		c.Database.LockTimeout.Value, c.Database.OperationTimeout.Value = apptest.WaitLimit, 2*apptest.WaitLimit
	})
	consent, err := client.ConnectAccount(t.Context(), &postwrightv1.ConnectAccountRequest{})
	require.NoError(t, err)
	back := w.comeBack(consent.GetAuthorizationUrl() + "&login_hint=bea")
	post := w.Draft("Read meanwhile")

	holder, err := pgx.Connect(t.Context(), w.DatabaseURL)
	require.NoError(t, err)
	tx, err := holder.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "LOCK TABLE consents IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	const madeUp = 150
	refused, all := make(chan apptest.Answer, madeUp), sync.WaitGroup{}
	for i := range madeUp {
		all.Go(func() {
			comeBack := fmt.Sprintf("%s/oauth/linkedin/callback?code=x&state=%d", w.URL, i)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, comeBack, http.NoBody)
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("X-From", fmt.Sprintf("198.51.100.%d", i))
			if page := w.Send(req); page.Status == http.StatusServiceUnavailable {
				refused <- page
			}
		})
	}
	waiting := `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
	for range madeUp - 1 {
		select {
		case page := <-refused:
			require.Contains(t, string(page.Body), "Reload this page in 2 s.")
			require.Equal(t, "2", page.Header.Get("Retry-After"))
		case <-time.After(apptest.WaitLimit):
			require.FailNow(t, "they all wait")
		}
		require.LessOrEqual(t, w.Count(waiting), 1)
	}
	require.Equal(t, http.StatusOK, w.GetPost(w.Key, post.GetId()).Status)
	require.Equal(t, http.StatusServiceUnavailable, w.Get(back).Status)

	require.NoError(t, tx.Rollback(t.Context()))
	require.NoError(t, holder.Close(t.Context()))
	all.Wait()
	page := w.Get(back)
	require.Equal(t, http.StatusOK, page.Status, "%s", page.Body)
	require.Contains(t, string(page.Body), "is connected")
	require.Contains(t, string(w.Get(w.URL+"/metrics").Body), `rpc_refused_total{reason="CONSENT_LOOK_UPS"} 150`)
}
