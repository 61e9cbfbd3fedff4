package linkedin_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/answer/answertest"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// dawn is the time at which these tests happen: in the evening of the day before in UTC.
func dawn() time.Time { return time.Date(2026, 11, 22, 5, 0, 0, 0, time.FixedZone("ahead", 9*60*60)) }

func urn(t *testing.T, s string) linkedin.URN {
	t.Helper()
	u, err := linkedin.ParseURN(s)
	require.NoError(t, err)
	return u
}

func configFor(address string) linkedin.Config {
	return linkedin.Config{APIURL: address, AuthURL: address, Version: "202609", ClientID: "an-id", ClientSecret: answertest.Token}
}

func TestEveryAnswerOfEveryOperation(t *testing.T) {
	t.Parallel()
	share, page := urn(t, "urn:li:share:1"), urn(t, "urn:li:organization:5")
	post := linkedin.NewPost{Author: urn(t, "urn:li:person:ada"), Text: "Hello", Visibility: linkedin.VisibilityPublic}
	operation := func(id, method string, success int, decodes bool, call func(context.Context, *linkedin.Client) error) answertest.Operation {
		return answertest.Operation{
			ID: id, Method: method, Success: success, Decodes: decodes,
			Call: func(ctx context.Context, address string, seam *http.Client) error {
				cfg := configFor(address)
				cfg.Legacy = id == "createUgcPost"
				client, err := linkedin.New(cfg, seam, dawn)
				if err != nil {
					return err
				}
				return call(ctx, client)
			},
		}
	}
	create := func(ctx context.Context, c *linkedin.Client) error {
		_, err := c.CreatePost(ctx, answertest.Token, post)
		return err
	}
	answertest.Run(t, linkedin.Vendor, []answertest.Operation{
		operation("createPost", http.MethodPost, 201, false, create),
		operation("createUgcPost", http.MethodPost, 201, false, create),
		operation("updatePost", http.MethodPost, 204, false, func(ctx context.Context, c *linkedin.Client) error {
			return c.UpdatePost(ctx, answertest.Token, share, "Hello again")
		}),
		operation("deletePost", http.MethodDelete, 204, false, func(ctx context.Context, c *linkedin.Client) error {
			return c.DeletePost(ctx, answertest.Token, share)
		}),
		operation("getPost", http.MethodGet, 200, true, func(ctx context.Context, c *linkedin.Client) error {
			_, err := c.GetPost(ctx, answertest.Token, share)
			return err
		}),
		operation("findPostsByAuthor", http.MethodGet, 200, true, func(ctx context.Context, c *linkedin.Client) error {
			_, _, err := c.PostsByAuthor(ctx, answertest.Token, page, 10)
			return err
		}),
		operation("findOrganizationAcls", http.MethodGet, 200, true, func(ctx context.Context, c *linkedin.Client) error {
			_, err := c.OrganizationRoles(ctx, answertest.Token)
			return err
		}),
		operation("getUserInfo", http.MethodGet, 200, true, func(ctx context.Context, c *linkedin.Client) error {
			_, err := c.UserInfo(ctx, answertest.Token)
			return err
		}),
		operation("getPerson", http.MethodGet, 200, true, func(ctx context.Context, c *linkedin.Client) error {
			_, err := c.Person(ctx, answertest.Token, "ada")
			return err
		}),
		operation("getMemberPostAnalytics", http.MethodGet, 200, true, func(ctx context.Context, c *linkedin.Client) error {
			_, _, err := c.PostAnalytics(ctx, answertest.Token, share, linkedin.MetricImpression)
			return err
		}),
		operation("getSocialMetadata", http.MethodGet, 200, true, func(ctx context.Context, c *linkedin.Client) error {
			_, err := c.SocialMetadata(ctx, answertest.Token, share)
			return err
		}),
		operation("getOrganizationShareStatistics", http.MethodGet, 200, true, func(ctx context.Context, c *linkedin.Client) error {
			_, _, err := c.OrganizationShareStatistics(ctx, answertest.Token, page, []linkedin.URN{share})
			return err
		}),
		operation("createAccessToken", http.MethodPost, 200, true, func(ctx context.Context, c *linkedin.Client) error {
			_, err := c.ExchangeCode(ctx, "a-code", "https://postwright.example/back")
			return err
		}),
		operation("introspectToken", http.MethodPost, 200, true, func(ctx context.Context, c *linkedin.Client) error {
			_, err := c.Introspect(ctx, answertest.Token)
			return err
		}),
	})
}

