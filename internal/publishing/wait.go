package publishing

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// Bounds of the waits.
const (
	// unknownHold is how long an account is held first when LinkedIn refuses for a limit and does not say for how long.
	unknownHold = time.Minute
	// longestHold bounds what LinkedIn may ask for; then it is asked again.
	longestHold = 24 * time.Hour
	// pausedLook is how often a publication of a paused account looks by itself; connecting the account wakes it before.
	pausedLook = time.Hour
	// longestRetryWait bounds the wait before a create that did not arrive is tried again.
	longestRetryWait = 10 * time.Minute
	// sleepSpread is added to every wait at random: posts that were held together need not come back at the same moment.
	sleepSpread = 100 * time.Millisecond
	// dayMargin is added to a wait for midnight UTC: LinkedIn's clock may be behind, and a create that comes too early
	// would be refused for another day.
	dayMargin = 10 * time.Second
	// promptly is how soon after its approval a send is made that nothing keeps waiting.
	promptly = time.Minute
	// turnPace is what one post is reckoned to take of an account's turn, and longestTurn bounds the wait for it.
	turnPace    = 250 * time.Millisecond
	longestTurn = time.Minute
)

// What an outcome means for all publications of the account.
type accountEffect uint8

const (
	accountUntouched accountEffect = iota
	accountHeld                    // nothing goes out until a time
	accountPaused                  // nothing goes out until a person connects the account again
)

// postpone gives an outcome that surely left nothing at LinkedIn another attempt, where the rules allow one:
//
//	429                  the account is held for as long as LinkedIn asks, for a day's quota until 00:00 UTC; see heldFor
//	401                  the account is paused until it is connected again
//	426, nothing sent    again, until the overdue window ends: see again
//	any other refusal    none
func (r Rules) postpone(o outcome, f *fault.Error, dueAt, now time.Time) outcome {
	switch {
	case o.state != posts.StateFailed:
		return o
	case f.Kind == fault.RateLimited:
		wait := f.RetryAfter
		if wait == 0 {
			wait = unknownHold
		}
		until := now.Add(min(wait, longestHold)).UTC()
		if f.Reason == linkedin.ReasonDayLimit {
			until = accounts.Tomorrow(now)
		}
		o = o.held(until, o.failure.code)
		o.passing, o.asked = f.Reason != linkedin.ReasonDayLimit, min(f.RetryAfter, longestHold)
		return o
	case f.Kind == fault.VendorAuth:
		o = o.paused(now)
		o.account = accountPaused
		return o
	case o.attempt == attemptNotSent, f.Reason == linkedin.ReasonVersionExpired:
		return r.again(o, f.RetryAfter, dueAt, now)
	}
	return o
}

const day = 24 * time.Hour

// heldFor says how long an account is held for a limit that is not known to be the day's: LinkedIn's documented words for a
// day's quota that is used up do not say so, nor for how long it lasts. It is held for as long as LinkedIn asks, else for one
// minute; and for two minutes, four, and so on with every refusal of the day that follows a hold, until 00:00 UTC at most and
// not for less than LinkedIn asks. A create that is taken begins anew. A refusal that comes while the account is held belongs
// to the one that it is held for.
func heldFor(o outcome, standing accounts.Standing, now time.Time) outcome {
	if !o.passing {
		return o
	}
	held := standing.Held != nil
	if held && !now.Add(o.asked).After(*standing.Held) {
		o = o.held(standing.Held.UTC(), o.failure.code)
		o.account = accountUntouched
		return o
	}
	before := standing.Holds
	if held {
		before = max(before-1, 0) // this one is a part of it, for which LinkedIn asks more
	}
	wait := day // which no number of holds can exceed
	if before < 11 {
		wait = unknownHold << before
	}
	if before == 0 && o.asked > 0 {
		wait = o.asked
	}
	until, midnight := now.Add(wait), accounts.Tomorrow(now)
	if until.After(midnight) {
		until = midnight
	}
	if asked := now.Add(o.asked); asked.After(until) {
		until = asked
	}
	o = o.held(until.UTC(), o.failure.code)
	o.streak = before + 1
	return o
}

// again tries an outcome another time, after half as long as the publication has been late: often at first, and a dozen
// times an hour in all; not before least, for which LinkedIn's host is left alone. The last attempt falls within the overdue
// window.
func (r Rules) again(o outcome, least time.Duration, dueAt, now time.Time) outcome {
	wait := min(max(now.Sub(dueAt)/2, r.RetryWait, least), longestRetryWait)
	last := dueAt.Add(r.OverdueWindow)
	if now.Add(wait).After(last) {
		return o
	}
	o.state, o.until = posts.StateQueued, now.Add(wait)
	o.failure.remedy = fmt.Sprintf("Nothing is on LinkedIn. It is tried again by itself until %s.", last.UTC().Format(time.RFC3339))
	return o
}

