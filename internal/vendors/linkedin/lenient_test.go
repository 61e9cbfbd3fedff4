package linkedin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// canned answers every request with the same body.
type canned struct {
	status      int
	contentType string
	body        []byte
	header      http.Header
}

func (c canned) RoundTrip(req *http.Request) (*http.Response, error) {
	header := http.Header{"Content-Type": {c.contentType}}
	maps.Copy(header, c.header)
	return &http.Response{
		StatusCode: c.status, Header: header, Body: io.NopCloser(bytes.NewReader(c.body)), Request: req, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

// reading is an operation with an answer as LinkedIn gives it.
type reading struct {
	answer string
	needed []string // members of the answer without which it says nothing
	// call returns what is needed of the answer: the rest may change. Or all of it, as told.
	call func(ctx context.Context, c *linkedin.Client) (any, error)
}

// told is all that was read of an answer, by the member that it comes from: a change of one changes no other.
type told map[string]any

// today is what the clients of these tests take for it.
var today = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)

// sound refuses what can't be, whatever the answer was.
func (all told) sound(t require.TestingT) {
	if ends, ok := all["expires_at"].(time.Time); ok && !ends.IsZero() {
		require.WithinRange(t, ends, today, today.AddDate(10, 1, 0))
	}
	for _, scope := range all["scope"].([]string) {
		require.Regexp(t, `^[A-Za-z0-9_.:/-]+$`, scope)
	}
	for _, name := range []string{"expires_in", "refresh_token_expires_in"} {
		if life, ok := all[name].(time.Duration); ok {
			require.GreaterOrEqual(t, life, time.Duration(0), name)
			require.Less(t, life, 11*366*24*time.Hour, name)
		}
	}
}

// but leaves out what comes from a member.
func but(read any, name string) any {
	all, ok := read.(told)
	if !ok {
		return read
	}
	all = maps.Clone(all)
	delete(all, name)
	return all
}

var (
	aPost, _   = linkedin.ParseURN("urn:li:share:1")
	aMember, _ = linkedin.ParseURN("urn:li:person:ada")
	aPage, _   = linkedin.ParseURN("urn:li:organization:5")
)

var readings = map[string]reading{
	"getUserInfo": {
		`{"sub":"ada","name":"Ada","given_name":"Ada","family_name":"L","email":"ada@example.org","email_verified":true,"picture":"https://x",` +
			`"locale":{"country":"US","language":"en"}}`,
		[]string{"sub"},
		func(ctx context.Context, c *linkedin.Client) (any, error) {
			p, err := c.UserInfo(ctx, "t")
			return p.MemberID, err
		},
	},
	"getMe": {
		`{"id":"ada","localizedFirstName":"Ada","localizedLastName":"L"}`, []string{"id"}, func(ctx context.Context, c *linkedin.Client) (any, error) {
			p, err := c.Me(ctx, "t")
			return p.MemberID, err
		},
	},
	"getPerson": {
		`{"id":"ada","localizedFirstName":"Ada","localizedLastName":"L"}`, []string{"id"}, func(ctx context.Context, c *linkedin.Client) (any, error) {
			p, err := c.Person(ctx, "t", "ada")
			return p.MemberID, err
		},
	},
	"createAccessToken": {
		`{"access_token":"AQX","expires_in":5184000,"scope":"openid","refresh_token":"AQR","refresh_token_expires_in":31536000}`,
		[]string{"access_token"}, func(ctx context.Context, c *linkedin.Client) (any, error) {
			t, err := c.ExchangeCode(ctx, "code", "https://x/callback")
			return told{
				"access_token": t.AccessToken, "expires_in": t.ExpiresIn, "scope": t.Scopes,
				"refresh_token": t.RefreshToken, "refresh_token_expires_in": t.RefreshTokenExpiresIn,
			}, err
		},
	},
	"introspectToken": {
		`{"active":true,"status":"active","scope":"openid","client_id":"a","auth_type":"3L","created_at":1,"authorized_at":1,"expires_at":1793000000}`,
		[]string{"active"}, func(ctx context.Context, c *linkedin.Client) (any, error) {
			i, err := c.Introspect(ctx, "t")
			return told{"active": i.Active, "status": i.Status, "scope": i.Scopes, "expires_at": i.ExpiresAt}, err
		},
	},
	"getMemberPostAnalytics": {
		`{"elements":[{"count":7,"metricType":"IMPRESSION","targetEntity":"x"}],"paging":{"start":0,"count":10,"links":[]}}`,
		[]string{"elements"}, func(ctx context.Context, c *linkedin.Client) (any, error) {
			n, known, err := c.PostAnalytics(ctx, "t", aPost, linkedin.MetricImpression)
			return []any{n, known}, err
		},
	},
	"getSocialMetadata": {
		`{"commentSummary":{"count":2,"topLevelCount":1},"commentsState":"OPEN","reactionSummaries":{"LIKE":{"reactionType":"LIKE","count":3}},` +
			`"entity":"urn:li:share:1"}`,
		[]string{"commentSummary", "reactionSummaries"},
		func(ctx context.Context, c *linkedin.Client) (any, error) {
			return c.SocialMetadata(ctx, "t", aPost)
		},
	},
	"getOrganizationShareStatistics": {
		`{"elements":[{"organizationalEntity":"urn:li:organization:5","share":"urn:li:share:1","totalShareStatistics":{"impressionCount":1,` +
			`"likeCount":2,"commentCount":3,"shareCount":4,"engagement":0.5}}],"paging":{"start":0}}`,
		[]string{"elements", "paging"},
		func(ctx context.Context, c *linkedin.Client) (any, error) {
			found, complete, err := c.OrganizationShareStatistics(ctx, "t", aPage, []linkedin.URN{aPost})
			return []any{found, complete}, err
		},
	},
	"findOrganizationAcls": {
		`{"elements":[{"role":"ADMINISTRATOR","state":"APPROVED","organization":"urn:li:organization:5","roleAssignee":"urn:li:person:ada"}],` +
			`"paging":{"start":0,"count":100,"links":[]}}`,
		[]string{"elements", "paging"},
		func(ctx context.Context, c *linkedin.Client) (any, error) {
			return c.OrganizationRoles(ctx, "t")
		},
	},
	"findPostsByAuthor": {
		`{"elements":[{"id":"urn:li:share:1","author":"urn:li:person:ada","commentary":"Hello","createdAt":1,"publishedAt":1,"lastModifiedAt":1,` +
			`"lifecycleState":"PUBLISHED","visibility":"PUBLIC"}],"paging":{"start":0,"count":50,"links":[],"total":1}}`,
		[]string{"elements", "paging"},
		func(ctx context.Context, c *linkedin.Client) (any, error) {
			posts, complete, err := c.PostsByAuthor(ctx, "t", aMember, 50)
			return []any{posts, complete}, err
		},
	},
	"getPost": {
		`{"id":"urn:li:share:1","author":"urn:li:person:ada","commentary":"Hello","createdAt":1,"lifecycleState":"PUBLISHED","visibility":"PUBLIC"}`,
		[]string{"id", "author"}, func(ctx context.Context, c *linkedin.Client) (any, error) {
			p, err := c.GetPost(ctx, "t", aPost)
			return []linkedin.URN{p.URN, p.Author}, err
		},
	},
}

func answered(t *testing.T, r reading, contentType string, body []byte) (any, error) {
	t.Helper()
	client, err := linkedin.New(linkedin.Config{APIURL: "http://l", AuthURL: "http://l", Version: "202609", ClientID: "a", ClientSecret: "b"},
		&http.Client{Transport: canned{status: http.StatusOK, contentType: contentType, body: body}}, func() time.Time { return today })
	require.NoError(t, err)
	got, err := r.call(t.Context(), client)
	if all, ok := got.(told); ok && err == nil {
		all.sound(t)
	}
	return got, err
}

// fuzzAnswer puts any value at any place of an operation's answer. A member that is not needed changes nothing, whatever it
// holds; without a needed one there is no answer; and no body at all makes one up.
func fuzzAnswer(f *testing.F, operation string) {
	f.Helper()
	r := readings[operation]
	whole := map[string]json.RawMessage{}
	require.NoError(f, json.Unmarshal([]byte(r.answer), &whole))
	for _, name := range slices.Sorted(maps.Keys(whole)) {
		for _, value := range []string{`null`, `""`, `"true"`, `0`, `1.5`, `1e99`, `true`, `[]`, `[[1]]`, `{}`, `{"a":{"b":[null]}}`, `"\u0000"`, `-1`,
			`1893456000000`, `9e17`, `9223372036854775807`} {
			f.Add(name, value)
		}
	}
	f.Add("new", `{"a":1}`)
	f.Fuzz(func(t *testing.T, name, value string) {
		_, _ = answered(t, r, "application/json", []byte(value)) // must not panic
		right, err := answered(t, r, "application/json", []byte(r.answer))
		require.NoError(t, err)
		if !json.Valid([]byte(value)) {
			_, err := answered(t, r, "application/json", []byte(value))
			require.Error(t, err)
			return
		}
		changed := maps.Clone(whole)
		changed[name] = json.RawMessage(value)
		body, err := json.Marshal(changed)
		if err != nil {
			return // the name is not text
		}
		got, err := answered(t, r, "application/json", body)
		if slices.Contains(r.needed, name) {
			if err != nil {
				require.Equal(t, "BAD_ANSWER", fault.Of(err).Reason)
			}
			delete(changed, name)
			body, err := json.Marshal(changed)
			require.NoError(t, err)
			without, err := answered(t, r, "application/json", body)
			if name != "paging" && operation != "getSocialMetadata" && operation != "getMemberPostAnalytics" { // which may be missing
				require.Error(t, err, "%v", without)
			}
			return
		}
		require.NoError(t, err, "%s", body)
		require.Equal(t, but(right, name), but(got, name), "%s", body)
	})
}

func FuzzGetUserInfo(f *testing.F)            { fuzzAnswer(f, "getUserInfo") }
func FuzzGetMe(f *testing.F)                  { fuzzAnswer(f, "getMe") }
func FuzzGetPerson(f *testing.F)              { fuzzAnswer(f, "getPerson") }
func FuzzCreateAccessToken(f *testing.F)      { fuzzAnswer(f, "createAccessToken") }
func FuzzIntrospectToken(f *testing.F)        { fuzzAnswer(f, "introspectToken") }
func FuzzGetMemberPostAnalytics(f *testing.F) { fuzzAnswer(f, "getMemberPostAnalytics") }
func FuzzGetSocialMetadata(f *testing.F)      { fuzzAnswer(f, "getSocialMetadata") }
func FuzzGetOrganizationShareStatistics(f *testing.F) {
	fuzzAnswer(f, "getOrganizationShareStatistics")
}
func FuzzFindOrganizationAcls(f *testing.F) { fuzzAnswer(f, "findOrganizationAcls") }
func FuzzFindPostsByAuthor(f *testing.F)    { fuzzAnswer(f, "findPostsByAuthor") }
func FuzzGetPost(f *testing.F)              { fuzzAnswer(f, "getPost") }

// A create's answer is its status and one header: no body takes the success away, or makes one up.
func FuzzCreatePost(f *testing.F) {
	for _, body := range []string{"", "{", `{"id":5}`, "<html>", "\x00"} {
		f.Add(body, "application/json")
	}
	f.Fuzz(func(t *testing.T, body, contentType string) {
		client, err := linkedin.New(linkedin.Config{APIURL: "http://l", AuthURL: "http://l", Version: "202609"},
			&http.Client{Transport: canned{http.StatusCreated, contentType, []byte(body), http.Header{"X-Restli-Id": {"urn:li:share:1"}}}}, time.Now)
		require.NoError(t, err)
		created, err := client.CreatePost(t.Context(), "t", linkedin.NewPost{Author: aMember, Text: "Hello", Visibility: linkedin.VisibilityPublic})
		require.NoError(t, err)
		require.Equal(t, aPost, created.URN)
	})
}

// keptWithoutEnd is a token that was given: the code is used up, so it is not lost for what is said of its life.
var keptWithoutEnd = told{"access_token": "AQX", "expires_in": time.Duration(0)}

// mayGoOn is a list of which nothing is known to be missing, and which proves nothing absent.
var mayGoOn = []any{[]linkedin.Post(nil), false}

const aRole = `{"role":"ADMINISTRATOR","state":"APPROVED","organization":"urn:li:organization:5"}`

var theRole = []linkedin.OrganizationRole{{Organization: aPage, Role: linkedin.RoleAdministrator}}

// What is meant without doubt is taken, and what is not is as good as missing.
func TestAnswersAreReadLeniently(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		operation, contentType, body string
		want                         any // nil: no answer
	}{
		"an unneeded member is of another type (email_verified as a string)": {"getUserInfo", "application/json", `{"sub":"ada","email_verified":"true"}`,
			"ada"},
		"all unneeded members are": {"getUserInfo", "application/json",
			`{"sub":"ada","name":[1],"email":{},"locale":7,"picture":false,"given_name":null}`, "ada"},
		"an id is a number":         {"getUserInfo", "application/json", `{"sub":782}`, "782"},
		"an id has an exponent":     {"getUserInfo", "application/json", `{"sub":1e5}`, "100000"},
		"an id has a point":         {"getUserInfo", "application/json", `{"sub":78200.0}`, "78200"},
		"an id is longer than any":  {"getUserInfo", "application/json", `{"sub":123456789012345678901234567890}`, "123456789012345678901234567890"},
		"an id looks like a number": {"getUserInfo", "application/json", `{"sub":"1e5"}`, "1e5"},
		"an id is half":             {"getUserInfo", "application/json", `{"sub":0.5}`, nil},
		"an id is without end":      {"getUserInfo", "application/json", `{"sub":1e99}`, nil},
		"an id of a profile, also":  {"getMe", "application/json", `{"id":1E+5}`, "100000"},
		"an id is an object":        {"getUserInfo", "application/json", `{"sub":{"id":"ada"}}`, nil},
		"an id is true":             {"getUserInfo", "application/json", `{"sub":true}`, nil},
		"an id is null":             {"getUserInfo", "application/json", `{"sub":null}`, nil},
		"an id is empty":            {"getUserInfo", "application/json", `{"sub":""}`, nil},
		"a lifetime is a string": {"createAccessToken", "application/json", `{"access_token":"AQX","expires_in":"5184000"}`,
			told{"access_token": "AQX", "expires_in": 1440 * time.Hour}},
		"a lifetime has a point": {"createAccessToken", "application/json", `{"access_token":"AQX","expires_in":5184000.0}`,
			told{"access_token": "AQX", "expires_in": 1440 * time.Hour}},
		"a lifetime has an exponent": {"createAccessToken", "application/json", `{"access_token":"AQX","expires_in":5.184e6}`,
			told{"access_token": "AQX", "expires_in": 1440 * time.Hour}},
		"a lifetime is a fraction":  {"createAccessToken", "application/json", `{"access_token":"AQX","expires_in":0.5}`, keptWithoutEnd},
		"a lifetime is without end": {"createAccessToken", "application/json", `{"access_token":"AQX","expires_in":1e400}`, keptWithoutEnd},
		"a lifetime is text":        {"createAccessToken", "application/json", `{"access_token":"AQX","expires_in":"soon"}`, keptWithoutEnd},
		"a lifetime is null":        {"createAccessToken", "application/json", `{"access_token":"AQX","expires_in":null}`, keptWithoutEnd},
		"a lifetime is empty":       {"createAccessToken", "application/json", `{"access_token":"AQX","expires_in":""}`, keptWithoutEnd},
		"a lifetime is 0":           {"createAccessToken", "application/json", `{"access_token":"AQX","expires_in":0}`, keptWithoutEnd},
		"a lifetime is negative":    {"createAccessToken", "application/json", `{"access_token":"AQX","expires_in":-1}`, keptWithoutEnd},
		"a lifetime is missing":     {"createAccessToken", "application/json", `{"access_token":"AQX"}`, keptWithoutEnd},
		"a refresh token's life is no number": {"createAccessToken", "application/json",
			`{"access_token":"AQX","expires_in":5184000,"refresh_token":"AQR","refresh_token_expires_in":"a year"}`,
			told{"access_token": "AQX", "expires_in": 1440 * time.Hour}},
		"active is a string": {"introspectToken", "application/json", `{"active":"True","expires_at":"never"}`,
			told{"active": true, "expires_at": time.Time{}}},
		"an end is a string": {"introspectToken", "application/json", `{"active":true,"expires_at":"1793000000"}`,
			told{"expires_at": time.Unix(1793000000, 0)}},
		"an end is 0":          {"introspectToken", "application/json", `{"active":true,"expires_at":0}`, told{"expires_at": time.Time{}}},
		"an end is before all": {"introspectToken", "application/json", `{"active":true,"expires_at":-1}`, told{"expires_at": time.Time{}}},
		"an end has gone by": {"introspectToken", "application/json", `{"active":true,"expires_at":1790000000}`,
			told{"expires_at": time.Time{}}},
		"an end is in milliseconds": {"introspectToken", "application/json", `{"active":true,"expires_at":1793000000000}`,
			told{"expires_at": time.Time{}}},
		"an end is beyond all years": {"introspectToken", "application/json", `{"active":true,"expires_at":9e17}`, told{"expires_at": time.Time{}}},
		"an end is the greatest there": {"introspectToken", "application/json", `{"active":true,"expires_at":9223372036854775807}`,
			told{"expires_at": time.Time{}}},
		"a scope has a NUL in it": {"introspectToken", "application/json",
			`{"active":true,"scope":"openid,pro\u0000file,\u200b, email\n<b>,r_1:x/y.z-"}`, told{"scope": []string{"openid", "email", "r_1:x/y.z-"}}},
		"active is 1":               {"introspectToken", "application/json", `{"active":1}`, nil},
		"a count is a string":       {"getMemberPostAnalytics", "application/json", `{"elements":[{"count":"7"}]}`, []any{int64(7), true}},
		"a count is half":           {"getMemberPostAnalytics", "application/json", `{"elements":[{"count":7.5}]}`, nil},
		"elements are an object":    {"getMemberPostAnalytics", "application/json", `{"elements":{"count":7}}`, nil},
		"a list may go on":          {"findPostsByAuthor", "application/json", `{"elements":[],"paging":"next"}`, mayGoOn},
		"its paging is empty text":  {"findPostsByAuthor", "application/json", `{"elements":[],"paging":""}`, mayGoOn},
		"its paging is a list":      {"findPostsByAuthor", "application/json", `{"elements":[],"paging":[]}`, mayGoOn},
		"its links are an object":   {"findPostsByAuthor", "application/json", `{"elements":[],"paging":{"links":{}}}`, mayGoOn},
		"a link is no object":       {"findPostsByAuthor", "application/json", `{"elements":[],"paging":{"links":["next"]}}`, mayGoOn},
		"a link leads nobody knows": {"findPostsByAuthor", "application/json", `{"elements":[],"paging":{"links":[{"rel":{}}]}}`, mayGoOn},
		"a total is prose":          {"findPostsByAuthor", "application/json", `{"elements":[],"paging":{"total":"many"}}`, mayGoOn},
		"a total is below nothing":  {"findPostsByAuthor", "application/json", `{"elements":[],"paging":{"total":-1}}`, mayGoOn},
		"a start is prose": {"findPostsByAuthor", "application/json", `{"elements":[],"paging":{"start":"x","count":[]}}`,
			[]any{[]linkedin.Post(nil), true}},
		"no paging is said in null":   {"findPostsByAuthor", "application/json", `{"elements":[],"paging":null}`, []any{[]linkedin.Post(nil), true}},
		"a list is none":              {"findPostsByAuthor", "application/json", `{"elements":{},"paging":{}}`, nil},
		"roles may go on":             {"findOrganizationAcls", "application/json", `{"elements":[` + aRole + `],"paging":""}`, theRole},
		"roles have odd links":        {"findOrganizationAcls", "application/json", `{"elements":[` + aRole + `],"paging":{"links":{}}}`, theRole},
		"roles have links of no kind": {"findOrganizationAcls", "application/json", `{"elements":[` + aRole + `],"paging":{"links":[7]}}`, theRole},
		"roles have a start of prose": {"findOrganizationAcls", "application/json", `{"elements":[` + aRole + `],"paging":{"start":"x"}}`, theRole},
		"no roles, it seems":          {"findOrganizationAcls", "application/json", `{"elements":[],"paging":""}`, []linkedin.OrganizationRole(nil)},
		"a total is a string": {"findPostsByAuthor", "application/json", `{"elements":[],"paging":{"total":"3"}}`,
			[]any{[]linkedin.Post(nil), false}},
		"no content type":              {"getUserInfo", "", `{"sub":"ada"}`, "ada"},
		"a wrong content type":         {"getUserInfo", "text/html", ` {"sub":"ada"}` + "\n", "ada"},
		"a byte order mark":            {"getUserInfo", "application/json", "\xef\xbb\xbf" + `{"sub":"ada"}`, "ada"},
		"a member stands twice":        {"getUserInfo", "application/json", `{"sub":"eve","sub":"ada"}`, "ada"},
		"a list instead of an object":  {"getUserInfo", "application/json", `[{"sub":"ada"}]`, nil},
		"a page of HTML":               {"getUserInfo", "application/json", `<html>`, nil},
		"nothing":                      {"getUserInfo", "application/json", ``, nil},
		"something follows the object": {"getUserInfo", "application/json", `{"sub":"ada"}{}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := answered(t, readings[c.operation], c.contentType, []byte(c.body))
			if c.want == nil {
				require.Equal(t, "BAD_ANSWER", fault.Of(err).Reason, "%v", got)
				return
			}
			require.NoError(t, err)
			want, some := c.want.(told)
			if !some {
				require.Equal(t, c.want, got)
			}
			for name, value := range want {
				require.Equal(t, value, got.(told)[name], name)
			}
		})
	}
}
