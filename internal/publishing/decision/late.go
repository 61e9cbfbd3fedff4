package decision

import (
	"cmp"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
)

// LateSettlement is how an answer settles the doubt about its own attempt, when that had been given up for lost; false where it
// leaves a doubt itself.
func (a Answer) LateSettlement() (by Settlement, settles bool) {
	switch a.Result {
	case InDoubt:
		return "", false
	case Accepted:
		return SettledLateAccepted, true
	}
	return SettledLateRefused, true
}

// Late is what such an outcome means for its post, which is in a state by now, beside its other attempts. One that LinkedIn did
// not take says nothing about another that is in doubt, unless LinkedIn names that; and a post that somebody settled stays so.
func (o Outcome) Late(state string, others Earlier) Resolution {
	by, settles := o.Answer.LateSettlement()
	switch {
	case !settles:
		return Resolution{}
	case by == SettledLateAccepted:
		return Resolution{Finding: There, URN: o.URN, By: by}
	case others.InDoubt && o.Answer.DuplicateOf != "":
		return Resolution{Finding: There, URN: o.Answer.DuplicateOf, By: SettledByDuplicate}
	case others.InDoubt:
		return Resolution{}
	case others.Arrived:
		return Resolution{Finding: There, URN: cmp.Or(others.URN, o.Answer.DuplicateOf), By: by}
	case state != posts.StateUnconfirmed:
		return Resolution{}
	}
	return Resolution{Finding: Absent, Failure: o.lateFailure(), By: by}
}

// lateFailure is what the owner learns of a refusal that comes late.
func (o Outcome) lateFailure() Failure {
	if o.State == posts.StateQueued { // that it goes out by itself, which it does not any more
		o.Failure.Remedy = "Nothing is on LinkedIn. Publish the post again."
	}
	return o.Failure
}

// Idle reports whether a post in this state is neither on its way nor there nor in doubt.
func Idle(state string) bool {
	switch state {
	case posts.StateDraft, posts.StateScheduled, posts.StateFailed:
		return true
	}
	return false
}

// SentWith reports whether a post in this state becomes what a lost attempt made of it, and so belongs to that attempt's account,
// by which its numbers are asked for and a doubt about it is looked into.
func (a Answer) SentWith(state string) bool {
	switch state {
	case posts.StateQueued, posts.StateUnconfirmed: // of another attempt, perhaps with another account
		return a.Result == Accepted
	}
	return Idle(state)
}

// LostPost is the fault of an attempt whose very post the database lost: the log alone can tell what LinkedIn has.
func (o Outcome) LostPost(id uuid.UUID, cause error) error {
	said := "LinkedIn did not take it."
	switch o.Answer.Result {
	case Accepted:
		said = "LinkedIn has it, as " + cmp.Or(o.URN, "it did not say what") + "."
	case InDoubt:
		said = "LinkedIn may have it."
	}
	return fault.Newf(fault.NotFound, "The database lost the post %s while it was sent. %s", id, said).WithCause(cause)
}
