package notify

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/jobs"
)

// DeliveryArgs is the job that sends a message that is written down.
type DeliveryArgs struct {
	OwnerID        uuid.UUID `json:"owner_id"`
	NotificationID uuid.UUID `json:"notification_id"`
	// Asked is that the user wants it sent now, whatever they want to be told by itself.
	Asked bool `json:"asked,omitempty"`
}

// Kind names the job in River's tables; it must never change.
func (DeliveryArgs) Kind() string { return "notify_delivery" }

// InsertOpts keeps the job from being given up for want of the database; how often a message is tried is counted in its row.
func (DeliveryArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: jobs.MaxAttempts}
}

// retryWaits are the waits before a message that surely did not go out is tried again; after the last it is given up.
var retryWaits = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour}

// unsettledWait is the wait before a message is looked at again of which it could not be written down what became of it.
const unsettledWait = time.Minute

// doubtful is the problem of a message whose sending was cut off.
const doubtful = "It is not known whether it went out: what was sending it ended meanwhile. ResendNotification sends it again."

type deliveryWorker struct {
	river.WorkerDefaults[DeliveryArgs]
	service *Service
}

// Work sends the message, or waits until it may be tried again.
func (w *deliveryWorker) Work(ctx context.Context, job *river.Job[DeliveryArgs]) error {
	wait, err := w.service.deliver(ctx, job.Args)
	if err == nil && wait > 0 {
		return river.JobSnooze(wait)
	}
	return err
}

// deliver sends a message that waits, once: what is not known to have gone wrong before it reached anybody is not sent again by
// itself, for nobody wants the same message twice. A try that comes later keeps quiet hours too, and what the user has switched off
// meanwhile is not sent. wait is how long until it is to be looked at again, 0 for never.
func (s *Service) deliver(ctx context.Context, args DeliveryArgs) (wait time.Duration, err error) {
	owner, id := args.OwnerID, args.NotificationID
	muted, quiet, err := s.unwanted(ctx, args)
	if err != nil || quiet > 0 {
		return quiet, err
	}
	n, err := fromRow(s.queries.NotificationClaim(ctx, s.store, db.NotificationClaimParams{ID: id, OwnerID: owner}))
	if fault.Is(err, fault.NotFound) {
		return 0, s.endInDoubt(ctx, owner, id)
	}
	if err != nil {
		return 0, err
	}
	route := s.routes[n.Channel]
	var delivered bool
	var sendErr error = fault.New(fault.Precondition, "It was not sent: these messages were switched off meanwhile.")
	if !muted {
		delivered, sendErr = route.Channel.Send(ctx, Message{
			OwnerID: n.OwnerID, Event: n.Event, Recipient: n.Recipient, Subject: n.Subject, Content: n.content, HTML: n.html,
			id: n.ID, reached: n.reached,
		})
	}
	end := db.NotificationSettleParams{State: ended, Delivered: delivered, Problem: "", Sender: route.Sender, ID: id, OwnerID: owner}
	if sendErr != nil {
		end.Problem = fault.Of(sendErr).Message
		if wait = again(fault.Of(sendErr), n.Attempts); wait > 0 {
			end.State = string(StateWaiting)
		}
		s.log.WarnContext(ctx, undelivered(delivered), "channel", n.Channel, "sender", route.Sender, "notification_id", id, "again_in", wait,
			"error", sendErr)
	}
	s.observer.Notified(n.Channel, route.Sender, outcome(delivered, wait))
	// A job that is cut off meanwhile does not change what is to be recorded.
	if _, err := s.queries.NotificationSettle(context.WithoutCancel(ctx), s.store, end); err != nil {
		s.notRecorded(ctx, n.Channel, owner, delivered, err)
		return unsettledWait, nil // and then it is in doubt
	}
	return wait, nil
}

// unwanted reports whether a message that waits, and that nobody asked for, is about what its user does not want to be told, and for how
// long they want their peace.
func (s *Service) unwanted(ctx context.Context, args DeliveryArgs) (muted bool, quiet time.Duration, err error) {
	if args.Asked {
		return false, 0, nil
	}
	n, err := fromRow(s.queries.NotificationGet(ctx, s.store, db.NotificationGetParams{ID: args.NotificationID, OwnerID: args.OwnerID}))
	if fault.Is(err, fault.NotFound) || err == nil && n.State != StateWaiting {
		return false, 0, nil // whoever claims it finds out
	}
	if err != nil {
		return false, 0, err
	}
	return s.prefers(ctx, n.OwnerID, n.Event, n.Channel)
}

// undelivered is what the log says of a message that nobody, or not everybody, took.
func undelivered(delivered bool) string {
	if delivered {
		return "notification not delivered everywhere"
	}
	return "notification not delivered"
}

// again is the wait before a message is tried again that has failed so many times; 0 for never. Who answers, and not that the message
// was taken, has not taken it; only silence leaves doubt.
func again(f *fault.Error, attempts int) time.Duration {
	doubt := f.Doubt && (f.Answer == nil || f.Answer.Status == 0)
	if doubt || !passing(f.Kind) || attempts > len(retryWaits) {
		return 0
	}
	return max(retryWaits[attempts-1], f.RetryAfter)
}

// passing tells what may be otherwise the next time.
func passing(kind fault.Kind) bool {
	switch kind {
	case fault.VendorUnavailable, fault.RateLimited, fault.VendorAuth, fault.Unavailable, fault.Busy, fault.Canceled, fault.Deadline:
		return true
	default:
		return false
	}
}

// endInDoubt ends a message that somebody began to send and did not end; one that has ended, or is gone, stays so.
func (s *Service) endInDoubt(ctx context.Context, owner, id uuid.UUID) error {
	n, err := fromRow(s.queries.NotificationGet(ctx, s.store, db.NotificationGetParams{ID: id, OwnerID: owner}))
	if fault.Is(err, fault.NotFound) || err == nil && n.State != StateSending {
		return nil
	}
	if err != nil {
		return err
	}
	s.observer.Notified(n.Channel, n.Sender, outcome(false, 0))
	_, err = s.queries.NotificationSettle(ctx, s.store, db.NotificationSettleParams{
		State: ended, Delivered: false, Problem: doubtful, Sender: n.Sender, ID: id, OwnerID: owner,
	})
	return err
}

// outcome is what a try came to, for metrics.
func outcome(delivered bool, wait time.Duration) string {
	switch {
	case delivered:
		return string(StateDelivered)
	case wait > 0:
		return string(StateWaiting)
	}
	return string(StateFailed)
}
