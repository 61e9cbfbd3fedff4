package rpc

import (
	"context"
	"time"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/analytics"
	"github.com/postwright/postwright/internal/limit"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing"
	"github.com/postwright/postwright/internal/versions"
)

type postHandler struct {
	posts      *posts.Service
	publishing *publishing.Service
	analytics  *analytics.Service
	versions   *versions.Service
	callers    *limit.Callers
	silence    time.Duration // the longest of a stream
	timeout    time.Duration // of what a stream does as a call does
}

var _ postwrightv1connect.PostServiceHandler = (*postHandler)(nil)

func newPostHandler(s Services, silence, timeout time.Duration) *postHandler {
	return &postHandler{
		posts:      s.Posts,
		publishing: s.Publishing,
		analytics:  s.Analytics,
		versions:   s.Versions,
		callers:    s.Callers,
		silence:    silence,
		timeout:    timeout,
	}
}

func (h *postHandler) CreatePost(ctx context.Context, req *postwrightv1.CreatePostRequest) (*postwrightv1.CreatePostResponse, error) {
	return unary(ctx, req, createInput, h.posts.Create, func(p posts.Post) *postwrightv1.CreatePostResponse {
		return &postwrightv1.CreatePostResponse{Post: postMessage(p)}
	})
}

func (h *postHandler) GetPost(ctx context.Context, req *postwrightv1.GetPostRequest) (*postwrightv1.GetPostResponse, error) {
	return unary(ctx, req, readID, byID(h.posts.GetCached), func(p posts.Post) *postwrightv1.GetPostResponse {
		return &postwrightv1.GetPostResponse{Post: postMessage(p)}
	})
}

func (h *postHandler) UpdatePost(ctx context.Context, req *postwrightv1.UpdatePostRequest) (*postwrightv1.UpdatePostResponse, error) {
	return unary(ctx, req, updateInput, h.posts.Update, func(p posts.Post) *postwrightv1.UpdatePostResponse {
		return &postwrightv1.UpdatePostResponse{Post: postMessage(p)}
	})
}

func (h *postHandler) DeletePost(ctx context.Context, req *postwrightv1.DeletePostRequest) (*postwrightv1.DeletePostResponse, error) {
	return unary(ctx, req, deleteInput, func(ctx context.Context, in posts.DeleteInput) (*postwrightv1.DeletePostResponse, error) {
		return &postwrightv1.DeletePostResponse{}, h.posts.Delete(ctx, in)
	}, same)
}

func (h *postHandler) ListPosts(ctx context.Context, req *postwrightv1.ListPostsRequest) (*postwrightv1.ListPostsResponse, error) {
	return unary(ctx, req, listInput, h.posts.List, func(page posts.Page) *postwrightv1.ListPostsResponse {
		return &postwrightv1.ListPostsResponse{Posts: postMessages(page.Posts), NextPageToken: page.NextPageToken}
	})
}

func (h *postHandler) SearchPosts(ctx context.Context, req *postwrightv1.SearchPostsRequest) (*postwrightv1.SearchPostsResponse, error) {
	return unary(ctx, req, searchInput, h.posts.Search, func(page posts.Page) *postwrightv1.SearchPostsResponse {
		return &postwrightv1.SearchPostsResponse{Posts: postMessages(page.Posts), NextPageToken: page.NextPageToken}
	})
}

func (h *postHandler) BatchCreatePosts(
	ctx context.Context,
	req *postwrightv1.BatchCreatePostsRequest,
) (*postwrightv1.BatchCreatePostsResponse, error) {
	return unary(ctx, req, createBatchInput, h.posts.CreateBatch, func(made []posts.Post) *postwrightv1.BatchCreatePostsResponse {
		return &postwrightv1.BatchCreatePostsResponse{Posts: postMessages(made)}
	})
}

func (h *postHandler) ValidatePost(ctx context.Context, req *postwrightv1.ValidatePostRequest) (*postwrightv1.ValidatePostResponse, error) {
	return unary(ctx, req, previewInput, h.publishing.Preview, previewMessage)
}

func (h *postHandler) PublishPost(ctx context.Context, req *postwrightv1.PublishPostRequest) (*postwrightv1.PublishPostResponse, error) {
	return unary(ctx, req, publishInput, h.publishing.Publish, func(queued publishing.Queued) *postwrightv1.PublishPostResponse {
		return &postwrightv1.PublishPostResponse{Post: postMessage(queued.Post), Warnings: queued.Warnings}
	})
}

