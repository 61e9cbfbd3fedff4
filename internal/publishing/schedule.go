package publishing

import (
	"context"
	"regexp"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
)

// ScheduleInput approves one send of a post at a time.
type ScheduleInput struct {
	OwnerID uuid.UUID
	ID      uuid.UUID
	Time    time.Time
	Zone    string // IANA name, kept to be shown; "" means UTC
}

// zoneName is the form of IANA's names. What else lies in a folder of zones (localtime, posixrules, right/UTC) is a file of the
// machine's, not a zone that another machine knows.
var zoneName = regexp.MustCompile(`^(?:[A-Z][A-Za-z0-9_+-]*(?:/[A-Z][A-Za-z0-9_+-]*)*)?$`)

// Validate lists every fault of the input. How far ahead the time may be stands in the proto file; one that has passed is
// due at once.
func (in ScheduleInput) Validate() error {
	if _, err := time.LoadLocation(in.Zone); err != nil || !zoneName.MatchString(in.Zone) || in.Zone == "Local" || in.Zone == "Factory" {
		return fault.Fields(fault.Field{Path: "timeZone", Problem: "must be an IANA zone such as Europe/Berlin"})
	}
	return nil
}

// Scheduled is a post with a time, and what may keep it from going out then.
type Scheduled struct {
	Post     posts.Post
	Warnings []string
}

// Schedule gives a post a time, or moves it to another one: state and job are committed together. A job of an earlier
// time finds, when it runs, that it is not the post's any more.
func (s *Service) Schedule(ctx context.Context, in ScheduleInput) (Scheduled, error) {
	if err := in.Validate(); err != nil {
		return Scheduled{}, err
	}
	if in.Zone == "" {
		in.Zone = "UTC"
	}
	at := in.Time.UTC().Truncate(time.Microsecond) // what PostgreSQL keeps
	var scheduled Scheduled
	err := s.store.InTx(ctx, func(tx *postgres.Tx) error {
		current, err := s.queries.PostGetForUpdate(ctx, tx, db.PostGetForUpdateParams{ID: in.ID, OwnerID: in.OwnerID})
		if err != nil {
			return noSuchPost(err)
		}
		if current.State != posts.StateScheduled {
			if err := publishable(current.State, false); err != nil {
				return err
			}
		}
		account, err := s.accounts.Find(ctx, tx, in.OwnerID, current.AccountID)
		if err != nil {
			return err
		}
		scheduled.Post, err = s.queries.PostMarkScheduled(ctx, tx, db.PostMarkScheduledParams{
			ID: in.ID, OwnerID: in.OwnerID, ScheduledAt: at, TimeZone: in.Zone, Now: s.now(),
		})
		if err != nil {
			return err
		}
		if err := s.jobs.InsertAt(ctx, tx, at, DueArgs{OwnerID: in.OwnerID, PostID: in.ID, ScheduledAt: at}); err != nil {
			return err
		}
		same, err := s.sameTexts(ctx, tx, in.OwnerID, []posts.Post{current}, []uuid.UUID{account.ID})
		if err != nil {
			return err
		}
		scheduled.Warnings = s.rules.warnings(account, at)
		again := len(scheduled.Warnings) > 0 // only what may change until then is told again
		if warning, there := same[in.ID]; there {
			scheduled.Warnings = append(scheduled.Warnings, warning)
		}
		if !again {
			return nil
		}
		return s.jobs.InsertAt(ctx, tx, warnAgain(s.now(), at), ScheduleWarningArgs{OwnerID: in.OwnerID, PostID: in.ID, ScheduledAt: at})
	})
	return scheduled, err
}

