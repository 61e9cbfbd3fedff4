package analytics

import (
	"log/slog"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

var selfServe = []string{"openid", "profile", "email", "w_member_social"}

// Each kind of account asks by the way it may, and what it can't have it can name.
func TestNumbersComeByTheWayTheTokenMay(t *testing.T) {
	t.Parallel()
	all := []string{"viewsCount", "likesCount", "commentsCount", "sharesCount"}
	for name, c := range map[string]struct {
		scopes  []string // of the token
		known   []string // what Postwright knows of them; nil: nothing, so it tries
		page    bool
		unknown []string
	}{
		"member with post analytics":       {append(selfServe, "r_member_postAnalytics"), append(selfServe, "r_member_postAnalytics"), false, nil},
		"self-serve token":                 {selfServe, selfServe, false, all},
		"self-serve token, scopes unknown": {selfServe, nil, false, all},
		"member with the feed's scope": {append(selfServe, "r_member_social_feed"), append(selfServe, "r_member_social_feed"), false,
			[]string{"viewsCount", "sharesCount"}},
		"page":                           {[]string{"openid", "w_organization_social", "rw_organization_admin"}, nil, true, nil},
		"page without the admin's scope": {[]string{"openid", "w_organization_social"}, nil, true, all},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vendors := sandbox.New(sandbox.Options{Clock: time.Now, Log: slog.New(slog.DiscardHandler), Members: []sandbox.Member{
				{ID: "m", Token: "t", Scopes: c.scopes, Organizations: []string{"77"}},
			}})
			server := httptest.NewServer(vendors.Handler())
			t.Cleanup(server.Close)
			seam := outbound.New(outbound.Defaults(), outbound.DefaultPolicies(), outbound.Unobserved{}, slog.New(slog.DiscardHandler))
			t.Cleanup(seam.Close)
			client, err := linkedin.New(linkedin.Config{APIURL: server.URL, AuthURL: server.URL, Version: "202609"}, seam.Client(linkedin.Vendor), time.Now)
			require.NoError(t, err)
			author, err := linkedin.ParseURN("urn:li:person:m")
			require.NoError(t, err)
			if c.page {
				author, err = linkedin.ParseURN("urn:li:organization:77")
				require.NoError(t, err)
			}
			post, err := client.CreatePost(t.Context(), "t", linkedin.NewPost{Author: author, Text: "Counted", Visibility: linkedin.VisibilityPublic})
			require.NoError(t, err)
			service := &Service{linkedIn: client}

			by, err := wayOf(accounts.Account{URN: author.String(), Scopes: c.known})
			require.NoError(t, err)
			all, err := service.ask(t.Context(), "t", by, []linkedin.URN{post.URN})

			require.NoError(t, err)
			require.Len(t, all, 1)
			got := all[0]
			missing := []string{}
			for _, u := range got.unknown {
				missing = append(missing, u.Field)
				require.Contains(t, u.Reason, "scope", "the reason names what would help")
			}
			require.ElementsMatch(t, c.unknown, missing)
			for field, n := range map[string]*int64{"viewsCount": got.views, "likesCount": got.likes, "commentsCount": got.comments,
				"sharesCount": got.shares} {
				require.Equal(t, slices.Contains(c.unknown, field), n == nil, "%s is known or said to be unknown", field)
			}
		})
	}
}

func TestARefusalForLackOfAScopeIsToldFromOthers(t *testing.T) {
	t.Parallel()
	forbidden := fault.New(fault.VendorRejected, "")
	forbidden.Answer = &fault.Answer{Status: 403}
	gone := fault.New(fault.VendorRejected, "")
	gone.Answer = &fault.Answer{Status: 404}
	require.True(t, refusedFor(forbidden))
	require.False(t, refusedFor(gone))
	require.False(t, refusedFor(nil))
}
