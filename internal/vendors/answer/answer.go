// Package answer turns any answer of a vendor into a value or a fault: what the adapters have in common.
//
// It must not know what a vendor's codes mean: each adapter brings its own reading of a refusal.
package answer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
)

// Clock tells the time.
type Clock = func() time.Time

// Reader reads one vendor's answers. The methods take resp and err as the generated client gave them, and close the body.
type Reader struct {
	// Vendor is the vendor's name in metrics and faults.
	Vendor string
	// Refine completes the fault of a refusal with what only the vendor's adapter understands: its body, which may be of
	// any content type, cut short or empty. The fault already holds kind and message by status.
	Refine func(f *fault.Error, body []byte)
	// TraceID reads the vendor's trace id; nil for a vendor that has none.
	TraceID func(http.Header) string
	// Now is the clock that Retry-After dates are read against.
	Now Clock
}

// Expect returns the body of an answer with the status wanted, as far as it could be read, for operations whose status
// says it all. Every other answer is a fault.
func (r Reader) Expect(operation string, wanted int, resp *http.Response, err error) (body []byte, failed error) {
	body, _, failed = r.read(operation, wanted, resp, err)
	return body, failed
}

// Decode returns the JSON body of an answer with the status wanted, a struct of which every member may be missing: it is read
// leniently, so that a member of another type than agreed on is as good as missing, and the caller says what it can't do without.
// needed names members, at any depth, that are nothing like missing when they can't be read. Every other answer, and a body
// that is cut short or no JSON object, is a fault.
func Decode[T any](r Reader, operation string, wanted int, resp *http.Response, err error, needed ...string) (value T, failed error) {
	value, unreadable, failed := DecodeReadable[T](r, operation, wanted, resp, err, needed...)
	if failed == nil && unreadable != "" {
		return value, r.Unusable(operation, resp, fmt.Errorf("%q is not of the type that was agreed on", unreadable))
	}
	return value, failed
}

// DecodeReadable is Decode for callers who do with what can be read: unreadable is the first of the watched members, at any
// depth, that is given and can't be, "" when there is none.
func DecodeReadable[T any](
	r Reader,
	operation string,
	wanted int,
	resp *http.Response,
	err error,
	watched ...string,
) (value T, unreadable string, failed error) {
	body, cut, failed := r.read(operation, wanted, resp, err)
	if failed != nil {
		return value, "", failed
	}
	if cut != nil {
		var f *fault.Error // the seam's: it knows whether time ran out
		if errors.As(cut, &f) {
			return value, "", f
		}
		return value, "", r.Unusable(operation, resp, cut)
	}
	// A JSON object is one, whatever the content type says; but one that says nothing known may be anything.
	found, unreadable, err := decode(body, &value, watched...)
	if mediaType, _, _ := mime.ParseMediaType(
		resp.Header.Get("Content-Type"),
	); err == nil && !found && mediaType != "application/json" &&
		!strings.HasSuffix(mediaType, "+json") {
		err = errors.New("nothing that is known is in it")
	}
	if err != nil {
		return value, "", r.Unusable(operation, resp, fmt.Errorf("content type %q: %w", resp.Header.Get("Content-Type"), err))
	}
	return value, unreadable, nil
}

// read separates the three ends of a call: no answer or a refusal (failed), a body that breaks off (cut), a body.
func (r Reader) read(operation string, wanted int, resp *http.Response, err error) (body []byte, cut, failed error) {
	if err != nil {
		return nil, nil, r.unanswered(operation, err)
	}
	body, cut = io.ReadAll(resp.Body) // bounded by the seam
	_ = resp.Body.Close()
	if resp.StatusCode != wanted {
		if cut != nil && !json.Valid(body) { // so that no word or number at its end passes for a whole one
			body = append(body, clipped...)
		}
		return nil, nil, r.refused(operation, resp, body)
	}
	return body, cut, nil
}

// unanswered passes faults through, which the seam made or an editor of the request; any other error is a defect that
// kept the generated client from making the request.
func (r Reader) unanswered(operation string, err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f
	}
	return fault.Newf(fault.Internal, "The call %s could not be made.", operation).WithCause(err)
}

// Unusable is the fault of an answer that says nothing usable. Only a request that asks and changes nothing leaves no
// doubt behind.
func (r Reader) Unusable(operation string, resp *http.Response, cause error) *fault.Error {
	f := fault.New(fault.VendorUnavailable, outbound.DisplayName(r.Vendor)+" gave an answer that can't be used.").
		WithReason(outbound.ReasonBadAnswer).WithCause(cause)
	f.Answer = r.answer(operation, resp)
	f.Doubt = changes(resp)
	return f
}

