package rpc

import (
	"context"
	"time"

	"github.com/google/uuid"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/analytics"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/limit"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing"
)

type postHandler struct {
	posts      *posts.Service
	publishing *publishing.Service
	analytics  *analytics.Service
	callers    *limit.Callers
	streams    *streams
	silence    time.Duration // the longest of a stream
	timeout    time.Duration // of what a stream does as a call does
}

var _ postwrightv1connect.PostServiceHandler = (*postHandler)(nil)

func newPostHandler(s Services, open *streams, silence, timeout time.Duration) *postHandler {
	return &postHandler{posts: s.Posts, publishing: s.Publishing, analytics: s.Analytics, callers: s.Callers, streams: open, silence: silence, timeout: timeout}
}

func (h *postHandler) CreatePost(ctx context.Context, req *postwrightv1.CreatePostRequest) (*postwrightv1.CreatePostResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	post, err := h.posts.Create(ctx, createInput(caller, req))
	if err != nil {
		return nil, err
	}
	return &postwrightv1.CreatePostResponse{Post: postMessage(post)}, nil
}

func (h *postHandler) GetPost(ctx context.Context, req *postwrightv1.GetPostRequest) (*postwrightv1.GetPostResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	post, err := h.posts.Get(ctx, caller, parsed(req.GetId()))
	if err != nil {
		return nil, err
	}
	return &postwrightv1.GetPostResponse{Post: postMessage(post)}, nil
}

func (h *postHandler) UpdatePost(ctx context.Context, req *postwrightv1.UpdatePostRequest) (*postwrightv1.UpdatePostResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	post, err := h.posts.Update(ctx, newUpdateInput(caller, req).UpdateInput)
	if err != nil {
		return nil, err
	}
	return &postwrightv1.UpdatePostResponse{Post: postMessage(post)}, nil
}

func (h *postHandler) DeletePost(ctx context.Context, req *postwrightv1.DeletePostRequest) (*postwrightv1.DeletePostResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	if err := h.posts.Delete(ctx, deleteInput(caller, req)); err != nil {
		return nil, err
	}
	return &postwrightv1.DeletePostResponse{}, nil
}

func (h *postHandler) ListPosts(ctx context.Context, req *postwrightv1.ListPostsRequest) (*postwrightv1.ListPostsResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	page, err := h.posts.List(ctx, listInput(caller, req))
	if err != nil {
		return nil, err
	}
	return &postwrightv1.ListPostsResponse{Posts: postMessages(page.Posts), NextPageToken: page.NextPageToken}, nil
}

func (h *postHandler) SearchPosts(ctx context.Context, req *postwrightv1.SearchPostsRequest) (*postwrightv1.SearchPostsResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	page, err := h.posts.Search(ctx, searchInput(caller, req))
	if err != nil {
		return nil, err
	}
	return &postwrightv1.SearchPostsResponse{Posts: postMessages(page.Posts), NextPageToken: page.NextPageToken}, nil
}

func (h *postHandler) BatchCreatePosts(ctx context.Context, req *postwrightv1.BatchCreatePostsRequest) (*postwrightv1.BatchCreatePostsResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	made, err := h.posts.CreateBatch(ctx, createBatchInput(caller, req))
	if err != nil {
		return nil, err
	}
	return &postwrightv1.BatchCreatePostsResponse{Posts: postMessages(made)}, nil
}

func (h *postHandler) ValidatePost(ctx context.Context, req *postwrightv1.ValidatePostRequest) (*postwrightv1.ValidatePostResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	preview, err := h.publishing.Preview(ctx, previewInput(caller, req))
	if err != nil {
		return nil, err
	}
	return previewMessage(preview), nil
}

func (h *postHandler) PublishPost(ctx context.Context, req *postwrightv1.PublishPostRequest) (*postwrightv1.PublishPostResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	queued, err := h.publishing.Publish(ctx, publishInput(caller, req))
	if err != nil {
		return nil, err
	}
	return &postwrightv1.PublishPostResponse{Post: postMessage(queued.Post), Warnings: queued.Warnings}, nil
}

