// Package notify tells people what happened: by e-mail, by push, on request and after a publication.
//
// Callers may write what they like, so what they write reaches themselves and whom an operator allows, and nobody else; how
// often in a day is counted in the database. A notification never fails what it tells about: one that can't be delivered is
// recorded and logged, no more. Who is told of what stands in follow.go. The package must not know how a post is published.
package notify

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
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

// Sources know those who are told, and what they are told about.
type Sources struct {
	Users    *identity.Service
	Posts    *posts.Service
	Accounts *accounts.Service
}

// Service sends notifications and records each. It is safe for concurrent use.
type Service struct {
	store    *postgres.Store
	queries  *db.Queries
	sources  Sources
	channels map[string]Channel
	limits   Limits
	now      func() time.Time
	log      *slog.Logger
}

// New returns a Service that sends through email and push, within limits.
func New(
	store *postgres.Store, sources Sources, email, push Channel, limits Limits, now func() time.Time, log *slog.Logger,
) *Service {
	return &Service{
		store: store, queries: db.New(), sources: sources, channels: map[string]Channel{Email: email, Push: push}, limits: limits,
		now: now, log: log,
	}
}

// SendEmail sends an e-mail on a user's behalf and reports whether it was delivered. A vendor that fails is not an error.
// A user reaches themselves and whom the operator allows, so often in a day.
func (s *Service) SendEmail(ctx context.Context, in EmailInput) (delivered bool, err error) {
	if err := in.Validate(); err != nil {
		return false, err
	}
	user, err := s.sources.Users.User(ctx, in.OwnerID)
	if err != nil {
		return false, err
	}
	address, may := s.limits.Allowed.reach(in.To, user.Email)
	if !may {
		return false, notAllowed("to", "must be your own address, or one that the operator allows with --notification-allow")
	}
	if err := s.countRequested(ctx, in.OwnerID); err != nil {
		return false, err
	}
	return s.send(ctx, in.OwnerID, nil, Email, Message{Recipient: address, Subject: in.Subject, Content: in.Content}), nil
}

// SendPush sends a push message to a user's own devices, so often in a day, and reports whether it was delivered. A vendor
// that fails is not an error.
func (s *Service) SendPush(ctx context.Context, in PushInput) (delivered bool, err error) {
	if err := in.Validate(); err != nil {
		return false, err
	}
	own := in.OwnerID.String()
	if strings.ToLower(in.UserID) != own {
		return false, notAllowed("userId", "must be your own user id, "+own)
	}
	if err := s.countRequested(ctx, in.OwnerID); err != nil {
		return false, err
	}
	return s.send(ctx, in.OwnerID, nil, Push, Message{Recipient: own, Subject: in.Title, Content: in.Message}), nil
}

func notAllowed(path, problem string) error {
	f := fault.Newf(fault.Forbidden, "You may not send a message to this recipient: %s %s.", path, problem).WithReason(ReasonRecipient)
	f.Fields = []fault.Field{{Path: path, Problem: problem}}
	return f
}

// tell sends a user what Postwright has to say by itself, through a channel that knows them by their address or their id. One
// who is gone is told nothing. Names and texts of others may be in the message: it is cleaned here, whatever it is made from.
func (s *Service) tell(ctx context.Context, userID uuid.UUID, postID *uuid.UUID, channel string, about topic, m Message) error {
	user, err := s.sources.Users.User(ctx, userID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	m.Recipient = envelope(user.Email)
	if channel == Push {
		m.Recipient = user.ID.String()
	}
	if strings.ContainsFunc(m.Recipient, misleads) {
		return s.record(ctx, user.ID, postID, channel, m, false, "It was not sent: the user's address holds control characters.")
	}
	m.Subject, m.Content = oneLine(m.Subject), lines(m.Content)
	problem, err := s.countAutomatic(ctx, user.ID, about, channel, &m)
	if err != nil {
		return err
	}
	if problem != "" {
		return s.record(ctx, user.ID, postID, channel, m, false, problem)
	}
	s.send(ctx, user.ID, postID, channel, m)
	return nil
}

// send delivers and records. A message that is out is out, whether or not it could be written down: told as failed it would be
// sent again.
func (s *Service) send(ctx context.Context, ownerID uuid.UUID, postID *uuid.UUID, channel string, m Message) (delivered bool) {
	delivered, sendErr := s.channels[channel].Send(ctx, m)
	problem := ""
	if sendErr != nil {
		problem = fault.Of(sendErr).Message
		s.log.WarnContext(ctx, "notification not delivered", "channel", channel, "error", sendErr)
	}
	// A caller who went away meanwhile does not change what is to be recorded.
	if err := s.record(context.WithoutCancel(ctx), ownerID, postID, channel, m, delivered, problem); err != nil {
		s.log.ErrorContext(
			ctx,
			"what became of a notification could not be recorded",
			"channel",
			channel,
			"owner_id",
			ownerID,
			"delivered",
			delivered,
			"error",
			err,
		)
	}
	return delivered
}

// record writes down what became of a message.
func (s *Service) record(ctx context.Context, ownerID uuid.UUID, postID *uuid.UUID, channel string, m Message, delivered bool, problem string) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	_, err = s.queries.NotificationInsert(ctx, s.store, db.NotificationInsertParams{
		ID: id, OwnerID: ownerID, PostID: postID, Channel: channel, Recipient: m.Recipient, Subject: m.Subject,
		Delivered: delivered, Problem: problem, CreatedAt: s.now(),
	})
	return err
}