// refused is the fault of an answer with another status than the one wanted.
func (r Reader) refused(operation string, resp *http.Response, body []byte) *fault.Error {
	name, status := outbound.DisplayName(r.Vendor), resp.StatusCode
	var f *fault.Error
	switch {
	case status == http.StatusTooManyRequests:
		f = fault.New(fault.RateLimited, name+" allows no more calls for now: try again later.").WithReason("RATE_LIMITED")
		f.RetryAfter = outbound.RetryAfter(resp.Header, r.Now())
	case status == http.StatusUnauthorized:
		f = fault.New(fault.VendorAuth, name+" does not accept the token: enter a valid one.")
	case gaveUp[status]:
		f = fault.New(fault.VendorUnavailable, name+" gave up waiting before it answered: try again later.")
		f.Doubt = changes(resp)
		f.RetryAfter = outbound.RetryAfter(resp.Header, r.Now())
	case status >= 400 && status < 500:
		f = fault.New(fault.VendorRejected, name+" refused the request.")
	case status >= 500:
		f = fault.New(fault.VendorUnavailable, name+" has a failure of its own: try again later.")
		f.Doubt = changes(resp)
		f.RetryAfter = outbound.RetryAfter(resp.Header, r.Now())
	default: // a success that was not agreed on, or a redirect, which is never followed
		f = r.Unusable(operation, resp, fmt.Errorf("unexpected status %d", status))
	}
	f.Doubt = f.Doubt || outbound.HadEffect(resp) // then this answer speaks of another attempt
	f.Answer = r.answer(operation, resp)
	r.Refine(f, body)
	f.Answer.Code = legible(f.Answer.Code, 100)
	f.Answer.Message = Legible(f.Answer.Message)
	return f
}

// gaveUp are the refusals that say nothing of the request, but that somebody on the way, such as a proxy, waited for no answer
// any longer, or was not ready for it: 408 and 425 (RFC 9110, 15.5.9; RFC 8470, 5.2), nginx's 499 and the 460 of AWS's load
// balancers, which tell of a caller that left. The vendor may have carried the request out all the same.
var gaveUp = map[int]bool{http.StatusRequestTimeout: true, http.StatusTooEarly: true, 460: true, 499: true}

func (r Reader) answer(operation string, resp *http.Response) *fault.Answer {
	a := &fault.Answer{Vendor: r.Vendor, Operation: operation, Status: resp.StatusCode}
	if r.TraceID != nil {
		a.TraceID = legible(r.TraceID(resp.Header), 200)
	}
	return a
}

// changes reports whether the request may have changed something at the vendor.
func changes(resp *http.Response) bool {
	return resp.Request == nil || (resp.Request.Method != http.MethodGet && resp.Request.Method != http.MethodHead)
}

// Lenient decodes as much of a refusal's body as can be read into value, a pointer to a struct whose members may all be missing
// or of another type; false when the body is no JSON object.
func Lenient(body []byte, value any) bool {
	_, _, err := decode(body, value)
	return err == nil
}

var machineCode = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,62}$`)

// Reason returns a vendor's code if it can serve as a fault's reason, and "" otherwise: numbers and prose can't.
func Reason(code string) string {
	if machineCode.MatchString(code) {
		return code
	}
	return ""
}

// RefineErrorObject is the Refine of vendors that explain themselves as {"error":{"code":…,"message":…}}.
func RefineErrorObject(f *fault.Error, body []byte) {
	var e struct {
		Error *struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if !Lenient(body, &e) || e.Error == nil {
		f.Answer.Message = string(body) // not the form agreed on: kept for a person to read
		return
	}
	f.Answer.Code, f.Answer.Message = e.Error.Code, e.Error.Message
	if f.Kind == fault.VendorRejected || f.Kind == fault.VendorAuth {
		f.Reason = Reason(strings.ToUpper(e.Error.Code))
	}
}

// clipped ends a body that was cut off, as fault.Clip ends a text that was too long.
const clipped = "…"

// Legible makes a vendor's text fit to be kept and shown: valid UTF-8 without NUL, at most 2 KiB.
func Legible(text string) string { return legible(text, 2<<10) }

func legible(text string, limit int) string {
	return fault.Clip(strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD"), limit)
}
