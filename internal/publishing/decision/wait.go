package decision

import (
	"fmt"
	"time"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// Bounds of the waits.
const (
	// unknownHold is how long an account is held first when LinkedIn refuses for a limit and does not say for how long.
	unknownHold = time.Minute
	// longestHold bounds what LinkedIn may ask for; then it is asked again.
	longestHold = 24 * time.Hour
	// PausedRecheck is how often a publication of a paused account checks by itself; connecting the account wakes it before.
	PausedRecheck = time.Hour
	// LongestRetryWait bounds the wait before a create that did not arrive is tried again.
	LongestRetryWait = 10 * time.Minute
	// DayMargin is added to a wait for midnight UTC: LinkedIn's clock may be behind, and a create that comes too early
	// would be refused for another day.
	DayMargin = 10 * time.Second
	// longestTurn bounds the wait for an account's turn, in case nobody is left who gives it: a process of an older build, or one
	// that died at the wrong moment, had the last one. A long line is not to be looked through by timers.
	longestTurn = 2 * time.Minute
)

// Postpone gives an outcome that surely left nothing at LinkedIn another attempt, where the rules allow one. f is the fault
// that the outcome comes from:
//
//	429                  the account is held for as long as LinkedIn asks, for a day's quota until 00:00 UTC; see ForAccount
//	401                  the account is paused until it is connected again
//	426, nothing sent    again, until the overdue window ends: see again
//	any other refusal    none
func (r Rules) Postpone(o Outcome, f *fault.Error, dueAt, now time.Time) Outcome {
	switch {
	case o.State != posts.StateFailed:
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
		o = o.waitingForLimit(until, o.Failure.Code)
		o.Account = Held
		o.Hold = Hold{Until: until, passing: f.Reason != linkedin.ReasonDayLimit, asked: min(f.RetryAfter, longestHold)}
		return o
	case f.Kind == fault.VendorAuth:
		o = o.waitingForConnection(now)
		o.Account = Paused
		return o
	case o.Answer.Result == NotSent, f.Reason == linkedin.ReasonVersionExpired:
		return r.again(o, f.RetryAfter, dueAt, now)
	}
	return o
}

// ForAccount is what an outcome means for an account as it stands now, which may have got another token since the attempt was
// made; sameToken is whether it has not.
//
// LinkedIn refused the token of then: one that came since is tried at once.
//
// How long an account is held for a limit that is not known to be the day's depends on the holds before: LinkedIn's documented
// words for a day's quota that is used up do not say so, nor for how long it lasts. It is held for as long as LinkedIn asks, else
// for one minute; and for two minutes, four, and so on with every refusal of the day that follows a hold, until 00:00 UTC at most
// and not for less than LinkedIn asks. A create that is taken begins anew. A refusal that comes while the account is held belongs
// to the one that it is held for.
func (o Outcome) ForAccount(standing accounts.Standing, sameToken bool, now time.Time) Outcome {
	if o.Account == Paused && !sameToken {
		o.Account, o.Wait.Until = Untouched, now
	}
	if !o.Hold.passing {
		return o
	}
	asked := o.Hold.asked
	held := standing.Held != nil
	if held && !now.Add(asked).After(*standing.Held) {
		o = o.waitingForLimit(standing.Held.UTC(), o.Failure.Code)
		o.Account, o.Hold = Untouched, Hold{}
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
	if before == 0 && asked > 0 {
		wait = asked
	}
	until, midnight := now.Add(wait), accounts.Tomorrow(now)
	if until.After(midnight) {
		until = midnight
	}
	if least := now.Add(asked); least.After(until) {
		until = least
	}
	until = until.UTC()
	o = o.waitingForLimit(until, o.Failure.Code)
	o.Account, o.Hold = Held, Hold{Until: until, Streak: before + 1}
	return o
}

// again tries an outcome another time, after half as long as the publication has been late: often at first, and a dozen
// times an hour in all; not before least, for which LinkedIn's host is left alone. The last attempt falls within the overdue
// window.
func (r Rules) again(o Outcome, least time.Duration, dueAt, now time.Time) Outcome {
	wait := min(max(now.Sub(dueAt)/2, r.RetryWait, least), LongestRetryWait)
	last := dueAt.Add(r.OverdueWindow)
	if now.Add(wait).After(last) {
		return o
	}
	o.State, o.Wait.Until = posts.StateQueued, now.Add(wait)
	o.Failure.Remedy = fmt.Sprintf("Nothing is on LinkedIn. It is tried again by itself until %s.", last.UTC().Format(time.RFC3339))
	return o
}

// waitingForLimit lets an outcome wait until LinkedIn takes posts of the account again.
func (o Outcome) waitingForLimit(until time.Time, reason string) Outcome {
	o.State, o.Wait = posts.StateQueued, Wait{Until: until, Excused: true}
	if reason == linkedin.ReasonDayLimit {
		o.Wait.Until = until.Add(DayMargin)
	}
	o.Failure.Code = reason
	o.Failure.Remedy = fmt.Sprintf("Nothing is on LinkedIn. The post goes out by itself after %s.", until.Format(time.RFC3339))
	return o
}

// waitingForConnection lets an outcome wait until a person connects the account again.
func (o Outcome) waitingForConnection(now time.Time) Outcome {
	o.State, o.Wait = posts.StateQueued, Wait{Until: now.Add(PausedRecheck), Excused: true}
	o.Failure.Remedy = "Nothing is on LinkedIn. " + remedyConnect
	return o
}

// TurnWait is how long a publication waits for its turn that nobody gives it; then it checks. spread, from 0 to 1, adds up to
// half as much, so that not all come back at once.
func (Rules) TurnWait(spread float64) time.Duration {
	return longestTurn + time.Duration(spread*float64(longestTurn/2))
}
