package linkedin_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/vendors/answer/answertest"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

const token = answertest.Token

// A 201 is a published post, whatever else the answer holds or lacks: to call it a failure would invite a second send.
func TestACreatedPostIsASuccess(t *testing.T) {
	t.Parallel()
	legacy := func(cfg *linkedin.Config) { cfg.Legacy = true }
	tests := map[string]struct {
		change func(*linkedin.Config)
		header map[string]string
		body   string
		want   string // URN, "" for unknown
	}{
		"a share":             {nil, map[string]string{"x-restli-id": "urn:li:share:7"}, "", "urn:li:share:7"},
		"a ugcPost":           {nil, map[string]string{"X-RestLi-Id": "urn:li:ugcPost:7"}, "", "urn:li:ugcPost:7"},
		"no id":               {nil, nil, "", ""},
		"an unreadable id":    {nil, map[string]string{"x-restli-id": "7"}, "", ""},
		"garbage in the body": {nil, map[string]string{"x-restli-id": "urn:li:share:7"}, "<html>", "urn:li:share:7"},
		"the id in the body":  {legacy, nil, `{"id":"urn:li:share:8"}`, "urn:li:share:8"},
		"legacy, id in the header": {
			legacy,
			map[string]string{"x-restli-id": "urn:li:share:7"},
			`{"id":"urn:li:share:8"}`,
			"urn:li:share:7",
		},
		"legacy, nothing":            {legacy, nil, "", ""},
		"legacy, garbage as the id":  {legacy, nil, `{"id":7}`, ""},
		"legacy, garbage all around": {legacy, nil, `[`, ""},
		"the name of its author":     {nil, map[string]string{"x-restli-id": "urn:li:person:ada"}, "", ""},
		"a name of another kind":     {nil, map[string]string{"x-restli-id": "urn:li:groupPost:7"}, "", ""},
		"its author's, and its own in the body": {
			nil,
			map[string]string{"x-restli-id": "urn:li:person:ada"},
			`{"id":"urn:li:share:8"}`,
			"urn:li:share:8",
		},
		"the author's in the body": {legacy, nil, `{"id":"urn:li:organization:5"}`, ""},
		"encoded":                  {nil, map[string]string{"x-restli-id": "urn%3Ali%3Ashare%3A7"}, "", "urn:li:share:7"},
		"in the older header":      {nil, map[string]string{"X-LinkedIn-Id": "urn:li:share:7"}, "", "urn:li:share:7"},
		"in the location":          {nil, map[string]string{"Location": "/rest/posts/urn%3Ali%3AugcPost%3A7"}, "", "urn:li:ugcPost:7"},
		"another location":         {nil, map[string]string{"Location": "https://www.linkedin.com/feed/"}, "", ""},
		"a number in the body":     {nil, nil, `{"id":7}`, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := map[string]string{"x-li-request-id": "trace-1"}
			for k, v := range test.header {
				header[k] = v
			}
			client, _ := serve(t, test.change, http.StatusCreated, header, test.body)
			created, err := client.CreatePost(t.Context(), token, linkedin.NewPost{
				Author: urn(t, "urn:li:person:ada"), Text: "Hello", Visibility: linkedin.VisibilityPublic,
			})
			require.NoError(t, err)
			require.Equal(t, test.want, created.URN.String())
			require.Equal(t, 201, created.Status)
			require.Equal(t, "trace-1", created.TraceID)
		})
	}
}

func TestACreatedPostWhoseAnswerBreaksOffIsASuccess(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan struct{})
	go func() {
		defer close(served)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		_, _ = conn.Read(make([]byte, 64<<10))
		_, _ = io.WriteString(conn, "HTTP/1.1 201 Created\r\nx-restli-id: urn:li:share:7\r\nContent-Length: 9\r\n\r\nfour")
		_ = conn.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	}()
	t.Cleanup(func() { _ = listener.Close(); <-served })
	client, err := linkedin.New(configFor("http://"+listener.Addr().String()), answertest.Seam(t, linkedin.Vendor, time.Minute), dawn)
	require.NoError(t, err)

	created, err := client.CreatePost(t.Context(), token, linkedin.NewPost{
		Author: urn(t, "urn:li:person:ada"), Text: "Hello", Visibility: linkedin.VisibilityPublic,
	})
	require.NoError(t, err)
	require.Equal(t, "urn:li:share:7", created.URN.String())
}

