package linkedin_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/vendors/answer/answertest"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// ada is a member of the sandbox's LinkedIn whose token may do everything.
var ada = sandbox.Member{
	ID: "ada", GivenName: "Ada", FamilyName: "Lovelace", Email: "ada@example.com", Token: token,
	Organizations: []string{"5"}, ContentOrganizations: []string{"7"}, RefreshTokens: true,
	Scopes: []string{
		"openid", "profile", "email", "w_member_social", "w_organization_social", "r_member_social", "r_basicprofile",
		"r_member_postAnalytics", "r_member_social_feed", "r_organization_social", "r_organization_social_feed", "rw_organization_admin",
	},
}

func newSandbox(t *testing.T) (*linkedin.Client, *sandbox.Sandbox, linkedin.Config) {
	t.Helper()
	box := sandbox.New(sandbox.Options{
		Clock: dawn, Log: slog.New(slog.DiscardHandler), Members: []sandbox.Member{ada}, MemberDayLimit: -1, AppDayLimit: -1,
	})
	server := httptest.NewServer(box.Handler())
	t.Cleanup(server.Close)
	cfg := configFor(server.URL)
	client, err := linkedin.New(cfg, answertest.Seam(t, linkedin.Vendor, time.Minute), dawn)
	require.NoError(t, err)
	return client, box, cfg
}

// The law of this package: what people see is what was written.
func TestWhatLinkedInShowsIsWhatWasWritten(t *testing.T) {
	t.Parallel()
	client, box, cfg := newSandbox(t)
	cfg.Legacy = true
	legacy, err := linkedin.New(cfg, answertest.Seam(t, linkedin.Vendor, time.Minute), dawn)
	require.NoError(t, err)
	seen := map[string]bool{} // LinkedIn refuses the same text twice

	rapid.Check(t, func(t *rapid.T) {
		text := linkedin.DrawText(t)
		if seen[text] {
			return
		}
		seen[text] = true
		through := rapid.SampledFrom([]*linkedin.Client{client, legacy}).Draw(t, "path")
		created, err := through.CreatePost(t.Context(), token, linkedin.NewPost{
			Author: mustURN("urn:li:person:ada"), Text: text, Visibility: linkedin.VisibilityPublic,
		})
		require.NoError(t, err)
		entry := lastEntry(box)
		require.Equal(t, text, entry.Shown)
		require.Equal(t, entry.URN, created.URN.String())
		if through == legacy {
			return // whose plain text GetPost would read as little text
		}
		read, err := client.GetPost(t.Context(), token, created.URN)
		require.NoError(t, err)
		require.Equal(t, text, read.Text)

		edited := linkedin.DrawText(t)
		require.NoError(t, client.UpdatePost(t.Context(), token, created.URN, edited))
		require.Equal(t, edited, lastEntry(box).Shown)
	})
}

func mustURN(s string) linkedin.URN {
	u, err := linkedin.ParseURN(s)
	if err != nil {
		panic(err)
	}
	return u
}

func lastEntry(box *sandbox.Sandbox) sandbox.Entry {
	ledger := box.Ledger()
	return ledger[len(ledger)-1]
}

