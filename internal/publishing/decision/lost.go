package decision

import (
	"cmp"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
)

// Lost is what becomes of an attempt that the database lost, and whose publication went on without it or is lost as well, and of
// its post. The zero Lost leaves everything as it is.
type Lost struct {
	// Doubt is with which answer the attempt is written down, for a publication of its own: each has one attempt at most that may
	// have arrived. nil when it is not.
	Doubt *Answer
	// SentWith is whether the post belongs to the attempt's account from then on, by which its numbers are asked for and a doubt
	// about it is looked into.
	SentWith bool
	// Post is what becomes of the post, whatever state it is in.
	Post LostEnd
	// Resolution settles the post that arrives, and Failure is what the owner is told of the one that rests in doubt.
	Resolution Resolution
	Failure    Failure
}

// LostEnd is what a lost attempt makes of its post.
type LostEnd uint8

// What it may make of it.
const (
	LostLeaves  LostEnd = iota // the post is as it was: its other attempts tell
	LostArrived                // it is there
	LostInDoubt                // it comes to rest in doubt
)

// Lost is what becomes of the outcome's attempt, where the database lost that, and of its post, which is in a state by now. One that
// may have arrived becomes a doubt about the post, and a settled one if LinkedIn accepted it: so whatever other attempts come to, the
// post is not called failed. Without hasAccount, where the account is lost too, the post alone tells. One that surely did not arrive
// changes neither.
func (o Outcome) Lost(state string, hasAccount bool) Lost {
	var l Lost
	if !o.Answer.MayHaveArrived() {
		return l
	}
	if hasAccount {
		doubt := o.Answer
		doubt.Result = InDoubt
		l.Doubt, l.SentWith = &doubt, o.Answer.sentWith(state)
	}
	switch {
	case o.Answer.Result == Accepted:
		l.Post, l.Resolution = LostArrived, Resolution{Finding: There, URN: o.URN, By: SettledLateAccepted}
	case idle(state):
		l.Post, l.Failure = LostInDoubt, o.Failure
	}
	return l
}

// idle reports whether a post in this state is neither on its way nor there nor in doubt.
func idle(state string) bool {
	switch state {
	case posts.StateDraft, posts.StateScheduled, posts.StateFailed:
		return true
	}
	return false
}

// sentWith reports whether a post in this state becomes what a lost attempt made of it.
func (a Answer) sentWith(state string) bool {
	switch state {
	case posts.StateQueued, posts.StateUnconfirmed: // of another attempt, perhaps with another account
		return a.Result == Accepted
	}
	return idle(state)
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
