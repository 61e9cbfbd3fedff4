// Package answer turns any answer of a vendor into a value or a fault: what the adapters have in common.
//
// It must not know what a vendor's codes mean: each adapter brings its own reading of a refusal.
package answer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
)

// Clock tells the time.
type Clock = func() time.Time

// Bearer returns a request editor that proves who is calling; with "" it adds nothing.
func Bearer(token string) func(context.Context, *http.Request) error {
	return func(_ context.Context, req *http.Request) error {
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		return nil
	}
}

// Reader reads one vendor's answers.
type Reader struct {
	// Vendor is the vendor's name in metrics and faults.
	Vendor string
	// Refine completes the fault of a refusal with what only the vendor's adapter understands: its body, which may be of
	// any content type, broken or empty. The fault already holds kind and message by status.
	Refine func(f *fault.Error, header http.Header, body []byte)
	// RequestID reads the vendor's trace id.
	RequestID func(http.Header) string
	// Now is the clock that Retry-After dates are read against.
	Now Clock
}

// Decode returns the body of an answer with the status wanted. resp and err are what the generated client gave.
func Decode[T any](r Reader, operation string, wanted int, resp *http.Response, err error) (value T, failed error) {
	body, failed := r.Expect(operation, wanted, resp, err)
	if failed != nil {
		return value, failed
	}
	mediaType, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || (mediaType != "application/json" && !strings.HasSuffix(mediaType, "+json")) {
		return value, r.unusable(operation, resp, fmt.Errorf("content type %q instead of JSON", resp.Header.Get("Content-Type")))
	}
	if err := json.Unmarshal(body, &value); err != nil {
		return value, r.unusable(operation, resp, err)
	}
	return value, nil
}

// Expect returns the raw body of an answer with the status wanted, and the answer's fault otherwise.
func (r Reader) Expect(operation string, wanted int, resp *http.Response, err error) ([]byte, error) {
	if err != nil {
		return nil, r.notSent(operation, err)
	}
	body, readErr := io.ReadAll(resp.Body) // bounded by the seam
	_ = resp.Body.Close()
	if resp.StatusCode == wanted {
		if readErr != nil {
			return nil, r.Broken(operation, resp, readErr)
		}
		return body, nil
	}
	return nil, r.Refused(operation, resp, body)
}

// notSent passes the seam's faults through and takes everything else, which the generated client made before sending,
// for what it is.
func (r Reader) notSent(operation string, err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f
	}
	return fault.Newf(fault.Internal, "The call %s could not be made.", operation).WithCause(err)
}

// Broken is the fault of an answer whose body could not be read.
func (r Reader) Broken(operation string, resp *http.Response, err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f
	}
	return r.unusable(operation, resp, err)
}

// unusable is the fault of an answer with the right status that says nothing usable. Only a request that asks and
// changes nothing leaves no doubt behind.
func (r Reader) unusable(operation string, resp *http.Response, cause error) *fault.Error {
	f := fault.New(fault.VendorUnavailable, outbound.DisplayName(r.Vendor)+" gave an answer that can't be used.").
		WithReason(outbound.ReasonBadAnswer).WithCause(cause)
	f.Answer = r.answer(operation, resp)
	f.Doubt = changes(resp)
	return f
}

// Unusable is the fault of an answer that decodes and makes no sense.
func (r Reader) Unusable(operation string, cause error) *fault.Error {
	f := fault.New(fault.VendorUnavailable, outbound.DisplayName(r.Vendor)+" gave an answer that can't be used.").
		WithReason(outbound.ReasonBadAnswer).WithCause(cause)
	f.Answer = &fault.Answer{Vendor: r.Vendor, Operation: operation, Status: http.StatusOK}
	return f
}

// Refused is the fault of an answer with another status than the one wanted.
func (r Reader) Refused(operation string, resp *http.Response, body []byte) *fault.Error {
	name, status := outbound.DisplayName(r.Vendor), resp.StatusCode
	var f *fault.Error
	switch {
	case status == http.StatusTooManyRequests:
		f = fault.New(fault.RateLimited, name+" allows no more calls for now.")
		f.RetryAfter = r.retryAfter(resp.Header)
	case status == http.StatusUnauthorized:
		f = fault.New(fault.VendorAuth, name+" does not accept the token.")
	case status >= 400 && status < 500:
		f = fault.New(fault.VendorRejected, name+" refused the request.")
	case status >= 500:
		f = fault.New(fault.VendorUnavailable, name+" has a failure of its own.")
		f.Doubt = changes(resp)
		f.RetryAfter = r.retryAfter(resp.Header)
	default: // a success that was not declared, a redirect
		f = r.unusable(operation, resp, fmt.Errorf("unexpected status %d", status))
	}
	f.Answer = r.answer(operation, resp)
	if r.Refine != nil {
		r.Refine(f, resp.Header, body)
	}
	f.Answer.Message = Clip(f.Answer.Message)
	return f
}

func (r Reader) answer(operation string, resp *http.Response) *fault.Answer {
	a := &fault.Answer{Vendor: r.Vendor, Operation: operation, Status: resp.StatusCode}
	if r.RequestID != nil {
		a.RequestID = r.RequestID(resp.Header)
	}
	return a
}

// changes reports whether the request may have changed something at the vendor.
func changes(resp *http.Response) bool {
	return resp.Request == nil || (resp.Request.Method != http.MethodGet && resp.Request.Method != http.MethodHead)
}

// retryAfter reads Retry-After in both of its forms (RFC 9110, 10.2.3); 0 when it is absent, unreadable or past.
func (r Reader) retryAfter(header http.Header) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return max(time.Duration(seconds)*time.Second, 0)
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(date.Sub(r.Now()), 0)
	}
	return 0
}

// Clip makes a vendor's text fit to be kept and shown: valid UTF-8 without NUL, at most 2 KiB.
func Clip(text string) string {
	const limit = 2 << 10
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	if len(text) <= limit {
		return text
	}
	cut := limit - len("…")
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
