package notify

import (
	"context"
	"log/slog"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/fault"
)

// The names of those who send, in settings, on record and in metrics.
const (
	API     = "api"
	SMTP    = "smtp"
	WebPush = "webpush"
	Log     = "log"
)

// Channel is a way to reach a person. Send reports whether it was taken; its error is a fault.
type Channel interface {
	Send(ctx context.Context, m Message) (delivered bool, err error)
}

// Route is who sends what goes by e-mail, or by push.
type Route struct {
	Sender  string
	Channel Channel
	// Reaches reports whether there is anywhere to reach a user at: one who is nowhere is told nothing by itself. nil for everybody.
	Reaches func(ctx context.Context, owner uuid.UUID) (bool, error)
}

func (r Route) reaches(ctx context.Context, owner uuid.UUID) (bool, error) {
	if r.Reaches == nil {
		return true, nil
	}
	return r.Reaches(ctx, owner)
}

// EmailVendor is what the e-mail channel needs of the notification API.
type EmailVendor interface {
	SendEmail(ctx context.Context, to, subject, content string) (delivered bool, err error)
}

// PushVendor is what the push channel needs of the notification API.
type PushVendor interface {
	SendPush(ctx context.Context, userID, title, message string) (delivered bool, err error)
}

// MailServer takes e-mails; html may be empty.
type MailServer interface {
	SendMail(ctx context.Context, to, subject, text, html string) error
}

// EmailChannel sends through the notification API's e-mail; a message's recipient is an address.
type EmailChannel struct{ Vendor EmailVendor }

// Send implements Channel.
func (c EmailChannel) Send(ctx context.Context, m Message) (bool, error) {
	return c.Vendor.SendEmail(ctx, m.Recipient, m.Subject, m.Content)
}

// PushChannel sends through the notification API's push; a message's recipient is the vendor's id of the user.
type PushChannel struct{ Vendor PushVendor }

// Send implements Channel.
func (c PushChannel) Send(ctx context.Context, m Message) (bool, error) {
	return c.Vendor.SendPush(ctx, m.Recipient, m.Subject, m.Content)
}

// MailChannel sends through a mail server; a message's recipient is an address.
type MailChannel struct{ Server MailServer }

// Send implements Channel.
func (c MailChannel) Send(ctx context.Context, m Message) (bool, error) {
	err := c.Server.SendMail(ctx, m.Recipient, m.Subject, m.Content, m.HTML)
	return err == nil, err
}

// LogChannel writes messages into the log, and sends them nowhere: for whoever has nothing else set up.
type LogChannel struct {
	Log  *slog.Logger
	Name string // of the channel that it stands in for
}

// mostLogged is how much of a message stands in the log, in bytes: callers write as much as they like.
const mostLogged = 500

// Send implements Channel.
func (c LogChannel) Send(ctx context.Context, m Message) (bool, error) {
	c.Log.InfoContext(ctx, "notification", "channel", c.Name, "owner_id", m.OwnerID, "event", string(m.Event), "subject", m.Subject,
		"content", fault.Clip(m.Content, mostLogged))
	return true, nil
}
