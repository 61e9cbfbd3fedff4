package rpc

import (
	"context"

	"github.com/google/uuid"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/notify"
)

type notificationHandler struct{ notify *notify.Service }

var _ postwrightv1connect.NotificationServiceHandler = notificationHandler{}

func (h notificationHandler) SendEmail(ctx context.Context, req *postwrightv1.SendEmailRequest) (*postwrightv1.SendEmailResponse, error) {
	return unary(ctx, req, emailInput, h.notify.SendEmail, func(delivered bool) *postwrightv1.SendEmailResponse {
		return &postwrightv1.SendEmailResponse{Delivered: delivered}
	})
}

func (h notificationHandler) SendPush(ctx context.Context, req *postwrightv1.SendPushRequest) (*postwrightv1.SendPushResponse, error) {
	return unary(ctx, req, pushInput, h.notify.SendPush, func(delivered bool) *postwrightv1.SendPushResponse {
		return &postwrightv1.SendPushResponse{Delivered: delivered}
	})
}

func emailInput(caller uuid.UUID, m *postwrightv1.SendEmailRequest) notify.EmailInput {
	return notify.EmailInput{OwnerID: caller, To: m.GetTo(), Subject: m.GetSubject(), Content: m.GetContent()}
}

func pushInput(caller uuid.UUID, m *postwrightv1.SendPushRequest) notify.PushInput {
	return notify.PushInput{OwnerID: caller, UserID: m.GetUserId(), Title: m.GetTitle(), Message: m.GetMessage()}
}
