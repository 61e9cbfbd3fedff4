package linkedin_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/vendors/answer/answertest"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

func TestDuplicateOf(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"Content is a duplicate of urn:li:share:7141138937766391808":   "urn:li:share:7141138937766391808",
		"Content is a duplicate of urn:li:ugcPost:7.":                  "urn:li:ugcPost:7",
		"urn:li:activity:7 is the one":                                 "urn:li:activity:7",
		"Content is a duplicate of urn:li:person:7":                    "",
		"Content is a duplicate of urn:li:share:abc":                   "",
		"Content is a duplicate of urn:li:share:7abc":                  "",
		"Content is a duplicate of xurn:li:share:7":                    "",
		"Content is a duplicate":                                       "",
		"of " + strings.Repeat("x", 2025) + " urn:li:share:1234567890": "", // cut off within the number
	} {
		found, ok := linkedin.DuplicateOf(fmt.Errorf("publish: %w", create(t, 422, nil, duplicateBody(message))))
		require.Equal(t, want != "", ok, message)
		require.Equal(t, want, found.String(), message)
	}
	for name, err := range map[string]error{
		"no error":             nil,
		"another error":        errors.New("duplicate of urn:li:share:1"),
		"no refusal":           create(t, 500, nil, duplicateBody("duplicate of urn:li:share:1")),
		"a limit":              create(t, 429, nil, duplicateBody("duplicate of urn:li:share:1")),
		"a refusal of a token": create(t, 401, nil, duplicateBody("duplicate of urn:li:share:1")),
		"a missing right":      create(t, 403, nil, `{"message":"Not enough permissions to access: urn:li:share:1"}`),
		"another code":         create(t, 422, nil, `{"code":"OTHER","message":"see urn:li:share:1"}`),
	} {
		_, ok := linkedin.DuplicateOf(err)
		require.False(t, ok, name)
	}
}