func TestTheLifeOfAPostAtTheSandbox(t *testing.T) {
	t.Parallel()
	client, box, _ := newSandbox(t)
	ctx := t.Context()

	profile, err := client.UserInfo(ctx, token)
	require.NoError(t, err)
	require.Equal(t, "ada", profile.MemberID)
	require.Equal(t, "en-US", profile.Locale)
	person, err := client.Person(ctx, token, profile.MemberID)
	require.NoError(t, err)
	require.Equal(t, "Ada Lovelace", person.Name)
	known, err := client.Introspect(ctx, token)
	require.NoError(t, err)
	require.True(t, known.Active)
	require.Subset(t, known.Scopes, ada.Scopes)

	post := linkedin.NewPost{Author: mustURN("urn:li:person:" + profile.MemberID), Text: "Hello (all)", Visibility: linkedin.VisibilityConnections}
	created, err := client.CreatePost(ctx, token, post)
	require.NoError(t, err)
	read, err := client.GetPost(ctx, token, created.URN)
	require.NoError(t, err)
	require.Equal(t, "Hello (all)", read.Text)
	require.True(t, dawn().Equal(read.PublishedAt))
	listed, complete, err := client.PostsByAuthor(ctx, token, post.Author, 2)
	require.NoError(t, err)
	require.True(t, complete)
	require.Equal(t, []linkedin.Post{read}, listed)
	for _, metric := range []linkedin.Metric{linkedin.MetricImpression, linkedin.MetricReaction, linkedin.MetricComment, linkedin.MetricReshare} {
		_, counted, err := client.PostAnalytics(ctx, token, created.URN, metric)
		require.NoError(t, err)
		require.True(t, counted)
	}
	_, err = client.SocialMetadata(ctx, token, created.URN)
	require.NoError(t, err)

	_, err = client.CreatePost(ctx, token, post)
	first, isDuplicate := linkedin.DuplicateOf(err)
	require.True(t, isDuplicate, err)
	require.Equal(t, created.URN, first)

	require.NoError(t, client.DeletePost(ctx, token, created.URN))
	require.NoError(t, client.DeletePost(ctx, token, created.URN), "twice is no error")
	require.True(t, lastEntry(box).Deleted)
	_, err = client.GetPost(ctx, token, created.URN)
	require.Equal(t, "NOT_FOUND", fault.Of(err).Reason)
	listed, complete, err = client.PostsByAuthor(ctx, token, post.Author, 2)
	require.NoError(t, err)
	require.True(t, complete)
	require.Empty(t, listed)

	page := mustURN("urn:li:organization:5")
	none, complete, err := client.OrganizationShareStatistics(ctx, token, page, []linkedin.URN{created.URN})
	require.NoError(t, err)
	require.True(t, complete)
	require.Empty(t, none, "it is no post of the page")
	post.Author = page
	created, err = client.CreatePost(ctx, token, post)
	require.NoError(t, err)
	statistics, complete, err := client.OrganizationShareStatistics(ctx, token, page, []linkedin.URN{created.URN})
	require.NoError(t, err)
	require.True(t, complete)
	require.Len(t, statistics, 1)
	require.Equal(t, created.URN, statistics[0].Post)
	listed, _, err = client.PostsByAuthor(ctx, token, page, 1)
	require.NoError(t, err)
	require.Len(t, listed, 1)
	require.Equal(t, created.URN, listed[0].URN)
}

func TestPostsAtTheSandboxThatAreNotAll(t *testing.T) {
	t.Parallel()
	client, _, _ := newSandbox(t)
	author := mustURN("urn:li:person:ada")
	var newest linkedin.URN
	for _, text := range []string{"one", "two", "three"} {
		created, err := client.CreatePost(t.Context(), token, linkedin.NewPost{Author: author, Text: text, Visibility: linkedin.VisibilityPublic})
		require.NoError(t, err)
		newest = created.URN
	}
	for count, all := range map[int]bool{2: false, 3: false, 4: true} {
		posts, complete, err := client.PostsByAuthor(t.Context(), token, author, count)
		require.NoError(t, err)
		require.Len(t, posts, min(count, 3))
		require.Equal(t, newest, posts[0].URN)
		require.Equal(t, all, complete, count)
	}
}

func TestASelfServeTokenMayNotListPosts(t *testing.T) {
	t.Parallel()
	client, box, _ := newSandbox(t)
	box.AddMember(sandbox.Member{ID: "bob", Token: "bobs", Scopes: []string{"openid", "profile", "email", "w_member_social"}})
	_, _, err := client.PostsByAuthor(t.Context(), "bobs", mustURN("urn:li:person:bob"), 10)
	require.True(t, fault.Is(err, fault.VendorRejected))
	require.Equal(t, linkedin.ReasonAccessDenied, fault.Of(err).Reason)
	require.Equal(t, 403, fault.Of(err).Answer.Status)
	_, err = client.OrganizationRoles(t.Context(), "bobs")
	require.Equal(t, linkedin.ReasonAccessDenied, fault.Of(err).Reason)
}

func TestRolesAtTheSandbox(t *testing.T) {
	t.Parallel()
	client, _, _ := newSandbox(t)
	roles, err := client.OrganizationRoles(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, []linkedin.OrganizationRole{
		{Organization: mustURN("urn:li:organization:5"), Role: linkedin.RoleAdministrator},
		{Organization: mustURN("urn:li:organization:7"), Role: linkedin.RoleContentAdministrator},
	}, roles)
}

