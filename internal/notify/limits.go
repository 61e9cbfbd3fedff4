package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
)

// Limits are the operator's.
type Limits struct {
	// Allowed is whom callers may send e-mail besides themselves.
	Allowed Allowed
	// Daily is how many messages a user may send in a day, e-mail and push together, delivered or not; 0 for none.
	Daily int32
	// AutomaticDaily is how many messages a user gets in a day about posts that went out, and how many about posts that did
	// not, by each channel. These are counted apart from each other and from what the user sends: a batch of 1,000 posts
	// neither floods a person, nor keeps from them what went wrong.
	AutomaticDaily int32
}

// The reasons of the faults made here.
const (
	// ReasonRecipient marks the fault of a message to somebody whom the caller may not send any.
	ReasonRecipient = "RECIPIENT_NOT_ALLOWED"
	// ReasonDailyLimit marks the fault of a message above the day's number.
	ReasonDailyLimit = "NOTIFICATION_DAILY_LIMIT"
)

// topic is what an automatic message is about, which decides how many of its kind come in a day.
type topic string

const (
	news    topic = "news"    // a post went out
	trouble topic = "trouble" // a post did not, or may not; or a webhook was switched off
	duty    topic = "duty"    // something that only a person can do, told at most a few times by itself: never left out
)

// topic is that of an event.
func (e Event) topic() topic {
	switch e {
	case Published:
		return news
	case Failed, Unconfirmed, Waiting, WebhookOff:
		return trouble
	}
	return duty
}

// requested is the allowance of what callers send.
const requested = "requested"

// errNoneLeft says that there have been as many messages of a kind in a day as there may be.
var errNoneLeft = errors.New("none of the day's messages is left")

// count takes one of a day's messages, before it is sent: whether it arrives makes no difference. It returns how many there have
// been, this one included, or errNoneLeft when most were sent before. Several processes count in one row, so that none counts past
// another.
func (s *Service) count(ctx context.Context, on db.DBTX, ownerID uuid.UUID, allowance string, most int32) (nth int32, err error) {
	nth, err = s.queries.NotificationCount(ctx, on, db.NotificationCountParams{
		OwnerID: ownerID, Day: today(s.now()), Allowance: allowance, Most: most,
	})
	if fault.Is(err, fault.NotFound) {
		return 0, errNoneLeft
	}
	return nth, err
}

const day = 24 * time.Hour

// today is when the day began, by UTC: Truncate counts from a midnight.
func today(now time.Time) time.Time { return now.UTC().Truncate(day) }

// countRequested is count for what a caller sends.
func (s *Service) countRequested(ctx context.Context, ownerID uuid.UUID) error {
	if s.limits.Daily == 0 {
		return fault.New(fault.Forbidden, "Users may not send messages here: the operator allows it with --notification-daily-limit.").
			WithReason(ReasonDailyLimit)
	}
	_, err := s.count(ctx, s.store, ownerID, requested, s.limits.Daily)
	if !errors.Is(err, errNoneLeft) {
		return err
	}
	f := fault.Newf(
		fault.OverLimit,
		"You have sent %d messages today, which are all that a user may in a day (UTC): send this one after 00:00 UTC, or have the operator raise "+
			"--notification-daily-limit.",
		s.limits.Daily,
	).WithReason(ReasonDailyLimit)
	now := s.now()
	f.RetryAfter = today(now).Add(day).Sub(now)
	return f
}

// countAutomatic is count for what Postwright tells by itself, and reports whether the message is the last of its kind in the
// day, which says so. One beyond that is an OverLimit fault, whose message says why it is not sent.
func (s *Service) countAutomatic(ctx context.Context, on db.DBTX, n notice) (last bool, err error) {
	about := n.event.topic()
	if about == duty {
		return false, nil
	}
	nth, err := s.count(ctx, on, n.ownerID, fmt.Sprintf("%s_%s", about, n.channel), s.limits.AutomaticDaily)
	if errors.Is(err, errNoneLeft) {
		return false, fault.Newf(
			fault.OverLimit,
			"It was not sent: %d messages like it were today, and --notification-automatic-daily-limit allows no more.",
			s.limits.AutomaticDaily,
		).WithReason(ReasonDailyLimit)
	}
	return nth == s.limits.AutomaticDaily, err
}
