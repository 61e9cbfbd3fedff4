package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/sandbox"
)

// partially makes a POST a partial update.
var partially = with("X-Restli-Method", "PARTIAL_UPDATE")

func TestCreateAnswersWithAnEmptyBodyAndTheIDInAHeader(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := newPost(`Hello \(world\) (lost)`)
	got := w.call(t, "POST", "/rest/posts", body)
	require.Equal(t, http.StatusCreated, got.status)
	require.Empty(t, got.body)
	urn := got.header.Get("x-restli-id")
	require.Regexp(t, `^urn:li:share:\d+$`, urn)
	require.Equal(t, []sandbox.Entry{{
		Operation: "createPost", Time: noon, Author: "urn:li:person:ada", URN: urn, Version: "202609", Visibility: "PUBLIC",
		RequestID: got.header.Get("x-li-request-id"),
		Sent:      body, Commentary: `Hello \(world\) (lost)`, Shown: "Hello (world) ", Edited: noon,
	}}, w.box.Ledger())
}

func TestCreateOnTheLegacyPathTakesPlainText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := `{"author":"urn:li:person:ada","lifecycleState":"PUBLISHED",
		"specificContent":{"com.linkedin.ugc.ShareContent":{"shareCommentary":{"text":"Hello (world) \\o/"},"shareMediaCategory":"NONE"}},
		"visibility":{"com.linkedin.ugc.MemberNetworkVisibility":"CONNECTIONS"}}`
	got := w.call(t, "POST", "/v2/ugcPosts", body)
	require.Equal(t, http.StatusCreated, got.status, got.body)
	require.Empty(t, got.body)
	entries := w.box.Ledger()
	require.Len(t, entries, 1)
	require.Equal(t, sandbox.Entry{
		Operation: "createUgcPost", Time: noon, Author: "urn:li:person:ada", URN: got.header.Get("x-restli-id"), Visibility: "CONNECTIONS",
		RequestID: got.header.Get("x-li-request-id"), Sent: body, Commentary: `Hello (world) \o/`, Shown: `Hello (world) \o/`, Edited: noon,
	}, entries[0])

	t.Run("no version", func(t *testing.T) {
		t.Parallel()
		got := w.call(t, "POST", "/v2/ugcPosts", body, with("LinkedIn-Version", ""))
		require.Equal(t, http.StatusForbidden, got.status)
		require.Equal(t, "Not enough permissions to access: ugcPosts.CREATE.NO_VERSION", got.json(t)["message"])
	})
	t.Run("an audience that there is not", func(t *testing.T) {
		t.Parallel()
		got := w.call(t, "POST", "/v2/ugcPosts", strings.Replace(body, "CONNECTIONS", "FRIENDS", 1))
		require.Equal(t, http.StatusBadRequest, got.status)
		require.Contains(t, got.body, "INVALID_VALUE_FOR_FIELD")
	})
	t.Run("no text", func(t *testing.T) {
		t.Parallel()
		got := w.call(t, "POST", "/v2/ugcPosts", strings.Replace(body, `"text":"Hello (world) \\o/"`, "", 1))
		require.Equal(t, http.StatusBadRequest, got.status)
		require.Equal(t, "MISSING_FIELD", got.json(t)["code"])
	})
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	post := newPost("Hello")
	for name, c := range map[string]struct {
		body    string
		status  int
		code    string
		message string
	}{
		"content that is null": {strings.Replace(post, "{", `{"content":null,`, 1), 403, "ACCESS_DENIED",
			"Unpermitted fields present in REQUEST_BODY: Data Processing Exception while processing fields [/content]"},
		"null further down": {strings.Replace(post, `"targetEntities":[]`, `"targetEntities":null`, 1), 403, "ACCESS_DENIED",
			"Unpermitted fields present in REQUEST_BODY: Data Processing Exception while processing fields [/distribution/targetEntities]"},
		"an unknown field": {strings.Replace(post, "targetEntities", "targetEnties", 1), 422, "UNRECOGNIZED_FIELD",
			"ERROR :: /distribution/targetEnties :: unrecognized field found but not allowed"},
		"a missing field": {strings.Replace(post, `"commentary":"Hello",`, "", 1), 400, "MISSING_FIELD",
			"ERROR :: /commentary :: field is required but not found"},
		"another member": {newPostBy("urn:li:person:bob", "Hello"), 403, "ACCESS_DENIED",
			"Not enough permissions to access: author urn:li:person:bob"},
		"a page of others": {newPostBy("urn:li:organization:6", "Hello"), 403, "ACCESS_DENIED",
			"Not enough permissions to access: author urn:li:organization:6"},
		"what can't be an author":  {newPostBy("urn:li:share:6", "Hello"), 400, "INVALID_URN_TYPE", "author is not a person or an organization"},
		"a draft":                  {strings.Replace(post, "PUBLISHED", "DRAFT", 1), 400, "INVALID_VALUE_FOR_FIELD", "Invalid value for field"},
		"an audience there is not": {strings.Replace(post, "PUBLIC\"", "FRIENDS\"", 1), 400, "INVALID_VALUE_FOR_FIELD", "Invalid value for field"},
		"3001 units": {newPost(strings.Repeat("😀", 1500) + "x"), 400, "FIELD_ARRAY_SIZE_TOO_HIGH",
			"ShareCommentary text length (3001 characters) exceeded the maximum allowed (3000 characters)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			got := w.call(t, "POST", "/rest/posts", c.body)
			require.Equal(t, c.status, got.status, got.body)
			refused := got.json(t)
			require.Equal(t, c.message, refused["message"])
			if details, there := refused["errorDetails"].(map[string]any); there {
				require.NotContains(t, refused, "code", "beside errorDetails the top has none")
				refused = details["inputErrors"].([]any)[0].(map[string]any)
			}
			require.Equal(t, c.code, refused["code"])
			require.Empty(t, w.box.Ledger())
		})
	}
}

