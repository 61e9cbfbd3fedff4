// Package notify tells people things by e-mail and by push: what a caller asks for, how a publication ended, and what an account,
// LinkedIn's version or a webhook that was switched off needs of them.
//
// Callers may write what they like, so what they write reaches themselves and whom an operator allows, and nobody else; how
// often in a day is counted in the database. A notification never fails what it tells about: one that can't be delivered is
// recorded and logged, no more. Who is told of what stands in follow.go; in which words, in templates; whether and when, in
// tell.go; how often it is tried, in deliver.go. The package must not know how a post is published.
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
	"github.com/postwright/postwright/internal/jobs"
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
	OwnerID   uuid.UUID
	Event     Event  // "" for what a caller wrote
	Recipient string // in the channel's own form: an address, a user id
	Subject   string
	Content   string
	HTML      string // the same as a page, for who can show one; "" for what a caller wrote

	id      uuid.UUID   // of the notification; none for what a caller wrote, which is tried once
	reached []uuid.UUID // the browsers that have taken it
}

// Observer is told what becomes of messages: delivered, waiting for another try, or failed.
type Observer interface {
	Notified(channel, sender, outcome string)
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
	jobs     *jobs.Client
	sources  Sources
	routes   map[string]Route // by channel
	limits   Limits
	observer Observer
	now      func() time.Time
	log      *slog.Logger
}

// Dependencies are what a Service works with; it needs all of them.
type Dependencies struct {
	Store       *postgres.Store
	Jobs        *jobs.Client
	Sources     Sources
	Email, Push Route
	Limits      Limits
	Observer    Observer
	Now         func() time.Time
	Log         *slog.Logger
}

// New returns a Service that sends through e-mail and push, within limits.
func New(on Dependencies) *Service {
	return &Service{
		store: on.Store, queries: db.New(), jobs: on.Jobs, sources: on.Sources, routes: map[string]Route{Email: on.Email, Push: on.Push},
		limits: on.Limits, observer: on.Observer, now: on.Now, log: on.Log,
	}
}

// Sent is what became of a message that a caller wrote.
type Sent struct {
	Delivered bool
	Sender    string // who took it, or did not
}

// SendEmail sends an e-mail on a user's behalf and reports whether it was delivered. A vendor that fails is not an error.
// A user reaches themselves and whom the operator allows, at most so often in a day.
func (s *Service) SendEmail(ctx context.Context, in EmailInput) (Sent, error) {
	if err := in.Validate(); err != nil {
		return Sent{}, err
	}
	user, err := s.sources.Users.User(ctx, in.OwnerID)
	if err != nil {
		return Sent{}, err
	}
	address, may := s.limits.Allowed.reach(in.To, user.Email)
	if !may {
		return Sent{}, notAllowed("to", "must be your own address, or one that the operator allows with --notification-allow")
	}
	if err := s.countRequested(ctx, in.OwnerID); err != nil {
		return Sent{}, err
	}
	return s.send(ctx, delivery{
		channel: Email, message: Message{OwnerID: in.OwnerID, Recipient: address, Subject: in.Subject, Content: in.Content},
	}), nil
}

// SendPush sends a push message to a user's own devices, and reports whether it was delivered: at most so often in
// a day. A vendor that fails is not an error.
func (s *Service) SendPush(ctx context.Context, in PushInput) (Sent, error) {
	if err := in.Validate(); err != nil {
		return Sent{}, err
	}
	ownID := in.OwnerID.String()
	if strings.ToLower(in.UserID) != ownID {
		return Sent{}, notAllowed("userId", "must be your own user id, "+ownID)
	}
	if err := s.countRequested(ctx, in.OwnerID); err != nil {
		return Sent{}, err
	}
	return s.send(ctx, delivery{
		channel: Push, message: Message{OwnerID: in.OwnerID, Recipient: ownID, Subject: in.Title, Content: in.Message},
	}), nil
}

func notAllowed(path, problem string) error {
	f := fault.Newf(fault.Forbidden, "You may not send a message to this recipient: %s %s.", path, problem).WithReason(ReasonRecipient)
	f.Fields = []fault.Field{{Path: path, Problem: problem}}
	return f
}

// delivery is a message on its way to a user.
type delivery struct {
	postID  *uuid.UUID // nil when it is about no post
	channel string
	message Message
}

// send delivers what a caller wrote, and records it. A message that is out is out, whether or not it could be written down: told as
// failed it would be sent again.
func (s *Service) send(ctx context.Context, d delivery) Sent {
	route := s.routes[d.channel]
	delivered, sendErr := route.Channel.Send(ctx, d.message)
	problem := ""
	if sendErr != nil {
		problem = fault.Of(sendErr).Message
		s.log.WarnContext(ctx, undelivered(delivered), "channel", d.channel, "sender", route.Sender, "error", sendErr)
	}
	s.observer.Notified(d.channel, route.Sender, outcome(delivered, 0))
	params, err := s.record(d, ended)
	if err == nil {
		params.Delivered, params.Problem, params.Attempts = delivered, problem, 1
		// A caller who went away meanwhile does not change what is to be recorded.
		_, err = s.queries.NotificationInsert(context.WithoutCancel(ctx), s.store, params)
	}
	if err != nil {
		s.notRecorded(ctx, d.channel, d.message.OwnerID, delivered, err)
	}
	return Sent{delivered, route.Sender}
}

func (s *Service) notRecorded(ctx context.Context, channel string, owner uuid.UUID, delivered bool, err error) {
	s.log.ErrorContext(ctx, "what became of a notification could not be recorded", "channel", channel, "owner_id", owner, "delivered", delivered,
		"error", err)
}

// record is the row of a message that was not tried yet, in a state.
func (s *Service) record(d delivery, state string) (db.NotificationInsertParams, error) {
	id, err := uuid.NewV7()
	return db.NotificationInsertParams{
		ID: id, OwnerID: d.message.OwnerID, PostID: d.postID, Channel: d.channel, Recipient: d.message.Recipient, Subject: d.message.Subject,
		Delivered: false, Problem: "", CreatedAt: s.now(), Sender: s.routes[d.channel].Sender, Event: string(d.message.Event), State: state,
		Attempts: 0, Content: "", Html: "",
	}, err
}
