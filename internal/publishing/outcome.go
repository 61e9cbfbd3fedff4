package publishing

import (
	"fmt"
	"time"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// The outcomes of an attempt.
const (
	attemptAccepted = "accepted"
	attemptRejected = "rejected"
	attemptNotSent  = "not_sent"
	attemptInDoubt  = "in_doubt"
)

// outcome is what one attempt came to, for the attempt's row and for the post's.
type outcome struct {
	attempt   string // one of the attempt… constants
	status    int    // LinkedIn's HTTP status, 0 without an answer
	code      string // LinkedIn's code, or ours where it gave none
	message   string // LinkedIn's words, or ours where it gave none
	requestID string // LinkedIn's trace id

	state   string // the state that the post comes to rest in
	urn     string // "" where LinkedIn accepted without saying
	failure failure
	// duplicateOf is the post that LinkedIn named when it refused this one as its duplicate, "" otherwise.
	duplicateOf string
	// settles is true when the outcome settles the doubts about earlier attempts of the post.
	settles bool
}

// afterDoubt is the outcome of an attempt whose post has an earlier one in doubt. A duplicate that LinkedIn names is then
// that earlier attempt: the post is there. Any other failure says nothing about it, and the doubt stands.
func (o outcome) afterDoubt() outcome {
	switch {
	case o.state != posts.StateFailed:
	case o.duplicateOf != "":
		o.state, o.urn, o.failure, o.settles = posts.StatePublished, o.duplicateOf, failure{}, true
	default:
		o.state, o.failure.remedy = posts.StateUnconfirmed, "An earlier attempt is still in doubt. "+remedyDoubt
	}
	return o
}

// failure is what the owner of a post that was not published learns.
type failure struct{ code, message, remedy string }

const remedyDoubt = "Look on LinkedIn whether the post is there, and say so with ResolvePost: sending it again could publish it twice."

// diedInBetween settles an attempt whose process ended before it could write the answer down.
var diedInBetween = outcome{
	attempt: attemptInDoubt, code: "PROCESS_DIED", message: "Postwright stopped while the post was being sent.",
	state: posts.StateUnconfirmed,
	failure: failure{
		code:    "PROCESS_DIED",
		message: "Postwright stopped while the post was being sent, so it is not known whether LinkedIn has it.",
		remedy:  remedyDoubt,
	},
}

// judge says what LinkedIn's answer to a create means.
func judge(created linkedin.Created, err error, now time.Time) outcome {
	if err == nil {
		urn := ""
		if !created.URN.IsZero() {
			urn = created.URN.String()
		}
		return outcome{
			attempt: attemptAccepted, status: created.Status, requestID: created.RequestID,
			state: posts.StatePublished, urn: urn,
		}
	}
	f := fault.Of(err)
	o := outcome{attempt: attemptRejected, code: code(f), message: f.Message, state: posts.StateFailed}
	o.failure = failure{code: o.code, message: f.Message, remedy: remedy(f, now)}
	if urn, named := linkedin.DuplicateOf(err); named {
		o.duplicateOf = urn.String()
	}
	if a := f.Answer; a != nil {
		o.status, o.requestID = a.Status, a.RequestID
		if a.Message != "" {
			o.message = a.Message
		}
	}
	switch {
	case f.Doubt:
		o.attempt, o.state = attemptInDoubt, posts.StateUnconfirmed
		o.failure.remedy = remedyDoubt
	case o.status == 0:
		o.attempt = attemptNotSent
	}
	return o
}

// notSent is the outcome of an attempt that ended before the call.
func notSent(err error) outcome {
	f := fault.Of(err)
	return outcome{
		attempt: attemptNotSent, code: code(f), message: f.Message, state: posts.StateFailed,
		failure: failure{code: code(f), message: f.Message, remedy: "Nothing was sent. Mend this, then publish the post again."},
	}
}

// code is a stable machine code for a failure.
func code(f *fault.Error) string {
	switch {
	case f.Reason != "":
		return f.Reason
	case f.Answer != nil && f.Answer.Code != "":
		return f.Answer.Code
	case f.Kind == fault.VendorUnavailable:
		return "LINKEDIN_UNAVAILABLE"
	case f.Kind == fault.RateLimited:
		return "RATE_LIMITED"
	case f.Kind == fault.VendorRejected:
		return "LINKEDIN_REJECTED"
	}
	return "NOT_SENT"
}

// remedy says what the owner can do about a post that LinkedIn surely does not have.
func remedy(f *fault.Error, now time.Time) string {
	switch f.Kind {
	case fault.VendorAuth:
		return "Connect the LinkedIn account again, then publish the post again."
	case fault.RateLimited:
		if f.RetryAfter > 0 {
			return fmt.Sprintf("Publish the post again after %s.", now.Add(f.RetryAfter).UTC().Format("2006-01-02 15:04 MST"))
		}
		return "Wait a while, then publish the post again."
	case fault.VendorUnavailable, fault.Canceled, fault.Deadline:
		return "Nothing is on LinkedIn. Publish the post again later."
	}
	if f.Reason == "DUPLICATE_POST" {
		return "Change the text, or leave the post as it is if it was meant to be published once."
	}
	return "Change what LinkedIn objects to, then publish the post again."
}
