package rpc_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
)

// Each bad request gets a code, and every field it is about, in one answer.
func TestBadRequestsAreRefusedByFieldAllAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	draft := w.Draft("There already")
	id := draft.GetId()
	long := strings.Repeat("🎉", 1501) // 3,002 UTF-16 units
	thousand := make([]string, 1000)
	for i := range thousand {
		thousand[i] = `{"content":"ok"}`
	}
	thousand[617] = `{"content":" ","tone":99}`
	tooMany := strings.Repeat(`{"content":"ok"},`, 1000) + `{"content":"ok"}`
	otherPage := w.nextPageToken(t)

	for name, c := range map[string]struct {
		method, body, code string
		fields             []string
	}{
		"no post":       {"PostService/CreatePost", `{}`, "invalid_argument", []string{"post", "post.content"}},
		"empty content": {"PostService/CreatePost", `{"post":{"content":""}}`, "invalid_argument", []string{"post.content"}},
		"over-long content": {"PostService/CreatePost", `{"post":{"content":"` + long + `"}}`, "invalid_argument",
			[]string{"post.content"}},
		"NUL in content": {"PostService/CreatePost", `{"post":{"content":"a\u0000b"}}`, "invalid_argument", []string{"post.content"}},
		"NUL in the request id": {"PostService/CreatePost", `{"post":{"content":"a"},"requestId":"\u0000"}`, "invalid_argument",
			[]string{"requestId"}},
		"NUL in a query": {"PostService/SearchPosts", `{"query":"a\u0000"}`, "invalid_argument", []string{"query"}},
		"NUL in a message": {"NotificationService/SendPush", `{"userId":"u","title":"t","message":"\u0000"}`, "invalid_argument",
			[]string{"message"}},
		"many faults at once": {"PostService/CreatePost",
			`{"post":{"content":"","postType":77,"visibility":9,"hashtags":["#no","ok","ok"],"accountId":"x"},"requestId":"` + strings.Repeat("r", 129) +
				`"}`, "invalid_argument", []string{"post.content", "post.postType", "post.visibility", "post.hashtags[0]", "post.hashtags[2]",
				"post.accountId", "requestId"}},
		"unknown enum name": {"PostService/CreatePost", `{"post":{"content":"a","tone":"TONE_SHOUTING"}}`, "invalid_argument",
			[]string{"post.tone"}},
		"misspelt field": {"PostService/CreatePost", `{"post":{"content":"a","hashtag":["b"]}}`, "invalid_argument", nil},
		"empty body":     {"PostService/CreatePost", ``, "invalid_argument", nil},
		"not JSON":       {"PostService/CreatePost", `{"post":`, "invalid_argument", nil},
		"invalid UTF-8":  {"PostService/CreatePost", "{\"post\":{\"content\":\"a\xffb\"}}", "invalid_argument", nil},
		"foreign account": {"PostService/CreatePost", `{"post":{"content":"a","accountId":"01900000-0000-7000-8000-000000000009"}}`,
			"invalid_argument", []string{"post.accountId"}},
		"malformed id": {"PostService/GetPost", `{"id":"42"}`, "invalid_argument", []string{"id"}},
		"nobody's id":  {"PostService/GetPost", `{"id":"01900000-0000-7000-8000-000000000009"}`, "not_found", nil},
		"empty mask": {"PostService/UpdatePost", `{"post":{"id":"` + id + `"},"updateMask":""}`, "invalid_argument",
			[]string{"updateMask"}},
		"mask with an unknown field": {"PostService/UpdatePost", `{"post":{"id":"` + id + `"},"updateMask":"content,flavour"}`, "invalid_argument",
			[]string{"updateMask", "post.content"}},
		"mask with a field of ours": {"PostService/UpdatePost",
			`{"post":{"id":"` + id + `","state":"POST_STATE_PUBLISHED"},"updateMask":"state"}`, "invalid_argument", []string{"updateMask"}},
		"update without an id": {"PostService/UpdatePost", `{"post":{"content":"x"},"updateMask":"content","etag":"zzz"}`,
			"invalid_argument", []string{"post.id", "etag"}},
		"a version of less than nothing": {"PostService/UpdatePost",
			`{"post":{"id":"` + id + `","tone":"TONE_HUMOROUS"},"updateMask":"tone","sourceVersion":-1}`, "invalid_argument", []string{"sourceVersion"}},
		"a version of unchanged content": {"PostService/UpdatePost",
			`{"post":{"id":"` + id + `","tone":"TONE_HUMOROUS"},"updateMask":"tone","sourceVersion":1}`, "invalid_argument", []string{"sourceVersion"}},
		"a version that is no optimisation": {"PostService/UpdatePost",
			`{"post":{"id":"` + id + `","content":"x"},"updateMask":"content","sourceVersion":1}`, "invalid_argument", []string{"sourceVersion"}},
		"a diff of nothing":           {"PostService/DiffPostVersions", `{"id":"` + id + `"}`, "invalid_argument", []string{"toVersion"}},
		"a diff of nothing of nobody": {"PostService/DiffPostVersions", `{"id":"x","fromVersion":-1}`, "invalid_argument", []string{"id", "fromVersion"}},
		"a diff of what is not there": {"PostService/DiffPostVersions", `{"id":"` + id + `","toVersion":7}`, "not_found", nil},
		"versions from nowhere": {"PostService/ListPostVersions", `{"id":"` + id + `","pageToken":"mine"}`, "invalid_argument",
			[]string{"pageToken"}},
		"stale etag": {"PostService/UpdatePost", `{"post":{"id":"` + id + `","content":"x"},"updateMask":"content","etag":"999"}`,
			"aborted", nil},
		"stale etag of a deletion": {"PostService/DeletePost", `{"id":"` + id + `","etag":"999"}`, "aborted", nil},
		"page size out of bounds": {"PostService/ListPosts", `{"pageSize":101,"pageToken":"%%%"}`, "invalid_argument",
			[]string{"pageSize", "pageToken"}},
		"negative page size": {"PostService/ListPosts", `{"pageSize":-1}`, "invalid_argument", []string{"pageSize"}},
		"page token of another query": {"PostService/SearchPosts", `{"query":"a","pageToken":"` + otherPage + `"}`, "invalid_argument",
			[]string{"pageToken"}},
		"empty query":    {"PostService/SearchPosts", `{"query":""}`, "invalid_argument", []string{"query"}},
		"batch of none":  {"PostService/BatchCreatePosts", `{"posts":[]}`, "invalid_argument", []string{"posts"}},
		"batch of 1,001": {"PostService/BatchCreatePosts", `{"posts":[` + tooMany + `]}`, "invalid_argument", []string{"posts"}},
		"one bad post of 1,000": {"PostService/BatchCreatePosts", `{"posts":[` + strings.Join(thousand, ",") + `]}`, "invalid_argument",
			[]string{"posts[617].content", "posts[617].tone"}},
		"body over the limit": {"PostService/CreatePost", `{"post":{"content":"` + strings.Repeat("x", 17<<20) + `"}}`,
			"resource_exhausted", nil},
		"publishing nobody's post": {"PostService/PublishPost", `{"id":"01900000-0000-7000-8000-000000000009"}`, "not_found", nil},
		"numbers of a draft":       {"PostService/RefreshPostAnalytics", `{"id":"` + id + `"}`, "failed_precondition", nil},
		"empty text":               {"AnalysisService/AnalyzeSentiment", `{"text":""}`, "invalid_argument", []string{"text"}},
		"too many hashtags asked for": {"AnalysisService/GenerateHashtags", `{"content":"","maxCount":31}`, "invalid_argument",
			[]string{"content", "maxCount"}},
		"unknown kind of optimisation": {"AnalysisService/OptimizeContent", `{"content":"a","optimizationType":42}`, "invalid_argument",
			[]string{"optimizationType"}},
		"e-mail to nowhere, saying nothing": {"NotificationService/SendEmail", `{"to":"nowhere"}`, "invalid_argument",
			[]string{"to", "subject", "content"}},
		"push to nobody": {"NotificationService/SendPush", `{}`, "invalid_argument", []string{"userId", "title", "message"}},
		"unknown method": {"PostService/Frobnicate", `{}`, "unimplemented", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := w.Curl(w.Key, c.method, []byte(c.body))
			e := got.Failure(t)
			require.Equal(t, c.code, e.Code, "%s", got.Body)
			require.NotEmpty(t, e.Message)
			fields := e.Fields(t)
			for _, f := range c.fields {
				require.Contains(t, fields, f, "%s", got.Body)
			}
			require.Len(t, fields, len(c.fields), "%s", got.Body)
		})
	}
	require.Equal(t, 12, w.Count(`SELECT count(*) FROM posts`), "nothing of a refused request is kept")
}