// LinkedIn's shapes of an error are many, and their codes and words move about in them.
func TestADuplicateIsRecognisedWhereverItIsSaid(t *testing.T) {
	t.Parallel()
	const named = "urn:li:share:7"
	for name, test := range map[string]struct {
		body string
		urn  string
	}{
		"a code that goes on":             {`{"code":"DUPLICATE_POST_DETECTED","message":"m"}`, ""},
		"a code the other way round":      {`{"code":"CONTENT_DUPLICATE","message":"m"}`, ""},
		"a bare code, named in a message": {`{"code":"DUPLICATE","message":"see urn:li:share:7"}`, named},
		"a code where a number stands":    {`{"serviceErrorCode":"DUPLICATE_POST","message":"m"}`, ""},
		"an exception's name":             {`{"message":"com.linkedin.content.common.exception.DuplicatePostException: urn:li:share:7"}`, named},
		"a verb":                          {`{"message":"This content duplicates urn:li:share:7"}`, named},
		"conditional input errors": {`{"message":"m","errorDetails":{"conditionalInputErrors":[{"code":"DUPLICATE_POST","description":"is a ` +
			`duplicate of urn:li:share:7"}]}}`, named},
		"details that are words":      {`{"message":"m","errorDetails":"Content is a duplicate of urn:li:share:7"}`, named},
		"details that are a list":     {`{"message":"m","errorDetails":[{"code":"DUPLICATE_POST"}]}`, ""},
		"an error within":             {`{"error":{"code":"DUPLICATE_POST","message":"Content is a duplicate of urn:li:share:7"}}`, named},
		"a message that is an object": {`{"message":{"text":"Content is a duplicate of urn:li:share:7"}}`, named},
		"another post is spoken of beside": {`{"code":"DUPLICATE_POST","message":"m","parent":"urn:li:share:1","reason":"is a duplicate of ` +
			`urn:li:share:7"}`, named},
	} {
		for _, status := range []int{400, 403, 404, 409, 422} {
			t.Run(fmt.Sprint(name, ", ", status), func(t *testing.T) {
				t.Parallel()
				err := create(t, status, nil, test.body)
				require.Equal(t, linkedin.ReasonDuplicatePost, fault.Of(err).Reason)
				require.Contains(t, fault.Of(err).Message, "posted recently")
				found, ok := linkedin.DuplicateOf(err)
				require.Equal(t, test.urn != "", ok)
				require.Equal(t, test.urn, found.String())
			})
		}
	}
	for name, body := range map[string]string{
		"what the text itself says": `{"message":"m","errorDetails":{"inputErrors":[{"code":"INVALID","input":{"value":"Content is a duplicate of ` +
			`urn:li:share:7"}}]}}`,
		"a key":            `{"code":"DUPLICATE_KEY","message":"urn:li:share:7"}`,
		"a field":          `{"code":"DUPLICATE_FIELD_VALUE","message":"urn:li:share:7"}`,
		"a part of a word": `{"code":"NONDUPLICATE","message":"urn:li:share:7"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := create(t, 422, nil, body)
			require.NotEqual(t, linkedin.ReasonDuplicatePost, fault.Of(err).Reason)
			_, ok := linkedin.DuplicateOf(err)
			require.False(t, ok)
		})
	}
}

// LinkedIn words a duplicate differently from one place to the next, and may repeat the user's own words.
func TestADuplicateIsToldFromWhatTheUserSays(t *testing.T) {
	t.Parallel()
	const named, unnamed = "urn:li:share:77", ""
	for body, want := range map[string]string{
		`{"message":"You have already shared this content"}`:                                                         unnamed,
		`{"message":"This content has already been posted as urn:li:share:77"}`:                                      named,
		`{"message":"urn:li:share:77 was posted already"}`:                                                           named,
		`{"message":"Duplicate message"}`:                                                                            unnamed,
		`{"message":"Duplicate messages are not allowed"}`:                                                           unnamed,
		`{"message":"Duplicates are not allowed."}`:                                                                  unnamed,
		`{"message":"No: duplicates not permitted"}`:                                                                 unnamed,
		`{"message":"A post with this content already exists: urn:li:share:77"}`:                                     named,
		`{"message":"You can't post the same content twice"}`:                                                        unnamed,
		`{"code":"ALREADY_POSTED","message":"m"}`:                                                                    unnamed,
		`{"code":"CONTENT_ALREADY_EXISTS","message":"m"}`:                                                            unnamed,
		`{"message":"com.linkedin.content.AlreadySharedException: urn:li:share:77"}`:                                 named,
		`{"message":"Duplicate posts are not allowed"}`:                                                              unnamed,
		`{"message":"Duplicate ugcPost detected: urn:li:ugcPost:77"}`:                                                "urn:li:ugcPost:77",
		`{"message":"Duplicated content urn:li:share:77"}`:                                                           named,
		`{"message":"Post duplicates an existing one (urn:li:share:77)"}`:                                            named,
		`{"message":"Cannot create duplicate UGC post urn:li:activity:77"}`:                                          "urn:li:activity:77",
		`{"message":"Do not post duplicate content"}`:                                                                unnamed,
		`{"message":"Duplicate: urn:li:share:77"}`:                                                                   named,
		`{"message":"Duplicate detected"}`:                                                                           unnamed,
		`{"message":"The post was refused because it is a duplicate"}`:                                               unnamed,
		`{"message":"This is a DUPLICATION of the share urn:li:share:77."}`:                                          named,
		`{"message":"Your share urn:li:share:1 is a duplicate of urn:li:share:77"}`:                                  named,
		`{"message":"Duplicate post of 'urn:li:share:77'"}`:                                                          named,
		`{"message":"Duplicate post 'Hello' is urn:li:share:77"}`:                                                    named,
		`{"message":"Duplicate posts urn:li:share:77 and urn:li:share:78 of urn:li:share:79"}`:                       unnamed,
		`{"message":"Posts urn:li:share:77 and urn:li:share:78 are duplicates"}`:                                     unnamed,
		`{"code":"duplicate_post","message":"m"}`:                                                                    unnamed,
		`{"code":"duplicatePost","message":"urn:li:share:77"}`:                                                       named,
		`{"code":"post-duplicate","message":"m"}`:                                                                    unnamed,
		`{"code":"DUPLICATE_UGC_POST","message":"m"}`:                                                                unnamed,
		`{"code":"duplicate","message":"m","share":"urn:li:share:77"}`:                                               named,
		`{"code":"DUPLICATE_POST","message":"m","a":"urn:li:share:77","b":"urn:li:share:78"}`:                        unnamed,
		`{"code":"DUPLICATE_POST","message":"m","a":"urn:li:share:77","b":["urn:li:share:77"]}`:                      named,
		`{"code":"DUPLICATE_POST","message":"m","errorDetails":{"inputErrors":[{"input":"urn:li:share:77"}]}}`:       unnamed,
		`{"message":"m","duplicateOf":"urn:li:share:77"}`:                                                            named,
		`{"message":"m","errorDetails":{"inputErrors":[{"code":"duplicate_post","description":"urn:li:share:77"}]}}`: named,
		`{"errorDetails":{"inputErrors":[{"code":"DUPLICATE_POST","description":"urn:li:share:77"}]}}`:               named,
		`<error><code>DUPLICATE_POST</code><message>see urn:li:share:77</message></error>`:                           named,
		`{"message":"Content is a duplicate of urn:li:share:77","errorDet`:                                           named,
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			err := create(t, 422, nil, body)
			require.Equal(t, linkedin.ReasonDuplicatePost, fault.Of(err).Reason)
			found, ok := linkedin.DuplicateOf(err)
			require.Equal(t, want, found.String())
			require.Equal(t, want != unnamed, ok)
		})
	}
	for _, body := range []string{
		`{"message":"The value 'A DUPLICATE is a duplicate of urn:li:share:5' of /commentary is not allowed"}`,
		`{"message":"The value 'It's a duplicate of urn:li:share:5' is not allowed in a post"}`,
		`{"message":"The value \"a \\\"duplicate\\\" post urn:li:share:5\" is not allowed"}`,
		`{"message":"The value ` + "`duplicate post urn:li:share:5`" + ` is not allowed"}`,
		`{"message":"The value “duplicate post urn:li:share:5” is not allowed"}`,
		`{"message":"The value 'duplicate post urn:li:share:5"}`,
		`The value "duplicate post urn:li:share:5" is not allowed`,
		`{"message":"The post is not a duplicate of urn:li:share:5, but is too long"}`,
		`{"message":"The value 'already posted as urn:li:share:5' is not allowed"}`,
		`{"message":"The post urn:li:share:5 must be already published"}`,
		`{"message":"The post urn:li:share:5 has not already been shared"}`,
		`{"message":"The image of urn:li:share:5 has already been posted"}`,
		`{"message":"The media are already published in urn:li:share:5"}`,
		`{"message":"A share with this id already exists, see urn:li:share:5"}`,
		`{"message":"Duplicates are not allowed in the list of hashtags, see urn:li:share:5"}`,
		`{"message":"Duplicate message id, see urn:li:share:5"}`,
		`{"message":"An account with this email already exists, see urn:li:share:5"}`,
		`{"message":"The post has a duplicate hashtag, see urn:li:share:5"}`,
		`{"message":"Duplicate header in the request. The post urn:li:share:5 is not changed"}`,
		`{"code":"DUPLICATE_FIELD_OF_POST","message":"urn:li:share:5"}`,
		`{"message":"com.linkedin.content.DuplicateKeyException: urn:li:share:5"}`,
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			err := create(t, 422, nil, body)
			require.NotEqual(t, linkedin.ReasonDuplicatePost, fault.Of(err).Reason)
			_, ok := linkedin.DuplicateOf(err)
			require.False(t, ok)
		})
	}
}

