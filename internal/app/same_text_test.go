package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
)

// The same text twice is seldom meant: whoever approves or schedules it is told which post it equals, however it is spelled.
func TestTheSameTextTwiceIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	first, _ := w.Publish(w.Draft("Cafe\u0301 opening\r\ntoday"))
	require.Equal(t, published, first.GetState())
	again := w.Draft("Caf\u00e9 opening \ntoday\u200b")

	preview, err := w.Posts.ValidatePost(
		t.Context(),
		&postwrightv1.ValidatePostRequest{Subject: &postwrightv1.ValidatePostRequest_Id{Id: again.GetId()}},
	)
	require.NoError(t, err)
	require.Len(t, preview.GetWarnings(), 1)
	require.Contains(t, preview.GetWarnings()[0], first.GetId())
	require.Contains(t, preview.GetWarnings()[0], first.GetLinkedinUrn())
	require.Contains(t, preview.GetWarnings()[0], "LinkedIn refuses it again for about 10m0s")
	require.Empty(t, preview.GetVerdicts(), "it is a warning")

	scheduled, err := w.Posts.SchedulePost(t.Context(), &postwrightv1.SchedulePostRequest{
		Id: again.GetId(), ScheduledTime: timestamppb.New(time.Now().Add(time.Hour)),
	})
	require.NoError(t, err)
	require.Len(t, scheduled.GetWarnings(), 1)
	require.Contains(t, scheduled.GetWarnings()[0], first.GetId())

	w.Exec(`UPDATE posts SET published_at = published_at - interval '1 hour' WHERE state = 'published'`)
	third, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: w.Draft("Caf\u00e9 opening\ntoday").GetId()})
	require.NoError(t, err)
	require.Len(t, third.GetWarnings(), 1)
	require.NotContains(t, third.GetWarnings()[0], "LinkedIn refuses")

	other := w.Draft("Cafe opening\ntoday") // without the accent it is another text
	res, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: other.GetId()})
	require.NoError(t, err)
	require.Empty(t, res.GetWarnings())

	t.Run("within a batch", func(t *testing.T) {
		warned := map[string]bool{}
		for _, outcome := range w.PublishBatch(&postwrightv1.BatchPublishPostsRequest{Posts: []*postwrightv1.Post{
			{Content: "Twice in one batch"}, {Content: "Once in one batch"}, {Content: "Twice in one batch "}, {Content: "TWICE in one batch"},
		}}) {
			if outcome.GetWarning() != "" {
				warned[fmt.Sprint(outcome.GetIndex())] = true
			}
		}
		require.Equal(t, map[string]bool{"0": true, "2": true}, warned)
	})
}

// Where the hashtags of a text are kept makes no other text.
func TestTheSameTextIsToldWhereverItsHashtagsAre(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string][2]*postwrightv1.Post{
		"written, then given": {{Content: "Words\n\n#go #api"}, {Content: "Words", Hashtags: []string{"go", "api"}}},
		"given, then written": {{Content: "Words", Hashtags: []string{"go", "api"}}, {Content: "Words\r\n\r\n#go #api"}},
		"given twice":         {{Content: "Words", Hashtags: []string{"go"}}, {Content: "Words ", Hashtags: []string{"go"}}},
		"written and given":   {{Content: "Words with #go", Hashtags: []string{"go"}}, {Content: "Words with #go"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Serve()
			made, err := w.Posts.CreatePost(t.Context(), &postwrightv1.CreatePostRequest{Post: pair[0]})
			require.NoError(t, err)
			first, _ := w.Publish(made.GetPost())
			require.Equal(t, published, first.GetState())
			preview, err := w.Posts.ValidatePost(
				t.Context(),
				&postwrightv1.ValidatePostRequest{Subject: &postwrightv1.ValidatePostRequest_Post{Post: pair[1]}},
			)
			require.NoError(t, err)
			require.Len(t, preview.GetWarnings(), 1)
			require.Contains(t, preview.GetWarnings()[0], first.GetId())
		})
	}
}

// Of many posts of the same text the one is told that LinkedIn may refuse it for, not any.
func TestOfManyPostsOfTheSameTextTheLastIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	var last *postwrightv1.Post
	for hours := 9; hours >= 0; hours-- {
		last = w.Draft("Once more")
		w.Exec(
			fmt.Sprintf(
				`UPDATE posts SET state = 'published', revision = revision + 1, published_at = now() - interval '%d hours', linkedin_urn = `+
					`'urn:li:share:%d' WHERE state = 'draft'`,
				hours,
				100+hours,
			),
		)
	}
	tell := func() string {
		preview, err := w.Posts.ValidatePost(t.Context(), &postwrightv1.ValidatePostRequest{
			Subject: &postwrightv1.ValidatePostRequest_Post{Post: &postwrightv1.Post{Content: "Once more"}},
		})
		require.NoError(t, err)
		require.Len(t, preview.GetWarnings(), 1)
		return preview.GetWarnings()[0]
	}
	require.Contains(t, tell(), last.GetId())
	require.Contains(t, tell(), "LinkedIn refuses it again for about 10m0s")

	waiting := w.Draft("Once more")
	w.Exec(`UPDATE posts SET state = 'scheduled', revision = revision + 1, scheduled_at = now() + interval '1 day' WHERE state = 'draft'`)
	require.Contains(t, tell(), waiting.GetId(), "what is still to come counts more than what was")
}
