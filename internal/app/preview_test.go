package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
)

func (w *world) validate(req *postwrightv1.ValidatePostRequest) *postwrightv1.ValidatePostResponse {
	w.T.Helper()
	res, err := w.Posts.ValidatePost(w.T.Context(), req)
	require.NoError(w.T, err)
	return res
}

func byID(post *postwrightv1.Post) *postwrightv1.ValidatePostRequest {
	return &postwrightv1.ValidatePostRequest{Subject: &postwrightv1.ValidatePostRequest_Id{Id: post.GetId()}}
}

// accountID is the one account's.
func (w *world) accountID() (id string) {
	w.T.Helper()
	conn := w.Database()
	require.NoError(w.T, conn.QueryRow(w.T.Context(), `SELECT id::text FROM linkedin_accounts`).Scan(&id))
	require.NoError(w.T, conn.Close(w.T.Context()))
	return id
}

func withAccount(id string) *postwrightv1.ValidatePostRequest {
	return &postwrightv1.ValidatePostRequest{
		Subject: &postwrightv1.ValidatePostRequest_Post{Post: &postwrightv1.Post{Content: "With this one", AccountId: id}},
	}
}

// What is shown is what LinkedIn gets, byte for byte.
func TestThePayloadThatIsShownIsTheOneThatIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	res, err := w.Posts.CreatePost(t.Context(), &postwrightv1.CreatePostRequest{Post: &postwrightv1.Post{
		Content: "Brackets (and [more]) 🎉 #Go", Hashtags: []string{"go", "PostgreSQL"}, Visibility: postwrightv1.Visibility_VISIBILITY_CONNECTIONS,
	}})
	require.NoError(t, err)

	shown := w.validate(byID(res.GetPost()))

	require.Empty(t, shown.GetVerdicts())
	require.EqualValues(t, len("Brackets (and [more]) XX #Go\n\n#PostgreSQL"), shown.GetLength(), "an emoji counts two")
	require.Empty(t, w.Vendors.Ledger(), "nothing is sent")
	draft, err := w.Posts.GetPost(t.Context(), &postwrightv1.GetPostRequest{Id: res.GetPost().GetId()})
	require.NoError(t, err)
	require.Equal(t, res.GetPost().GetEtag(), draft.GetPost().GetEtag(), "nothing is changed")
	w.Publish(res.GetPost())
	require.JSONEq(t, w.Vendors.Ledger()[0].Sent, shown.GetPayload())
}

// Every reason why a post would not go out, at once.
func TestWhyAPostWouldNotGoOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		subject func(w *world) *postwrightv1.ValidatePostRequest
		codes   []string
		waits   bool
		field   string
	}{
		{"a draft with everything wrong", func(*world) *postwrightv1.ValidatePostRequest {
			return &postwrightv1.ValidatePostRequest{Subject: &postwrightv1.ValidatePostRequest_Post{Post: &postwrightv1.Post{
				Content: strings.Repeat("long ", 700), Hashtags: []string{"two words"}, TargetAudience: strings.Repeat("a", 501),
			}}}
		}, []string{"INVALID", "INVALID", "INVALID"}, false, "post.content"},
		{"published already", func(w *world) *postwrightv1.ValidatePostRequest {
			post, _ := w.Publish(w.Draft("Out"))
			return byID(post)
		}, []string{"ALREADY_PUBLISHED"}, false, ""},
		{"scheduled", func(w *world) *postwrightv1.ValidatePostRequest {
			return byID(w.schedule(w.Draft("Tomorrow"), 24*time.Hour).GetPost())
		}, []string{"SCHEDULED"}, false, ""},
		{"no account", func(w *world) *postwrightv1.ValidatePostRequest {
			w.Exec(`DELETE FROM linkedin_accounts`)
			return byID(w.Draft("With whom?"))
		}, []string{"NO_ACCOUNT"}, false, "post.accountId"},
		{"an account that is not there", func(*world) *postwrightv1.ValidatePostRequest {
			return withAccount("01900000-0000-7000-8000-000000000009")
		}, []string{"ACCOUNT_NOT_FOUND"}, false, "post.accountId"},
		{"somebody else's account", func(w *world) *postwrightv1.ValidatePostRequest {
			w.User("stranger@example.org")
			w.Exec(`UPDATE linkedin_accounts SET owner_id = (SELECT id FROM users WHERE email = 'stranger@example.org')`)
			return withAccount(w.accountID())
		}, []string{"ACCOUNT_NOT_FOUND"}, false, "post.accountId"},
		{"a disconnected account", func(w *world) *postwrightv1.ValidatePostRequest {
			_, err := postwrightv1connect.NewAccountServiceClient(w.Client(w.Key)).DisconnectAccount(w.T.Context(),
				&postwrightv1.DisconnectAccountRequest{AccountId: w.accountID()})
			require.NoError(w.T, err)
			return withAccount(w.accountID())
		}, []string{"ACCOUNT_DISCONNECTED"}, false, "post.accountId"},
		{"the account is paused", func(w *world) *postwrightv1.ValidatePostRequest {
			w.Exec(`UPDATE linkedin_accounts SET paused_reason = 'REVOKED_ACCESS_TOKEN'`)
			return byID(w.Draft("Later"))
		}, []string{"REVOKED_ACCESS_TOKEN"}, true, ""},
		{"the day's quota is used up", func(w *world) *postwrightv1.ValidatePostRequest {
			w.Exec(`UPDATE linkedin_accounts SET held_until = now() + interval '1 hour', held_reason = 'DAY_LIMIT'`)
			return byID(w.Draft("Later"))
		}, []string{"DAY_LIMIT"}, true, ""},
		{"the token has ended", func(w *world) *postwrightv1.ValidatePostRequest {
			w.Exec(`UPDATE linkedin_accounts SET token_expires_at = now()`)
			return byID(w.Draft("Later"))
		}, []string{"EXPIRED_ACCESS_TOKEN"}, true, ""},
		{"the account may not publish", func(w *world) *postwrightv1.ValidatePostRequest {
			w.Exec(`UPDATE linkedin_accounts SET scopes = '{openid}'`)
			return byID(w.Draft("Not allowed"))
		}, []string{"SCOPE_MISSING"}, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Serve()
			subject := c.subject(w)
			there := len(w.Vendors.Ledger())
			res := w.validate(subject)
			var codes []string
			for _, v := range res.GetVerdicts() {
				codes = append(codes, v.GetCode())
				require.Equal(t, c.waits, v.GetWaits(), "%v", v)
				require.NotEmpty(t, v.GetMessage())
				require.NotEmpty(t, v.GetCode())
			}
			require.Equal(t, c.codes, codes)
			require.Equal(t, c.field, res.GetVerdicts()[0].GetField())
			require.Len(t, w.Vendors.Ledger(), there)
		})
	}
}

func TestWhatCanNotBeValidated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	for body, code := range map[string]string{
		`{}`:         "invalid_argument",
		`{"id":"1"}`: "invalid_argument",
		`{"id":"01900000-0000-7000-8000-000000000009"}`:                      "not_found",
		`{"id":"` + w.Draft("Mine").GetId() + `","post":{"content":"both"}}`: "invalid_argument",
	} {
		require.Equal(t, code, w.Curl(w.Key, "PostService/ValidatePost", []byte(body)).Failure(t).Code, body)
	}
	stranger := w.User("stranger@example.org")
	require.Equal(t, "not_found", w.Curl(stranger, "PostService/ValidatePost", []byte(`{"id":"`+w.Draft("Mine").GetId()+`"}`)).Failure(t).Code)
}
