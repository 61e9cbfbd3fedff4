package decision

import (
	"time"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
)

// Publishable says why a post in this state can't be approved, or nil. resend approves one more send of a post in doubt.
func Publishable(state string, resend bool) error {
	switch state {
	case posts.StateDraft, posts.StateFailed:
		return nil
	case posts.StateQueued, posts.StatePublishing:
		return fault.New(fault.Precondition, "The post is being published already: WatchPost tells how it goes.").WithReason("ALREADY_PUBLISHING")
	case posts.StatePublished:
		return fault.New(fault.Precondition, "The post is published already: create another to publish again.").WithReason("ALREADY_PUBLISHED")
	case posts.StateUnconfirmed:
		if resend {
			return nil
		}
		return fault.New(
			fault.Precondition,
			"It is not known whether LinkedIn has the post: look there and say what you saw with ResolvePost, or approve one more send with resend, "+
				"which could publish it twice.",
		).WithReason("UNCONFIRMED")
	}
	return fault.Newf(fault.Precondition, "The post is %s: cancel its schedule first.", state).WithReason("SCHEDULED")
}

// ReasonResendTooLate marks the refusal, or the end, of one more send that LinkedIn might no longer recognise.
const ReasonResendTooLate = "RESEND_TOO_LATE"

// promptly is how soon after its approval a send is made that nothing keeps waiting.
const promptly = time.Minute

// prompt is promptly, bounded for a short window.
func (r Rules) prompt() time.Duration { return min(promptly, r.DuplicateWindow/2) }

// resendBy is how long after the first send one more may be approved without a look: the window less what may pass until LinkedIn
// has it, which is not looked at again.
func (r Rules) resendBy() time.Duration { return r.DuplicateWindow - r.prompt() }

// ResendTooLate says why a post that has been in doubt since a time can't be sent once more now, or nil: LinkedIn may have
// forgotten its text, and would take it a second time.
func (r Rules) ResendTooLate(doubtSince, now time.Time) error {
	if now.Sub(doubtSince) <= r.resendBy() {
		return nil
	}
	return fault.Newf(
		fault.Precondition,
		"The post was sent at %s, and LinkedIn refuses the same text for about %s only: sent again now, it could stand there twice. Look on LinkedIn; "+
			"if the post is not there, send it again with looked, or say what you saw with ResolvePost.",
		doubtSince.UTC().Format(time.RFC3339),
		r.DuplicateWindow,
	).WithReason(ReasonResendTooLate)
}

// Prompt reports whether a send follows its approval at once. One that does needs no look at the attempts before it.
func (r Rules) Prompt(approvedAt, now time.Time) bool { return now.Sub(approvedAt) < r.prompt() }

// ResendExpired reports whether one more send was approved while LinkedIn would have recognised the first, which has been in
// doubt since a time, and comes when it may not. Who approves later than that has looked.
func (r Rules) ResendExpired(approvedAt, doubtSince, now time.Time) bool {
	return !approvedAt.After(doubtSince.Add(r.resendBy())) && now.After(doubtSince.Add(r.DuplicateWindow))
}

// ResentTooLate is what becomes of one more send that was approved in time and was not made.
func ResentTooLate() *Obstacle {
	return &Obstacle{unsent(Failure{
		Code: ReasonResendTooLate,
		Message: "The send that you approved could not be made while LinkedIn still refuses the same text, so it was not made: the post could stand " +
			"there twice.",
		Remedy: remedyDoubt,
	})}
}
