package publishing

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
	"github.com/postwright/postwright/internal/zone"
)

// ScheduleInput approves one send of a post at a time.
type ScheduleInput struct {
	OwnerID uuid.UUID
	ID      uuid.UUID
	Time    time.Time // the moment; zero where LocalTime alone says it
	Zone    string    // IANA name; "" means UTC
	// LocalTime is what the clocks of Zone show at the moment, as zone.Parse reads it; "" where Time alone says it.
	LocalTime string
}

// farthest is how far ahead a post may be scheduled: as the proto file says it of the moment.
const farthest = 365 * 24 * time.Hour

// Validate lists every fault of the input, what contradicts itself too. How far ahead Time may be stands in the proto file; one
// that has passed is due at once.
func (in ScheduleInput) Validate() error {
	_, err := in.moment()
	return err
}

// moment is when the post is to go out.
func (in ScheduleInput) moment() (time.Time, error) {
	var faults fault.List
	at, err := zone.Load(in.Zone)
	if err != nil {
		faults.Add(fault.Field{Path: "timeZone", Problem: err.Error()})
	}
	if in.LocalTime == "" {
		if in.Time.IsZero() {
			faults.Add(fault.Field{Path: "scheduledTime", Problem: "must be given, such as 2026-12-01T08:00:00Z; or localTime with timeZone"})
		}
		return in.Time, faults.Err()
	}
	if in.Zone == "" {
		faults.Add(fault.Field{Path: "timeZone", Problem: "must say on whose clocks localTime is, such as Europe/Berlin"})
	}
	wall, err := zone.Parse(in.LocalTime)
	if err != nil {
		faults.Add(fault.Field{Path: "localTime", Problem: err.Error()})
	}
	if err := faults.Err(); err != nil {
		return time.Time{}, err
	}
	return in.meant(wall, at)
}

// wrongLocalTime is the fault of a LocalTime that stands for no moment at which the post can go out.
func wrongLocalTime(format string, args ...any) error {
	return fault.Fields(fault.Field{Path: "localTime", Problem: fmt.Sprintf(format, args...)})
}

// ahead checks that a moment that LocalTime alone says lies as far ahead as the proto file wants of Time.
func (in ScheduleInput) ahead(moment, now time.Time) error {
	switch {
	case !in.Time.IsZero():
		return nil
	case !moment.After(now):
		return wrongLocalTime("must be in the future: it was %s", moment.UTC().Format(time.RFC3339))
	case moment.Sub(now) > farthest:
		return wrongLocalTime("must be at most 365 days ahead")
	}
	return nil
}

// meant is the one moment that a time on a zone's clocks stands for.
func (in ScheduleInput) meant(wall time.Time, at *time.Location) (time.Time, error) {
	instants := zone.Instants(wall, at)
	if len(instants) == 0 {
		return time.Time{}, wrongLocalTime("is a time that the clocks of %s leave out: they are set forward %s; choose another",
			in.Zone, zone.Gap(wall, at))
	}
	if in.Time.IsZero() {
		if len(instants) > 1 {
			return time.Time{}, wrongLocalTime("comes twice on the clocks of %s, at %s and %s: say with scheduledTime which is meant",
				in.Zone, instants[0].UTC().Format(time.RFC3339), instants[1].UTC().Format(time.RFC3339))
		}
		return instants[0], nil
	}
	for _, instant := range instants {
		if instant.Equal(in.Time.Truncate(time.Second)) {
			return in.Time, nil
		}
	}
	return time.Time{}, wrongLocalTime("is %s in %s, and scheduledTime is another moment, %s: give one of them, or both for the same moment",
		instants[0].UTC().Format(time.RFC3339), in.Zone, in.Time.UTC().Format(time.RFC3339))
}

// Scheduled is a post with a time, and what may keep it from going out then.
type Scheduled struct {
	Post     posts.Post
	Warnings []string
}

// Schedule gives a post a time, or moves it to another one: state and job are committed together. A job of an earlier
// time finds, when it runs, that it is not the post's any more.
func (s *Service) Schedule(ctx context.Context, in ScheduleInput) (Scheduled, error) {
	moment, err := in.moment()
	if err == nil {
		err = in.ahead(moment, s.now())
	}
	if err != nil {
		return Scheduled{}, err
	}
	if in.Zone == "" {
		in.Zone = "UTC"
	}
	var scheduled Scheduled
	err = s.store.InTx(ctx, func(tx *postgres.Tx) error {
		current, account, err := s.schedulable(ctx, tx, in.OwnerID, in.ID)
		if err == nil {
			scheduled, err = s.schedule(ctx, tx, current, account, moment, in.Zone)
		}
		return err
	})
	return scheduled, err
}

