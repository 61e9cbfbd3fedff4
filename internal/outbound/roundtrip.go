package outbound

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
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
	waiting           bool            // for a place among the calls under way
	departure         departure
	answered          atomic.Bool // the first byte of an answer came
	status            int         // 0 until a whole header came
	broken            error       // the fault of a body that could not be read to its end
}

// RoundTrip sends the request once and returns the answer with its body read, or a *fault.Error. A body that is too long
// or breaks off gives its fault when it is read to there: the status and headers before it still count.
//
// Over HTTP/1.1 net/http sends a request again by itself only when nothing of it was written to a connection that had
// died, or when its method is GET, HEAD, OPTIONS or TRACE or it carries an Idempotency-Key (net/http,
// Transport.shouldRetryRequest): without that header, which nothing here may set on its own, a POST never arrives twice.
func (t *roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	operation := operationOf(req.Context())
	x := &exchange{
		vendor: t.vendor, operation: operation, policy: t.seam.policies.policy(t.vendor, operation),
		caller: req.Context(), safe: req.Method == http.MethodGet || req.Method == http.MethodHead,
	}
	began := time.Now()
	resp, err := t.attempt(req, x)
	took := time.Since(began)

	cause := errors.Join(err, x.broken)
	failed := cause != nil || x.status >= http.StatusBadRequest
	t.seam.observe(t.vendor, operation, took, failed)
	if failed {
		attributes := []slog.Attr{
			slog.String("vendor", t.vendor), slog.String("operation", operation), slog.String("host", req.URL.Host),
			slog.Int("status", x.status), slog.Duration("duration", took),
		}
		if cause != nil {
			attributes = append(attributes, slog.Any("error", cause))
		}
		t.seam.log.LogAttrs(req.Context(), slog.LevelWarn, "vendor call failed", attributes...)
	}
	return resp, err
}

// attempt sends the request and reads the whole answer within the policy's limits.
func (t *roundTripper) attempt(req *http.Request, x *exchange) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), x.policy.Timeout)
	defer cancel()
	x.waiting = true
	leave, err := t.seam.enter(ctx, req.URL.Host)
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // as http.RoundTripper promises; nothing was read from it
		}
		return nil, x.failed(err)
	}
	defer leave()
	x.waiting = false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:              func(info httptrace.GotConnInfo) { x.departure.gotConn(info.Conn) },
		GotFirstResponseByte: func() { x.answered.Store(true) },
	})
	resp, err := t.seam.base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, x.failed(err)
	}
	x.status = resp.StatusCode
	body, err := io.ReadAll(io.LimitReader(resp.Body, x.policy.MaxBodyBytes+1))
	if int64(len(body)) > x.policy.MaxBodyBytes {
		body, err = body[:x.policy.MaxBodyBytes], errTooLong
	}
	_ = resp.Body.Close() // of an answer cut short this ends the connection, no more
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		x.broken = x.failed(err)
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failingReader{x.broken}))
	}
	return resp, nil
}

var errTooLong = errors.New("the answer's body is longer than allowed")

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

// failed turns the error of an exchange into a fault. The error is only its cause: it may name hosts and addresses.
func (x *exchange) failed(err error) error {
	f := &fault.Error{Kind: fault.VendorUnavailable, Doubt: !x.safe && x.departure.left()}
	f.Answer = &fault.Answer{Vendor: x.vendor, Operation: x.operation, Status: x.status}
	name := DisplayName(x.vendor)
	switch {
	case errors.Is(x.caller.Err(), context.Canceled):
		f.Kind, f.Message = fault.Canceled, name+" had not answered when the request was cancelled."
	case x.caller.Err() != nil:
		f.Kind, f.Reason, f.Message = fault.Deadline, ReasonTimeout, name+" had not answered when the time for the request ran out."
	case x.waiting:
		f.Reason, f.Message = ReasonTimeout, name+" could not be called in time: too many calls are under way. Try again later."
	case errors.Is(err, context.DeadlineExceeded):
		f.Reason, f.Message = ReasonTimeout, name+" did not answer in time."
	case x.answered.Load():
		f.Reason, f.Message = ReasonBadAnswer, name+" gave an answer that can't be used."
	default:
		f.Reason, f.Message = ReasonUnreachable, name+" can't be reached at the moment."
	}
	return f.WithCause(err)
}

// DisplayName is what a vendor is called at the beginning of a sentence.
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