func TestGetPost(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, nil, 200, nil, `{"id":"urn:li:share:1","author":"urn:li:organization:5","commentary":"on {hashtag|\\#|go} \\(really\\)",
		"visibility":"LOGGED_IN","lifecycleState":"PUBLISHED","createdAt":1763812800121,"publishedAt":1763812800123,"lastModifiedAt":1763812800125,
		"content":{"media":{}}}`)
	post, err := client.GetPost(t.Context(), token, urn(t, "urn:li:share:1"))
	require.NoError(t, err)
	require.Equal(t, linkedin.Post{
		URN: urn(t, "urn:li:share:1"), Author: urn(t, "urn:li:organization:5"), Text: "on #go (really)",
		Visibility: "LOGGED_IN", LifecycleState: "PUBLISHED",
		CreatedAt: time.UnixMilli(1763812800121), PublishedAt: time.UnixMilli(1763812800123), LastModifiedAt: time.UnixMilli(1763812800125),
	}, post)

	for name, body := range map[string]string{"no id": `{"author":"urn:li:person:a"}`, "no author": `{"id":"urn:li:share:1"}`, "nothing": `{}`,
		"null": `null`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, 200, nil, body)
			_, err := client.GetPost(t.Context(), token, urn(t, "urn:li:share:1"))
			requireBadAnswer(t, err)
		})
	}
}

func TestPostsByAuthor(t *testing.T) {
	t.Parallel()
	const (
		one = `{"id":"urn:li:share:1","author":"urn:li:person:ada","commentary":"one \\(1\\)","lastModifiedAt":1763812800125}`
		two = `{"id":"urn:li:ugcPost:2","author":"urn:li:person:ada","commentary":"","visibility":"PUBLIC"}`
	)
	ada := urn(t, "urn:li:person:ada")
	first := linkedin.Post{URN: urn(t, "urn:li:share:1"), Author: ada, Text: "one (1)", LastModifiedAt: time.UnixMilli(1763812800125)}
	second := linkedin.Post{URN: urn(t, "urn:li:ugcPost:2"), Author: ada, Visibility: "PUBLIC"}
	tests := map[string]struct {
		body     string
		want     []linkedin.Post
		complete bool
		bad      bool
	}{
		"fewer than asked for": {
			`{"elements":[` + one + `,` + two + `],"paging":{"start":0,"count":3,"links":[],"total":2}}`,
			[]linkedin.Post{first, second},
			true,
			false,
		},
		"fewer, and no paging": {`{"elements":[` + one + `]}`, []linkedin.Post{first}, true, false},
		"fewer, and no total":  {`{"elements":[` + one + `],"paging":{"start":0,"count":3}}`, []linkedin.Post{first}, true, false},
		"a page that holds fewer": {
			`{"elements":[` + one + `,` + two + `],"paging":{"start":0,"count":2,"links":[]}}`,
			[]linkedin.Post{first, second},
			false,
			false,
		},
		"fewer than a page holds":   {`{"elements":[` + one + `],"paging":{"count":2}}`, []linkedin.Post{first}, true, false},
		"none":                      {`{"elements":[]}`, nil, true, false},
		"none, of a page for none":  {`{"elements":[],"paging":{"count":0}}`, nil, true, false},
		"fewer, of a greater total": {`{"elements":[` + one + `],"paging":{"total":2}}`, []linkedin.Post{first}, false, false},
		"fewer, and a next page": {
			`{"elements":[` + one + `],"paging":{"links":[{"rel":"prev"},{"rel":"next"}]}}`,
			[]linkedin.Post{first},
			false,
			false,
		},
		"fewer, and a page before":   {`{"elements":[` + one + `],"paging":{"links":[{"rel":"prev"}]}}`, []linkedin.Post{first}, true, false},
		"none here, but a next page": {`{"elements":[],"paging":{"links":[{"rel":"next"}]}}`, nil, false, false},
		"as many as asked for": {
			`{"elements":[` + one + `,` + two + `,` + one + `],"paging":{"total":3}}`,
			[]linkedin.Post{first, second, first},
			false,
			false,
		},
		"nothing said":             {`{}`, nil, false, true},
		"null":                     {`{"elements":null}`, nil, false, true},
		"an element without a URN": {`{"elements":[` + one + `,{"author":"urn:li:person:ada","commentary":""}]}`, nil, false, true},
		"an element of an unknown kind": {
			`{"elements":[{"id":"urn:li:groupPost:1","author":"urn:li:person:ada","commentary":""},` + one + `]}`,
			nil,
			false,
			true,
		},
		"an element without an author": {`{"elements":[{"id":"urn:li:share:1","commentary":""}]}`, nil, false, true},
		"an element of another author": {`{"elements":[{"id":"urn:li:share:1","author":"urn:li:person:bob","commentary":""}]}`, nil, false, true},
		"an element without a text":    {`{"elements":[{"id":"urn:li:share:1","author":"urn:li:person:ada"}]}`, nil, false, true},
		"an element that is a person":  {`{"elements":[{"id":"urn:li:person:ada","author":"urn:li:person:ada","commentary":""}]}`, nil, false, true},
		"an element that is null":      {`{"elements":[null]}`, nil, false, true},
		"a text of another type": {
			`{"elements":[{"id":"urn:li:share:1","author":"urn:li:person:ada","commentary":{"text":""}}]}`,
			nil,
			false,
			true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, 200, nil, test.body)
			got, complete, err := client.PostsByAuthor(t.Context(), token, ada, 3)
			require.Equal(t, test.want, got)
			require.Equal(t, test.complete, complete)
			if test.bad {
				requireBadAnswer(t, err)
				return
			}
			require.NoError(t, err)
		})
	}
}

