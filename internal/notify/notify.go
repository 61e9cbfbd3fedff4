// Package notify tells people what happened: by e-mail, by push, on request and after a publication.
//
// A notification never fails what it tells about: one that can't be delivered is recorded and logged, no more. The
// package must not know how a post is published.
package notify

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

// The names of the channels.
const (
	Email = "email"
	Push  = "push"
)

// Message is what a person is told.
type Message struct {
	Recipient string // in the channel's own form: an address, a user id
	Subject   string
	Content   string
}

// Channel is a way to reach a person. Send reports whether the vendor took the message; its error is a fault.
type Channel interface {
	Send(ctx context.Context, m Message) (delivered bool, err error)
}

// Service sends notifications and records each. It is safe for concurrent use.
type Service struct {
	store    *postgres.Store
	queries  *db.Queries
	channels map[string]Channel
	now      func() time.Time
	log      *slog.Logger
}

// New returns a Service that sends through email and push.
func New(store *postgres.Store, email, push Channel, now func() time.Time, log *slog.Logger) *Service {
	return &Service{store: store, queries: db.New(), channels: map[string]Channel{Email: email, Push: push}, now: now, log: log}
}

// SendEmail sends an e-mail on a user's behalf and reports whether it was delivered. A vendor that fails is not an
// error.
func (s *Service) SendEmail(ctx context.Context, ownerID uuid.UUID, m Message) (delivered bool, err error) {
	return s.send(ctx, ownerID, nil, Email, m)
}

// SendPush sends a push message on a user's behalf and reports whether it was delivered. A vendor that fails is not an
// error.
func (s *Service) SendPush(ctx context.Context, ownerID uuid.UUID, m Message) (delivered bool, err error) {
	return s.send(ctx, ownerID, nil, Push, m)
}

// send delivers and records. Its error is the database's alone.
func (s *Service) send(ctx context.Context, ownerID uuid.UUID, postID *uuid.UUID, channel string, m Message) (bool, error) {
	delivered, sendErr := s.channels[channel].Send(ctx, m)
	problem := ""
	if sendErr != nil {
		problem = fault.Of(sendErr).Message
		s.log.WarnContext(ctx, "notification not delivered", "channel", channel, "error", sendErr)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return false, err
	}
	// The message is out, or is not: a caller who went away meanwhile does not change what is to be recorded.
	_, err = s.queries.NotificationInsert(context.WithoutCancel(ctx), s.store, db.NotificationInsertParams{
		ID: id, OwnerID: ownerID, PostID: postID, Channel: channel, Recipient: m.Recipient, Subject: m.Subject,
		Delivered: delivered, Problem: problem, CreatedAt: s.now(),
	})
	return delivered, err
}
