package notify

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

// notice is what a job has to tell a user by itself.
type notice struct {
	ownerID uuid.UUID
	postID  *uuid.UUID // nil when it is about no post
	channel string
	event   Event
	words   words
}

// tell has a user told what Postwright has to say by itself, if and when they want to be: it writes the message down, and the job
// that sends it, in the transaction that ends the job at hand, so that each event is told once by each channel. During quiet hours
// the job waits for their end, and tells how things stand then. A user who is gone, or is in no browser, is told nothing.
func (s *Service) tell(ctx context.Context, jobID int64, n notice) error {
	user, err := s.sources.Users.User(ctx, n.ownerID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	switch muted, quiet, err := s.prefers(ctx, n.ownerID, n.event, n.channel); {
	case err != nil || muted:
		return err
	case quiet > 0:
		return river.JobSnooze(quiet)
	}
	if there, err := s.routes[n.channel].reaches(ctx, n.ownerID); err != nil || !there {
		return err
	}
	recipient := envelope(user.Email)
	if n.channel == Push {
		recipient = user.ID.String()
	}
	return s.store.InTx(ctx, func(tx *postgres.Tx) error {
		if err := s.writeDown(ctx, tx, n, recipient); err != nil {
			return err
		}
		return s.jobs.Complete(ctx, tx, jobID)
	})
}

// prefers reports whether a user does not want to be told of an event by a channel, and for how long they want their peace yet.
func (s *Service) prefers(ctx context.Context, owner uuid.UUID, event Event, channel string) (muted bool, quiet time.Duration, err error) {
	preferences, err := s.Preferences(ctx, owner)
	if err != nil {
		return false, 0, err
	}
	now := s.now()
	if preferences.Quiet != nil {
		if end, is := preferences.Quiet.Ends(now); is {
			quiet = end.Sub(now)
		}
	}
	return !preferences.Told(event, channel), quiet, nil
}

// writeDown makes a message of a notice and has it sent, unless it may not be.
func (s *Service) writeDown(ctx context.Context, tx *postgres.Tx, n notice, recipient string) error {
	problem := ""
	if strings.ContainsFunc(recipient, misleads) {
		problem = "It was not sent: the user's address holds control characters."
	} else {
		last, err := s.countAutomatic(ctx, tx, n)
		switch {
		case fault.Is(err, fault.OverLimit):
			problem = fault.Of(err).Message
		case err != nil:
			return err
		}
		n.words.Last = last
	}
	m, err := write(n.event, n.words)
	if err != nil {
		return err
	}
	m.OwnerID, m.Recipient = n.ownerID, recipient
	d := delivery{postID: n.postID, channel: n.channel, message: m}
	state := string(StateWaiting)
	if problem != "" {
		state = ended
	}
	params, err := s.record(d, state)
	if err != nil {
		return err
	}
	params.Problem, params.Content, params.Html = problem, m.Content, m.HTML
	if _, err := s.queries.NotificationInsert(ctx, tx, params); err != nil || problem != "" {
		return err
	}
	return s.jobs.Insert(ctx, tx, DeliveryArgs{OwnerID: n.ownerID, NotificationID: params.ID})
}
