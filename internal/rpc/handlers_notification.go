package rpc

import (
	"context"

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
	delivered, err := h.notify.SendEmail(ctx, caller, notify.Message{Recipient: req.GetTo(), Subject: req.GetSubject(), Content: req.GetContent()})
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
	delivered, err := h.notify.SendPush(ctx, caller, notify.Message{Recipient: req.GetUserId(), Subject: req.GetTitle(), Content: req.GetMessage()})
	if err != nil {
		return nil, err
	}
	return &postwrightv1.SendPushResponse{Delivered: delivered}, nil
}