// held lets an outcome wait until LinkedIn takes posts of the account again.
func (o outcome) held(until time.Time, reason string) outcome {
	o.state, o.until, o.excused, o.account, o.heldUntil = posts.StateQueued, until, true, accountHeld, until
	if reason == linkedin.ReasonDayLimit {
		o.until = until.Add(dayMargin)
	}
	o.failure.code = reason
	o.failure.remedy = fmt.Sprintf("Nothing is on LinkedIn. The post goes out by itself after %s.", until.Format(time.RFC3339))
	return o
}

// paused lets an outcome wait until a person connects the account again.
func (o outcome) paused(now time.Time) outcome {
	o.state, o.until, o.excused = posts.StateQueued, now.Add(pausedLook), true
	o.failure.remedy = "Nothing is on LinkedIn. Connect the account again: the post goes out then."
	return o
}

// accountObstacle is what keeps everything of an account from being sent; the zero outcome when nothing does.
func accountObstacle(name string, standing accounts.Standing, now time.Time) outcome {
	switch {
	case standing.Disconnected:
		return unsent(failure{
			code: accounts.ReasonDisconnected, message: "The account " + name + " was disconnected.",
			remedy: "Connect it again or choose another account, then publish the post again.",
		})
	case standing.Paused != "":
		return unsent(failure{
			code: standing.Paused, message: "LinkedIn does not accept the token of " + name + " any more.",
		}).paused(now)
	case standing.Held != nil:
		o := unsent(failure{message: "LinkedIn takes no more posts of " + name + " for now."}).
			held(standing.Held.UTC(), standing.HeldFor)
		o.account = accountUntouched // it is held already
		return o
	}
	return outcome{}
}

// turnWait is how long a publication with so many ahead of it waits for its turn; spread out, so that not all come back
// at once.
func turnWait(ahead int64, concurrency int) time.Duration {
	wait := min(time.Duration(ahead/int64(concurrency)+1)*turnPace, longestTurn)
	return wait + rand.N(wait/2+1)
}

// sleep lets a job wait until a time.
func (s *Service) sleep(until time.Time) error {
	return river.JobSnooze(max(until.Sub(s.now())+rand.N(sleepSpread), 0))
}

// AccountChangedArgs is the job that wakes the publications of an account that wait for it, so that each looks what the
// account's new state means for it. It belongs to every connection, renewal and disconnection.
type AccountChangedArgs struct {
	OwnerID   uuid.UUID `json:"owner_id"`
	AccountID uuid.UUID `json:"account_id"`
}

// Kind names the job in River's tables; it must never change.
func (AccountChangedArgs) Kind() string { return "publish_account_changed" }

// InsertOpts keeps the job from being given up.
func (AccountChangedArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: jobs.MaxAttempts}
}

// AfterAccount names the job that follows an account's event, if what waits for the account is to look again.
func AfterAccount(event accounts.Event, account accounts.Account) []river.JobArgs {
	switch event {
	case accounts.Connected, accounts.Renewed, accounts.Disconnected:
		return []river.JobArgs{AccountChangedArgs{OwnerID: account.OwnerID, AccountID: account.ID}}
	}
	return nil
}

type accountChangedWorker struct {
	river.WorkerDefaults[AccountChangedArgs]
	*Service
}

// wakeAgain is when those are woken that were looking at the account at the very moment of its change.
const wakeAgain = 2 * time.Second

// Work wakes every publication of the account that waits. None of them is late: it was the account that kept them.
func (w *accountChangedWorker) Work(ctx context.Context, job *river.Job[AccountChangedArgs]) error {
	s, args := w.Service, job.Args
	missed := false
	err := s.store.InTx(ctx, func(tx *postgres.Tx) error {
		missed = false
		waiting, err := s.queries.PublicationListWaiting(ctx, tx, db.PublicationListWaitingParams{AccountID: args.AccountID, OwnerID: args.OwnerID})
		if err != nil {
			return err
		}
		for _, publication := range waiting {
			if _, err := s.queries.PublicationDefer(ctx, tx, db.PublicationDeferParams{
				ID: publication.ID, OwnerID: args.OwnerID, DueAt: s.now(),
			}); err != nil {
				return err
			}
			woken, err := s.jobs.Wake(ctx, tx, publication.JobID)
			if err != nil {
				return err
			}
			missed = missed || !woken
		}
		return nil
	})
	if err == nil && missed {
		return river.JobSnooze(wakeAgain)
	}
	return err
}