// CancelSchedule makes a scheduled post a draft again. A post that is not scheduled, or due already, is a Precondition
// fault.
func (s *Service) CancelSchedule(ctx context.Context, ownerID, id uuid.UUID) (posts.Post, error) {
	var post posts.Post
	err := s.store.InTx(ctx, func(tx *postgres.Tx) error {
		current, err := s.queries.PostGetForUpdate(ctx, tx, db.PostGetForUpdateParams{ID: id, OwnerID: ownerID})
		if err != nil {
			return noSuchPost(err)
		}
		if current.State != posts.StateScheduled {
			return fault.Newf(fault.Precondition, "The post is %s: there is no schedule to cancel.", current.State).WithReason("NOT_SCHEDULED")
		}
		post, err = s.queries.PostMarkUnscheduled(ctx, tx, db.PostMarkUnscheduledParams{ID: id, OwnerID: ownerID, Now: s.now()})
		return err
	})
	return post, err
}

// DueArgs is the job that queues a scheduled post when its time has come.
type DueArgs struct {
	OwnerID uuid.UUID `json:"owner_id"`
	PostID  uuid.UUID `json:"post_id"`
	// ScheduledAt tells the job of the post's present schedule from those of earlier ones.
	ScheduledAt time.Time `json:"scheduled_at"`
}

// Kind names the job in River's tables; it must never change.
func (DueArgs) Kind() string { return "publish_due" }

// InsertOpts keeps the job from being given up: no scheduled post is forgotten.
func (DueArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: jobs.MaxAttempts} }

type dueWorker struct {
	river.WorkerDefaults[DueArgs]
	service *Service
}

// Work queues the post if this is still its schedule. A post that could not go out within the overdue window, because
// nothing was running, fails instead: nobody wants Monday's post on Thursday.
func (w *dueWorker) Work(ctx context.Context, job *river.Job[DueArgs]) error {
	s, args := w.service, job.Args
	var held bool
	err := s.store.InTx(ctx, func(tx *postgres.Tx) error {
		held = false
		post, err := s.queries.PostGetForUpdate(ctx, tx, db.PostGetForUpdateParams{ID: args.PostID, OwnerID: args.OwnerID})
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if post.State != posts.StateScheduled || !post.ScheduledAt.Equal(args.ScheduledAt) {
			return nil
		}
		standing, err := s.origin.Look(ctx, tx)
		if err != nil {
			return err
		}
		now := s.now()
		if held = standing.Hold != nil; held {
			return s.holdBack(ctx, tx, post, now)
		}
		sent := !args.ScheduledAt.After(standing.Review.DueBefore) // or it may be
		if late := now.Sub(args.ScheduledAt); late > s.rules.OverdueWindow && !sent {
			return s.miss(ctx, tx, post, now, overdue(args.ScheduledAt))
		}
		account, err := s.accounts.Find(ctx, tx, args.OwnerID, post.AccountID)
		if fault.Is(err, fault.Precondition) {
			f := fault.Of(err)
			return s.miss(ctx, tx, post, now, failure{code: f.Reason, message: f.Message, remedy: "Connect an account, then publish the post."})
		}
		if err != nil {
			return err
		}
		if _, err := s.queries.PostMarkDue(ctx, tx, db.PostMarkDueParams{ID: post.ID, OwnerID: post.OwnerID, AccountID: account.ID, Now: now}); err != nil {
			return err
		}
		if sent {
			return s.dueInDoubt(ctx, tx, post, account, job.ID, args.ScheduledAt, now)
		}
		return s.approve(ctx, tx, post.OwnerID, []approval{{post.ID, account.ID}}, args.ScheduledAt, now)
	})
	if err == nil && held {
		return s.sleep(s.now().Add(heldLook))
	}
	return err
}

// miss fails a scheduled post that can't go out, and tells its owner.
func (s *Service) miss(ctx context.Context, tx *postgres.Tx, post posts.Post, now time.Time, f failure) error {
	missed, err := s.queries.PostMarkMissed(ctx, tx, db.PostMarkMissedParams{
		ID: post.ID, OwnerID: post.OwnerID, Now: now, FailureCode: f.code, FailureMessage: f.message, FailureRemedy: f.remedy,
	})
	if err != nil {
		return err
	}
	return s.jobs.Insert(ctx, tx, s.follow(missed, "")...)
}
