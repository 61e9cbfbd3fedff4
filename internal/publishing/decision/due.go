package decision

import (
	"time"

	"github.com/postwright/postwright/internal/fault"
)

// Due is a scheduled post whose time has come.
type Due struct {
	// At is its time.
	At time.Time
	// Held is whether everything is held, and ReviewedBefore when a post was due at the latest that may have been sent by somebody
	// whose database is gone; zero for none.
	Held           bool
	ReviewedBefore time.Time
	// NoAccount is why there is no account to send it with; nil when there is one.
	NoAccount error
}

// DueObstacle is what keeps a scheduled post from being queued now that it is due; nil when nothing does. One that may have been
// sent was so with the account that there was then.
func (r Rules) DueObstacle(d Due, now time.Time) *Obstacle {
	switch {
	case d.Held:
		return heldBack(now)
	case !d.At.After(d.ReviewedBefore):
		return &Obstacle{MayHaveBeenSent}
	case r.overdue(d.At, now):
		return &Obstacle{unsent(missed(d.At))}
	case d.NoAccount != nil:
		f := fault.Of(d.NoAccount)
		return &Obstacle{unsent(Failure{Code: f.Reason, Message: f.Message, Remedy: "Connect an account, then publish the post."})}
	}
	return nil
}