// Taken for milliseconds, a time in another unit would make a post of today one of 1970, or of a day to come.
func TestATimeOfAPostThatCanNotBeMeantSaysNothing(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1763812800125)
	for given, want := range map[string]time.Time{
		`1763812800125`: at, `"1763812800125"`: at, `1763812800125.0`: at, // in milliseconds
		`1763812800`: {}, `"1763812800"`: {}, `1763812800125000`: {}, `1763812800125000000`: {}, // in seconds, micro- and nanoseconds
		`0`: {}, `-1`: {}, `-9223372036854775808`: {}, `9223372036854775807`: {}, `1e400`: {}, `null`: {}, `""`: {},
		`"2025-11-22T12:00:00Z"`: {}, `{"time":1763812800125}`: {}, `true`: {},
	} {
		t.Run(given, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, 200, nil, `{"elements":[{"id":"urn:li:share:1","author":"urn:li:person:ada","commentary":"","createdAt":`+
				given+`,"publishedAt":`+given+`,"lastModifiedAt":`+given+`}]}`)
			posts, complete, err := client.PostsByAuthor(t.Context(), token, urn(t, "urn:li:person:ada"), 3)
			require.NoError(t, err)
			require.True(t, complete)
			require.Equal(t, []time.Time{want, want, want}, []time.Time{posts[0].CreatedAt, posts[0].PublishedAt, posts[0].LastModifiedAt})
		})
	}
}

