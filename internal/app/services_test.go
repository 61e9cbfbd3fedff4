package app_test

import (
	"encoding/json"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/sandbox"
)

func TestOfManyApprovalsAtOnceOneCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	draft := w.Draft("Everybody clicks")
	var clicks sync.WaitGroup
	codes := make(chan connect.Code, 8)
	for range cap(codes) {
		clicks.Go(func() {
			_, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: draft.GetId()})
			if err == nil {
				codes <- 0
				return
			}
			codes <- connect.CodeOf(err)
		})
	}
	clicks.Wait()
	close(codes)
	approved := 0
	for code := range codes {
		if code == 0 {
			approved++
			continue
		}
		require.Equal(t, connect.CodeFailedPrecondition, code)
	}
	require.Equal(t, 1, approved)
	post, _ := w.Watch(draft)
	require.Equal(t, published, post.GetState())
	require.Len(t, w.Vendors.Ledger(), 1)
	require.Len(t, w.Attempts(post), 1)
}

func TestAnalysingAPostStoresWhatWasFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	draft := w.Draft("What a wonderful release! Our database migrations are fast now.")
	before, err := w.Posts.GetPostAnalytics(t.Context(), &postwrightv1.GetPostAnalyticsRequest{Id: draft.GetId()})
	require.NoError(t, err)
	require.Nil(t, before.GetAnalytics().SentimentScore, "unknown, not zero")
	require.Nil(t, before.GetAnalytics().ViewsCount)

	analysis := postwrightv1connect.NewAnalysisServiceClient(w.Client(w.Key))
	res, err := analysis.AnalyzePost(t.Context(), &postwrightv1.AnalyzePostRequest{Id: draft.GetId()})

	require.NoError(t, err)
	require.Equal(t, postwrightv1.SentimentLabel_SENTIMENT_LABEL_POSITIVE, res.GetAnalytics().GetSentimentLabel())
	require.NotEmpty(t, res.GetPost().GetHashtags())
	require.NotEqual(t, draft.GetContent(), res.GetOptimizedContent())
	require.Equal(t, draft.GetContent(), res.GetPost().GetContent(), "the improved text is a suggestion")
	after, err := w.Posts.GetPostAnalytics(t.Context(), &postwrightv1.GetPostAnalyticsRequest{Id: draft.GetId()})
	require.NoError(t, err)
	require.InDelta(t, res.GetAnalytics().GetSentimentScore(), after.GetAnalytics().GetSentimentScore(), 1e-9)
	require.NotNil(t, after.GetAnalytics().ReadabilityScore)
	require.Nil(t, after.GetAnalytics().EngagementPrediction, "nobody predicts it")
}

func TestTextsAreAnalysedWithoutAnyVendor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *app.Config) { cfg.Analysis = app.Defaults().Analysis })
	w.Serve()
	require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "analysis", Mode: sandbox.Drop})) // nobody asks
	client := postwrightv1connect.NewAnalysisServiceClient(w.Client(w.Key))
	found, err := client.AnalyzeSentiment(t.Context(), &postwrightv1.AnalyzeSentimentRequest{Text: "What a wonderful day"})
	require.NoError(t, err)
	require.Equal(t, postwrightv1.SentimentLabel_SENTIMENT_LABEL_POSITIVE, found.GetLabel())
	source := found.GetSource()
	require.Equal(t, []string{"builtin", "lexical-en"}, []string{source.GetEngine(), source.GetModel()})
	require.NotEmpty(t, source.GetVersion())
	require.Empty(t, source.GetPassedOver())
	tags, err := client.GenerateHashtags(t.Context(), &postwrightv1.GenerateHashtagsRequest{Content: "We restore our PostgreSQL backups every night."})
	require.NoError(t, err)
	require.Equal(t, []string{"PostgreSQLBackups", "Restore", "Night"}, tags.GetHashtags())
	require.Equal(t, "builtin", tags.GetSource().GetEngine())
	better, err := client.OptimizeContent(t.Context(), &postwrightv1.OptimizeContentRequest{
		Content: "In order to win, we ship.", OptimizationType: postwrightv1.OptimizationType_OPTIMIZATION_TYPE_BREVITY,
	})
	require.NoError(t, err)
	require.Equal(t, "To win, we ship.", better.GetOptimizedContent())
	require.Equal(t, "builtin", better.GetSource().GetEngine())
	res, err := client.AnalyzePost(t.Context(), &postwrightv1.AnalyzePostRequest{Id: w.Draft("What a wonderful release of PostgreSQL!").GetId()})
	require.NoError(t, err)
	require.Contains(t, res.GetPost().GetHashtags(), "PostgreSQL")
	for _, source := range []*postwrightv1.AnalysisSource{res.GetSentimentSource(), res.GetHashtagsSource(), res.GetOptimizationSource()} {
		require.Equal(t, "builtin", source.GetEngine())
	}

	refused := w.Curl(w.Key, "AnalysisService/AnalyzeSentiment", []byte(`{"text":"Nous recrutons un ingénieur à Paris"}`))
	require.Equal(t, "failed_precondition", refused.Failure(t).Code)
	require.Contains(t, string(refused.Body), "LANGUAGE_NOT_SUPPORTED")
	require.Contains(t, string(refused.Body), "English only")
}

func TestAnEngineThatWasPassedOverIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *app.Config) { cfg.Analysis.Engines = []string{"api", "builtin"} })
	w.Serve()
	require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "analysis", Mode: sandbox.Status, Value: "401"}))
	client := postwrightv1connect.NewAnalysisServiceClient(w.Client(w.Key))
	found, err := client.AnalyzeSentiment(t.Context(), &postwrightv1.AnalyzeSentimentRequest{Text: "What a wonderful day"})
	require.NoError(t, err)
	require.Equal(t, "builtin", found.GetSource().GetEngine())
	require.Len(t, found.GetSource().GetPassedOver(), 1)
	require.Equal(t, "api", found.GetSource().GetPassedOver()[0].GetEngine())
	require.NotEmpty(t, found.GetSource().GetPassedOver()[0].GetReason())
	require.Contains(t, found.GetSource().GetPassedOver()[0].GetMessage(), "token")
	metrics := string(w.Get(w.URL + "/metrics").Body)
	require.Contains(t, metrics, `analysis_answers_total{engine="builtin",operation="sentiment"} 1`)
	require.Contains(t, metrics, `analysis_engine_failures_total{engine="api",kind="vendor auth",operation="sentiment"} 1`)
}

func TestNumbersThatATokenMayNotHaveAreSaidToBeUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Vendors.AddMember(sandbox.Member{ID: "self", GivenName: "Self", Token: "self-serve", Scopes: []string{"openid", "profile", "w_member_social"}})
	w.Key = w.User("self@example.org")
	user, err := w.App.Identity.UserByEmail(t.Context(), "self@example.org")
	require.NoError(t, err)
	_, err = w.App.Accounts.Add(t.Context(), accounts.AddInput{OwnerID: user.ID, Token: "self-serve"})
	require.NoError(t, err)
	w.Serve()
	post, _ := w.Publish(w.Draft("How many saw it?"))
	got := w.Curl(w.Key, "PostService/RefreshPostAnalytics", apptest.JSON(t, map[string]any{"id": post.GetId()}))
	var res struct {
		Analytics struct {
			ViewsCount *string
			Unknown    []struct{ Field, Reason string }
		}
	}
	require.NoError(t, json.Unmarshal(got.Body, &res))
	require.Nil(t, res.Analytics.ViewsCount)
	require.Len(t, res.Analytics.Unknown, 4)
	require.Contains(t, res.Analytics.Unknown[0].Reason, "r_member_postAnalytics")
}

func TestAnAccountTellsWhoItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	client := postwrightv1connect.NewAccountServiceClient(w.Client(w.Key))
	list, err := client.ListAccounts(t.Context(), &postwrightv1.ListAccountsRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetAccounts(), 1)
	account := list.GetAccounts()[0]
	require.Equal(t, "urn:li:person:tester", account.GetUrn())
	require.True(t, account.GetDefault())
	require.ElementsMatch(t, apptest.Scopes, account.GetScopes())
	require.NotNil(t, account.GetTokenExpireTime())
	profile, err := client.GetProfile(t.Context(), &postwrightv1.GetProfileRequest{AccountId: account.GetId()})
	require.NoError(t, err)
	require.Equal(t, "Tess Ter", profile.GetName())
	require.Equal(t, "en-US", profile.GetLocale())
	got := w.Curl(w.User("other@example.org"), "AccountService/GetProfile", apptest.JSON(t, map[string]any{"accountId": account.GetId()}))
	require.Equal(t, "not_found", got.Failure(t).Code)
}

func TestWhatWasFoundInATextIsForgottenWhenTheTextChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	draft := w.Draft("What a wonderful day")
	analysis := postwrightv1connect.NewAnalysisServiceClient(w.Client(w.Key))
	_, err := analysis.AnalyzePost(t.Context(), &postwrightv1.AnalyzePostRequest{Id: draft.GetId()})
	require.NoError(t, err)
	known := func() bool {
		res, err := w.Posts.GetPostAnalytics(t.Context(), &postwrightv1.GetPostAnalyticsRequest{Id: draft.GetId()})
		require.NoError(t, err)
		return res.GetAnalytics().SentimentScore != nil
	}
	for _, change := range []struct {
		post  *postwrightv1.Post
		field string
		known bool
	}{
		{&postwrightv1.Post{Id: draft.GetId(), TargetAudience: "everybody"}, "target_audience", true},
		{&postwrightv1.Post{Id: draft.GetId(), Content: "What a terrible day"}, "content", false},
	} {
		_, err := w.Posts.UpdatePost(t.Context(), &postwrightv1.UpdatePostRequest{
			Post: change.post, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{change.field}},
		})
		require.NoError(t, err)
		require.Equal(t, change.known, known(), change.field)
	}
}