func TestTheLimitCountsWhatIsShownInUTF16(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create(t, strings.Repeat("😀", 1500))
	w.create(t, strings.Repeat(`\_`, 3000)) // the escapes are not shown
	got := w.call(t, "POST", "/rest/posts", newPost(strings.Repeat("a", 3001)))
	require.JSONEq(t, `{"status":400,"errorDetailType":"com.linkedin.common.error.BadRequest",
		"message":"ShareCommentary text length (3001 characters) exceeded the maximum allowed (3000 characters)",
		"errorDetails":{"inputErrors":[{"description":"Size of array cannot be higher than the maxLength","input":{},
			"code":"FIELD_ARRAY_SIZE_TOO_HIGH","maxLength":3000}]}}`, got.body)
}

func TestAPageIsPostedForByWhoAdministersIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := newPostBy("urn:li:organization:5", "Hello")
	require.Equal(t, http.StatusCreated, w.call(t, "POST", "/rest/posts", body).status)
	require.Equal(t, http.StatusForbidden, w.call(t, "POST", "/rest/posts", body, asBob).status)
}

func TestAPageIsPostedForByItsContentAdministrator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.call(t, "POST", "/rest/posts", newPostBy("urn:li:organization:7", "Hello"))
	require.Equal(t, http.StatusCreated, got.status, got.body)
	got = w.call(
		t,
		"GET",
		"/rest/organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity="+encoded("urn:li:organization:7"),
		"",
	)
	require.Equal(t, http.StatusForbidden, got.status, "who does not see its numbers")
}

func TestTheSameTextIsRefusedForADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.create(t, "Hello")
	refused := func() {
		t.Helper()
		got := w.call(t, "POST", "/rest/posts", newPost("Hello"))
		require.Equal(t, http.StatusUnprocessableEntity, got.status)
		require.JSONEq(t, `{"errorDetailType":"com.linkedin.common.error.BadRequest",
			"message":"com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of `+first+`",
			"errorDetails":{"inputErrors":[{"description":"Duplicate post is detected","input":{},"code":"DUPLICATE_POST"}]},"status":422}`, got.body)
	}
	refused()
	require.Equal(t, http.StatusNoContent, w.call(t, "DELETE", "/rest/posts/"+encoded(first), "").status)
	refused() // the ghost: the post it names is gone
	require.Equal(t, http.StatusCreated, w.call(t, "POST", "/rest/posts", newPostBy("urn:li:person:bob", "Hello"), asBob).status, "another author may")
	w.create(t, "Hello.")

	w.pass(10*time.Minute - time.Nanosecond)
	refused()
	w.pass(time.Nanosecond)
	require.NotEqual(t, first, w.create(t, "Hello"))
	require.Len(t, w.box.Ledger(), 4)
}

