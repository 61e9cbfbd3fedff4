package app_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/sandbox"
)

// A member, or LinkedIn, gave less than the scope to publish: everybody is told long before a post fails for it.
func TestAMissingPublishScopeIsToldEarly(t *testing.T) {
	t.Parallel()
	const problem, remedy = "may not publish: its token lacks the scope w_member_social.",
		"Add the product Share on LinkedIn to the LinkedIn app, have w_member_social among --linkedin-scopes, and connect the account again."
	w, client := consenting(t)
	w.Vendors.AddMember(sandbox.Member{ID: "cy", GivenName: "Cy", FamilyName: "Curt", Scopes: []string{"openid", "profile"}})
	consent, err := client.ConnectAccount(t.Context(), &postwrightv1.ConnectAccountRequest{})
	require.NoError(t, err)

	page := w.Get(w.comeBack(consent.GetAuthorizationUrl() + "&login_hint=cy"))

	require.Equal(t, http.StatusOK, page.Status)
	require.Contains(t, string(page.Body), "Cy Curt is connected, but can&#39;t publish")
	require.Contains(t, string(page.Body), problem)
	require.Contains(t, string(page.Body), remedy)
	require.Contains(t, string(page.Body), "Not everything that was asked for was given: email (the member&#39;s address).")
	require.NotContains(t, string(page.Body), "can publish with this account now")

	list, err := client.ListAccounts(t.Context(), &postwrightv1.ListAccountsRequest{})
	require.NoError(t, err)
	cy := list.GetAccounts()[1].GetId()
	draft := func(text string) *postwrightv1.Post {
		res, err := w.Posts.CreatePost(t.Context(), &postwrightv1.CreatePostRequest{Post: &postwrightv1.Post{Content: text, AccountId: cy}})
		require.NoError(t, err)
		return res.GetPost()
	}
	told := func(warnings ...string) {
		t.Helper()
		require.Len(t, warnings, 1)
		require.Contains(t, warnings[0], problem)
		require.Contains(t, warnings[0], remedy)
	}
	scheduled, err := w.Posts.SchedulePost(t.Context(), &postwrightv1.SchedulePostRequest{
		Id: draft("Scheduled").GetId(), ScheduledTime: timestamppb.New(app.Now().Add(time.Hour)),
	})
	require.NoError(t, err)
	told(scheduled.GetWarnings()...)
	queued, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: draft("Published").GetId()})
	require.NoError(t, err)
	told(queued.GetWarnings()...)
	doubted := draft("In doubt")
	w.Exec(`UPDATE posts SET state = 'unconfirmed', failure_code = 'TIMEOUT', revision = revision + 1 WHERE id = '` + doubted.GetId() + `'`)
	resent, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: doubted.GetId(), Resend: true})
	require.NoError(t, err)
	told(resent.GetWarnings()...)
	moved, err := w.Posts.SchedulePost(t.Context(), &postwrightv1.SchedulePostRequest{
		Id: scheduled.GetPost().GetId(), ScheduledTime: timestamppb.New(app.Now().Add(2 * time.Hour)),
	})
	require.NoError(t, err)
	told(moved.GetWarnings()...)
	outcomes := w.PublishBatch(&postwrightv1.BatchPublishPostsRequest{Ids: []string{draft("One of a batch").GetId()}})
	told(outcomes[0].GetWarning())
	verdicts := w.validate(byID(draft("Validated"))).GetVerdicts()
	require.Len(t, verdicts, 1)
	require.Equal(t, "SCOPE_MISSING", verdicts[0].GetCode())
	told(verdicts[0].GetMessage() + " " + verdicts[0].GetRemedy())
	check := w.examine(w.Config)["scopes of Cy Curt"]
	told(check.Detail + " " + check.Remedy)
}
