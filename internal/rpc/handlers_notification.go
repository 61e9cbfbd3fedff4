package rpc

import (
	"context"

	"github.com/google/uuid"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/notify"
	"github.com/postwright/postwright/internal/reach"
)

type notificationHandler struct {
	notify   *notify.Service
	browsers *notify.Browsers
	reach    reach.Reach // where push services may be
}

var _ postwrightv1connect.NotificationServiceHandler = notificationHandler{}

func (h notificationHandler) SendEmail(ctx context.Context, req *postwrightv1.SendEmailRequest) (*postwrightv1.SendEmailResponse, error) {
	return unary(ctx, req, emailInput, h.notify.SendEmail, func(sent notify.Sent) *postwrightv1.SendEmailResponse {
		return &postwrightv1.SendEmailResponse{Delivered: sent.Delivered, Sender: sent.Sender}
	})
}

func (h notificationHandler) SendPush(ctx context.Context, req *postwrightv1.SendPushRequest) (*postwrightv1.SendPushResponse, error) {
	return unary(ctx, req, pushInput, h.notify.SendPush, func(sent notify.Sent) *postwrightv1.SendPushResponse {
		return &postwrightv1.SendPushResponse{Delivered: sent.Delivered, Sender: sent.Sender}
	})
}

func (h notificationHandler) GetPreferences(
	ctx context.Context, req *postwrightv1.GetPreferencesRequest,
) (*postwrightv1.GetPreferencesResponse, error) {
	return unary(ctx, req, onlyCaller, h.notify.Preferences, func(p notify.Preferences) *postwrightv1.GetPreferencesResponse {
		return &postwrightv1.GetPreferencesResponse{Preferences: preferencesMessage(p)}
	})
}

func (h notificationHandler) UpdatePreferences(
	ctx context.Context, req *postwrightv1.UpdatePreferencesRequest,
) (*postwrightv1.UpdatePreferencesResponse, error) {
	return unary(ctx, req, preferencesInput, h.notify.UpdatePreferences, func(p notify.Preferences) *postwrightv1.UpdatePreferencesResponse {
		return &postwrightv1.UpdatePreferencesResponse{Preferences: preferencesMessage(p)}
	})
}

func (h notificationHandler) ListNotifications(
	ctx context.Context, req *postwrightv1.ListNotificationsRequest,
) (*postwrightv1.ListNotificationsResponse, error) {
	return unary(ctx, req, notificationsInput, h.notify.List, func(page notify.Page) *postwrightv1.ListNotificationsResponse {
		res := &postwrightv1.ListNotificationsResponse{NextPageToken: page.NextPageToken}
		for _, n := range page.Notifications {
			res.Notifications = append(res.Notifications, notificationMessage(n))
		}
		return res
	})
}

func (h notificationHandler) ResendNotification(
	ctx context.Context, req *postwrightv1.ResendNotificationRequest,
) (*postwrightv1.ResendNotificationResponse, error) {
	return unary(ctx, req, readID, byID(h.notify.Resend), func(n notify.Notification) *postwrightv1.ResendNotificationResponse {
		return &postwrightv1.ResendNotificationResponse{Notification: notificationMessage(n)}
	})
}

func emailInput(caller uuid.UUID, m *postwrightv1.SendEmailRequest) notify.EmailInput {
	return notify.EmailInput{OwnerID: caller, To: m.GetTo(), Subject: m.GetSubject(), Content: m.GetContent()}
}

func pushInput(caller uuid.UUID, m *postwrightv1.SendPushRequest) notify.PushInput {
	return notify.PushInput{OwnerID: caller, UserID: m.GetUserId(), Title: m.GetTitle(), Message: m.GetMessage()}
}
