package sandbox_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const byAda = "/rest/posts?author=urn%3Ali%3Aperson%3Aada&q=author"

// found are the ids in a finder's answer, in its order.
func found(t *testing.T, got reply) []string {
	t.Helper()
	require.Equal(t, http.StatusOK, got.status, got.body)
	ids := []string{}
	elements, _ := got.json(t)["elements"].([]any)
	for _, element := range elements {
		ids = append(ids, element.(map[string]any)["id"].(string))
	}
	return ids
}

func TestTheAuthorsPostsNewestModifiedFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.JSONEq(t, `{"elements":[],"paging":{"start":0,"count":10,"total":0}}`, w.call(t, "GET", byAda, "").body)

	first, second := w.create(t, `Hello \(one\)`), w.create(t, "two")
	w.pass(time.Minute)
	third := w.create(t, "three")
	w.call(t, "POST", "/rest/posts", newPostBy("urn:li:organization:5", "by the page"))
	w.call(t, "POST", "/rest/posts", newPostBy("urn:li:person:bob", "by bob"), asBob)
	require.Equal(t, []string{third, second, first}, found(t, w.call(t, "GET", byAda, "", with("X-Restli-Method", "FINDER"))))

	w.pass(time.Minute)
	require.Equal(
		t,
		http.StatusNoContent,
		w.call(t, "POST", "/rest/posts/"+encoded(first), `{"patch":{"$set":{"commentary":"1 \\(one\\)"}}}`, partially).status,
	)
	require.Equal(t, http.StatusNoContent, w.call(t, "DELETE", "/rest/posts/"+encoded(second), "").status)
	got := w.call(t, "GET", byAda+"&sortBy=LAST_MODIFIED", "")
	require.Equal(t, []string{first, third}, found(t, got), "one was edited, one deleted")
	require.Equal(t, map[string]any{
		"id":             first,
		"author":         "urn:li:person:ada",
		"commentary":     `1 \(one\)`,
		"visibility":     "PUBLIC",
		"lifecycleState": "PUBLISHED",
		"createdAt": float64(
			noon.UnixMilli(),
		),
		"publishedAt":    float64(noon.UnixMilli()),
		"lastModifiedAt": float64(noon.Add(2 * time.Minute).UnixMilli()),
	}, got.json(t)["elements"].([]any)[0])
}

func TestTheAuthorsPostsComeInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var newestFirst []string
	for i := range 12 {
		newestFirst = append([]string{w.create(t, fmt.Sprintf("post %d", i))}, newestFirst...)
	}
	require.Equal(t, newestFirst[:10], found(t, w.call(t, "GET", byAda, "")), "ten, when nothing is said")

	got := w.call(t, "GET", byAda+"&count=5&start=5", "")
	require.Equal(t, newestFirst[5:10], found(t, got))
	paging, _ := got.json(t)["paging"].(map[string]any)
	require.InDelta(t, 12, paging["total"], 0)
	links, _ := paging["links"].([]any)
	require.Len(t, links, 1)
	next, _ := links[0].(map[string]any)
	require.Equal(t, "next", next["rel"])
	got = w.call(t, "GET", next["href"].(string), "")
	require.Equal(t, newestFirst[10:], found(t, got))
	require.Equal(t, map[string]any{"start": 10.0, "count": 5.0, "total": 12.0}, got.json(t)["paging"])
	require.NotContains(t, w.call(t, "GET", byAda+"&start=6&count=6", "").body, "links", "a full page can be the last")
	require.Empty(t, found(t, w.call(t, "GET", byAda+"&start=12", "")))
	require.Empty(t, found(t, w.call(t, "GET", byAda+"&start=9223372036854775807&count=100", "")))
}

func TestWhoMayReadWhosePosts(t *testing.T) {
	t.Parallel()
	const adas, pages, contents, others = "urn:li:person:ada", "urn:li:organization:5", "urn:li:organization:7", "urn:li:organization:6"
	for name, c := range map[string]struct {
		author string
		scopes []string
		may    bool
	}{
		"her own":                          {adas, []string{"r_member_social"}, true},
		"her own, by the scope for pages":  {adas, []string{"r_organization_social"}, false},
		"her own, self-serve":              {adas, []string{"openid", "w_member_social"}, false},
		"bob's":                            {"urn:li:person:bob", []string{"r_member_social", "r_organization_social"}, false},
		"her page's":                       {pages, []string{"r_organization_social"}, true},
		"a page's whose content she makes": {contents, []string{"r_organization_social"}, true},
		"her page's, by the other scope":   {pages, []string{"r_member_social"}, false},
		"a page's of others":               {others, []string{"r_organization_social"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			mine := w.create(t, "Hello")
			reader := ada
			reader.Token, reader.Scopes = "reader", c.scopes
			w.box.AddMember(reader)
			asReader := with("Authorization", "Bearer reader")
			got := w.call(t, "GET", "/rest/posts?q=author&author="+encoded(c.author), "", asReader)
			if c.may {
				require.Equal(t, http.StatusOK, got.status, got.body)
			} else {
				require.Equal(t, http.StatusForbidden, got.status)
				require.JSONEq(t, `{"status":403,"serviceErrorCode":100,"code":"ACCESS_DENIED",
					"message":"Not enough permissions to access: partnerApiPostsExternal.FINDER-author.20260901"}`, got.body)
			}
			if c.author == adas { // one post follows the same rule
				require.Equal(t, got.status, w.call(t, "GET", "/rest/posts/"+encoded(mine), "", asReader).status)
			}
		})
	}
}

func TestFindingPostsRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		path   string
		adapt  func(*http.Request)
		status int
		code   string
	}{
		"no author":           {"/rest/posts?q=author", nil, 400, "ILLEGAL_ARGUMENT"},
		"no finder":           {"/rest/posts?author=urn%3Ali%3Aperson%3Aada", nil, 400, "ILLEGAL_ARGUMENT"},
		"another finder":      {"/rest/posts?author=urn%3Ali%3Aperson%3Aada&q=owner", nil, 400, "PARAM_INVALID"},
		"another order":       {byAda + "&sortBy=LIKES", nil, 400, "PARAM_INVALID"},
		"another method":      {byAda, with("X-Restli-Method", "GET"), 400, "ILLEGAL_ARGUMENT"},
		"a post as author":    {"/rest/posts?author=urn%3Ali%3Ashare%3A1&q=author", nil, 400, "INVALID_URN_TYPE"},
		"a bare colon":        {"/rest/posts?author=urn:li:person:ada&q=author", nil, 400, "ILLEGAL_ARGUMENT"},
		"more than a hundred": {byAda + "&count=101", nil, 400, "PARAM_INVALID"},
		"fewer than one":      {byAda + "&count=0", nil, 400, "PARAM_INVALID"},
		"from before":         {byAda + "&start=-1", nil, 400, "PARAM_INVALID"},
		"no number":           {byAda + "&count=x", nil, 400, "ILLEGAL_ARGUMENT"},
		"no scope":            {"/rest/posts?author=urn%3Ali%3Aperson%3Abob&q=author", asBob, 403, "ACCESS_DENIED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adapt := c.adapt
			if adapt == nil {
				adapt = func(*http.Request) {}
			}
			got := w.call(t, "GET", c.path, "", adapt)
			require.Equal(t, c.status, got.status, got.body)
			require.Equal(t, c.code, got.json(t)["code"])
		})
	}
}
