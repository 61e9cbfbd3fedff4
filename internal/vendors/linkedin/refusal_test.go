package linkedin_test

import (
	"errors"
	"fmt"
	"io"
	"math"
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

// create sends a post to a LinkedIn that refuses it so.
func create(t *testing.T, status int, header map[string]string, body string) error {
	t.Helper()
	client, _ := serve(t, nil, status, header, body)
	_, err := client.CreatePost(t.Context(), token, linkedin.NewPost{
		Author: urn(t, "urn:li:person:ada"), Text: "Hello", Visibility: linkedin.VisibilityPublic,
	})
	return err
}

// duplicateBody is as LinkedIn writes it.
func duplicateBody(message string) string {
	return fmt.Sprintf(`{"errorDetailType":"com.linkedin.common.error.BadRequest","message":%q,
		"errorDetails":{"inputErrors":[{"description":"Duplicate post is detected","input":{},"code":"DUPLICATE_POST"}]},"status":422}`, message)
}

// LinkedIn's refusals, with the bodies that are met in the field.
func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status  int
		body    string
		kind    fault.Kind
		reason  string
		code    string
		message string // part of the words for people
	}{
		"expired token": {
			401, `{"status":401,"serviceErrorCode":65602,"code":"EXPIRED_ACCESS_TOKEN","message":"The token used in the request has expired"}`,
			fault.VendorAuth, linkedin.ReasonExpiredToken, "EXPIRED_ACCESS_TOKEN", "connect the account again",
		},
		"expired token, with the number of an invalid one": {
			401, `{"status":401,"serviceErrorCode":65600,"code":"EXPIRED_ACCESS_TOKEN","message":""}`,
			fault.VendorAuth, linkedin.ReasonExpiredToken, "EXPIRED_ACCESS_TOKEN", "connect the account again",
		},
		"revoked token, by its number alone": {
			401, `{"serviceErrorCode":65601,"message":"The token used in the request has been revoked by the user","status":401}`,
			fault.VendorAuth, linkedin.ReasonRevokedToken, "65601", "connect the account again",
		},
		"expired token, by its number beside a broad code": {
			401, `{"serviceErrorCode":65602,"code":"UNAUTHORIZED","status":401}`,
			fault.VendorAuth, linkedin.ReasonExpiredToken, "UNAUTHORIZED", "connect the account again",
		},
		"invalid token": {
			401, `{"status":401,"serviceErrorCode":65600,"code":"INVALID_ACCESS_TOKEN","message":"Invalid access token"}`,
			fault.VendorAuth, linkedin.ReasonInvalidToken, "INVALID_ACCESS_TOKEN", "connect the account again",
		},
		"a number that says nothing of the token": {
			401, `{"serviceErrorCode":401,"message":"Empty oauth2_access_token","status":401}`,
			fault.VendorAuth, "", "401", "connect the account again",
		},
		"no permission": {
			403,
			`{"status":403,"serviceErrorCode":100,"code":"ACCESS_DENIED","message":"Not enough permissions to access: partnerApiPostsExternal.CREATE.20260901"}`,
			fault.VendorRejected,
			linkedin.ReasonAccessDenied,
			"ACCESS_DENIED",
			"a scope, a product of the app or a role is missing",
		},
		"no permission, without a code": {
			403, `{"message":"Not enough permissions to access: POST /ugcPosts","status":403}`,
			fault.VendorRejected, linkedin.ReasonAccessDenied, "", "a scope, a product of the app or a role is missing",
		},
		"too long": {
			400, `{"errorDetailType":"com.linkedin.common.error.BadRequest","message":"ShareCommentary text length (8694 characters) exceeded",
				"errorDetails":{"inputErrors":[{"description":"Size of array","input":{},"code":"FIELD_ARRAY_SIZE_TOO_HIGH","maxLength":3000}]},"status":400}`,
			fault.VendorRejected, "FIELD_ARRAY_SIZE_TOO_HIGH", "FIELD_ARRAY_SIZE_TOO_HIGH", "FIELD_ARRAY_SIZE_TOO_HIGH",
		},
		"a code that is prose": {
			400, `{"code":"Something is wrong.","message":"m"}`, fault.VendorRejected, "", "Something is wrong.", "LinkedIn refused the request.",
		},
		"not found": {404, `{"status":404,"code":"NOT_FOUND","message":"Not Found"}`, fault.VendorRejected, "NOT_FOUND", "NOT_FOUND", "no such thing"},
		"duplicate": {
			422,
			duplicateBody("com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of urn:li:share:7141138937766391808"),
			fault.VendorRejected,
			linkedin.ReasonDuplicatePost,
			"DUPLICATE_POST",
			"posted recently as urn:li:share:7141138937766391808",
		},
		"duplicate under a broader code": {
			422, `{"code":"UNPROCESSABLE","message":"m","errorDetails":{"inputErrors":[{"code":"OTHER"},{"code":"DUPLICATE_POST"}]}}`,
			fault.VendorRejected, linkedin.ReasonDuplicatePost, "DUPLICATE_POST", "posted recently: change the text",
		},
		"duplicate, in words alone": {
			422, `{"message":"Content is a duplicate of urn:li:share:7","status":422}`,
			fault.VendorRejected, linkedin.ReasonDuplicatePost, "", "posted recently as urn:li:share:7",
		},
		"duplicate, beside a number": {
			422, `{"message":"Content is a duplicate of urn:li:share:7","serviceErrorCode":100,"status":422}`,
			fault.VendorRejected, linkedin.ReasonDuplicatePost, "100", "posted recently as urn:li:share:7",
		},
		"duplicate, by the code at the top of a 400": {
			400, `{"code":"DUPLICATE_POST","message":"m","status":400}`,
			fault.VendorRejected, linkedin.ReasonDuplicatePost, "DUPLICATE_POST", "posted recently: change the text",
		},
		"duplicate, as a conflict": {
			409, `{"code":"CONFLICT","message":"Duplicate content","status":409}`,
			fault.VendorRejected, linkedin.ReasonDuplicatePost, "CONFLICT", "posted recently: change the text",
		},
		"duplicate, named where the input is described": {
			422, `{"message":"m","errorDetails":{"inputErrors":[{"description":"Duplicate of urn:li:ugcPost:8 is detected","code":"INVALID"}]}}`,
			fault.VendorRejected, linkedin.ReasonDuplicatePost, "INVALID", "posted recently as urn:li:ugcPost:8",
		},
		"duplicate, without JSON": {
			400, `Content is a duplicate of urn:li:activity:9`,
			fault.VendorRejected, linkedin.ReasonDuplicatePost, "", "posted recently as urn:li:activity:9",
		},
		"a duplicate of something else": {
			400, `{"code":"PARAM_INVALID","message":"Duplicate key 'author' in the body","status":400}`,
			fault.VendorRejected, "PARAM_INVALID", "PARAM_INVALID", "with the code PARAM_INVALID",
		},
		"a field that may not be there": {
			403,
			`{"status":403,"serviceErrorCode":100,"code":"ACCESS_DENIED","message":"Unpermitted fields present in REQUEST_BODY: Data Processing Exception while processing fields [/distribution/x]"}`,
			fault.VendorRejected,
			linkedin.ReasonUnpermitted,
			"ACCESS_DENIED",
			"no matter of the account's rights",
		},
		"somebody else's document": {
			403, `{"status":403,"code":"ACCESS_DENIED","message":"Accessing this document resource is forbidden"}`,
			fault.VendorRejected, linkedin.ReasonForbidden, "ACCESS_DENIED", "its own words say why",
		},
		"a denial with a code of its own": {
			403, `{"status":403,"code":"MEMBER_RESTRICTED","message":"The member is restricted"}`,
			fault.VendorRejected, "MEMBER_RESTRICTED", "MEMBER_RESTRICTED", "its own words say why",
		},
		"a denial that is prose": {403, `Forbidden`, fault.VendorRejected, linkedin.ReasonForbidden, "", "its own words say why"},
		"a permission, under another code": {
			403, `{"status":403,"code":"FORBIDDEN","message":"Not enough permissions to access: POST /ugcPosts"}`,
			fault.VendorRejected, linkedin.ReasonAccessDenied, "FORBIDDEN", "a scope, a product of the app or a role is missing",
		},
		"a code without a word": {
			403, `{"status":403,"code":"ACCESS_DENIED"}`,
			fault.VendorRejected, linkedin.ReasonAccessDenied, "ACCESS_DENIED", "a scope, a product of the app or a role is missing",
		},
		"another's author": {
			403,
			`{"status":403,"serviceErrorCode":100,"code":"ACCESS_DENIED","message":"Field Value validation failed in REQUEST_BODY: Data Processing Exception while processing fields [/author]"}`,
			fault.VendorRejected,
			linkedin.ReasonWrongAuthor,
			"ACCESS_DENIED",
			"does not take the account as the author",
		},
		"another field's value": {
			403,
			`{"status":403,"code":"ACCESS_DENIED","message":"Field Value validation failed in REQUEST_BODY: Data Processing Exception while processing fields [/visibility]"}`,
			fault.VendorRejected,
			linkedin.ReasonForbidden,
			"ACCESS_DENIED",
			"its own words say why",
		},
		"no permission, without a word": {
			403, ``, fault.VendorRejected, linkedin.ReasonAccessDenied, "", "a scope, a product of the app or a role is missing",
		},
		"a field it does not know": {
			422, `{"message":"/distribution/x :: unrecognized field found but not allowed","status":422}`,
			fault.VendorRejected, "", "", "LinkedIn refused the request.",
		},
		"a dead version": {
			426, `{"status":426,"code":"NONEXISTENT_VERSION","message":"Requested version 20241101 is not active"}`,
			fault.VendorRejected, linkedin.ReasonVersionExpired, "NONEXISTENT_VERSION", "set the LinkedIn version",
		},
		"a dead version, without a word": {426, ``, fault.VendorRejected, linkedin.ReasonVersionExpired, "", "set the LinkedIn version"},
		"under maintenance": {
			503, `{"status":503,"code":"UNDER_MAINTENANCE","message":"m"}`, fault.VendorUnavailable, "", "UNDER_MAINTENANCE", "try again later",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := create(t, test.status, map[string]string{"x-li-uuid": "trace-2"}, test.body)
			f := fault.Of(err)
			require.Equal(t, test.kind.String(), f.Kind.String())
			require.Equal(t, test.reason, f.Reason)
			require.Contains(t, f.Message, test.message)
			require.Equal(t, test.status >= 500, f.Doubt)
			require.Equal(t, test.status, f.Answer.Status)
			require.Equal(t, test.code, f.Answer.Code)
			require.Equal(t, "trace-2", f.Answer.TraceID)
		})
	}
}