func TestOrganizationRoles(t *testing.T) {
	t.Parallel()
	roles := func(elements string) string {
		return `{"elements":[` + elements + `],"paging":{"start":0,"count":100,"links":[]}}`
	}
	tests := map[string]struct {
		body string
		want []linkedin.OrganizationRole
		bad  bool
	}{
		"administrators and content administrators, nobody else": {
			roles(`{"organization":"urn:li:organization:5","role":"ADMINISTRATOR","roleAssignee":"urn:li:person:ada","state":"APPROVED"},
				{"organization":"urn:li:organization:6","role":"CONTENT_ADMINISTRATOR","state":"APPROVED"},
				{"organizationTarget":"urn:li:organization:7","role":"CONTENT_ADMIN"},
				{"organization":"urn:li:organization:8","role":"ANALYST","state":"APPROVED"},
				{"organization":"urn:li:organization:9","role":"DIRECT_SPONSORED_CONTENT_POSTER","state":"APPROVED"},
				{"organization":"urn:li:organization:10"}`),
			[]linkedin.OrganizationRole{
				{Organization: urn(t, "urn:li:organization:5"), Role: linkedin.RoleAdministrator},
				{Organization: urn(t, "urn:li:organization:6"), Role: linkedin.RoleContentAdministrator},
				{Organization: urn(t, "urn:li:organization:7"), Role: linkedin.RoleContentAdministrator},
			}, false,
		},
		"not what is only asked for, or was taken away": {
			roles(`{"organization":"urn:li:organization:5","role":"ADMINISTRATOR","state":"REQUESTED"},
				{"organization":"urn:li:organization:6","role":"ADMINISTRATOR","state":"REVOKED"}`), nil, false,
		},
		"not a showcase page": {roles(`{"organization":"urn:li:organizationBrand:5","role":"ADMINISTRATOR","state":"APPROVED"}`), nil, false},
		"none":                {`{"elements":[]}`, nil, false},
		"nothing said":        {`{}`, nil, true},
		"null":                {`{"elements":null}`, nil, true},
		"one that can't be read takes no other away": {
			roles(
				`{"role":"ADMINISTRATOR"},{"organization":{"id":7},"role":"ADMINISTRATOR"},` +
					`{"organization":"urn:li:organization:5","role":"ADMINISTRATOR"},{"organization":"urn:li:school:7","role":"ADMINISTRATOR"}`,
			),
			[]linkedin.OrganizationRole{{Organization: urn(t, "urn:li:organization:5"), Role: linkedin.RoleAdministrator}},
			false,
		},
		"a role at nothing":         {roles(`{"role":"ADMINISTRATOR","state":"APPROVED"}`), nil, true},
		"a role at no URN":          {roles(`{"organization":"5","role":"ADMINISTRATOR","state":"APPROVED"}`), nil, true},
		"a role at what is no page": {roles(`{"organization":"urn:li:person:ada","role":"ADMINISTRATOR","state":"APPROVED"}`), nil, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, 200, nil, test.body)
			got, err := client.OrganizationRoles(t.Context(), token)
			require.Equal(t, test.want, got)
			if test.bad {
				requireBadAnswer(t, err)
				return
			}
			require.NoError(t, err)
		})
	}
}

// LinkedIn also leaves roles out of a page: an empty one is not the end when it speaks of a next.
func TestRolesOnLaterPagesAreFound(t *testing.T) {
	t.Parallel()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Query().Get("start"))
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Query().Get("start") {
		case "0":
			_, _ = io.WriteString(w, `{"elements":[],"paging":{"links":[{"rel":"next","href":"/rest/organizationAcls"}]}}`)
		case "100":
			_, _ = io.WriteString(w, `{"elements":[`+strings.Repeat(`{"organization":"urn:li:organization:4","role":"ANALYST"},`, 99)+
				`{"organization":"urn:li:organization:5","role":"ADMINISTRATOR"}]}`)
		case "200":
			_, _ = io.WriteString(w, `{"elements":[{"organization":"urn:li:organization:6","role":"ADMINISTRATOR"}],"paging":{"total":201}}`)
		}
	}))
	t.Cleanup(server.Close)
	client, err := linkedin.New(configFor(server.URL), answertest.Seam(t, linkedin.Vendor, time.Minute), dawn)
	require.NoError(t, err)
	got, err := client.OrganizationRoles(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, []linkedin.OrganizationRole{
		{Organization: urn(t, "urn:li:organization:5"), Role: linkedin.RoleAdministrator},
		{Organization: urn(t, "urn:li:organization:6"), Role: linkedin.RoleAdministrator},
	}, got)
	require.Equal(t, []string{"0", "100", "200"}, asked)
}

