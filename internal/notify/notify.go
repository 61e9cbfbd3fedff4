// Package notify tells people things by e-mail and by push: what a caller asks for, how a publication ended, and what an account
// or LinkedIn's version needs of them.
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

// Dependencies are what a Service works with; it needs all of them.
type Dependencies struct {
	Store       *postgres.Store
	Sources     Sources
	Email, Push Channel
	Limits      Limits
	Now         func() time.Time
	Log         *slog.Logger
}

// New returns a Service that sends through e-mail and push, within limits.
func New(on Dependencies) *Service {
	return &Service{
		store: on.Store, queries: db.New(), sources: on.Sources, channels: map[string]Channel{Email: on.Email, Push: on.Push}, limits: on.Limits,
		now: on.Now, log: on.Log,
	}
}

// SendEmail sends an e-mail on a user's behalf and reports whether it was delivered. A vendor that fails is not an error.
// A user reaches themselves and whom the operator allows, at most so often in a day.
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
	return s.send(ctx, delivery{
		ownerID: in.OwnerID, channel: Email, message: Message{Recipient: address, Subject: in.Subject, Content: in.Content},
	}), nil
}

// SendPush sends a push message to a user's own devices, and reports whether it was delivered: at most so often in
// a day. A vendor that fails is not an error.
func (s *Service) SendPush(ctx context.Context, in PushInput) (delivered bool, err error) {
	if err := in.Validate(); err != nil {
		return false, err
	}
	ownID := in.OwnerID.String()
	if strings.ToLower(in.UserID) != ownID {
		return false, notAllowed("userId", "must be your own user id, "+ownID)
	}
	if err := s.countRequested(ctx, in.OwnerID); err != nil {
		return false, err
	}
	return s.send(ctx, delivery{
		ownerID: in.OwnerID, channel: Push, message: Message{Recipient: ownID, Subject: in.Title, Content: in.Message},
	}), nil
}

func notAllowed(path, problem string) error {
	f := fault.Newf(fault.Forbidden, "You may not send a message to this recipient: %s %s.", path, problem).WithReason(ReasonRecipient)
	f.Fields = []fault.Field{{Path: path, Problem: problem}}
	return f
}

// delivery is a message on its way to a user.
type delivery struct {
	ownerID uuid.UUID
	postID  *uuid.UUID // nil when it is about no post
	channel string
	message Message
}

// tell sends a user what Postwright has to say by itself, through a channel that knows them by their address or their id. A user
// who is gone is told nothing. Names and texts of others may be in the message: it is cleaned here, whatever it is made from.
func (s *Service) tell(ctx context.Context, about topic, d delivery) error {
	user, err := s.sources.Users.User(ctx, d.ownerID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	m := &d.message
	m.Recipient = envelope(user.Email)
	if d.channel == Push {
		m.Recipient = user.ID.String()
	}
	if strings.ContainsFunc(m.Recipient, misleads) {
		return s.record(ctx, d, false, "It was not sent: the user's address holds control characters.")
	}
	m.Subject, m.Content = oneLine(m.Subject), lines(m.Content)
	last, err := s.countAutomatic(ctx, about, d)
	switch {
	case fault.Is(err, fault.OverLimit):
		return s.record(ctx, d, false, fault.Of(err).Message)
	case err != nil:
		return err
	case last:
		m.Content += lastOfTheDay
	}
	s.send(ctx, d)
	return nil
}

// send delivers and records. A message that is out is out, whether or not it could be written down: told as failed it would be
// sent again.
func (s *Service) send(ctx context.Context, d delivery) (delivered bool) {
	delivered, sendErr := s.channels[d.channel].Send(ctx, d.message)
	problem := ""
	if sendErr != nil {
		problem = fault.Of(sendErr).Message
		s.log.WarnContext(ctx, "notification not delivered", "channel", d.channel, "error", sendErr)
	}
	// A caller who went away meanwhile does not change what is to be recorded.
	if err := s.record(context.WithoutCancel(ctx), d, delivered, problem); err != nil {
		s.log.ErrorContext(
			ctx,
			"what became of a notification could not be recorded",
			"channel",
			d.channel,
			"owner_id",
			d.ownerID,
			"delivered",
			delivered,
			"error",
			err,
		)
	}
	return delivered
}

// record writes down what became of a message.
func (s *Service) record(ctx context.Context, d delivery, delivered bool, problem string) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	_, err = s.queries.NotificationInsert(ctx, s.store, db.NotificationInsertParams{
		ID: id, OwnerID: d.ownerID, PostID: d.postID, Channel: d.channel, Recipient: d.message.Recipient, Subject: d.message.Subject,
		Delivered: delivered, Problem: problem, CreatedAt: s.now(),
	})
	return err
}
