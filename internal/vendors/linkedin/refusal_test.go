package linkedin_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
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
			`{"status":403,"serviceErrorCode":100,"code":"ACCESS_DENIED","message":"Not enough permissions to access: ` +
				`partnerApiPostsExternal.CREATE.20260901"}`,
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
				"errorDetails":{"inputErrors":[{"description":"Size of array","input":{},"code":"FIELD_ARRAY_SIZE_TOO_HIGH","maxLength":3000}]},
				"status":400}`,
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
			`{"status":403,"serviceErrorCode":100,"code":"ACCESS_DENIED","message":"Unpermitted fields present in REQUEST_BODY: Data Processing ` +
				`Exception while processing fields [/distribution/x]"}`,
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
			`{"status":403,"serviceErrorCode":100,"code":"ACCESS_DENIED","message":"Field Value validation failed in REQUEST_BODY: Data Processing ` +
				`Exception while processing fields [/author]"}`,
			fault.VendorRejected,
			linkedin.ReasonWrongAuthor,
			"ACCESS_DENIED",
			"does not take the account as the author",
		},
		"another field's value": {
			403,
			`{"status":403,"code":"ACCESS_DENIED","message":"Field Value validation failed in REQUEST_BODY: Data Processing Exception while processing ` +
				`fields [/visibility]"}`,
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
	const day = `{"code":"TOO_MANY_REQUESTS","message":"Resource level throttle APPLICATION DAY limit for calls to this resource is ` +
		`reached.","status":429}`
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
		{403, `{"status":"403","serviceErrorCode":"100","code":"ACCESS_DENIED","message":"Not enough permissions to access: x"}`,
			linkedin.ReasonAccessDenied, "ACCESS_DENIED"},
		{403, `{"serviceErrorCode":"100","message":"Not enough permissions to access: x"}`, linkedin.ReasonAccessDenied, "100"},
		{403, `{"code":100,"message":"Unpermitted fields present in PARAMETER: x"}`, linkedin.ReasonUnpermitted, "100"},
		{429, `{"serviceErrorCode":"101","message":"Resource level throttle APPLICATION DAY limit for calls to this resource is ` +
			`reached.","status":"429"}`, linkedin.ReasonDayLimit, "101"},
		{429, `{"code":101,"message":"Resource level throttle member day limit reached"}`, linkedin.ReasonDayLimit, "101"},
		{429, `{"code":429,"serviceErrorCode":"101","message":"Resource level throttle limit for calls to this resource is reached."}`,
			linkedin.ReasonRateLimited, "429"},
		{429, `{"code":"TOO_MANY_REQUESTS","message":"on Monday limits end"}`, linkedin.ReasonRateLimited, "TOO_MANY_REQUESTS"},
	} {
		f := fault.Of(create(t, c.status, nil, c.body))
		require.Equal(t, c.reason, f.Reason, c.body)
		require.Equal(t, c.code, f.Answer.Code, c.body)
	}
}