// LinkedIn may give fewer at once than were asked for: those between its pages and ours were passed over.
func TestRolesOnPagesThatHoldFewerAreFound(t *testing.T) {
	t.Parallel()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Query().Get("start"))
		w.Header().Set("Content-Type", "application/json")
		elements := map[string]string{
			"0": `{"organization":"urn:li:organization:5","role":"ADMINISTRATOR"},{"organization":"urn:li:organization:4","role":"ANALYST"}`,
			"2": `{"organization":"urn:li:organization:6","role":"ADMINISTRATOR"}`,
		}
		_, _ = io.WriteString(w, `{"elements":[`+elements[r.URL.Query().Get("start")]+`],"paging":{"count":2,"links":[]}}`)
	}))
	t.Cleanup(server.Close)
	client, err := linkedin.New(configFor(server.URL), answertest.Seam(t, linkedin.Vendor, time.Minute), dawn)
	require.NoError(t, err)
	got, err := client.OrganizationRoles(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, []linkedin.OrganizationRole{
		{Organization: urn(t, "urn:li:organization:5"), Role: linkedin.RoleAdministrator},
		{Organization: urn(t, "urn:li:organization:6"), Role: linkedin.RoleAdministrator},
	}, got)
	require.Equal(t, []string{"0", "2"}, asked)
}

// A member's roles were all lost when LinkedIn's word of the next page could not be read.
func TestRolesAreAskedForUntilNoneComeWhenPagingCannotBeRead(t *testing.T) {
	t.Parallel()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := r.URL.Query().Get("start")
		asked = append(asked, start)
		w.Header().Set("Content-Type", "application/json")
		elements := map[string]string{
			"0":   `{"organization":"urn:li:organization:5","role":"ADMINISTRATOR"}`,
			"100": `{"organization":"urn:li:organization:6","role":"ADMINISTRATOR"}`,
		}
		_, _ = io.WriteString(w, `{"elements":[`+elements[start]+`],"paging":{"links":{}}}`)
	}))
	t.Cleanup(server.Close)
	client, err := linkedin.New(configFor(server.URL), answertest.Seam(t, linkedin.Vendor, time.Minute), dawn)
	require.NoError(t, err)
	got, err := client.OrganizationRoles(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, []linkedin.OrganizationRole{
		{Organization: urn(t, "urn:li:organization:5"), Role: linkedin.RoleAdministrator},
		{Organization: urn(t, "urn:li:organization:6"), Role: linkedin.RoleAdministrator},
	}, got)
	require.Equal(t, []string{"0", "100", "200"}, asked)
}