// wire is a LinkedIn that gives one answer and keeps the request as it was on the wire.
type wire struct {
	line   string // method and request target
	header http.Header
	body   string
}

func serve(t *testing.T, change func(*linkedin.Config), status int, header map[string]string, body string) (*linkedin.Client, *wire) {
	t.Helper()
	seen := &wire{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		*seen = wire{line: r.Method + " " + r.RequestURI, header: r.Header, body: string(raw)}
		w.Header().Set("Content-Type", "application/json")
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	cfg := configFor(server.URL)
	if change != nil {
		change(&cfg)
	}
	client, err := linkedin.New(cfg, answertest.Seam(t, linkedin.Vendor, time.Minute), dawn)
	require.NoError(t, err)
	return client, seen
}

// What goes over the wire, to the byte where LinkedIn is particular about it: colons of a URN encoded, the parentheses and
// commas of Rest.li not.
func TestRequests(t *testing.T) {
	t.Parallel()
	versioned := map[string]string{
		"Authorization": "Bearer " + answertest.Token, "LinkedIn-Version": "202609", "X-Restli-Protocol-Version": "2.0.0",
		"X-RestLi-Method": "", "Idempotency-Key": "",
	}
	with := func(name, value string) map[string]string {
		header := map[string]string{}
		for k, v := range versioned {
			header[k] = v
		}
		header[name] = value
		return header
	}
	unversioned := with("LinkedIn-Version", "")
	form := map[string]string{"Authorization": "", "Content-Type": "application/x-www-form-urlencoded"}
	newPost := linkedin.NewPost{Author: urn(t, "urn:li:person:ada"), Text: `A "text" (with #go) & <more>`, Visibility: linkedin.VisibilityConnections}
	share, ugc := urn(t, "urn:li:share:1"), urn(t, "urn:li:ugcPost:2")
	token := answertest.Token

	tests := map[string]struct {
		call   func(ctx context.Context, c *linkedin.Client) error
		legacy bool
		line   string
		header map[string]string
		body   string // JSON, or a form
	}{
		"create a post": {
			call: func(ctx context.Context, c *linkedin.Client) error {
				_, err := c.CreatePost(ctx, token, newPost)
				return err
			},
			line: "POST /base/rest/posts", header: versioned,
			body: `{"author":"urn:li:person:ada","commentary":"A \"text\" \\(with {hashtag|\\#|go}\\) & \\<more\\>","visibility":"CONNECTIONS",
				"distribution":{"feedDistribution":"MAIN_FEED","targetEntities":[],"thirdPartyDistributionChannels":[]},
				"lifecycleState":"PUBLISHED","isReshareDisabledByAuthor":false}`,
		},
		"create a post the legacy way, whose text is plain": {
			call: func(ctx context.Context, c *linkedin.Client) error {
				_, err := c.CreatePost(ctx, token, newPost)
				return err
			},
			legacy: true, line: "POST /base/v2/ugcPosts", header: versioned,
			body: `{"author":"urn:li:person:ada","lifecycleState":"PUBLISHED",
				"specificContent":{"com.linkedin.ugc.ShareContent":{"shareCommentary":{"text":"A \"text\" (with #go) & <more>"},"shareMediaCategory":"NONE"}},
				"visibility":{"com.linkedin.ugc.MemberNetworkVisibility":"CONNECTIONS"}}`,
		},
		"update a post": {
			call: func(ctx context.Context, c *linkedin.Client) error {
				return c.UpdatePost(ctx, token, share, "New (text)")
			},
			line: "POST /base/rest/posts/urn%3Ali%3Ashare%3A1", header: with("X-RestLi-Method", "PARTIAL_UPDATE"),
			body: `{"patch":{"$set":{"commentary":"New \\(text\\)"}}}`,
		},
		"delete a post": {
			call: func(ctx context.Context, c *linkedin.Client) error { return c.DeletePost(ctx, token, ugc) },
			line: "DELETE /base/rest/posts/urn%3Ali%3AugcPost%3A2", header: with("X-RestLi-Method", "DELETE"),
		},
		"get a post": {
			call: func(ctx context.Context, c *linkedin.Client) error {
				_, err := c.GetPost(ctx, token, share)
				return err
			},
			line: "GET /base/rest/posts/urn%3Ali%3Ashare%3A1", header: versioned,
		},
		"a page's posts": {
			call: func(ctx context.Context, c *linkedin.Client) error {
				_, _, err := c.PostsByAuthor(ctx, token, urn(t, "urn:li:organization:5"), 100)
				return err
			},
			line:   "GET /base/rest/posts?author=urn%3Ali%3Aorganization%3A5&q=author&count=100&start=0&sortBy=LAST_MODIFIED",
			header: with("X-RestLi-Method", "FINDER"),
		},
		"roles at pages": {
			call: func(ctx context.Context, c *linkedin.Client) error {
				_, err := c.OrganizationRoles(ctx, token)
				return err
			},
			line: "GET /base/rest/organizationAcls?q=roleAssignee&state=APPROVED&start=0&count=100", header: versioned,
		},
		"who is it": {
			call: func(ctx context.Context, c *linkedin.Client) error { _, err := c.UserInfo(ctx, token); return err },
			line: "GET /base/v2/userinfo", header: map[string]string{"Authorization": "Bearer " + token},
		},
		"a person": {
			call: func(ctx context.Context, c *linkedin.Client) error {
				_, err := c.Person(ctx, token, "A-b_1")
				return err
			},
			line: "GET /base/v2/people/(id:A-b_1)", header: unversioned,
		},
		"a number of a share": {
			call: func(ctx context.Context, c *linkedin.Client) error {
				_, _, err := c.PostAnalytics(ctx, token, share, linkedin.MetricReshare)
				return err
			},
			line:   "GET /base/rest/memberCreatorPostAnalytics?q=entity&entity=(share:urn%3Ali%3Ashare%3A1)&queryType=RESHARE&aggregation=TOTAL",
			header: versioned,
		},
		"a number of a ugcPost": {
			call: func(ctx context.Context, c *linkedin.Client) error {
				_, _, err := c.PostAnalytics(ctx, token, ugc, linkedin.MetricComment)
				return err
			},
			line:   "GET /base/rest/memberCreatorPostAnalytics?q=entity&entity=(ugc:urn%3Ali%3AugcPost%3A2)&queryType=COMMENT&aggregation=TOTAL",
			header: versioned,
		},
		"comments and reactions": {
			call: func(ctx context.Context, c *linkedin.Client) error {
				_, err := c.SocialMetadata(ctx, token, share)
				return err
			},
			line: "GET /base/rest/socialMetadata/urn%3Ali%3Ashare%3A1", header: versioned,
		},
		"numbers of a page's posts": {
			call: func(ctx context.Context, c *linkedin.Client) error {
				_, _, err := c.OrganizationShareStatistics(ctx, token, urn(t, "urn:li:organization:5"), []linkedin.URN{share, ugc, urn(t, "urn:li:share:3")})
				return err
			},
			line: "GET /base/rest/organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity=urn%3Ali%3Aorganization%3A5" +
				"&shares=List(urn%3Ali%3Ashare%3A1,urn%3Ali%3Ashare%3A3)&ugcPosts=List(urn%3Ali%3AugcPost%3A2)",
			header: versioned,
		},
		"a token for a code": {
			call: func(ctx context.Context, c *linkedin.Client) error {
				_, err := c.ExchangeCode(ctx, "the code", "https://postwright.example/back?a=b")
				return err
			},
			line:   "POST /base/oauth/v2/accessToken",
			header: form,
			body: "client_id=an-id&client_secret=" + token +
				"&code=the+code&grant_type=authorization_code&redirect_uri=https%3A%2F%2Fpostwright.example%2Fback%3Fa%3Db",
		},
		"a token for a refresh token": {
			call: func(ctx context.Context, c *linkedin.Client) error {
				_, err := c.RefreshToken(ctx, "refresh")
				return err
			},
			line: "POST /base/oauth/v2/accessToken", header: form,
			body: "client_id=an-id&client_secret=" + token + "&grant_type=refresh_token&refresh_token=refresh",
		},
		"what a token may": {
			call: func(ctx context.Context, c *linkedin.Client) error { _, err := c.Introspect(ctx, "AQX"); return err },
			line: "POST /base/oauth/v2/introspectToken", header: form,
			body: "client_id=an-id&client_secret=" + token + "&token=AQX",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, seen := serve(t, func(cfg *linkedin.Config) {
				cfg.APIURL, cfg.AuthURL, cfg.Legacy = cfg.APIURL+"/base", cfg.AuthURL+"/base/", test.legacy
			}, http.StatusTeapot, nil, "")
			require.True(t, fault.Is(test.call(t.Context(), client), fault.VendorRejected))
			require.Equal(t, test.line, seen.line)
			for header, value := range test.header {
				require.Equal(t, value, seen.header.Get(header), header)
			}
			switch {
			case strings.HasPrefix(test.body, "{"):
				require.JSONEq(t, test.body, seen.body)
				require.Equal(t, "application/json", seen.header.Get("Content-Type"))
			case test.body != "":
				got, err := url.ParseQuery(seen.body)
				require.NoError(t, err)
				want, err := url.ParseQuery(test.body)
				require.NoError(t, err)
				require.Equal(t, want, got)
			default:
				require.Empty(t, seen.body)
			}
		})
	}
}

