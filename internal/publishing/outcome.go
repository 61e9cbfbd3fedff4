package publishing

import (
	"cmp"
	"fmt"
	"net/http"
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
	attempt string // one of the attempt… constants
	status  int    // LinkedIn's HTTP status, 0 without an answer
	code    string // LinkedIn's code, or ours where it gave none
	message string // LinkedIn's words, or ours where it gave none
	traceID string // LinkedIn's trace id

	state   string // the state that the post comes to rest in, or queued when it waits for another attempt
	urn     string // "" where LinkedIn accepted without saying
	failure failure
	// duplicateOf is the post that LinkedIn named when it refused this one as its duplicate, "" otherwise.
	duplicateOf string
	// settles is true when the outcome settles the doubts about earlier attempts of the post.
	settles bool

	// until is when another attempt may be made; zero unless state is queued.
	until time.Time
	// excused is true when the wait does not make the publication late: LinkedIn asked for it, or the account's owner has
	// to do something first.
	excused bool
	// account is what the outcome means for everything else of the account.
	account accountEffect
	// heldUntil is when an account that is held takes posts again. passing is true when that is for another limit than the day's,
	// asked is for how long LinkedIn asks then, 0 where it does not say, and streak is how many such holds of the day have followed
	// each other: see heldFor.
	heldUntil time.Time
	passing   bool
	asked     time.Duration
	streak    int
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

// afterArrival is the outcome of an attempt whose post is known to be there from an earlier one, under urn ("" where
// LinkedIn did not say): whatever became of this one, the post is published and needs no further attempt.
func (o outcome) afterArrival(urn string) outcome {
	if o.state == posts.StateFailed || o.state == posts.StateQueued {
		o.state, o.urn, o.failure = posts.StatePublished, cmp.Or(o.duplicateOf, urn), failure{}
	}
	return o
}

// failure is what the owner of a post that was not published learns.
type failure struct{ code, message, remedy string }

const remedyDoubt = "Look on LinkedIn whether the post is there, and say so with ResolvePost: sending it again could publish it twice."

// resentTooLate is why one more send that was approved in time was not made.
var resentTooLate = failure{
	code:    ReasonResendTooLate,
	message: "The send that you approved could not be made while LinkedIn still refuses the same text, so it was not made: the post could stand there twice.",
	remedy:  remedyDoubt,
}

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

// judge says what LinkedIn's answer to a create means, before the rules of waiting.
func judge(created linkedin.Created, err error) outcome {
	if err == nil {
		urn := ""
		if !created.URN.IsZero() {
			urn = created.URN.String()
		}
		return outcome{
			attempt: attemptAccepted, status: created.Status, traceID: created.TraceID,
			state: posts.StatePublished, urn: urn,
		}
	}
	f := fault.Of(err)
	o := outcome{attempt: attemptRejected, code: code(f), message: f.Message, state: posts.StateFailed, failure: failureOf(f)}
	if urn, named := linkedin.DuplicateOf(err); named {
		o.duplicateOf = urn.String()
	}
	if a := f.Answer; a != nil {
		o.status, o.traceID = a.Status, a.TraceID
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

// unsent is the outcome of a publication that could not even be attempted.
func unsent(f failure) outcome {
	return outcome{attempt: attemptNotSent, state: posts.StateFailed, failure: f}
}

// failureOf is what the owner learns of a fault that surely left nothing at LinkedIn.
func failureOf(f *fault.Error) failure {
	return failure{code: code(f), message: f.Message, remedy: remedy(f)}
}

// overdue is the failure of a publication that nothing was running to carry out in time.
func overdue(due time.Time) failure {
	return failure{
		code:    "OVERDUE",
		message: fmt.Sprintf("The post was due at %s and nothing was running to send it.", due.UTC().Format(time.RFC3339)),
		remedy:  "Publish it now, or schedule it anew.",
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
	case f.Kind == fault.VendorAuth:
		return linkedin.ReasonInvalidToken
	case f.Kind == fault.RateLimited:
		return linkedin.ReasonRateLimited
	case f.Kind == fault.VendorRejected:
		return "LINKEDIN_REJECTED"
	}
	return "NOT_SENT"
}

// remedy says what the owner can do about a post that LinkedIn surely does not have.
func remedy(f *fault.Error) string {
	switch {
	case f.Kind == fault.VendorUnavailable, f.Kind == fault.Canceled, f.Kind == fault.Deadline:
		return "Nothing is on LinkedIn. Publish the post again later."
	case f.Reason == linkedin.ReasonDuplicatePost:
		return "Change the text, or leave the post as it is if it was meant to be published once."
	case f.Reason == linkedin.ReasonVersionExpired:
		return "Nothing is on LinkedIn. Have the LinkedIn version set to one that is served, then publish the post again."
	case f.Reason == linkedin.ReasonAccessDenied:
		return "Nothing is on LinkedIn. Connect the account again with the scope for posting (w_member_social, for pages w_organization_social), once the app has the product and the member the role for it; then publish the post again."
	case f.Reason == linkedin.ReasonUnpermitted:
		return "Nothing is on LinkedIn, and nothing that you change helps: whoever runs Postwright finds LinkedIn's words in the attempt, and may set another LinkedIn version."
	case f.Reason == linkedin.ReasonWrongAuthor:
		return "Nothing is on LinkedIn. Connect the account again with the app that it is to post with, as the member it belongs to; for a page, as a member with a role for posting there. Then publish the post again."
	case f.Kind == fault.VendorRejected && f.Answer != nil && f.Answer.Status == http.StatusForbidden:
		return "Nothing is on LinkedIn. The attempt has LinkedIn's own words, which say what is in the way: have that mended, then publish the post again."
	case f.Kind == fault.Precondition:
		return "Nothing was sent. Mend this, then publish the post again."
	}
	return "Change what LinkedIn objects to, then publish the post again."
}
