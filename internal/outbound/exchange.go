package outbound

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/postwright/postwright/internal/fault"
)

// Reasons of the faults made here.
const (
	ReasonTimeout        = "TIMEOUT"
	ReasonUnreachable    = "UNREACHABLE"
	ReasonBadAnswer      = "BAD_ANSWER"
	ReasonBadCertificate = "BAD_CERTIFICATE"
	ReasonBreakerOpen    = "BREAKER_OPEN"
)

// exchange is one attempt under way.
type exchange struct {
	vendor, operation string
	policy            Policy
	class             class
	owner             string          // see ownerOf
	caller            context.Context // without the attempt's and the budget's limits
	safe              bool            // the request asks and changes nothing
	refused           bool            // by an open breaker
	waiting           bool            // for a place among the calls under way
	goesOn            bool            // without its caller
	superseded        bool            // by another attempt, which was answered first
	departure         departure
	secrets           secrets     // of the request
	answered          atomic.Bool // the first byte of an answer came
	status            int         // 0 until a whole header came
	header            http.Header
	asked             time.Duration // to wait, in other words than Retry-After
	broken            error         // the fault of a body that could not be read to its end
	tooLong           bool          // because it is longer than allowed
	distrusted        bool          // the host's certificate is not valid

	resp *http.Response
	err  error
	took time.Duration
	wait time.Duration // until the next attempt
	more bool          // there is one
}

// errSuperseded is the cause with which an attempt ends whose hedge was answered first.
var errSuperseded = errors.New("another attempt was answered first")

// gone reports whether whoever wanted the answer does not any more.
func (x *exchange) gone() bool { return over(x.caller) || x.superseded }

// over reports whether a context has ended, or its deadline has come: the limit of a connection made from it may be noticed
// a moment before its own.
func over(ctx context.Context) bool {
	deadline, limited := ctx.Deadline()
	return ctx.Err() != nil || (limited && !time.Now().Before(deadline))
}

// effect reports whether the attempt may have had one that its outcome does not tell of.
func (x *exchange) effect() bool {
	return !x.safe && (x.goesOn || x.departure.left()) && (x.status == 0 || x.status >= http.StatusInternalServerError || x.broken != nil)
}

// hostFailed reports whether the host did not do its part.
func (x *exchange) hostFailed() bool {
	return x.status == 0 || x.status >= http.StatusInternalServerError || (x.broken != nil && !x.tooLong)
}

// outcome is what the caller is told of the last attempt: its answer if there is one, also to a caller who left in the wait
// for another attempt. effect says whether an earlier attempt may have had one.
func (x *exchange) outcome(left error, effect bool) (*http.Response, error) {
	if x.resp != nil {
		if effect {
			x.resp.Request = x.resp.Request.WithContext(context.WithValue(x.resp.Request.Context(), effectKey{}, true))
		}
		return x.resp, nil
	}
	if x.more {
		x.err = x.failed(left)
	}
	if f := fault.Of(x.err); effect {
		f.Doubt = true
	}
	return nil, x.err
}

type effectKey struct{}

// HadEffect reports whether the request of an answer was sent before, by an attempt that may have had an effect.
func HadEffect(resp *http.Response) bool {
	return resp.Request != nil && resp.Request.Context().Value(effectKey{}) != nil
}

func (x *exchange) failure() error { return errors.Join(x.err, x.broken) }

// unsuccessful reports whether the attempt did not bring what its caller asked for.
func (x *exchange) unsuccessful() bool {
	least := http.StatusBadRequest
	if x.caller.Value(refusalKey{}) != nil {
		least = http.StatusInternalServerError
	}
	return x.failure() != nil || x.status >= least
}

// failed turns the error of an exchange into a fault. The error is only its cause: it may name hosts and addresses.
func (x *exchange) failed(err error) error {
	f := &fault.Error{Kind: fault.VendorUnavailable, Doubt: !x.safe && (x.goesOn || x.departure.left())}
	f.Answer = &fault.Answer{Vendor: x.vendor, Operation: x.operation, Status: x.status}
	name := DisplayName(x.vendor)
	problem, distrusted := CertificateProblem(err)
	x.distrusted = distrusted
	switch {
	case errors.Is(x.caller.Err(), context.Canceled):
		f.Kind, f.Message = fault.Canceled, name+" had not answered when the request was cancelled."
	case over(x.caller):
		f.Kind, f.Reason, f.Message = fault.Deadline, ReasonTimeout, name+" had not answered when the time for the request ran out."
	case x.waiting:
		f.Reason, f.Message = ReasonTimeout, name+" could not be called in time: too many calls are under way. Try again later."
	case x.distrusted:
		f.Reason, f.Message = ReasonBadCertificate, name+" could not be called: "+problem+"."
	case errors.Is(err, context.DeadlineExceeded):
		f.Reason, f.Message = ReasonTimeout, name+" did not answer in time."
	case x.answered.Load():
		f.Reason, f.Message = ReasonBadAnswer, name+" gave an answer that can't be used."
	default:
		f.Reason, f.Message = ReasonUnreachable, name+" can't be reached at the moment."
	}
	return f.WithCause(x.secrets.redactError(err))
}

// DisplayName is what a vendor is called at the beginning of a sentence.
func DisplayName(vendor string) string {
	switch vendor {
	case "linkedin":
		return "LinkedIn"
	case "analysis":
		return "The analysis service"
	case "llm":
		return "The language model"
	case "notification":
		return "The notification service"
	case "smtp":
		return "The mail server"
	case "webpush":
		return "The push service"
	}
	return vendor
}