func TestRolesWithoutEndAreGivenUp(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"elements":[],"paging":{"links":[{"rel":"next"}]}}`)
	}))
	t.Cleanup(server.Close)
	client, err := linkedin.New(configFor(server.URL), answertest.Seam(t, linkedin.Vendor, time.Minute), dawn)
	require.NoError(t, err)
	_, err = client.OrganizationRoles(t.Context(), token)
	requireBadAnswer(t, err)
	require.Equal(t, int32(20), asked.Load())
}

func TestUserInfo(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want linkedin.Profile
	}{
		"everything, the locale an object": {
			`{"sub":"Ada_1","name":"Ada Lovelace","given_name":"Ada","family_name":"Lovelace","picture":"https://media.example/p",
				"locale":{"country":"GB","language":"en"},"email":"ada@example.com","email_verified":true}`,
			linkedin.Profile{
				MemberID: "Ada_1", Name: "Ada Lovelace", GivenName: "Ada", FamilyName: "Lovelace", PictureURL: "https://media.example/p",
				Locale: "en-GB", Email: "ada@example.com", EmailVerified: true,
			},
		},
		"the locale a string":    {`{"sub":"a","locale":"en_US"}`, linkedin.Profile{MemberID: "a", Locale: "en-US"}},
		"a locale of no country": {`{"sub":"a","locale":{"language":"en"}}`, linkedin.Profile{MemberID: "a", Locale: "en"}},
		"a locale of neither":    {`{"sub":"a","locale":7}`, linkedin.Profile{MemberID: "a"}},
		"nothing but who it is":  {`{"sub":"a"}`, linkedin.Profile{MemberID: "a"}},
		"an e-mail not confirmed": {
			`{"sub":"a","email":"a@example.com","email_verified":false}`,
			linkedin.Profile{MemberID: "a", Email: "a@example.com"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, 200, nil, test.body)
			profile, err := client.UserInfo(t.Context(), token)
			require.NoError(t, err)
			require.Equal(t, test.want, profile)
		})
	}
	for name, body := range map[string]string{"nobody": `{"name":"Ada"}`, "an id that is none": `{"sub":"a b"}`, "null": `null`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, 200, nil, body)
			_, err := client.UserInfo(t.Context(), token)
			requireBadAnswer(t, err)
		})
	}
}

func TestPerson(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, nil, 200, nil, `{"id":"a","localizedFirstName":"Ada","localizedLastName":"Lovelace"}`)
	profile, err := client.Person(t.Context(), token, "a")
	require.NoError(t, err)
	require.Equal(t, linkedin.Profile{MemberID: "a", Name: "Ada Lovelace", GivenName: "Ada", FamilyName: "Lovelace"}, profile)

	client, _ = serve(t, nil, 200, nil, `{}`)
	_, err = client.Person(t.Context(), token, "a")
	requireBadAnswer(t, err)
}

func TestPostAnalytics(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body  string
		count int64
		known bool
		bad   bool
	}{
		"from version 202605": {`{"elements":[{"count":5000,"metricType":"IMPRESSION"}]}`, 5000, true, false},
		"before version 202605": {
			`{"elements":[{"count":7,"metricType":{"com.linkedin.adsexternalapi.memberanalytics.v1.CreatorPostAnalyticsMetricTypeV1":"IMPRESSION"}}]}`,
			7, true, false,
		},
		"zero is known":         {`{"elements":[{"count":0}]}`, 0, true, false},
		"no elements":           {`{"elements":[]}`, 0, false, false},
		"elements absent":       {`{}`, 0, false, false},
		"no count":              {`{"elements":[{}]}`, 0, false, true},
		"a count below zero":    {`{"elements":[{"count":-1}]}`, 0, false, true},
		"a count that is null":  {`{"elements":[{"count":null}]}`, 0, false, true},
		"a fraction":            {`{"elements":[{"count":1.5}]}`, 0, false, true},
		"a count as a text":     {`{"elements":[{"count":"12"}]}`, 12, true, false},
		"two counts":            {`{"elements":[{"count":1},{"count":2}]}`, 0, false, true},
		"a count that is prose": {`{"elements":[{"count":"many"}]}`, 0, false, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, 200, nil, test.body)
			count, known, err := client.PostAnalytics(t.Context(), token, urn(t, "urn:li:share:1"), linkedin.MetricImpression)
			if test.bad {
				requireBadAnswer(t, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.count, count)
			require.Equal(t, test.known, known)
		})
	}
}

func number(n int64) *int64 { return &n }

// What can't be read is unknown, and takes nothing away that can: but no sum is one of a part.
func TestSocialMetadata(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want linkedin.SocialMetadata
		bad  bool
	}{
		"comments and reactions": {
			`{"commentSummary":{"count":3,"topLevelCount":1},"reactionSummaries":{"LIKE":{"count":4},"PRAISE":{"count":5}}}`,
			linkedin.SocialMetadata{Comments: number(3), Reactions: number(9)}, false,
		},
		"no reactions": {
			`{"commentSummary":{"count":0},"reactionSummaries":{}}`,
			linkedin.SocialMetadata{Comments: number(0), Reactions: number(0)},
			false,
		},
		"reactions left out": {`{"commentSummary":{"count":3}}`, linkedin.SocialMetadata{Comments: number(3)}, false},
		"reactions null":     {`{"commentSummary":{"count":3},"reactionSummaries":null}`, linkedin.SocialMetadata{Comments: number(3)}, false},
		"reactions as a list": {
			`{"commentSummary":{"count":3},"reactionSummaries":[{"reactionType":"LIKE","count":4}]}`,
			linkedin.SocialMetadata{Comments: number(3)},
			false,
		},
		"reactions as a number": {`{"commentSummary":{"count":3},"reactionSummaries":4}`, linkedin.SocialMetadata{Comments: number(3)}, false},
		"counts as texts": {
			`{"commentSummary":{"count":"3"},"reactionSummaries":{"LIKE":{"count":"4"},"PRAISE":{"count":"5.0"}}}`,
			linkedin.SocialMetadata{Comments: number(3), Reactions: number(9)},
			false,
		},
		"a reaction, not counted": {
			`{"commentSummary":{"count":0},"reactionSummaries":{"LIKE":{"count":4},"PRAISE":{}}}`,
			linkedin.SocialMetadata{Comments: number(0)},
			false,
		},
		"a reaction that is null": {
			`{"commentSummary":{"count":0},"reactionSummaries":{"LIKE":null}}`,
			linkedin.SocialMetadata{Comments: number(0)},
			false,
		},
		"a reaction by number": {
			`{"commentSummary":{"count":0},"reactionSummaries":{"LIKE":4}}`,
			linkedin.SocialMetadata{Comments: number(0)},
			false,
		},
		"a reaction below zero": {
			`{"commentSummary":{"count":0},"reactionSummaries":{"LIKE":{"count":4},"PRAISE":{"count":-1}}}`,
			linkedin.SocialMetadata{Comments: number(0)},
			false,
		},
		"half a reaction": {
			`{"commentSummary":{"count":0},"reactionSummaries":{"LIKE":{"count":1.5}}}`,
			linkedin.SocialMetadata{Comments: number(0)},
			false,
		},
		"more than can be counted": {
			`{"commentSummary":{"count":0},"reactionSummaries":{"LIKE":{"count":9223372036854775807},"PRAISE":{"count":1}}}`,
			linkedin.SocialMetadata{Comments: number(0)},
			false,
		},
		"comments below zero": {
			`{"commentSummary":{"count":-3},"reactionSummaries":{"LIKE":{"count":4}}}`,
			linkedin.SocialMetadata{Reactions: number(4)},
			false,
		},
		"no comments": {`{"reactionSummaries":{"LIKE":{"count":4}}}`, linkedin.SocialMetadata{Reactions: number(4)}, false},
		"comments without count": {
			`{"commentSummary":{},"reactionSummaries":{"LIKE":{"count":4}}}`,
			linkedin.SocialMetadata{Reactions: number(4)},
			false,
		},
		"nothing that can be read": {`{"commentSummary":{},"reactionSummaries":[]}`, linkedin.SocialMetadata{}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, 200, nil, test.body)
			got, err := client.SocialMetadata(t.Context(), token, urn(t, "urn:li:share:1"))
			require.Equal(t, test.want, got)
			if test.bad {
				requireBadAnswer(t, err)
				return
			}
			require.NoError(t, err)
		})
	}
}

func TestOrganizationShareStatistics(t *testing.T) {
	t.Parallel()
	numbers := `"totalShareStatistics":{"impressionCount":10,"likeCount":-1,"commentCount":2,"shareCount":3,"engagement":0.5}`
	tests := map[string]struct {
		body string
		want []linkedin.ShareStatistics
		part bool // of a list that may go on
		bad  bool
	}{
		"a share and a ugcPost": {
			`{"elements":[{"share":"urn:li:share:1",` + numbers + `},{"ugcPost":"urn:li:ugcPost:2",` + numbers + `}]}`,
			[]linkedin.ShareStatistics{
				{Post: urn(t, "urn:li:share:1"), Impressions: number(10), Likes: number(-1), Comments: number(2), Shares: number(3)},
				{Post: urn(t, "urn:li:ugcPost:2"), Impressions: number(10), Likes: number(-1), Comments: number(2), Shares: number(3)},
			}, false, false,
		},
		"no activity":        {`{"elements":[]}`, nil, false, false},
		"nothing said":       {`{}`, nil, false, true},
		"numbers of no post": {`{"elements":[{` + numbers + `}]}`, nil, true, false},
		"an element null":    {`{"elements":[null]}`, nil, true, false},
		"a post, no numbers": {
			`{"elements":[{"share":"urn:li:share:1"}]}`,
			[]linkedin.ShareStatistics{{Post: urn(t, "urn:li:share:1")}},
			false,
			false,
		},
		"numbers as a list": {
			`{"elements":[{"share":"urn:li:share:1","totalShareStatistics":[1]}]}`,
			[]linkedin.ShareStatistics{{Post: urn(t, "urn:li:share:1")}},
			false,
			false,
		},
		"a post, some numbers": {
			`{"elements":[{"share":"urn:li:share:1","totalShareStatistics":{"likeCount":"1","commentCount":1.5,"shareCount":null}}]}`,
			[]linkedin.ShareStatistics{{Post: urn(t, "urn:li:share:1"), Likes: number(1)}},
			false,
			false,
		},
		"a next page":           {`{"elements":[],"paging":{"links":[{"rel":"next"}]}}`, nil, true, false},
		"a greater total":       {`{"elements":[],"paging":{"total":1}}`, nil, true, false},
		"a page that is full":   {`{"elements":[null],"paging":{"count":1}}`, nil, true, false},
		"elements as an object": {`{"elements":{"share":"urn:li:share:1"}}`, nil, false, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, 200, nil, test.body)
			got, complete, err := client.OrganizationShareStatistics(
				t.Context(),
				token,
				urn(t, "urn:li:organization:5"),
				[]linkedin.URN{urn(t, "urn:li:share:1")},
			)
			require.Equal(t, test.want, got)
			require.Equal(t, !test.part && !test.bad, complete)
			if test.bad {
				requireBadAnswer(t, err)
				return
			}
			require.NoError(t, err)
		})
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want linkedin.Token
		bad  bool
	}{
		"without a refresh token": {
			`{"access_token":"AQX","expires_in":5184000,"scope":"openid profile w_member_social"}`,
			linkedin.Token{AccessToken: "AQX", ExpiresIn: 60 * 24 * time.Hour, Scopes: []string{"openid", "profile", "w_member_social"}}, false,
		},
		"with a refresh token": {
			`{"access_token":"AQX","expires_in":1,"scope":"a,b","refresh_token":"AQY","refresh_token_expires_in":31536000}`,
			linkedin.Token{
				AccessToken: "AQX", ExpiresIn: time.Second, Scopes: []string{"a", "b"}, RefreshToken: "AQY", RefreshTokenExpiresIn: 365 * 24 * time.Hour,
			}, false,
		},
		"no token":           {`{"expires_in":1}`, linkedin.Token{}, true},
		"no lifetime":        {`{"access_token":"AQX"}`, linkedin.Token{AccessToken: "AQX", Scopes: []string{}}, false},
		"a lifetime of ages": {`{"access_token":"AQX","expires_in":9223372036854775807}`, linkedin.Token{AccessToken: "AQX", Scopes: []string{}}, false},
		"a refresh token without one": {`{"access_token":"AQX","expires_in":1,"refresh_token":"AQY"}`, linkedin.Token{
			AccessToken: "AQX", ExpiresIn: time.Second, Scopes: []string{}, RefreshToken: "AQY",
		}, false},
		"null": {`null`, linkedin.Token{}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, 200, nil, test.body)
			got, err := client.ExchangeCode(t.Context(), "code", "https://postwright.example/back")
			require.Equal(t, test.want, got)
			if test.bad {
				requireBadAnswer(t, err)
				return
			}
			require.NoError(t, err)
			got, err = client.RefreshToken(t.Context(), "AQY")
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestIntrospect(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, nil, 200, nil, `{"active":true,"status":"active","expires_at":1799000000,"scope":"openid,w_member_social","auth_type":"3L"}`)
	got, err := client.Introspect(t.Context(), token)
	require.NoError(t, err)
	require.True(t, got.ExpiresAt.Equal(time.Unix(1799000000, 0)))
	got.ExpiresAt = time.Time{}
	require.Equal(t, linkedin.Introspection{Active: true, Status: "active", Scopes: []string{"openid", "w_member_social"}}, got)

	client, _ = serve(t, nil, 200, nil, `{"active":false}`)
	got, err = client.Introspect(t.Context(), token)
	require.NoError(t, err)
	require.False(t, got.Active)
	require.True(t, got.ExpiresAt.IsZero())

	client, _ = serve(t, nil, 200, nil, `{"status":"active"}`)
	_, err = client.Introspect(t.Context(), token)
	requireBadAnswer(t, err)
}
