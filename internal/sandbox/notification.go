package sandbox

import (
	"context"
	"net/http"
	"strings"

	"github.com/postwright/postwright/gen/notification"
)

// notificationServer serves the notification API: whatever it takes is delivered, into the sandbox's memory.
type notificationServer struct{ *Sandbox }

var _ notification.StrictServerInterface = notificationServer{}

// SendEmail implements POST /notifications/email.
func (s notificationServer) SendEmail(_ context.Context, r notification.SendEmailRequestObject) (notification.SendEmailResponseObject, error) {
	if !strings.Contains(r.Body.To, "@") {
		return nil, refuse(http.StatusUnprocessableEntity, "invalid_recipient", "to must be an e-mail address")
	}
	if err := s.deliver(Notification{Channel: "email", Recipient: r.Body.To, Subject: r.Body.Subject, Content: r.Body.Content}); err != nil {
		return nil, err
	}
	return notification.SendEmail200Response{}, nil
}

// SendPush implements POST /notifications/push.
func (s notificationServer) SendPush(_ context.Context, r notification.SendPushRequestObject) (notification.SendPushResponseObject, error) {
	if r.Body.UserId == "" {
		return nil, refuse(http.StatusUnprocessableEntity, "invalid_recipient", "user_id must not be empty")
	}
	if err := s.deliver(Notification{Channel: "push", Recipient: r.Body.UserId, Subject: r.Body.Title, Content: r.Body.Message}); err != nil {
		return nil, err
	}
	return notification.SendPush200Response{}, nil
}

func (s *Sandbox) deliver(n Notification) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.notifications) >= maxEntries {
		return refuse(http.StatusServiceUnavailable, "full", "The sandbox keeps no more than 100,000 messages: start it anew")
	}
	n.Time = s.opts.Clock()
	s.notifications = append(s.notifications, n)
	return nil
}