func (h *postHandler) BatchPublishPosts(
	ctx context.Context, req *postwrightv1.BatchPublishPostsRequest, stream postwrightv1connect.PostServiceBatchPublishPostsServerStream,
) error {
	batch, err := accept(ctx, req, publishBatchInput)
	if err != nil {
		return err
	}
	approved, err := h.approveBatch(ctx, batch)
	if err != nil {
		return err
	}
	doneWithMessage(ctx)
	// After the approval, which a caller who leaves before is not sure of; before the first outcome, which may take days.
	if err := stream.SendHeaders(); err != nil {
		return err
	}
	return h.publishing.WatchBatch(ctx, batch.OwnerID, approved, h.silence, func(p publishing.Progress) error {
		return stream.Send(&postwrightv1.BatchPublishPostsResponse{Outcome: outcomeMessage(p)})
	})
}

// approveBatch is a call like others, though a stream follows it: it takes its owner's place among them, for as long as a call
// may.
func (h *postHandler) approveBatch(ctx context.Context, batch publishing.PublishBatchInput) (publishing.Approved, error) {
	ctx, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	release, err := h.callers.AcquireCall(ctx, batch.OwnerID)
	if err != nil {
		return publishing.Approved{}, err
	}
	defer release()
	return h.publishing.PublishBatch(ctx, batch)
}

func (h *postHandler) SchedulePost(ctx context.Context, req *postwrightv1.SchedulePostRequest) (*postwrightv1.SchedulePostResponse, error) {
	return unary(ctx, req, scheduleInput, h.publishing.Schedule, func(s publishing.Scheduled) *postwrightv1.SchedulePostResponse {
		return &postwrightv1.SchedulePostResponse{Post: postMessage(s.Post), Warnings: s.Warnings}
	})
}

func (h *postHandler) CancelSchedule(ctx context.Context, req *postwrightv1.CancelScheduleRequest) (*postwrightv1.CancelScheduleResponse, error) {
	return unary(ctx, req, readID, byID(h.publishing.CancelSchedule), func(p posts.Post) *postwrightv1.CancelScheduleResponse {
		return &postwrightv1.CancelScheduleResponse{Post: postMessage(p)}
	})
}

func (h *postHandler) ResolvePost(ctx context.Context, req *postwrightv1.ResolvePostRequest) (*postwrightv1.ResolvePostResponse, error) {
	return unary(ctx, req, resolveInput, h.publishing.Resolve, func(p posts.Post) *postwrightv1.ResolvePostResponse {
		return &postwrightv1.ResolvePostResponse{Post: postMessage(p)}
	})
}

func (h *postHandler) WatchPost(
	ctx context.Context,
	req *postwrightv1.WatchPostRequest,
	stream postwrightv1connect.PostServiceWatchPostServerStream,
) error {
	post, err := accept(ctx, req, readID)
	if err != nil {
		return err
	}
	return h.posts.Watch(ctx, post.owner, post.id, h.silence, func(p posts.Post) error {
		return stream.Send(&postwrightv1.WatchPostResponse{Post: postMessage(p)})
	})
}

func (h *postHandler) ListPublishAttempts(
	ctx context.Context,
	req *postwrightv1.ListPublishAttemptsRequest,
) (*postwrightv1.ListPublishAttemptsResponse, error) {
	return unary(ctx, req, attemptsInput, h.publishing.ListAttempts, attemptsMessage)
}

func (h *postHandler) GetPostAnalytics(
	ctx context.Context,
	req *postwrightv1.GetPostAnalyticsRequest,
) (*postwrightv1.GetPostAnalyticsResponse, error) {
	return unary(ctx, req, readID, byID(h.analytics.Get), func(found analytics.Analytics) *postwrightv1.GetPostAnalyticsResponse {
		return &postwrightv1.GetPostAnalyticsResponse{Analytics: analyticsMessage(found, nil)}
	})
}

func (h *postHandler) RefreshPostAnalytics(
	ctx context.Context,
	req *postwrightv1.RefreshPostAnalyticsRequest,
) (*postwrightv1.RefreshPostAnalyticsResponse, error) {
	return unary(ctx, req, readID, byID(h.analytics.Refresh), func(r analytics.Report) *postwrightv1.RefreshPostAnalyticsResponse {
		return &postwrightv1.RefreshPostAnalyticsResponse{Analytics: analyticsMessage(r.Analytics, r.Unknown)}
	})
}

func (h *postHandler) ListPostNumbers(
	ctx context.Context,
	req *postwrightv1.ListPostNumbersRequest,
) (*postwrightv1.ListPostNumbersResponse, error) {
	return unary(ctx, req, numbersInput, h.analytics.ListNumbers, numbersMessage)
}
