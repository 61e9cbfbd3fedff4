package decision

import (
	"fmt"
	"time"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
)

// Obstacle is what keeps a publication from being sent now, as the outcome that it comes to for that.
type Obstacle struct{ Outcome }

// InDoubt reports whether somebody may have sent the post already: then an attempt is kept, in doubt, though none is made.
func (o Obstacle) InDoubt() bool { return o.State == posts.StateUnconfirmed }

// Waits reports whether the post goes out by itself once the obstacle is gone.
func (o Obstacle) Waits() bool { return o.State == posts.StateQueued }

// Pending is a publication that is about to be sent.
type Pending struct {
	// Held is whether everything is held, and ReviewedBefore when a publication was approved at the latest that may have been sent
	// by somebody whose database is gone; zero for none.
	Held           bool
	ReviewedBefore time.Time
	// ApprovedAt is when it was approved, and DueAt from when on it is late.
	ApprovedAt, DueAt time.Time
	// WaitedFor is what its post says that it waits for; zero when it says nothing.
	WaitedFor Failure
	// AccountName and Account are its account's name, and how that stands.
	AccountName string
	Account     accounts.Standing
}

// Obstacle is what keeps a publication from being sent now; nil when nothing does.
func (r Rules) Obstacle(p Pending, now time.Time) *Obstacle {
	switch {
	case p.Held:
		return heldBack(now)
	case p.ApprovedAt.Before(p.ReviewedBefore):
		return &Obstacle{MayHaveBeenSent}
	case r.overdue(p.DueAt, now) && p.WaitedFor.Code != "": // what it waited for is why
		p.WaitedFor.Remedy = "Nothing is on LinkedIn. Publish the post again later."
		return &Obstacle{unsent(p.WaitedFor)}
	case r.overdue(p.DueAt, now):
		return &Obstacle{unsent(missed(p.DueAt))}
	}
	return accountObstacle(p.AccountName, p.Account, now)
}

// accountObstacle is what keeps everything of an account from being sent; nil when nothing does. It is known already, and so
// leaves the account untouched.
func accountObstacle(name string, standing accounts.Standing, now time.Time) *Obstacle {
	switch {
	case standing.Disconnected:
		return &Obstacle{unsent(Failure{
			Code: accounts.ReasonDisconnected, Message: "The account " + name + " was disconnected.",
			Remedy: "Connect it again or choose another account, then publish the post again.",
		})}
	case standing.Paused != "":
		return &Obstacle{unsent(Failure{
			Code: standing.Paused, Message: "LinkedIn does not accept the token of " + name + " any more.",
		}).waitingForConnection(now)}
	case standing.Held != nil:
		return &Obstacle{unsent(Failure{Message: "LinkedIn takes no more posts of " + name + " for now."}).
			waitingForLimit(standing.Held.UTC(), standing.HeldFor)}
	}
	return nil
}

// NoAuthor is in the way when the account has no name that LinkedIn would take as an author's.
func NoAuthor(err error) *Obstacle { return &Obstacle{unsent(failureOf(fault.Of(err)))} }

// NoToken is in the way when the account's token can't be opened: another process may have the right keyset, or this one soon.
func (r Rules) NoToken(err error, dueAt, now time.Time) *Obstacle {
	return &Obstacle{r.again(unsent(failureOf(fault.Of(err))), 0, dueAt, now)}
}

// overdue reports whether it is too late for what was due at a time: nobody wants Monday's post on Thursday.
func (r Rules) overdue(due, now time.Time) bool { return now.Sub(due) > r.OverdueWindow }

// missed is the failure of what nothing was running to carry out in time.
func missed(due time.Time) Failure {
	return Failure{
		Code:    "OVERDUE",
		Message: fmt.Sprintf("The post was due at %s and nothing was running to send it.", due.UTC().Format(time.RFC3339)),
		Remedy:  "Publish it now, or schedule it anew.",
	}
}

// Reasons of posts that a hold of everything is about.
const (
	// ReasonHeld marks a post that waits because everything is held.
	ReasonHeld = "DATABASE_HELD"
	// ReasonRestored marks a post in doubt, because it may have been sent after the data were copied.
	ReasonRestored = "DATABASE_RESTORED"
)

// heldRecheck is how often what is held checks by itself; a release wakes it before.
const heldRecheck = time.Minute

// heldBack lets a publication wait until a person lets everything go.
func heldBack(now time.Time) *Obstacle {
	o := unsent(Failure{
		Code:    ReasonHeld,
		Message: "Everything is held: this database was restored, or another server took over, and it may not know what was sent.",
		Remedy:  "Nothing is sent until the operator has looked and lets it go with `postwright release`.",
	})
	o.State, o.Wait = posts.StateQueued, Wait{Until: now.Add(heldRecheck), Excused: true}
	return &Obstacle{o}
}

// MayHaveBeenSent settles what may have been sent after the data were copied, without sending it.
var MayHaveBeenSent = Outcome{
	Answer: Answer{
		Result:  InDoubt,
		Code:    ReasonRestored,
		Message: "The database was restored, or another server took over, and the post may have been sent before.",
	},
	State: posts.StateUnconfirmed,
	Failure: Failure{
		Code:    ReasonRestored,
		Message: "The database was restored, or another server took over, and it is not known whether the post was sent before.",
		Remedy:  remedyDoubt,
	},
}