// nextPageToken makes enough posts for a second page and returns its token: eleven posts beside the one that is there.
func (w *world) nextPageToken(t *testing.T) string {
	t.Helper()
	for i := range 11 {
		w.Draft(fmt.Sprintf("Page filler %d", i))
	}
	res, err := w.Posts.ListPosts(t.Context(), &postwrightv1.ListPostsRequest{})
	require.NoError(t, err)
	require.Len(t, res.GetPosts(), 10)
	return res.GetNextPageToken()
}

func TestCallsWithoutAValidKeyAreRefusedBeforeTheyAreRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	revoked := w.User("gone@example.org")
	_, err := w.App.Identity.RevokeKey(t.Context(), revoked[:13])
	require.NoError(t, err)
	wrongSecret := w.Key[:len(w.Key)-4] + "0000"
	for name, key := range map[string]string{
		"no key": "", "not a key": "hello", "unknown prefix": "pw_0000000000" + w.Key[13:], "wrong secret": wrongSecret, "revoked key": revoked,
	} {
		t.Run(name, func(t *testing.T) {
			got := w.Curl(key, "PostService/CreatePost", []byte(`this is not even JSON`))
			require.Equal(t, 401, got.Status)
			require.Equal(t, "unauthenticated", got.Failure(t).Code)
			require.NotContains(t, string(got.Body), w.Key[14:])
		})
	}
}

func TestAnotherOwnersPostDoesNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	post := w.Draft("Mine alone")
	stranger := w.User("stranger@example.org")
	id := fmt.Sprintf(`{"id":%q}`, post.GetId())
	for method, body := range map[string]string{
		"PostService/GetPost": id, "PostService/DeletePost": id, "PostService/PublishPost": id, "PostService/ListPublishAttempts": id,
		"PostService/GetPostAnalytics": id, "PostService/RefreshPostAnalytics": id, "AnalysisService/AnalyzePost": id,
		"PostService/ListPostVersions": id, "PostService/DiffPostVersions": fmt.Sprintf(`{"id":%q,"toVersion":1}`, post.GetId()),
		"AnalysisService/OptimizePost": id, "AnalysisService/PredictEngagement": id,
		"PostService/UpdatePost": fmt.Sprintf(`{"post":{"id":%q,"content":"stolen"},"updateMask":"content"}`, post.GetId()),
	} {
		t.Run(method, func(t *testing.T) {
			got := w.Curl(stranger, method, []byte(body))
			require.Equal(t, "not_found", got.Failure(t).Code, "%s", got.Body)
		})
	}
	t.Run("in listings", func(t *testing.T) {
		require.JSONEq(t, `{}`, string(w.Curl(stranger, "PostService/ListPosts", []byte(`{}`)).Body))
		require.JSONEq(t, `{}`, string(w.Curl(stranger, "PostService/SearchPosts", []byte(`{"query":"mine"}`)).Body))
	})
}

func TestARepeatedCreateGivesTheSamePostBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	body := []byte(`{"post":{"content":"Once"},"requestId":"r-1"}`)
	first, second := w.Curl(w.Key, "PostService/CreatePost", body), w.Curl(w.Key, "PostService/CreatePost", body)
	require.Equal(t, 200, first.Status)
	require.JSONEq(t, string(first.Body), string(second.Body))
	other := w.Curl(w.Key, "PostService/CreatePost", []byte(`{"post":{"content":"Twice"},"requestId":"r-1"}`))
	require.Contains(t, other.Failure(t).Fields(t), "requestId")
}

func TestAnOwnerWithoutAnAccountIsToldWhatToDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	w.Key = w.User("new@example.org")
	got := w.Curl(w.Key, "PostService/CreatePost", []byte(`{"post":{"content":"Nowhere to go"}}`))
	require.Equal(t, 200, got.Status)
	id := strings.Split(strings.Split(string(got.Body), `"id":"`)[1], `"`)[0]
	e := w.Curl(w.Key, "PostService/PublishPost", []byte(`{"id":"`+id+`"}`)).Failure(t)
	require.Equal(t, "failed_precondition", e.Code)
	require.Contains(t, e.Message, "account add")
}

func TestWhatAVendorSaidReachesTheCallerAsDetails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	w.VendorsHTTP.Close()
	e := w.Curl(w.Key, "AnalysisService/AnalyzeSentiment", []byte(`{"text":"hello"}`)).Failure(t)
	require.Equal(t, "unavailable", e.Code)
	require.NotContains(t, e.Message, "127.0.0.1", "no raw error")
	types := []string{}
	for _, d := range e.Details {
		types = append(types, d.Type)
	}
	require.ElementsMatch(t, []string{"google.rpc.RetryInfo", "google.rpc.ErrorInfo"}, types)
}