// What LinkedIn repeats without quotes is known from the post itself: a URN that its text names is never the post's own.
func TestThePostsOwnTextNamesNoDuplicate(t *testing.T) {
	t.Parallel()
	refused := func(t *testing.T, text, body string) error {
		t.Helper()
		client, _ := serve(t, nil, 422, nil, body)
		_, err := client.CreatePost(t.Context(), token, linkedin.NewPost{
			Author: urn(t, "urn:li:person:ada"), Text: text, Visibility: linkedin.VisibilityPublic,
		})
		return err
	}
	for name, c := range map[string]struct{ text, body string }{
		"as it was written": {"This is a duplicate of urn:li:share:5", `{"message":"Value This is a duplicate of urn:li:share:5 is not allowed"}`},
		"as it was sent":    {"(A duplicate) post urn:li:share:5", `{"message":"Value \\(A duplicate\\) post urn:li:share:5 is not allowed"}`},
		"as the whole body": {"This is a duplicate of urn:li:share:5", `Not allowed: This is a duplicate of urn:li:share:5`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NotEqual(t, linkedin.ReasonDuplicatePost, fault.Of(refused(t, c.text, c.body)).Reason)
		})
	}
	for name, body := range map[string]string{
		"in part":       `{"message":"Value duplicate of urn:li:share:567 is not allowed"}`,
		"cut short":     `{"message":"Value … a duplicate of urn:li:share:56"}`,
		"beside a code": `{"code":"DUPLICATE_POST","message":"duplicate of urn:li:share:567"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, ok := linkedin.DuplicateOf(refused(t, "Is this a duplicate of urn:li:share:567, friends?", body))
			require.False(t, ok)
		})
	}
	found, ok := linkedin.DuplicateOf(refused(t, "See urn:li:share:5", `{"message":"See urn:li:share:5: Content is a duplicate of urn:li:share:77"}`))
	require.True(t, ok)
	require.Equal(t, "urn:li:share:77", found.String())
}

// The connection breaks within the number: what is left of it is another post's name, or nobody's.
func TestADuplicateWhoseNameBreaksOffIsNotNamed(t *testing.T) {
	t.Parallel()
	const whole = `{"code":"DUPLICATE_POST","message":"Content is a duplicate of urn:li:share:7141138937766391808"}`
	for name, c := range map[string]struct {
		body, urn string
	}{
		"within the number":             {whole[:len(whole)-9], ""},
		"after the number":              {whole[:len(whole)-2], ""},
		"after the message":             {whole[:len(whole)-1], "urn:li:share:7141138937766391808"},
		"after all":                     {whole, "urn:li:share:7141138937766391808"},
		"within the number, as a text":  {"Content is a duplicate of urn:li:share:71411", ""},
		"after the sentence, as a text": {"Content is a duplicate of urn:li:share:71411.", "urn:li:share:71411"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "1000")
				w.WriteHeader(http.StatusUnprocessableEntity)
				_, _ = io.WriteString(w, c.body)
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}))
			t.Cleanup(server.Close)
			client, err := linkedin.New(configFor(server.URL), answertest.Seam(t, linkedin.Vendor, time.Minute), dawn)
			require.NoError(t, err)

			_, err = client.CreatePost(t.Context(), token, linkedin.NewPost{
				Author: urn(t, "urn:li:person:ada"), Text: "Hello", Visibility: linkedin.VisibilityPublic,
			})

			require.Equal(t, linkedin.ReasonDuplicatePost, fault.Of(err).Reason)
			found, ok := linkedin.DuplicateOf(err)
			require.Equal(t, c.urn != "", ok)
			require.Equal(t, c.urn, found.String())
		})
	}
}