func TestDeletingTwiceIsNoError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/rest/posts/" + encoded(w.create(t, "Hello"))
	require.Equal(t, http.StatusForbidden, w.call(t, "DELETE", path, "", asBob).status, "another's post")
	require.Equal(t, http.StatusOK, w.call(t, "GET", path, "").status)
	for range 2 {
		got := w.call(t, "DELETE", path, "")
		require.Equal(t, http.StatusNoContent, got.status)
		require.Empty(t, got.body)
	}
	require.Equal(t, http.StatusNotFound, w.call(t, "GET", path, "").status)
	require.Equal(t, http.StatusNotFound, w.call(t, "POST", path, `{"patch":{"$set":{"commentary":"x"}}}`, partially).status)
	require.True(t, w.box.Ledger()[0].Deleted)
}

func TestAnUpdateChangesTheTextAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	urn := w.create(t, "Hello")
	path := "/rest/posts/" + encoded(urn)
	w.pass(time.Minute)
	got := w.call(t, "POST", path, `{"patch":{"$set":{"commentary":"Bye \\(now\\)"}}}`, partially)
	require.Equal(t, http.StatusNoContent, got.status, got.body)

	read := w.call(t, "GET", path, "").json(t)
	require.Equal(t, map[string]any{
		"id": urn, "author": "urn:li:person:ada", "commentary": `Bye \(now\)`, "visibility": "PUBLIC", "lifecycleState": "PUBLISHED",
		"createdAt": float64(noon.UnixMilli()), "publishedAt": float64(noon.UnixMilli()), "lastModifiedAt": float64(noon.Add(time.Minute).UnixMilli()),
	}, read)
	entry := w.box.Ledger()[0]
	require.Equal(t, "Bye (now)", entry.Shown)
	require.Equal(t, newPost("Hello"), entry.Sent, "what the create was sent stays")

	for name, c := range map[string]struct {
		body   string
		adapt  func(*http.Request)
		status int
		says   string
	}{
		"the audience":      {`{"patch":{"$set":{"commentary":"x","visibility":"CONNECTIONS"}}}`, partially, 403, "[/patch/$set/visibility]"},
		"an unknown field":  {`{"patch":{"$set":{"commentary":"x","mood":"good"}}}`, partially, 422, "/patch/$set/mood :: unrecognized"},
		"nothing":           {`{"patch":{"$set":{}}}`, partially, 400, "MISSING_FIELD"},
		"null":              {`{"patch":{"$set":{"commentary":null}}}`, partially, 403, "[/patch/$set/commentary]"},
		"a text too long":   {`{"patch":{"$set":{"commentary":"` + strings.Repeat("a", 3001) + `"}}}`, partially, 400, "FIELD_ARRAY_SIZE_TOO_HIGH"},
		"by another method": {`{"patch":{"$set":{"commentary":"x"}}}`, with("X-Restli-Method", "UPDATE"), 400, "PARTIAL_UPDATE"},
		"without a method":  {`{"patch":{"$set":{"commentary":"x"}}}`, with("X-Restli-Method", ""), 400, "PARTIAL_UPDATE"},
		"another's post":    {`{"patch":{"$set":{"commentary":"x"}}}`, func(r *http.Request) { partially(r); asBob(r) }, 403, "ACCESS_DENIED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := w.call(t, "POST", path, c.body, c.adapt)
			require.Equal(t, c.status, got.status, got.body)
			require.Contains(t, got.body, c.says)
			require.Equal(t, "Bye (now)", w.box.Ledger()[0].Shown)
		})
	}
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		path   string
		adapt  func(*http.Request)
		status int
		body   string
	}{
		"userinfo, the locale an object": {"/v2/userinfo", with("X-Restli-Protocol-Version", ""), 200,
			`{"sub":"ada","name":"Ada Lovelace","given_name":"Ada","family_name":"Lovelace","email":"ada@example.com","email_verified":true,
			"locale":{"country":"US","language":"en"}}`},
		"no e-mail without its scope": {"/v2/userinfo", asBob, 200,
			`{"sub":"bob","name":"Bob","given_name":"Bob","family_name":"","locale":{"country":"US","language":"en"}}`},
		"a person":           {"/v2/people/(id:bob)", with("X-None", ""), 200, `{"id":"bob","localizedFirstName":"Bob","localizedLastName":""}`},
		"a person not there": {"/v2/people/(id:eve)", with("X-None", ""), 404, `{"status":404,"code":"NOT_FOUND","message":"Not Found"}`},
		"a person's form": {"/v2/people/bob", with("X-None", ""), 400,
			`{"status":400,"code":"PARAM_INVALID","message":"Invalid param. Please see errorDetails for more information."}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := w.call(t, "GET", c.path, "", c.adapt)
			require.Equal(t, c.status, got.status)
			require.JSONEq(t, c.body, got.body)
		})
	}
}
