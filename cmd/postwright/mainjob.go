package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/sandbox"
)

// mainJob is what Postwright is for, done through its public API: a post is written, improved, analysed, published,
// followed, and its author told.
type mainJob struct {
	out     io.Writer
	apiURL  string
	key     string
	vendors *sandbox.Sandbox

	posts    postwrightv1connect.PostServiceClient
	analysis postwrightv1connect.AnalysisServiceClient

	notifications postwrightv1connect.NotificationServiceClient

	post  *postwrightv1.Post
	steps int
}

// demoContent holds what breaks careless publishers: brackets, an underscore, an emoji, characters beyond ASCII.
const demoContent = `We're really proud: our nightly backups (all 12 of them!) now restore themselves, every night, on a spare machine. ` +
	`In order to trust a backup you have to restore it – snake_case_and_all. 🎉 Read how: https://example.org/restore-drills`

// stepTimeout bounds one step, so that a demo never hangs.
const stepTimeout = 30 * time.Second

// do carries out the steps in order and ends at the first that fails.
func (j *mainJob) do(ctx context.Context) error {
	client := connect.NewClient(connecthttp.NewTransport(http.DefaultClient, j.apiURL), sendKey(j.key))
	j.posts = postwrightv1connect.NewPostServiceClient(client)
	j.analysis = postwrightv1connect.NewAnalysisServiceClient(client)
	j.notifications = postwrightv1connect.NewNotificationServiceClient(client)
	for _, step := range []struct {
		name string
		do   func(context.Context) (string, error)
	}{
		{"Create a post", j.create},
		{"Improve its text", j.improve},
		{"Analyse it", j.analyse},
		{"Publish it to LinkedIn", j.publish},
		{"Compare what LinkedIn shows", j.compare},
		{"Read its numbers", j.numbers},
		{"Tell the author", j.notification},
	} {
		j.steps++
		began := time.Now()
		stepCtx, cancel := context.WithTimeout(ctx, stepTimeout)
		result, err := step.do(stepCtx)
		cancel()
		if err != nil {
			fmt.Fprintf(j.out, "%d. %-28s FAILED after %s: %s\n", j.steps, step.name, took(began), err)
			return fmt.Errorf("the demo's step %d failed: %w", j.steps, err)
		}
		fmt.Fprintf(j.out, "%d. %-28s %8s  %s\n", j.steps, step.name, took(began), result)
	}
	return nil
}

// sendKey proves who is calling.
func sendKey(key string) connect.ClientInterceptor {
	return func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			if info, there := connect.CallInfoForClientContext(ctx); there {
				info.RequestHeader().Set("Authorization", "Bearer "+key)
			}
			return next(ctx, spec)
		}
	}
}

func (j *mainJob) create(ctx context.Context) (string, error) {
	res, err := j.posts.CreatePost(ctx, &postwrightv1.CreatePostRequest{Post: &postwrightv1.Post{
		Content:  demoContent,
		PostType: postwrightv1.PostType_POST_TYPE_EDUCATIONAL, Tone: postwrightv1.Tone_TONE_CONVERSATIONAL, TargetAudience: "people who run servers",
	}})
	if err != nil {
		return "", err
	}
	j.post = res.GetPost()
	return fmt.Sprintf("draft %s", j.post.GetId()), nil
}

func (j *mainJob) analyse(ctx context.Context) (string, error) {
	res, err := j.analysis.AnalyzePost(ctx, &postwrightv1.AnalyzePostRequest{Id: j.post.GetId()})
	if err != nil {
		return "", err
	}
	j.post = res.GetPost()
	a := res.GetAnalytics()
	label := strings.ToLower(strings.TrimPrefix(a.GetSentimentLabel().String(), "SENTIMENT_LABEL_"))
	return fmt.Sprintf("sounds %s (%.2f), readability %.0f of 100, hashtags #%s (by the engine %s)", label, a.GetSentimentScore(),
		a.GetReadabilityScore(), strings.Join(j.post.GetHashtags(), " #"), res.GetSentimentSource().GetEngine()), nil
}

func (j *mainJob) improve(ctx context.Context) (string, error) {
	better, err := j.analysis.OptimizeContent(ctx, &postwrightv1.OptimizeContentRequest{
		Content: j.post.GetContent(), OptimizationType: postwrightv1.OptimizationType_OPTIMIZATION_TYPE_BREVITY,
	})
	if err != nil {
		return "", err
	}
	res, err := j.posts.UpdatePost(ctx, &postwrightv1.UpdatePostRequest{
		Post:       &postwrightv1.Post{Id: j.post.GetId(), Content: better.GetOptimizedContent()},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"content"}}, Etag: j.post.GetEtag(),
	})
	if err != nil {
		return "", err
	}
	before := len([]rune(j.post.GetContent()))
	j.post = res.GetPost()
	return fmt.Sprintf("%d characters instead of %d: %q", len([]rune(j.post.GetContent())), before, clip(j.post.GetContent(), 60)), nil
}

