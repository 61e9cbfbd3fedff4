package app_test

import (
	"fmt"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
)

// went are posts of the account that went out on days one after the other, at 8 o'clock with a question or at 19 o'clock
// without. Their reactions were counted after two days, and at other ages, when they were quite different.
func (w *world) went(from, to int) {
	w.Exec(fmt.Sprintf(`
		INSERT INTO posts (id, owner_id, account_id, content, post_type, tone, target_audience, visibility, hashtags, state, published_at,
			linkedin_urn, created_at, updated_at)
		SELECT gen_random_uuid(), a.owner_id, a.id, CASE n %% 2 WHEN 0 THEN 'Who ships on day ' || n || '?' ELSE 'We shipped on day ' || n END,
			'story', 'humorous', '', 'public', '{}', 'published',
			date_trunc('day', now(), 'UTC') - (10 + n) * interval '1 day' + CASE n %% 2 WHEN 0 THEN 8 ELSE 19 END * interval '1 hour',
			'', now(), now()
		FROM linkedin_accounts a, generate_series(%d, %d) n`, from, to))
	w.Exec(`INSERT INTO post_numbers (post_id, counted_at, likes_count, comments_count)
		SELECT p.id, p.published_at + age, CASE age WHEN '2 days' THEN CASE WHEN p.content LIKE 'Who%' THEN 90 ELSE 9 END ELSE 1000 END, 1
		FROM posts p, unnest(ARRAY['1 hour', '30 hours', '2 days', '90 hours', '200 days']::interval[]) age WHERE p.state = 'published'
		ON CONFLICT DO NOTHING`)
}

func TestWhatAPostMayComeToIsLearnedFromThoseBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	client := postwrightv1connect.NewAnalysisServiceClient(w.Client(w.Key))
	post := w.Draft("Who ships next?")
	predict := func() *postwrightv1.EngagementForecast {
		res, err := client.PredictEngagement(t.Context(), &postwrightv1.PredictEngagementRequest{
			Id: post.GetId(), PublishTime: timestamppb.New(time.Now().Truncate(24 * time.Hour).Add(8 * time.Hour)),
		})
		require.NoError(t, err)
		return res.GetForecast()
	}
	w.went(1, 20)
	w.Exec(`DELETE FROM post_numbers n USING posts p WHERE p.id = n.post_id AND p.content = 'Who ships on day 20?'
		AND n.counted_at BETWEEN p.published_at + interval '20 hours' AND p.published_at + interval '100 hours'`) // and was at no comparable age
	few := predict()
	require.Nil(t, few.Engagement, "never an invented number")
	require.Contains(t, few.GetUnknownReason(), "there are 19")
	require.Equal(t, int32(19), few.GetPosts())

	w.went(21, 60)
	known := predict()
	require.Empty(t, known.GetUnknownReason())
	require.Equal(t, int32(60), known.GetPosts())
	require.True(t, known.GetBetterThanAverage())
	require.Less(t, known.GetMeanError(), known.GetPlainError()/2)
	require.Greater(t, known.GetEngagement(), 50.0)
	require.LessOrEqual(t, known.GetEngagement(), 91.0, "what was counted at another age does not count")
	require.Len(t, known.GetFactors(), 7)

	kept := func() *float64 {
		res, err := w.Posts.GetPostAnalytics(t.Context(), &postwrightv1.GetPostAnalyticsRequest{Id: post.GetId()})
		require.NoError(t, err)
		return res.GetAnalytics().EngagementPrediction
	}
	require.Nil(t, kept(), "what it would come to at another time is not kept")
	asItIs := func() *postwrightv1.EngagementForecast {
		res, err := client.PredictEngagement(t.Context(), &postwrightv1.PredictEngagementRequest{Id: post.GetId()})
		require.NoError(t, err)
		return res.GetForecast()
	}
	now := asItIs().GetEngagement()
	require.InDelta(t, now, *kept(), 1e-9)
	predict()
	require.InDelta(t, now, *kept(), 1e-9, "nor does it take the place of what is")
	w.Exec(`UPDATE posts SET hashtags = '{new}' WHERE content = 'Who ships next?'`)
	require.Nil(t, kept(), "it was about other hashtags")
	w.Exec(`UPDATE posts SET hashtags = '{}' WHERE content = 'Who ships next?'`)
	require.NotNil(t, kept())
	w.Exec(`UPDATE posts SET scheduled_at = now() + interval '1 day' WHERE content = 'Who ships next?'`)
	require.Nil(t, kept(), "it was about another time")
	w.Exec(`UPDATE posts SET scheduled_at = NULL WHERE content = 'Who ships next?'`)
	change := func(content string) {
		_, err := w.Posts.UpdatePost(t.Context(), &postwrightv1.UpdatePostRequest{
			Post: &postwrightv1.Post{Id: post.GetId(), Content: content}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"content"}},
		})
		require.NoError(t, err)
	}
	change("We ship next.")
	require.Nil(t, kept(), "it was about another text")
	analyzed, err := client.AnalyzePost(t.Context(), &postwrightv1.AnalyzePostRequest{Id: post.GetId()})
	require.NoError(t, err)
	require.InDelta(t, analyzed.GetForecast().GetEngagement(), analyzed.GetAnalytics().GetEngagementPrediction(), 1e-9)
	require.NotNil(t, kept())
	w.Exec(`DELETE FROM posts WHERE state = 'published'`)
	require.NotEmpty(t, asItIs().GetUnknownReason())
	require.Nil(t, kept(), "what is not known any more is not told")
}

func TestBestTimesAreThoseOfTheZoneAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	client := postwrightv1connect.NewAnalysisServiceClient(w.Client(w.Key))
	times := func(zone string) *postwrightv1.GetBestTimesResponse {
		res, err := client.GetBestTimes(t.Context(), &postwrightv1.GetBestTimesRequest{TimeZone: zone})
		require.NoError(t, err)
		require.Len(t, res.GetHours(), 24)
		require.Len(t, res.GetWeekdays(), 7)
		return res
	}
	w.went(1, 19)
	few := times("")
	require.Contains(t, few.GetUnknownReason(), "there are 19")
	require.Nil(t, few.GetHours()[8].MedianEngagement)
	require.Equal(t, int32(9), few.GetHours()[8].GetPosts())

	w.went(20, 60)
	utc := times("")
	require.Equal(t, "UTC", utc.GetTimeZone())
	require.Empty(t, utc.GetUnknownReason())
	require.Equal(t, int32(60), utc.GetPosts())
	require.InDelta(t, 91, utc.GetHours()[8].GetMedianEngagement(), 0)
	require.InDelta(t, 10, utc.GetHours()[19].GetMedianEngagement(), 0)
	require.Nil(t, utc.GetHours()[9].MedianEngagement)
	for _, day := range utc.GetWeekdays() {
		require.NotNil(t, day.MedianEngagement)
	}
	require.InDelta(t, 91, times("Asia/Tokyo").GetHours()[17].GetMedianEngagement(), 0)
}

func TestWrongCallsAboutEngagementSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	id := w.Draft("There").GetId()
	const nobodys = "01900000-0000-7000-8000-000000000009"
	for name, c := range map[string]struct{ method, body, code, field string }{
		"no such zone":           {"GetBestTimes", `{"timeZone":"Berlin"}`, "invalid_argument", "timeZone"},
		"no such account":        {"GetBestTimes", `{"accountId":"` + nobodys + `"}`, "not_found", ""},
		"a malformed account":    {"GetBestTimes", `{"accountId":"1","timeZone":"x"}`, "invalid_argument", "accountId"},
		"a forecast's zone":      {"PredictEngagement", `{"id":"` + id + `","timeZone":"x"}`, "invalid_argument", "timeZone"},
		"nobody's post":          {"PredictEngagement", `{"id":"` + nobodys + `"}`, "not_found", ""},
		"nobody's, to be better": {"OptimizePost", `{"id":"` + nobodys + `"}`, "not_found", ""},
		"nothing to read":        {"AnalyzeReadability", `{}`, "invalid_argument", "text"},
	} {
		t.Run(name, func(t *testing.T) {
			got := w.Curl(w.Key, "AnalysisService/"+c.method, []byte(c.body)).Failure(t)
			require.Equal(t, c.code, got.Code)
			if c.field != "" {
				require.Contains(t, got.Fields(t), c.field)
			}
		})
	}
	client := postwrightv1connect.NewAnalysisServiceClient(w.Client(w.User("new@example.org")))
	_, err := client.GetBestTimes(t.Context(), &postwrightv1.GetBestTimesRequest{})
	require.Equal(t, connect.CodeFailedPrecondition, connect.CodeOf(err), "there is no account whose posts are meant")
}