// Nothing proves of these that no post was created.
func TestARefusalThatMayHaveCreatedThePostLeavesADoubt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		doubt  bool
	}{
		"a timeout":                  {408, ``, true},
		"a conflict":                 {409, `{"status":409,"code":"CONFLICT","message":"Write conflict"}`, true},
		"a conflict without a word":  {409, ``, true},
		"too early":                  {425, ``, true},
		"the caller left, by AWS":    {460, ``, true},
		"the caller left, by nginx":  {499, `<html>`, true},
		"done, of another status":    {200, `{"id":"urn:li:share:7"}`, true},
		"taken on":                   {202, ``, true},
		"done, without a word":       {204, ``, true},
		"moved":                      {301, ``, true},
		"see another":                {303, ``, true},
		"not modified":               {304, ``, true},
		"moved for now":              {307, ``, true},
		"moved for good":             {308, ``, true},
		"LinkedIn's denial to bots":  {999, `Request denied`, true},
		"a duplicate, as a conflict": {409, `{"status":409,"code":"CONFLICT","message":"Duplicate content"}`, false},
		"a refusal":                  {422, `{"status":422,"message":"Write conflict"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for path, legacy := range map[string]bool{"rest": false, "legacy": true} {
				client, _ := serve(t, func(cfg *linkedin.Config) { cfg.Legacy = legacy }, c.status, nil, c.body)
				_, err := client.CreatePost(t.Context(), token, linkedin.NewPost{
					Author: urn(t, "urn:li:person:ada"), Text: "Hello", Visibility: linkedin.VisibilityPublic,
				})
				require.Equal(t, c.doubt, fault.Of(err).Doubt, path)
				require.Equal(t, c.status, fault.Of(err).Answer.Status, path)
			}
		})
	}
	client, _ := serve(t, nil, 409, nil, ``)
	require.False(t, fault.Of(client.DeletePost(t.Context(), token, urn(t, "urn:li:share:7"))).Doubt, "it is of creates that doubts are kept")
}

func TestTheVendorsWordsAreKept(t *testing.T) {
	t.Parallel()
	f := fault.Of(create(t, 400, map[string]string{"x-li-request-id": "first", "x-li-uuid": "second"}, `{"message":"Word for word."}`))
	require.Equal(t, fault.Answer{Vendor: "linkedin", Operation: "createPost", Status: 400, Message: "Word for word.", TraceID: "first"}, *f.Answer)

	f = fault.Of(create(t, 400, nil, `{"message":"`+strings.Repeat("é", 2000)+`"}`))
	require.LessOrEqual(t, len(f.Answer.Message), 2<<10)
	require.Equal(t, strings.Repeat("é", 1022)+"…", f.Answer.Message, "clipped between characters")
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	const passing = `{"serviceErrorCode":101,"message":"Resource level throttle limit for calls to this resource is reached.","status":429}`
	const day = `{"code":"TOO_MANY_REQUESTS","message":"Resource level throttle APPLICATION DAY limit for calls to this resource is reached.","status":429}`
	untilMidnight := 4 * time.Hour // dawn is 20:00 UTC
	tests := map[string]struct {
		retryAfter string
		body       string
		reason     string
		wait       time.Duration
	}{
		"no word on how long":                {"", passing, linkedin.ReasonRateLimited, 0},
		"seconds":                            {"120", passing, linkedin.ReasonRateLimited, 2 * time.Minute},
		"seconds below zero":                 {"-5", passing, linkedin.ReasonRateLimited, 0},
		"seconds beyond reason":              {"99999999999999999999", passing, linkedin.ReasonRateLimited, 0},
		"a date":                             {"Sat, 21 Nov 2026 20:01:00 GMT", passing, linkedin.ReasonRateLimited, time.Minute},
		"a date that is past":                {"Sat, 21 Nov 2026 19:59:00 GMT", passing, linkedin.ReasonRateLimited, 0},
		"seconds beyond a year":              {"99999999", passing, linkedin.ReasonRateLimited, 99999999 * time.Second},
		"a fraction of seconds":              {"1.5", passing, linkedin.ReasonRateLimited, 0},
		"a date in a year to come":           {"Sun, 21 Nov 2027 20:00:00 GMT", passing, linkedin.ReasonRateLimited, 365 * 24 * time.Hour},
		"a date of the end of time":          {"Fri, 31 Dec 9999 23:59:59 GMT", passing, linkedin.ReasonRateLimited, math.MaxInt64},
		"an ISO date":                        {"2026-11-21T20:01:00Z", passing, linkedin.ReasonRateLimited, 0},
		"prose":                              {"soon", passing, linkedin.ReasonRateLimited, 0},
		"the day's quota":                    {"", day, linkedin.ReasonDayLimit, untilMidnight},
		"the day's quota, with less to wait": {"1", day, linkedin.ReasonDayLimit, untilMidnight},
		"the day's quota, with more to wait": {"86400", day, linkedin.ReasonDayLimit, 24 * time.Hour},
		"no body":                            {"", "", linkedin.ReasonRateLimited, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := map[string]string{}
			if test.retryAfter != "" {
				header["Retry-After"] = test.retryAfter
			}
			f := fault.Of(create(t, 429, header, test.body))
			require.Equal(t, fault.RateLimited.String(), f.Kind.String())
			require.Equal(t, test.reason, f.Reason)
			require.Equal(t, test.wait, f.RetryAfter)
			require.False(t, f.Doubt)
		})
	}
}

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
		"a code that goes on":              {`{"code":"DUPLICATE_POST_DETECTED","message":"m"}`, ""},
		"a code the other way round":       {`{"code":"CONTENT_DUPLICATE","message":"m"}`, ""},
		"a bare code, named in a message":  {`{"code":"DUPLICATE","message":"see urn:li:share:7"}`, named},
		"a code where a number stands":     {`{"serviceErrorCode":"DUPLICATE_POST","message":"m"}`, ""},
		"an exception's name":              {`{"message":"com.linkedin.content.common.exception.DuplicatePostException: urn:li:share:7"}`, named},
		"a verb":                           {`{"message":"This content duplicates urn:li:share:7"}`, named},
		"conditional input errors":         {`{"message":"m","errorDetails":{"conditionalInputErrors":[{"code":"DUPLICATE_POST","description":"is a duplicate of urn:li:share:7"}]}}`, named},
		"details that are words":           {`{"message":"m","errorDetails":"Content is a duplicate of urn:li:share:7"}`, named},
		"details that are a list":          {`{"message":"m","errorDetails":[{"code":"DUPLICATE_POST"}]}`, ""},
		"an error within":                  {`{"error":{"code":"DUPLICATE_POST","message":"Content is a duplicate of urn:li:share:7"}}`, named},
		"a message that is an object":      {`{"message":{"text":"Content is a duplicate of urn:li:share:7"}}`, named},
		"another post is spoken of beside": {`{"code":"DUPLICATE_POST","message":"m","parent":"urn:li:share:1","reason":"is a duplicate of urn:li:share:7"}`, named},
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
		"what the text itself says": `{"message":"m","errorDetails":{"inputErrors":[{"code":"INVALID","input":{"value":"Content is a duplicate of urn:li:share:7"}}]}}`,
		"a key":                     `{"code":"DUPLICATE_KEY","message":"urn:li:share:7"}`,
		"a field":                   `{"code":"DUPLICATE_FIELD_VALUE","message":"urn:li:share:7"}`,
		"a part of a word":          `{"code":"NONDUPLICATE","message":"urn:li:share:7"}`,
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

func TestTheCauseOfADenialIsRecognisedWhereverItIsSaid(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ body, reason, says string }{
		"in other letters": {
			`{"message":"unpermitted fields present in PARAMETER: x"}`, linkedin.ReasonUnpermitted, "no matter of the account's rights",
		},
		"where the input is described": {
			`{"code":"ACCESS_DENIED","errorDetails":{"inputErrors":[{"description":"Unpermitted fields present in REQUEST_BODY: x"}]}}`,
			linkedin.ReasonUnpermitted, "no matter of the account's rights",
		},
		"a permission, where the input is described": {
			`{"message":"Forbidden","errorDetails":{"inputErrors":[{"description":"Not enough permissions to access: x"}]}}`,
			linkedin.ReasonAccessDenied, "a scope, a product of the app or a role is missing",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fault.Of(create(t, 403, nil, test.body))
			require.Equal(t, test.reason, f.Reason)
			require.Contains(t, f.Message, test.says)
		})
	}
}

func TestOAuthRefusals(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status  int
		body    string
		kind    fault.Kind
		reason  string
		message string
	}{
		"another secret": {
			401, `{"error":"invalid_client","error_description":"Client authentication failed"}`,
			fault.VendorAuth, "INVALID_CLIENT", "check both in the configuration",
		},
		"a code used before": {
			400, `{"error":"invalid_grant","error_description":"The code is used"}`,
			fault.VendorRejected, "INVALID_GRANT", "connect the account again",
		},
		"another secret, as a bad request": {
			400, `{"error":"invalid_client","error_description":"Client authentication failed"}`,
			fault.VendorAuth, "INVALID_CLIENT", "check both in the configuration",
		},
		"a code that does not match": {
			401,
			`{"error":"invalid_request","error_description":"Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code. Or authorization code expired."}`,
			fault.VendorRejected,
			"INVALID_REQUEST",
			"connect the account again",
		},
		"another redirection": {
			400, `{"error":"invalid_redirect_uri","error_description":"does not match"}`,
			fault.VendorRejected, "INVALID_REDIRECT_URI", "Register the address",
		},
		"an app that is disabled": {
			400, `{"error":"unauthorized_client","error_description":"app disabled"}`,
			fault.VendorRejected, "UNAUTHORIZED_CLIENT", "developer portal",
		},
		"an app that is disabled, as unauthorized": {
			401, `{"error":"unauthorized_client","error_description":"app disabled"}`,
			fault.VendorRejected, "UNAUTHORIZED_CLIENT", "developer portal",
		},
		"an app that is blocked": {
			403, `{"error":"access_denied","error_description":"app is blocked"}`,
			fault.VendorRejected, "ACCESS_DENIED", "developer portal",
		},
		"a refusal with the status of a failure": {
			500, `{"error":"invalid_grant","error_description":"expired"}`,
			fault.VendorRejected, "INVALID_GRANT", "connect the account again",
		},
		"LinkedIn's trouble, as a bad request": {
			400, `{"error":"server_error","error_description":"m"}`,
			fault.VendorUnavailable, "SERVER_ERROR", "LinkedIn has trouble",
		},
		"a code nobody knows": {
			401, `{"error":"brand_new","error_description":"m"}`,
			fault.VendorRejected, "BRAND_NEW", "LinkedIn's own words",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, test.status, nil, test.body)
			_, err := client.ExchangeCode(t.Context(), "code", "https://postwright.example/back")
			f := fault.Of(err)
			require.Equal(t, test.kind.String(), f.Kind.String())
			require.Equal(t, test.reason, f.Reason)
			require.Contains(t, f.Message, test.message)
			require.Equal(t, strings.ToLower(test.reason), f.Answer.Code)
			require.NotEmpty(t, f.Answer.Message)
		})
	}
}

// Not all of LinkedIn's refusals at the OAuth endpoints are of OAuth's form, or have the status of one.
func TestOAuthRefusalsOfAnotherForm(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status  int
		body    string
		kind    fault.Kind
		reason  string
		message string
		words   string
	}{
		"a revoked token, by its number": {
			401, `{"serviceErrorCode":65601,"message":"revoked","status":401}`,
			fault.VendorRejected, linkedin.ReasonRevokedToken, "connect the account again", "revoked",
		},
		"an expired token, by its code": {
			401, `{"code":"EXPIRED_ACCESS_TOKEN","message":"expired"}`,
			fault.VendorRejected, linkedin.ReasonExpiredToken, "connect the account again", "expired",
		},
		"nothing at all": {401, ``, fault.VendorAuth, "", "check both in the configuration", ""},
		"a page":         {400, `<html>`, fault.VendorRejected, "", "LinkedIn refused to give or to judge a token", "<html>"},
		"a known refusal with the status of success": {
			200, `{"error":"invalid_grant","error_description":"expired"}`,
			fault.VendorRejected, "INVALID_GRANT", "connect the account again", "expired",
		},
		"another secret, with the status of success": {
			200, `{"error":"invalid_client"}`, fault.VendorAuth, "INVALID_CLIENT", "check both in the configuration", "",
		},
		"an unknown refusal with the status of success": {
			200, `{"error":"brand_new","error_description":"words"}`, fault.VendorUnavailable, "BAD_ANSWER", "can't be used", "words",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, nil, c.status, nil, c.body)
			_, exchanged := client.ExchangeCode(t.Context(), "code", "https://postwright.example/back")
			_, refreshed := client.RefreshToken(t.Context(), "token")
			_, introspected := client.Introspect(t.Context(), "token")
			for _, err := range []error{exchanged, refreshed, introspected} {
				f := fault.Of(err)
				require.Equal(t, c.kind.String(), f.Kind.String())
				require.Equal(t, c.reason, f.Reason)
				require.Contains(t, f.Message, c.message)
				require.Equal(t, c.words, f.Answer.Message)
			}
		})
	}
}

// The page for consents and the token endpoint say the same with the same code.
func TestAnOAuthErrorMeansTheSameWhereverItIsSaid(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"invalid_client", "unauthorized_client", "invalid_redirect_uri", "invalid_request", "invalid_scope", "server_error"} {
		client, _ := serve(t, nil, 400, nil, fmt.Sprintf(`{"error":%q,"error_description":"m"}`, code))
		_, err := client.ExchangeCode(t.Context(), "code", "https://postwright.example/back")
		require.Contains(t, fault.Of(linkedin.RefusedConsent(linkedin.SettingsByFlags, code, "m")).Message, fault.Of(err).Message)
		require.Equal(t, fault.Of(linkedin.RefusedConsent(linkedin.SettingsByFlags, code, "m")).Reason, fault.Of(err).Reason)
	}
}

// A server says access_denied as well, of an app: that was told as the member's own refusal, and the log had no reason.
func TestOnlyTheMembersOwnRefusalIsToldAsOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code, description string
		own               bool
	}{
		"at the log-in":                    {"user_cancelled_login", "The user cancelled LinkedIn login", true},
		"at the consent":                   {"user_cancelled_authorize", "", true},
		"in other letters":                 {"User_Cancelled_Authorize", "", true},
		"denied, without a word":           {"access_denied", "", true},
		"denied, by the user":              {"access_denied", "the user denied your request", true},
		"denied, in the RFC's words":       {"access_denied", "The resource owner or authorization server denied the request.", true},
		"denied, as the member did not":    {"access_denied", "The member has not given consent", true},
		"denied, to the app":               {"access_denied", "The application is blocked", false},
		"denied, to the app, of members":   {"access_denied", "This application may not access data of a member", false},
		"denied, to the app, in capitals":  {"ACCESS_DENIED", "The application is blocked", false},
		"a scope, in other letters":        {"Unauthorized_Scope_Error", "x", false},
		"a code that begins as a member's": {"user_cancelled", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := linkedin.RefusedConsent(linkedin.SettingsByFlags, c.code, c.description)
			if c.own {
				require.NoError(t, err)
				return
			}
			f := fault.Of(err)
			require.NotNil(t, f)
			require.Contains(t, f.Message, c.code)
			require.Contains(t, f.Message, c.description)
			require.Equal(t, linkedin.ConsentCode(c.code) == "", f.Reason == "", "a code that is known has its remedy")
		})
	}
}

// What LinkedIn said with the status of success was lost, since its answer may hold what it was sent.
func TestARefusalWithTheStatusOfSuccessKeepsItsWordsWithoutSecrets(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, nil, 200, nil, `{"error":"brand_new","error_description":"The token AQX-of-the-member is \u0000 unknown","access_token":""}`)
	_, refreshed := client.RefreshToken(t.Context(), "AQX-of-the-member")
	_, exchanged := client.ExchangeCode(t.Context(), "AQX-of-the-member", "https://postwright.example/back")
	_, introspected := client.Introspect(t.Context(), "AQX-of-the-member")
	for _, err := range []error{refreshed, exchanged, introspected} {
		f := fault.Of(err)
		require.Equal(t, "brand_new", f.Answer.Code)
		require.Equal(t, "The token [redacted] is \uFFFD unknown", f.Answer.Message)
	}
}

// LinkedIn numbers and names what it says of a token in several places and types, and pairs them as it likes.
func TestARefusedTokensReasonIsReadInEveryForm(t *testing.T) {
	t.Parallel()
	for body, reason := range map[string]string{
		`{"serviceErrorCode":65601}`:                                        linkedin.ReasonRevokedToken,
		`{"serviceErrorCode":"65601"}`:                                      linkedin.ReasonRevokedToken,
		`{"serviceErrorCode":65601.0}`:                                      linkedin.ReasonRevokedToken,
		`{"code":65601}`:                                                    linkedin.ReasonRevokedToken,
		`{"code":"65602"}`:                                                  linkedin.ReasonExpiredToken,
		`{"code":" 65602 ","serviceErrorCode":{}}`:                          linkedin.ReasonExpiredToken,
		`{"code":"revoked_access_token","serviceErrorCode":65600}`:          linkedin.ReasonRevokedToken,
		`{"code":"EXPIRED_ACCESS_TOKEN","serviceErrorCode":"65601"}`:        linkedin.ReasonExpiredToken,
		`{"code":65600,"serviceErrorCode":"REVOKED_ACCESS_TOKEN"}`:          linkedin.ReasonRevokedToken,
		`{"code":"UNAUTHORIZED","serviceErrorCode":"65601","status":"401"}`: linkedin.ReasonRevokedToken,
		`{"serviceErrorCode":65600,"message":"The token used in the request has been revoked by the user"}`: linkedin.ReasonRevokedToken,
		`{"serviceErrorCode":"65600","message":"The token used in the request has expired"}`:                linkedin.ReasonExpiredToken,
		`{"message":"The token used in the request has expired"}`:                                           linkedin.ReasonExpiredToken,
		`{"message":"Invalid access token"}`:                                                                linkedin.ReasonInvalidToken,
		`{"serviceErrorCode":"65600"}`:                                                                      linkedin.ReasonInvalidToken,
		`{"serviceErrorCode":65600,"message":"The token is revoked or expired"}`:                            linkedin.ReasonInvalidToken,
		`{"serviceErrorCode":401,"message":"Empty oauth2_access_token"}`:                                    "",
		`{"code":401,"message":true}`:                                                                       "",
	} {
		f := fault.Of(create(t, 401, nil, body))
		require.Equal(t, fault.VendorAuth.String(), f.Kind.String(), body)
		require.Equal(t, reason, f.Reason, body)
	}
}

// A 403 or 429 says the same whichever type its codes are of.
func TestRefusalsWithCodesOfAnotherType(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status             int
		body, reason, code string
	}{
		{403, `{"status":"403","serviceErrorCode":"100","code":"ACCESS_DENIED","message":"Not enough permissions to access: x"}`, linkedin.ReasonAccessDenied, "ACCESS_DENIED"},
		{403, `{"serviceErrorCode":"100","message":"Not enough permissions to access: x"}`, linkedin.ReasonAccessDenied, "100"},
		{403, `{"code":100,"message":"Unpermitted fields present in PARAMETER: x"}`, linkedin.ReasonUnpermitted, "100"},
		{429, `{"serviceErrorCode":"101","message":"Resource level throttle APPLICATION DAY limit for calls to this resource is reached.","status":"429"}`, linkedin.ReasonDayLimit, "101"},
		{429, `{"code":101,"message":"Resource level throttle member day limit reached"}`, linkedin.ReasonDayLimit, "101"},
		{429, `{"code":429,"serviceErrorCode":"101","message":"Resource level throttle limit for calls to this resource is reached."}`, linkedin.ReasonRateLimited, "429"},
		{429, `{"code":"TOO_MANY_REQUESTS","message":"on Monday limits end"}`, linkedin.ReasonRateLimited, "TOO_MANY_REQUESTS"},
	} {
		f := fault.Of(create(t, c.status, nil, c.body))
		require.Equal(t, c.reason, f.Reason, c.body)
		require.Equal(t, c.code, f.Answer.Code, c.body)
	}
}

func TestARemedyNamesTheSettingsOfTheAppThatAsked(t *testing.T) {
	t.Parallel()
	pages := linkedin.AppSettings{App: "the credentials of pages", Scopes: "the scopes of pages"}
	for body, settings := range map[string]string{
		`{"error":"invalid_client"}`:           pages.App,
		`{"error":"unauthorized_scope_error"}`: pages.Scopes,
		`{"error":"invalid_request"}`:          pages.App + ", " + pages.Scopes,
		``:                                     pages.App,
	} {
		client, _ := serve(t, nil, 401, nil, body)
		_, err := client.As("other", "secret", pages).ExchangeCode(t.Context(), "code", "https://postwright.example/back")
		require.Contains(t, fault.Of(err).Message, settings)
		_, err = client.ExchangeCode(t.Context(), "code", "https://postwright.example/back")
		require.Contains(t, fault.Of(err).Message, "--linkedin-", "the default app's")
		_, err = client.As("", "", pages).AuthorizationURL("state", "https://postwright.example/back", nil)
		require.Contains(t, fault.Of(err).Message, pages.App)
	}
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