func TestWhatCannotBeAskedIsNotSent(t *testing.T) {
	t.Parallel()
	share, activity := urn(t, "urn:li:share:1"), urn(t, "urn:li:activity:1")
	good := linkedin.NewPost{Author: urn(t, "urn:li:person:ada"), Text: "Hello", Visibility: linkedin.VisibilityPublic}
	token := answertest.Token
	tests := map[string]struct {
		call func(ctx context.Context, c *linkedin.Client) error
		kind fault.Kind
	}{
		"a post of nobody, for nobody, in no text": {func(ctx context.Context, c *linkedin.Client) error {
			_, err := c.CreatePost(ctx, token, linkedin.NewPost{Author: share, Text: "\xff", Visibility: "LOGGED_IN"})
			require.Len(t, fault.Of(err).Fields, 3, "all at once")
			return err
		}, fault.Invalid},
		"an update to no text": {func(ctx context.Context, c *linkedin.Client) error { return c.UpdatePost(ctx, token, share, "\xff") }, fault.Invalid},
		"an update of nothing": {func(ctx context.Context, c *linkedin.Client) error {
			return c.UpdatePost(ctx, token, linkedin.URN{}, "a")
		}, fault.Precondition},
		"a delete of nothing": {
			func(ctx context.Context, c *linkedin.Client) error { return c.DeletePost(ctx, token, linkedin.URN{}) },
			fault.Precondition,
		},
		"nothing to get": {func(ctx context.Context, c *linkedin.Client) error {
			_, err := c.GetPost(ctx, token, linkedin.URN{})
			return err
		}, fault.Precondition},
		"posts of a post, and none of them": {func(ctx context.Context, c *linkedin.Client) error {
			_, _, err := c.PostsByAuthor(ctx, token, share, 0)
			require.Len(t, fault.Of(err).Fields, 2, "all at once")
			return err
		}, fault.Invalid},
		"more posts than LinkedIn gives": {func(ctx context.Context, c *linkedin.Client) error {
			_, _, err := c.PostsByAuthor(ctx, token, good.Author, 101)
			return err
		}, fault.Invalid},
		"comments of nothing": {func(ctx context.Context, c *linkedin.Client) error {
			_, err := c.SocialMetadata(ctx, token, linkedin.URN{})
			return err
		}, fault.Precondition},
		"numbers of an activity": {func(ctx context.Context, c *linkedin.Client) error {
			_, _, err := c.PostAnalytics(ctx, token, activity, linkedin.MetricComment)
			return err
		}, fault.Precondition},
		"numbers of a page's activity": {func(ctx context.Context, c *linkedin.Client) error {
			_, _, err := c.OrganizationShareStatistics(ctx, token, urn(t, "urn:li:organization:5"), []linkedin.URN{share, activity})
			return err
		}, fault.Precondition},
		"a person whose id is none": {func(ctx context.Context, c *linkedin.Client) error {
			_, err := c.Person(ctx, token, "../me")
			return err
		}, fault.Invalid},
		"no token": {func(ctx context.Context, c *linkedin.Client) error {
			_, err := c.CreatePost(ctx, "", good)
			require.Equal(t, linkedin.ReasonInvalidToken, fault.Of(err).Reason)
			return err
		}, fault.VendorAuth},
		"a token with a line break": {func(ctx context.Context, c *linkedin.Client) error {
			_, err := c.CreatePost(ctx, "AQX\n", good)
			require.Equal(t, linkedin.ReasonInvalidToken, fault.Of(err).Reason)
			return err
		}, fault.VendorAuth},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, seen := serve(t, nil, http.StatusOK, nil, "")
			err := test.call(t.Context(), client)
			require.Equal(t, test.kind.String(), fault.Of(err).Kind.String())
			require.False(t, fault.Of(err).Doubt)
			require.Empty(t, seen.line)
		})
	}
}

