package decision

import (
	"cmp"
	"time"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// Outcome is what a publication comes to, by an attempt to send it or without one.
type Outcome struct {
	Answer Answer
	// State is the one that the post comes to rest in, or queued when it waits for another attempt.
	State string
	// URN is the post's; "" where LinkedIn accepted it without saying.
	URN     string
	Failure Failure
	// SettlesDoubts is true when the outcome settles the doubts about earlier attempts of the post.
	SettlesDoubts bool
	// Wait is zero unless State is queued.
	Wait Wait
	// Account is what the outcome means for everything else of the account, and Hold for how long; zero unless it is Held.
	Account Effect
	Hold    Hold
}

// Answer is what an attempt came to, as its row keeps it.
type Answer struct {
	Result  string // Accepted, Rejected, NotSent or InDoubt
	Status  int    // LinkedIn's HTTP status, 0 without an answer
	Code    string // LinkedIn's code, or ours where it gave none
	Message string // LinkedIn's words, or ours where it gave none
	TraceID string // LinkedIn's trace id
	// DuplicateOf is the post that LinkedIn named when it refused this one as its duplicate, "" otherwise. No row keeps it.
	DuplicateOf string
}

// The results of an attempt.
const (
	Accepted = "accepted"
	Rejected = "rejected"
	NotSent  = "not_sent"
	InDoubt  = "in_doubt"
)

// MayHaveArrived reports whether LinkedIn has, or may have, what was sent.
func (a Answer) MayHaveArrived() bool { return a.Result == Accepted || a.Result == InDoubt }

// Sent reports whether LinkedIn got a request, which counts among the day's.
func (a Answer) Sent() bool { return a.Result != NotSent }

// Wait is how a publication waits for another attempt.
type Wait struct {
	// Until is when it may be made.
	Until time.Time
	// Excused is true when the wait does not make the publication late: LinkedIn asked for it, or the account's owner has to do
	// something first.
	Excused bool
}

// Effect is what an outcome means for all publications of the account.
type Effect uint8

// The effects on an account.
const (
	Untouched Effect = iota
	Held             // nothing goes out until a time
	Paused           // nothing goes out until a person connects the account again
)

// Hold is how long an account is held.
type Hold struct {
	// Until is when the account takes posts again.
	Until time.Time
	// Streak is how many such holds of the day have followed each other: see ForAccount.
	Streak int
	// passing is true when it is for another limit than the day's, and asked for how long LinkedIn asks then, 0 where it does not
	// say.
	passing bool
	asked   time.Duration
}

// ProcessDied settles an attempt whose process ended before it could write the answer down.
var ProcessDied = Outcome{
	Answer: Answer{Result: InDoubt, Code: "PROCESS_DIED", Message: "Postwright stopped while the post was being sent."},
	State:  posts.StateUnconfirmed,
	Failure: Failure{
		Code:    "PROCESS_DIED",
		Message: "Postwright stopped while the post was being sent, so it is not known whether LinkedIn has it.",
		Remedy:  remedyDoubt,
	},
}

// Answered says what LinkedIn's answer to a create means, before the rules of waiting: see Postpone.
func Answered(created linkedin.Created, err error) Outcome {
	if err == nil {
		urn := ""
		if !created.URN.IsZero() {
			urn = created.URN.String()
		}
		return Outcome{
			Answer: Answer{Result: Accepted, Status: created.Status, TraceID: created.TraceID},
			State:  posts.StatePublished, URN: urn,
		}
	}
	f := fault.Of(err)
	o := Outcome{Answer: Answer{Result: Rejected, Code: code(f), Message: f.Message}, State: posts.StateFailed, Failure: failureOf(f)}
	if urn, named := linkedin.DuplicateOf(err); named {
		o.Answer.DuplicateOf = urn.String()
	}
	if a := f.Answer; a != nil {
		o.Answer.Status, o.Answer.TraceID = a.Status, a.TraceID
		if a.Message != "" {
			o.Answer.Message = a.Message
		}
	}
	switch {
	case f.Doubt:
		o.Answer.Result, o.State = InDoubt, posts.StateUnconfirmed
		o.Failure.Remedy = remedyDoubt
	case o.Answer.Status == 0:
		o.Answer.Result = NotSent
	}
	return o
}

// unsent is the outcome of a publication that could not even be attempted.
func unsent(f Failure) Outcome {
	return Outcome{Answer: Answer{Result: NotSent}, State: posts.StateFailed, Failure: f}
}

// Earlier is what is known of the attempts before.
type Earlier struct {
	// InDoubt is whether one may have arrived, and Arrived whether one is known to have.
	InDoubt, Arrived bool
	// URN is the post's from an attempt that arrived; "" where LinkedIn did not say.
	URN string
}

// After is the outcome of an attempt in the light of those before.
func (o Outcome) After(earlier Earlier) Outcome {
	switch {
	case earlier.InDoubt:
		return o.afterDoubt()
	case earlier.Arrived:
		return o.afterArrival(earlier.URN)
	}
	return o
}

// afterDoubt is the outcome of an attempt whose post has an earlier one in doubt. A duplicate that LinkedIn names is then
// that earlier attempt: the post is there. Any other failure says nothing about it, and the doubt stands.
func (o Outcome) afterDoubt() Outcome {
	switch {
	case o.State != posts.StateFailed:
	case o.Answer.DuplicateOf != "":
		o.State, o.URN, o.Failure, o.SettlesDoubts = posts.StatePublished, o.Answer.DuplicateOf, Failure{}, true
	default:
		o.State, o.Failure.Remedy = posts.StateUnconfirmed, "An earlier attempt is still in doubt. "+remedyDoubt
	}
	return o
}

// afterArrival is the outcome of an attempt whose post is known to be there from an earlier one, under urn ("" where
// LinkedIn did not say): whatever became of this one, the post is published and needs no further attempt.
func (o Outcome) afterArrival(urn string) Outcome {
	if o.State == posts.StateFailed || o.State == posts.StateQueued {
		o.State, o.URN, o.Failure = posts.StatePublished, cmp.Or(o.Answer.DuplicateOf, urn), Failure{}
	}
	return o
}