// Every fault that the sandbox can be told to have, met by a create. Where the post may be there the fault says so, and
// where it says that it isn't, the ledger agrees.
// Whatever LinkedIn says of a post that nobody has, it has understood the version.
func TestWhetherAVersionIsServed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault  *sandbox.Fault
		served bool
		kind   fault.Kind // Internal for none
	}{
		"served":                  {nil, true, fault.Internal},
		"not to be read":          {&sandbox.Fault{Mode: sandbox.Status, Value: "403"}, true, fault.Internal},
		"dead":                    {&sandbox.Fault{Mode: sandbox.VersionSunset}, false, fault.Internal},
		"the token is dead":       {&sandbox.Fault{Mode: sandbox.TokenExpired}, false, fault.VendorAuth},
		"LinkedIn is away":        {&sandbox.Fault{Mode: sandbox.Drop}, false, fault.VendorUnavailable},
		"the quota is used up":    {&sandbox.Fault{Mode: sandbox.RateLimitedDay}, false, fault.RateLimited},
		"LinkedIn breaks down":    {&sandbox.Fault{Mode: sandbox.Status, Value: "500"}, false, fault.VendorUnavailable},
		"an answer of a stranger": {&sandbox.Fault{Mode: sandbox.GarbageBody}, false, fault.VendorUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, box, _ := newSandbox(t)
			if c.fault != nil {
				c.fault.Vendor, c.fault.Operation = "linkedin", "getPost"
				require.NoError(t, box.Arm(*c.fault))
			}
			served, err := client.ServesVersion(t.Context(), token)
			require.Equal(t, c.served, served)
			if c.kind == fault.Internal {
				require.NoError(t, err)
			} else {
				require.True(t, fault.Is(err, c.kind), "%v", err)
			}
		})
	}
}

func TestTheSandboxesFaults(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault  sandbox.Fault
		kind   fault.Kind
		reason string
		doubt  bool
	}{
		"accepted, then dropped": {sandbox.Fault{Mode: sandbox.AcceptThenDrop}, fault.VendorUnavailable, "UNREACHABLE", true},
		"dropped":                {sandbox.Fault{Mode: sandbox.Drop}, fault.VendorUnavailable, "UNREACHABLE", true},
		"a status of 500":        {sandbox.Fault{Mode: sandbox.Status, Value: "500"}, fault.VendorUnavailable, "", true},
		"a status of 409":        {sandbox.Fault{Mode: sandbox.Status, Value: "409"}, fault.VendorRejected, "CONFLICT", true},
		"a status of 408":        {sandbox.Fault{Mode: sandbox.Status, Value: "408"}, fault.VendorUnavailable, "", true},
		"a status of 403":        {sandbox.Fault{Mode: sandbox.Status, Value: "403"}, fault.VendorRejected, "ACCESS_DENIED", false},
		"the day's quota":        {sandbox.Fault{Mode: sandbox.RateLimitedDay}, fault.RateLimited, "DAY_LIMIT", false},
		"a limit":                {sandbox.Fault{Mode: sandbox.RetryAfter, Value: "9"}, fault.RateLimited, "RATE_LIMITED", false},
		"token expired":          {sandbox.Fault{Mode: sandbox.TokenExpired}, fault.VendorAuth, "EXPIRED_ACCESS_TOKEN", false},
		"token revoked":          {sandbox.Fault{Mode: sandbox.TokenRevoked}, fault.VendorAuth, "REVOKED_ACCESS_TOKEN", false},
		"duplicate":              {sandbox.Fault{Mode: sandbox.Duplicate}, fault.VendorRejected, "DUPLICATE_POST", false},
		"version dead":           {sandbox.Fault{Mode: sandbox.VersionSunset}, fault.VendorRejected, "NONEXISTENT_VERSION", false},
		"garbage":                {sandbox.Fault{Mode: sandbox.GarbageBody}, fault.VendorUnavailable, "BAD_ANSWER", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, box, _ := newSandbox(t)
			test.fault.Vendor, test.fault.Operation, test.fault.Times = "linkedin", "createPost", 1
			require.NoError(t, box.Arm(test.fault))

			_, err := client.CreatePost(t.Context(), token, linkedin.NewPost{
				Author: mustURN("urn:li:person:ada"), Text: "Hello", Visibility: linkedin.VisibilityPublic,
			})

			f := fault.Of(err)
			require.Equal(t, test.kind.String(), f.Kind.String())
			require.Equal(t, test.reason, f.Reason)
			require.Equal(t, test.doubt, f.Doubt)
			if !f.Doubt {
				require.Empty(t, box.Ledger())
			}
		})
	}
	t.Run("no id is a success of an unknown URN", func(t *testing.T) {
		t.Parallel()
		client, box, cfg := newSandbox(t)
		cfg.Legacy = true
		legacy, err := linkedin.New(cfg, answertest.Seam(t, linkedin.Vendor, time.Minute), dawn)
		require.NoError(t, err)
		for operation, through := range map[string]*linkedin.Client{"createPost": client, "createUgcPost": legacy} {
			require.NoError(t, box.Arm(sandbox.Fault{Vendor: "linkedin", Operation: operation, Mode: sandbox.NoID, Times: 1}))
			created, err := through.CreatePost(t.Context(), token, linkedin.NewPost{
				Author: mustURN("urn:li:person:ada"), Text: "Hello by " + operation, Visibility: linkedin.VisibilityPublic,
			})
			require.NoError(t, err)
			require.True(t, created.URN.IsZero())
			require.Equal(t, "Hello by "+operation, lastEntry(box).Shown)
			require.Equal(t, lastEntry(box).RequestID, created.TraceID)
		}
	})
	t.Run("a huge body is a success", func(t *testing.T) {
		t.Parallel()
		client, box, _ := newSandbox(t)
		require.NoError(t, box.Arm(sandbox.Fault{Vendor: "linkedin", Mode: sandbox.HugeBody, Times: 1}))
		created, err := client.CreatePost(t.Context(), token, linkedin.NewPost{
			Author: mustURN("urn:li:person:ada"), Text: "Hello", Visibility: linkedin.VisibilityPublic,
		})
		require.NoError(t, err)
		require.Equal(t, lastEntry(box).URN, created.URN.String())
	})
}

