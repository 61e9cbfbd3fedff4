package decision

import (
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
)

// Settlement is how a doubt about an attempt was settled, as the attempt's row keeps it.
type Settlement string

// How a doubt is settled.
const (
	SettledPublished    Settlement = "person_published"
	SettledNotPublished Settlement = "person_not_published"
	SettledByDuplicate  Settlement = "duplicate_named"
	SettledLateAccepted Settlement = "late_accepted"
	SettledLateRefused  Settlement = "late_refused"
	SettledReadBack     Settlement = "read_back_published"
	SettledAbsent       Settlement = "read_back_absent"
)

// SettledThere are the settlements that say that an attempt is on LinkedIn, as rows keep them.
var SettledThere = []string{
	string(SettledPublished), string(SettledByDuplicate), string(SettledReadBack), string(SettledLateAccepted),
}

// Finding is what was found out about a post in doubt.
type Finding uint8

// What may be found out.
const (
	Nothing   Finding = iota // the doubt stands
	Resembled                // the doubt stands, and its owner is told what was seen that may be the post
	There                    // it is on LinkedIn
	Absent                   // it is not
)

// Resolution is what becomes of a doubt about a post; the zero Resolution leaves it standing.
type Resolution struct {
	Finding Finding
	// URN is the post's when it is there; "" where nobody knows it.
	URN string
	// Failure is what its owner is told when it is absent or something resembles it.
	Failure Failure
	// By is how the doubt is settled by that; "" while it stands.
	By Settlement
}

// State is the one that a post in doubt comes to rest in when the doubt is settled.
func (r Resolution) State() string {
	switch r.Finding {
	case There:
		return posts.StatePublished
	case Absent:
		return posts.StateFailed
	}
	return posts.StateUnconfirmed
}

// Resolvable says why a person can't settle a doubt about a post in this state, or nil.
func Resolvable(state string) error {
	if state == posts.StateUnconfirmed {
		return nil
	}
	return fault.Newf(fault.Precondition, "The post is %s: only one in doubt can be resolved.", state).WithReason("NOT_IN_DOUBT")
}

// Said is what becomes of a doubt by the word of a person who looked on LinkedIn.
func Said(published bool, urn string) Resolution {
	if published {
		return Resolution{Finding: There, URN: urn, By: SettledPublished}
	}
	return Resolution{Finding: Absent, By: SettledNotPublished, Failure: Failure{
		Code: "NOT_PUBLISHED", Message: "A person saw that the post is not on LinkedIn.", Remedy: "Publish the post again.",
	}}
}

// Arrival is what becomes of a post, by where it is, that turns out to be on LinkedIn from an attempt that was in doubt.
type Arrival uint8

// What may become of it.
const (
	ArrivedBefore  Arrival = iota // that is known: nothing
	ArrivesAtRest                 // it is published
	ArrivesQueued                 // it is published, and the send that waits is withdrawn
	ArrivesMidSend                // the answer of the attempt under way ends it, for which its name is kept: see Outcome.After
)

// ArrivalOf is the arrival of a post in this state.
func ArrivalOf(state string) Arrival {
	switch {
	case state == posts.StateUnconfirmed, idle(state): // idle only when the database went back, and lost the attempt
		return ArrivesAtRest
	case state == posts.StateQueued:
		return ArrivesQueued
	case state == posts.StatePublishing:
		return ArrivesMidSend
	}
	return ArrivedBefore
}
