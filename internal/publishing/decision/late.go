package decision

import (
	"cmp"

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