func TestTokensNeedTheApp(t *testing.T) {
	t.Parallel()
	client, seen := serve(t, func(cfg *linkedin.Config) { cfg.ClientID, cfg.ClientSecret = "", "" }, http.StatusOK, nil, "")
	_, exchange := client.ExchangeCode(t.Context(), "a", "b")
	_, refresh := client.RefreshToken(t.Context(), "a")
	_, introspect := client.Introspect(t.Context(), "a")
	for _, err := range []error{exchange, refresh, introspect} {
		require.True(t, fault.Is(err, fault.Precondition))
	}
	require.Empty(t, seen.line)
}

func TestNumbersOfNoPostsNeedNoCall(t *testing.T) {
	t.Parallel()
	client, seen := serve(t, nil, http.StatusOK, nil, "")
	found, _, err := client.OrganizationShareStatistics(t.Context(), answertest.Token, urn(t, "urn:li:organization:5"), nil)
	require.NoError(t, err)
	require.Empty(t, found)
	require.Empty(t, seen.line)
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := configFor("https://api.linkedin.com")
	require.Empty(t, good.Faults())
	for _, version := range []string{"", "2026-09", "202612", "202600", "202613", "20269", "2026091", "v202609"} {
		cfg := good
		cfg.Version = version
		require.Len(t, cfg.Faults(), 1, version)
	}
	for _, address := range []string{
		"", "api.linkedin.com", "ftp://api.linkedin.com", "https://", "https://u:p@h.example",
		"https://h.example?a=b", "https://h.example#f", "https://:80", "://",
	} {
		cfg := good
		cfg.APIURL = address
		require.Len(t, cfg.Faults(), 1, address)
	}
	_, err := linkedin.New(linkedin.Config{ClientSecret: answertest.Token}, http.DefaultClient, dawn)
	require.True(t, fault.Is(err, fault.Invalid))
	require.Len(t, fault.Of(err).Fields, 4, "all at once")
	require.NotContains(t, err.Error(), answertest.Token)
}

func requireBadAnswer(t *testing.T, err error) {
	t.Helper()
	require.True(t, fault.Is(err, fault.VendorUnavailable), err)
	require.Equal(t, outbound.ReasonBadAnswer, fault.Of(err).Reason)
}