func (h *postHandler) BatchPublishPosts(
	ctx context.Context, req *postwrightv1.BatchPublishPostsRequest, stream postwrightv1connect.PostServiceBatchPublishPostsServerStream,
) error {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return err
	}
	// Before the approval: what is refused for want of a stream can be repeated without publishing anything twice. Only the
	// caller's own streams can take the place away.
	release, err := h.streams.take(caller)
	if err != nil {
		return err
	}
	defer release()
	approved, err := h.approveBatch(ctx, caller, req)
	if err != nil {
		return err
	}
	doneWithMessage(ctx)
	// After the approval, which a caller who leaves before is not sure of; before the first outcome, which may take days.
	if err := stream.SendHeaders(); err != nil {
		return err
	}
	return h.publishing.Follow(ctx, caller, approved, h.silence, func(p publishing.Progress) error {
		return stream.Send(&postwrightv1.BatchPublishPostsResponse{Outcome: outcomeMessage(p)})
	})
}

// approveBatch is a call like others, though a stream follows it: it takes its owner's place among them, for as long as a call may.
func (h *postHandler) approveBatch(ctx context.Context, caller uuid.UUID, req *postwrightv1.BatchPublishPostsRequest) (publishing.Approved, error) {
	ctx, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	release, err := h.callers.Carry(ctx, caller)
	if err != nil {
		return publishing.Approved{}, err
	}
	defer release()
	return h.publishing.PublishBatch(ctx, publishBatchInput(caller, req))
}

func (h *postHandler) SchedulePost(ctx context.Context, req *postwrightv1.SchedulePostRequest) (*postwrightv1.SchedulePostResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	scheduled, err := h.publishing.Schedule(ctx, scheduleInput(caller, req))
	if err != nil {
		return nil, err
	}
	return &postwrightv1.SchedulePostResponse{Post: postMessage(scheduled.Post), Warnings: scheduled.Warnings}, nil
}

func (h *postHandler) CancelSchedule(ctx context.Context, req *postwrightv1.CancelScheduleRequest) (*postwrightv1.CancelScheduleResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	post, err := h.publishing.CancelSchedule(ctx, caller, parsed(req.GetId()))
	if err != nil {
		return nil, err
	}
	return &postwrightv1.CancelScheduleResponse{Post: postMessage(post)}, nil
}

func (h *postHandler) ResolvePost(ctx context.Context, req *postwrightv1.ResolvePostRequest) (*postwrightv1.ResolvePostResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	post, err := h.publishing.Resolve(ctx, resolveInput(caller, req))
	if err != nil {
		return nil, err
	}
	return &postwrightv1.ResolvePostResponse{Post: postMessage(post)}, nil
}

func (h *postHandler) WatchPost(ctx context.Context, req *postwrightv1.WatchPostRequest, stream postwrightv1connect.PostServiceWatchPostServerStream) error {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return err
	}
	release, err := h.streams.take(caller)
	if err != nil {
		return err
	}
	defer release()
	return h.posts.Watch(ctx, caller, parsed(req.GetId()), h.silence, func(p posts.Post) error {
		return stream.Send(&postwrightv1.WatchPostResponse{Post: postMessage(p)})
	})
}

func (h *postHandler) ListPublishAttempts(ctx context.Context, req *postwrightv1.ListPublishAttemptsRequest) (*postwrightv1.ListPublishAttemptsResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	page, err := h.publishing.ListAttempts(ctx, publishing.AttemptsInput{OwnerID: caller, PostID: parsed(req.GetId()), PageToken: req.GetPageToken()})
	if err != nil {
		return nil, err
	}
	res := &postwrightv1.ListPublishAttemptsResponse{NextPageToken: page.NextPageToken}
	for _, a := range page.Attempts {
		res.Attempts = append(res.Attempts, attemptMessage(a))
	}
	return res, nil
}

func (h *postHandler) GetPostAnalytics(ctx context.Context, req *postwrightv1.GetPostAnalyticsRequest) (*postwrightv1.GetPostAnalyticsResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	found, err := h.analytics.Get(ctx, caller, parsed(req.GetId()))
	if err != nil {
		return nil, err
	}
	return &postwrightv1.GetPostAnalyticsResponse{Analytics: analyticsMessage(found, nil)}, nil
}

func (h *postHandler) RefreshPostAnalytics(ctx context.Context, req *postwrightv1.RefreshPostAnalyticsRequest) (*postwrightv1.RefreshPostAnalyticsResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	report, err := h.analytics.Refresh(ctx, caller, parsed(req.GetId()))
	if err != nil {
		return nil, err
	}
	return &postwrightv1.RefreshPostAnalyticsResponse{Analytics: analyticsMessage(report.Analytics, report.Unknown)}, nil
}