func (j *mainJob) publish(ctx context.Context) (string, error) {
	if _, err := j.posts.PublishPost(ctx, &postwrightv1.PublishPostRequest{Id: j.post.GetId()}); err != nil {
		return "", err
	}
	stream, err := j.posts.WatchPost(ctx, &postwrightv1.WatchPostRequest{Id: j.post.GetId()})
	if err != nil {
		return "", err
	}
	defer func() { _ = stream.Close() }() // read to its end below
	var states []string
	for {
		res, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
		j.post = res.GetPost()
		states = append(states, strings.ToLower(strings.TrimPrefix(j.post.GetState().String(), "POST_STATE_")))
	}
	if j.post.GetState() != postwrightv1.PostState_POST_STATE_PUBLISHED {
		return "", fmt.Errorf("the post is %s: %s", strings.Join(states, ", "), j.post.GetFailure().GetMessage())
	}
	return fmt.Sprintf("%s: %s", strings.Join(states, ", "), j.post.GetPermalink()), nil
}

// compare looks at the other side: what people would see must be what was written, hashtags added.
func (j *mainJob) compare(context.Context) (string, error) {
	for _, entry := range j.vendors.Ledger() {
		if entry.URN != j.post.GetLinkedinUrn() {
			continue
		}
		if !strings.HasPrefix(entry.Shown, j.post.GetContent()) {
			return "", fmt.Errorf("LinkedIn shows %q instead of %q", entry.Shown, j.post.GetContent())
		}
		for _, tag := range j.post.GetHashtags() {
			if !strings.Contains(entry.Shown, "#"+tag) {
				return "", fmt.Errorf("LinkedIn does not show #%s", tag)
			}
		}
		return fmt.Sprintf("exactly what was written, %d characters with hashtags", len([]rune(entry.Shown))), nil
	}
	return "", fmt.Errorf("LinkedIn has no %s", j.post.GetLinkedinUrn())
}

func (j *mainJob) numbers(ctx context.Context) (string, error) {
	res, err := j.posts.RefreshPostAnalytics(ctx, &postwrightv1.RefreshPostAnalyticsRequest{Id: j.post.GetId()})
	if err != nil {
		return "", err
	}
	a := res.GetAnalytics()
	if len(a.GetUnknown()) > 0 {
		return "", fmt.Errorf("%s is unknown: %s", a.GetUnknown()[0].GetField(), a.GetUnknown()[0].GetReason())
	}
	return fmt.Sprintf("%d views, %d likes, %d comments, %d shares (the sandbox invents them)",
		a.GetViewsCount(), a.GetLikesCount(), a.GetCommentsCount(), a.GetSharesCount()), nil
}

// notification waits for the messages that follow the publication as jobs of their own.
func (j *mainJob) notification(ctx context.Context) (string, error) {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		res, err := j.notifications.ListNotifications(ctx, &postwrightv1.ListNotificationsRequest{})
		if err != nil {
			return "", err
		}
		var told []string
		for _, n := range res.GetNotifications() {
			if n.GetPostId() == j.post.GetId() && n.GetState() == postwrightv1.NotificationState_NOTIFICATION_STATE_DELIVERED {
				channel := strings.ToLower(strings.TrimPrefix(n.GetChannel().String(), "NOTIFICATION_CHANNEL_"))
				told = append(told, fmt.Sprintf("%s (by the %s)", channel, n.GetSender()))
			}
		}
		if len(told) == 2 {
			slices.Sort(told)
			return fmt.Sprintf("%s: %q", strings.Join(told, " and "), res.GetNotifications()[0].GetSubject()), nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return "", fmt.Errorf("only %d of 2 messages went out: %w", len(told), ctx.Err())
		}
	}
}

// curl is a line that works when pasted.
func (j *mainJob) curl() string {
	return fmt.Sprintf(`curl -s -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' \
  -d '{"post":{"content":"Hello, LinkedIn","postType":"POST_TYPE_STORY","tone":"TONE_PROFESSIONAL"}}' \
  %s/postwright.v1.PostService/CreatePost`, j.key, j.apiURL)
}

// clip shortens a text to at most n characters.
func clip(text string, n int) string {
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	return string(runes[:n-1]) + "…"
}
