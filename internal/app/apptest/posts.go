package apptest

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
)

// NewPosts are n posts with texts of their own.
func NewPosts(n int) []*postwrightv1.Post {
	posts := make([]*postwrightv1.Post, n)
	for i := range posts {
		posts[i] = &postwrightv1.Post{Content: fmt.Sprintf("One of many: %d", i)}
	}
	return posts
}

// Draft makes a post.
func (w *World) Draft(content string) *postwrightv1.Post {
	w.T.Helper()
	res, err := w.Posts.CreatePost(w.T.Context(), &postwrightv1.CreatePostRequest{Post: &postwrightv1.Post{Content: content}})
	require.NoError(w.T, err)
	return res.GetPost()
}

// Publish approves a post and returns it as it comes to rest, or as it waits for something, and the states on the way.
func (w *World) Publish(post *postwrightv1.Post) (*postwrightv1.Post, []postwrightv1.PostState) {
	w.T.Helper()
	_, err := w.Posts.PublishPost(w.T.Context(), &postwrightv1.PublishPostRequest{Id: post.GetId()})
	require.NoError(w.T, err)
	return w.Watch(post)
}

// PublishBatch reads a batch's outcomes to the end.
func (w *World) PublishBatch(req *postwrightv1.BatchPublishPostsRequest) []*postwrightv1.PublishOutcome {
	w.T.Helper()
	ctx, cancel := context.WithTimeout(w.T.Context(), WaitLimit)
	defer cancel()
	stream, err := w.Posts.BatchPublishPosts(ctx, req)
	require.NoError(w.T, err)
	defer func() { _ = stream.Close() }()
	var outcomes []*postwrightv1.PublishOutcome
	for {
		res, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			return outcomes
		}
		require.NoError(w.T, err)
		outcomes = append(outcomes, res.GetOutcome())
	}
}

// Watch returns a post as it comes to rest, or as it waits for something, and the states on the way.
func (w *World) Watch(post *postwrightv1.Post) (*postwrightv1.Post, []postwrightv1.PostState) {
	w.T.Helper()
	ctx, cancel := context.WithTimeout(w.T.Context(), WaitLimit)
	defer cancel()
	stream, err := w.Posts.WatchPost(ctx, &postwrightv1.WatchPostRequest{Id: post.GetId()})
	require.NoError(w.T, err)
	defer func() { _ = stream.Close() }()
	var states []postwrightv1.PostState
	for {
		res, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			return post, states
		}
		require.NoError(w.T, err)
		post = res.GetPost()
		states = append(states, post.GetState())
		if post.GetState() == postwrightv1.PostState_POST_STATE_QUEUED && post.GetFailure() != nil {
			return post, states
		}
	}
}

// Attempts are the attempts to publish a post.
func (w *World) Attempts(post *postwrightv1.Post) []*postwrightv1.PublishAttempt {
	w.T.Helper()
	res, err := w.Posts.ListPublishAttempts(w.T.Context(), &postwrightv1.ListPublishAttemptsRequest{Id: post.GetId()})
	require.NoError(w.T, err)
	return res.GetAttempts()
}

// UnderWay makes a post whose publication is in the state given, with a job that waits until the test lets it go.
func (w *World) UnderWay(state string) *postwrightv1.Post {
	w.T.Helper()
	const id = "01900000-0000-7000-8000-000000000001"
	w.Exec(`INSERT INTO posts (id, owner_id, account_id, content, post_type, tone, target_audience, visibility, hashtags, state,
			created_at, updated_at)
		SELECT '` + id + `', owner_id, id, 'Under way', 'story', 'humorous', '', 'public', '{}', '` + state + `', now(), now()
		FROM linkedin_accounts`)
	w.Exec(`INSERT INTO publications (id, post_id, owner_id, account_id, state, created_at, due_at)
		SELECT gen_random_uuid(), id, owner_id, account_id, state, now(), now() FROM posts`)
	w.Exec(`INSERT INTO river.river_job (kind, args, max_attempts, state, scheduled_at)
		SELECT 'publish_post', jsonb_build_object('owner_id', owner_id, 'post_id', post_id, 'publication_id', id), 25, 'scheduled',
			now() + interval '1 hour'
		FROM publications`)
	return &postwrightv1.Post{Id: id}
}
