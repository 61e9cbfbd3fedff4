package rpc

import (
	"context"

	"github.com/google/uuid"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/notify"
)

type notificationHandler struct{ notify *notify.Service }

var _ postwrightv1connect.NotificationServiceHandler = notificationHandler{}

func (h notificationHandler) SendEmail(ctx context.Context, req *postwrightv1.SendEmailRequest) (*postwrightv1.SendEmailResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	delivered, err := h.notify.SendEmail(ctx, emailInput(caller, req))
	if err != nil {
		return nil, err
	}
	return &postwrightv1.SendEmailResponse{Delivered: delivered}, nil
}

func (h notificationHandler) SendPush(ctx context.Context, req *postwrightv1.SendPushRequest) (*postwrightv1.SendPushResponse, error) {
	caller, err := identity.Caller(ctx)
	if err != nil {
		return nil, err
	}
	delivered, err := h.notify.SendPush(ctx, pushInput(caller, req))
	if err != nil {
		return nil, err
	}
	return &postwrightv1.SendPushResponse{Delivered: delivered}, nil
}

func emailInput(caller uuid.UUID, m *postwrightv1.SendEmailRequest) notify.EmailInput {
	return notify.EmailInput{OwnerID: caller, To: m.GetTo(), Subject: m.GetSubject(), Content: m.GetContent()}
}

func pushInput(caller uuid.UUID, m *postwrightv1.SendPushRequest) notify.PushInput {
	return notify.PushInput{OwnerID: caller, UserID: m.GetUserId(), Title: m.GetTitle(), Message: m.GetMessage()}
}
