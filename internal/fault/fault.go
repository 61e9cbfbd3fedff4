// Package fault is the one vocabulary of failures inside Postwright.
//
// It owns the kinds of failure, the words a caller may see, and the cause that only a log may see. An error is turned
// into a fault once, at the edge where it enters the program: SQL errors in internal/postgres, transport errors in
// internal/outbound, vendor answers in internal/vendors, broken rules in the use cases. Above that edge it travels
// unchanged, wrapped or not, until internal/rpc turns it into an answer.
//
// It must not know any driver, vendor library or RPC framework.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what went wrong in terms a caller can act on.
type Kind uint8

// The kinds of failure. The zero value is Internal, so that a fault nobody classified never reaches a caller as
// anything but a fixed sentence.
const (
	// Internal is a defect or a failure with no better name. Its message is never shown.
	Internal Kind = iota
	// NotFound means that there is no such thing, or none that the caller may see.
	NotFound
	// Conflict means that the thing exists already.
	Conflict
	// Precondition means that the request is well-formed but the state of the system does not allow it.
	Precondition
	// Invalid means that the request itself is wrong; Fields says where.
	Invalid
	// Stale means that the caller's etag is not the current one: read again, then repeat.
	Stale
	// Busy means that concurrent work got in the way: the same request may succeed if repeated.
	Busy
	// Canceled means that the caller went away.
	Canceled
	// Deadline means that the time allowed for the operation ran out.
	Deadline
	// Unavailable means that Postwright can't do this now: the database is away or full, or this process stops or is too busy.
	Unavailable
	// Unauthenticated means that the caller of Postwright did not prove who they are.
	Unauthenticated
	// Forbidden means that the caller may not do this, however often they ask; what an operator can change, the message says.
	Forbidden
	// RateLimited means that a vendor refused because of a quota; RetryAfter says how long, where it is known.
	RateLimited
	// VendorAuth means that a vendor did not accept the account's token.
	VendorAuth
	// VendorRejected means that a vendor understood the request and refused it for good.
	VendorRejected
	// VendorUnavailable means that a vendor could not be reached, did not answer in time, or answered with nonsense.
	VendorUnavailable
	// OverLimit means that the caller has had their share of this Postwright; RetryAfter says how long to wait.
	OverLimit
)

var kindNames = [...]string{
	Internal: "internal", NotFound: "not found", Conflict: "conflict", Precondition: "precondition", Invalid: "invalid",
	Stale: "stale", Busy: "busy", Canceled: "canceled", Deadline: "deadline", Unavailable: "unavailable",
	Unauthenticated: "unauthenticated", Forbidden: "forbidden", RateLimited: "rate limited", VendorAuth: "vendor auth",
	VendorRejected: "vendor rejected", VendorUnavailable: "vendor unavailable", OverLimit: "over limit",
}

// String returns the kind's name for logs.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Field is one thing wrong with a request.
type Field struct {
	// Path names the field as the caller wrote it: "post.content", "posts[17].hashtags[0]".
	Path string
	// Problem says what is wrong and what to do, as a clause that can follow the path: "must be at most 3,000 …".
	Problem string
}

// Answer is what a vendor said, kept word for word so that a person can take it up with the vendor.
type Answer struct {
	// Vendor is "linkedin", "analysis", "llm" or "notification".
	Vendor string
	// Operation is the operationId of the vendor's OpenAPI file.
	Operation string
	// Status is the HTTP status, 0 when no answer came.
	Status int
	// Code is the vendor's machine code, empty when the answer had none.
	Code string
	// Message is the vendor's text, clipped to 2 KiB.
	Message string
	// TraceID is the vendor's trace id for the call, empty when the answer had none.
	TraceID string
}

// Error is a failure: what the caller may know, and the cause that only a log may show.
type Error struct {
	// Kind decides how the failure reaches the caller.
	Kind Kind
	// Message is a full sentence for the caller. It never holds a secret or another system's raw error.
	Message string
	// Reason is a stable machine code in UPPER_SNAKE_CASE, such as EXPIRED_ACCESS_TOKEN; empty where the kind says it all.
	Reason string
	// Fields lists what is wrong with the request, for Invalid, Conflict and Forbidden: at most MaxFields, see List.
	Fields []Field
	// More is how many wrong fields are not in Fields.
	More int
	// RetryAfter is how long to wait before the same request may succeed; 0 means not known.
	RetryAfter time.Duration
	// Answer is the vendor's answer, nil when no vendor was involved.
	Answer *Answer
	// Doubt is true when a vendor may have carried the request out although no usable answer came back. A request in
	// doubt must not be sent again without asking: it could take effect twice.
	Doubt bool

	cause error
}

// New returns a fault with a message for the caller.
func New(kind Kind, message string) *Error {
	return &Error{Kind: kind, Message: message}
}

// Newf returns a fault with a formatted message for the caller. Never format an error or a secret into it.
func Newf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// WithCause returns the fault with the error behind it, which is shown in logs and found by errors.Is, never sent.
func (e *Error) WithCause(cause error) *Error {
	e.cause = cause
	return e
}

// WithReason returns the fault with a machine code.
func (e *Error) WithReason(reason string) *Error {
	e.Reason = reason
	return e
}

// Error is the text for logs: it contains the cause. Show callers the Message instead.
func (e *Error) Error() string {
	text := e.Kind.String() + ": " + e.Message
	if a := e.Answer; a != nil {
		text += fmt.Sprintf(" [%s %s status=%d code=%q request_id=%q]", a.Vendor, a.Operation, a.Status, a.Code, a.TraceID)
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Of returns the fault in err's chain, or an Internal one around err when there is none. It returns nil for nil.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	var f *Error
	if errors.As(err, &f) {
		return f
	}
	return New(Internal, "Something went wrong inside Postwright.").WithCause(err)
}

// Is reports whether err carries a fault of this kind.
func Is(err error, kind Kind) bool {
	var f *Error
	return errors.As(err, &f) && f.Kind == kind
}
