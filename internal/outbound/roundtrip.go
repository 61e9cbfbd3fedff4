package outbound

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/postwright/postwright/internal/fault"
)

// Reasons of the faults made here.
const (
	ReasonTimeout     = "TIMEOUT"
	ReasonUnreachable = "UNREACHABLE"
	ReasonBadAnswer   = "BAD_ANSWER"
)

type roundTripper struct {
	seam   *Seam
	vendor string
}

// exchange is one call under way.
type exchange struct {
	vendor, operation string
	policy            Policy
	caller            context.Context // without the attempt's limit
	safe              bool            // the request asks and changes nothing
	sent              atomic.Bool     // bytes of the request may have left
	status            int
}

// RoundTrip sends the request once and returns the answer with its body read, or a *fault.Error. A body that is too long
// or breaks off gives its fault when it is read to there: the status and headers before it still count.
//
// net/http itself sends a request again only when its reused connection had died before a byte of it was written, or
// when it is a GET, HEAD, OPTIONS or TRACE (net/http, Transport.shouldRetryRequest): a POST never arrives twice.
func (t *roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	operation := operationOf(req.Context())
	x := &exchange{
		vendor: t.vendor, operation: operation, policy: t.seam.policies.policy(t.vendor, operation),
		caller: req.Context(), safe: req.Method == http.MethodGet || req.Method == http.MethodHead,
	}
	began := time.Now()
	resp, err := t.attempt(req, x)
	took := time.Since(began)
	t.seam.observe(t.vendor, operation, took, err != nil || resp.StatusCode >= http.StatusBadRequest)
	if err != nil || resp.StatusCode >= http.StatusBadRequest {
		t.seam.log.WarnContext(req.Context(), "vendor call failed", "vendor", t.vendor, "operation", operation,
			"host", req.URL.Host, "status", x.status, "duration", took, "error", err)
	}
	return resp, err
}

func (t *roundTripper) attempt(req *http.Request, x *exchange) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), x.policy.Timeout)
	defer cancel()
	if err := t.seam.places.Acquire(ctx, 1); err != nil {
		return nil, x.failed(err)
	}
	defer t.seam.places.Release(1)
	began := func() { x.sent.Store(true) }
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaderField: func(string, []string) { began() },
		WroteHeaders:     began,
	})
	resp, err := t.seam.base.RoundTrip(req.Clone(ctx))
	if err != nil {
		return nil, x.failed(err)
	}
	x.status = resp.StatusCode
	body, readErr := io.ReadAll(io.LimitReader(resp.Body, x.policy.MaxBodyBytes+1))
	if int64(len(body)) > x.policy.MaxBodyBytes {
		body, readErr = body[:x.policy.MaxBodyBytes], errTooLong
	}
	_ = resp.Body.Close() // an answer cut short costs its connection, no more
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if readErr != nil {
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failingReader{x.failed(readErr)}))
	}
	return resp, nil
}

var errTooLong = errors.New("the answer's body is longer than allowed")

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

// failed turns the error of an exchange into a fault. Its text is only the cause: it may name hosts and addresses.
func (x *exchange) failed(err error) error {
	f := &fault.Error{Kind: fault.VendorUnavailable, Doubt: x.sent.Load() && !x.safe}
	f.Answer = &fault.Answer{Vendor: x.vendor, Operation: x.operation, Status: x.status}
	name := DisplayName(x.vendor)
	switch {
	case errors.Is(x.caller.Err(), context.Canceled):
		f.Kind, f.Message = fault.Canceled, "The call to "+name+" was cancelled."
	case x.caller.Err() != nil:
		f.Kind, f.Reason, f.Message = fault.Deadline, ReasonTimeout, "The time for this request ran out while waiting for "+name+"."
	case errors.Is(err, context.DeadlineExceeded):
		f.Reason, f.Message = ReasonTimeout, name+" did not answer in time."
	case x.status != 0:
		f.Reason, f.Message = ReasonBadAnswer, name+" gave an answer that can't be used."
	default:
		f.Reason, f.Message = ReasonUnreachable, name+" can't be reached at the moment."
	}
	return f.WithCause(err)
}

// DisplayName is what a vendor is called in messages to people.
func DisplayName(vendor string) string {
	switch vendor {
	case "linkedin":
		return "LinkedIn"
	case "analysis":
		return "The analysis service"
	case "notification":
		return "The notification service"
	}
	return vendor
}