// A consent's code becomes a token that works, and can be renewed until the member takes the consent back; a code works
// once.
func TestConsentAtTheSandbox(t *testing.T) {
	t.Parallel()
	client, box, cfg := newSandbox(t)
	const back = "https://postwright.example/back"
	address := cfg.AuthURL + "/oauth/v2/authorization?response_type=code&client_id=an-id&scope=openid+w_member_social&state=s&redirect_uri=" + back
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	require.NoError(t, err)
	resp, err := (&http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}).Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	location, err := resp.Location()
	require.NoError(t, err)

	granted, err := client.ExchangeCode(t.Context(), location.Query().Get("code"), back)
	require.NoError(t, err)
	require.Equal(t, 60*24*time.Hour, granted.ExpiresIn)
	require.Contains(t, granted.Scopes, "w_member_social")
	_, err = client.UserInfo(t.Context(), granted.AccessToken)
	require.NoError(t, err)

	refreshed, err := client.RefreshToken(t.Context(), granted.RefreshToken)
	require.NoError(t, err)
	require.NotEqual(t, granted.AccessToken, refreshed.AccessToken)
	require.Equal(t, granted.RefreshToken, refreshed.RefreshToken)
	require.Equal(t, 365*24*time.Hour, refreshed.RefreshTokenExpiresIn)
	_, err = client.UserInfo(t.Context(), refreshed.AccessToken)
	require.NoError(t, err)
	box.Revoke("ada")
	_, err = client.RefreshToken(t.Context(), granted.RefreshToken)
	require.Equal(t, "INVALID_GRANT", fault.Of(err).Reason)
	_, err = client.UserInfo(t.Context(), refreshed.AccessToken)
	require.Equal(t, linkedin.ReasonRevokedToken, fault.Of(err).Reason)

	_, err = client.ExchangeCode(t.Context(), location.Query().Get("code"), back)
	require.Equal(t, "INVALID_GRANT", fault.Of(err).Reason)
	_, err = client.UserInfo(t.Context(), "unknown")
	require.Equal(t, linkedin.ReasonInvalidToken, fault.Of(err).Reason)
}