// ScheduleNext gives a post the next free time of its account's queue, or moves it there, as Schedule does.
func (s *Service) ScheduleNext(ctx context.Context, ownerID, id uuid.UUID) (Scheduled, error) {
	var scheduled Scheduled
	err := s.store.InTx(ctx, func(tx *postgres.Tx) error {
		current, account, err := s.schedulable(ctx, tx, ownerID, id)
		if err != nil {
			return err
		}
		moment, clocks, err := s.queue.Next(ctx, tx, account, id)
		if err == nil {
			scheduled, err = s.schedule(ctx, tx, current, account, moment, clocks)
		}
		return err
	})
	return scheduled, err
}

// schedulable is a post that may get a time, locked until the end of the transaction, and the account that it would go out with.
func (s *Service) schedulable(ctx context.Context, tx *postgres.Tx, ownerID, id uuid.UUID) (posts.Post, accounts.Account, error) {
	current, err := s.posts.GetForUpdate(ctx, tx, ownerID, id)
	if err != nil {
		return posts.Post{}, accounts.Account{}, err
	}
	if current.State != posts.StateScheduled {
		if err := decision.Publishable(current.State, false); err != nil {
			return posts.Post{}, accounts.Account{}, err
		}
	}
	account, err := s.accounts.Find(ctx, tx, ownerID, current.AccountID)
	return current, account, err
}

// schedule gives a post a time, on the clocks of a zone that is chosen for people to read.
func (s *Service) schedule(
	ctx context.Context, tx *postgres.Tx, current posts.Post, account accounts.Account, moment time.Time, clocks string,
) (scheduled Scheduled, err error) {
	at := moment.UTC().Truncate(time.Microsecond) // what PostgreSQL keeps
	scheduled.Post, err = posts.FromRow(s.queries.PostMarkScheduled(ctx, tx, db.PostMarkScheduledParams{
		ID: current.ID, OwnerID: current.OwnerID, ScheduledAt: at, TimeZone: clocks, Now: s.now(),
	}))
	if err != nil {
		return Scheduled{}, err
	}
	if err := s.jobs.InsertAt(ctx, tx, at, DueArgs{OwnerID: current.OwnerID, PostID: current.ID, ScheduledAt: at}); err != nil {
		return Scheduled{}, err
	}
	same, err := s.sameTexts(ctx, tx, current.OwnerID, []posts.Post{current}, []uuid.UUID{account.ID})
	if err != nil {
		return Scheduled{}, err
	}
	scheduled.Warnings = s.warnings(account, at)
	again := len(scheduled.Warnings) > 0 // only what may change until then is told again
	if warning, there := same[current.ID]; there {
		scheduled.Warnings = append(scheduled.Warnings, warning)
	}
	if !again {
		return scheduled, nil
	}
	warning := ScheduleWarningArgs{OwnerID: current.OwnerID, PostID: current.ID, ScheduledAt: at}
	return scheduled, s.jobs.InsertAt(ctx, tx, decision.WarnAgain(s.now(), at), warning)
}

// CancelSchedule makes a scheduled post a draft again. A post that is not scheduled, or due already, is a Precondition
// fault.
func (s *Service) CancelSchedule(ctx context.Context, ownerID, id uuid.UUID) (posts.Post, error) {
	var post posts.Post
	err := s.store.InTx(ctx, func(tx *postgres.Tx) error {
		current, err := s.posts.GetForUpdate(ctx, tx, ownerID, id)
		if err != nil {
			return err
		}
		if current.State != posts.StateScheduled {
			return fault.Newf(fault.Precondition, "The post is %s: there is no schedule to cancel.", current.State).WithReason("NOT_SCHEDULED")
		}
		post, err = posts.FromRow(s.queries.PostMarkUnscheduled(ctx, tx, db.PostMarkUnscheduledParams{ID: id, OwnerID: ownerID, Now: s.now()}))
		return err
	})
	return post, err
}
