package outbound

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/hedgepolicy"
	"github.com/failsafe-go/failsafe-go/retrypolicy"

	"github.com/postwright/postwright/internal/fault"
)

// Reasons of the faults made here.
const (
	ReasonTimeout     = "TIMEOUT"
	ReasonUnreachable = "UNREACHABLE"
	ReasonBadAnswer   = "BAD_ANSWER"
	ReasonBreakerOpen = "BREAKER_OPEN"
)

type roundTripper struct {
	seam   *Seam
	vendor string
}

// exchange is one attempt under way.
type exchange struct {
	vendor, operation string
	policy            Policy
	caller            context.Context // without the attempt's and the budget's limits
	superseded        context.Context // ends when a hedge was answered first
	safe              bool            // the request asks and changes nothing
	refused           bool            // by an open breaker
	waiting           bool            // for a place among the calls under way
	departure         departure
	answered          atomic.Bool // the first byte of an answer came
	status            int         // 0 until a whole header came
	header            http.Header
	asked             time.Duration // to wait, in other words than Retry-After
	broken            error         // the fault of a body that could not be read to its end
	tooLong           bool          // because it is longer than allowed

	resp *http.Response
	err  error
	took time.Duration
	wait time.Duration // until the next attempt
	more bool          // there is one
}

// gone reports whether whoever wanted the answer does not any more.
func (x *exchange) gone() bool { return x.caller.Err() != nil || x.superseded.Err() != nil }

// hostFailed reports whether the host did not do its part.
func (x *exchange) hostFailed() bool {
	return x.status == 0 || x.status >= http.StatusInternalServerError || (x.broken != nil && !x.tooLong)
}

// RoundTrip carries the request out by its operation's policy and returns the last attempt's answer with its body read,
// or a *fault.Error. A body that is too long or breaks off gives its fault when it is read to there: the status and
// headers before it still count.
//
// Over HTTP/1.1 net/http sends a request again by itself only when nothing of it was written to a connection that had
// died, or when its method is GET, HEAD, OPTIONS or TRACE or it carries an Idempotency-Key (net/http,
// Transport.shouldRetryRequest): without that header, which nothing here may set on its own, a POST never arrives twice
// in one attempt.
func (t *roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	operation := operationOf(req.Context())
	policy := t.seam.policies.policy(Operation{t.vendor, operation})
	defer closeBody(req) // as http.RoundTripper promises
	if req.Body != nil && req.Body != http.NoBody && req.GetBody == nil {
		policy.Attempts, policy.Hedge = 1, 0 // what was read of the body is gone
	}
	ctx, cancel := context.WithTimeout(req.Context(), policy.Budget)
	defer cancel()
	pace := t.seam.policies.pace(ctx)
	deadline, _ := ctx.Deadline()

	var mu sync.Mutex // attempts run beside each other only where they are hedged
	var last *exchange
	retry := retrypolicy.NewBuilder[*exchange]().
		HandleIf(func(x *exchange, _ error) bool { return x != nil && x.more }).
		WithMaxAttempts(maxAttempts).ReturnLastFailure().
		WithDelayFunc(func(e failsafe.ExecutionAttempt[*exchange]) time.Duration { return e.LastResult().wait }).
		OnRetry(func(failsafe.ExecutionEvent[*exchange]) { t.seam.observe.Retry(t.vendor, operation) }).
		Build()
	policies := []failsafe.Policy[*exchange]{retry}
	if policy.Hedge > 0 {
		policies = append(policies, hedgepolicy.NewWithDelay[*exchange](policy.Hedge))
	}
	_, _ = failsafe.With(policies...).WithContext(ctx).GetWithExecution(func(e failsafe.Execution[*exchange]) (*exchange, error) { //nolint:contextcheck // the line for the log belongs to the caller's context, not to the attempt's
		x := &exchange{
			vendor: t.vendor, operation: operation, policy: policy, caller: req.Context(), superseded: context.Background(),
			safe: req.Method == http.MethodGet || req.Method == http.MethodHead,
		}
		if policy.Hedge > 0 {
			x.superseded = e.Context()
		}
		number := e.Retries() + 1
		t.try(e.Context(), req, x, number)
		x.wait, x.more = x.again(pace, number, time.Until(deadline), time.Now())
		t.log(x, req, number)
		if x.superseded.Err() == nil {
			mu.Lock()
			last = x
			mu.Unlock()
		}
		return x, nil
	})
	mu.Lock()
	defer mu.Unlock()
	if last != nil && !last.more {
		return last.resp, last.err
	}
	// The caller left in the wait for the next attempt, or before either of two hedged ones had ended.
	left := &exchange{vendor: t.vendor, operation: operation, caller: req.Context(), safe: true}
	if last != nil {
		left.safe, left.departure = last.safe, last.departure
	}
	return nil, left.failed(ctx.Err())
}

// try makes one attempt, and measures it.
func (t *roundTripper) try(ctx context.Context, req *http.Request, x *exchange, number int) {
	t.seam.calls.Add(1)
	defer t.seam.calls.Done()
	host := t.seam.host(t.vendor, req.URL.Host)
	ctx, span := startSpan(ctx, x, req.URL.Host, number)
	defer func() { endSpan(span, x) }()
	if !host.breaker.TryAcquirePermit() {
		x.refused = true
		x.err = host.breaker.refusal(t.vendor, x.operation)
		return
	}
	attempt, err := own(ctx, req)
	if err != nil {
		x.err = x.failed(err)
		return
	}
	t.seam.observe.InFlight(t.vendor, 1)
	began := time.Now()
	x.resp, x.err = t.attempt(attempt, x, host) //nolint:bodyclose // its body is in memory: the connection was given back
	x.took = time.Since(began)
	t.seam.observe.InFlight(t.vendor, -1)
	host.breaker.record(x)
	if x.superseded.Err() == nil {
		t.seam.observe.Attempt(t.vendor, x.operation, x.took, x.unsuccessful())
	}
}

// own is the request for one attempt, with a body of its own: the caller's stays as it is, and two that are under way at once
// don't read from one body.
func own(ctx context.Context, req *http.Request) (*http.Request, error) {
	attempt := req.Clone(ctx)
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		attempt.Body = body
	}
	return attempt, nil
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close() // it is read no more
	}
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

// log writes a line for an attempt that failed, and nothing for the others.
func (t *roundTripper) log(x *exchange, req *http.Request, number int) {
	cause := x.failure()
	if !x.unsuccessful() || x.superseded.Err() != nil {
		return
	}
	attributes := []slog.Attr{
		slog.String("vendor", t.vendor), slog.String("operation", x.operation), slog.String("host", req.URL.Host),
		slog.Int("status", x.status), slog.Duration("duration", x.took), slog.Int("attempt", number),
	}
	if x.more {
		attributes = append(attributes, slog.Duration("again_in", x.wait))
	}
	if cause != nil {
		attributes = append(attributes, slog.Any("error", cause))
	}
	t.seam.log.LogAttrs(req.Context(), slog.LevelWarn, "vendor call failed", attributes...)
}

// attempt sends the request and reads the whole answer within the policy's limits.
func (t *roundTripper) attempt(req *http.Request, x *exchange, host *host) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), x.policy.Timeout)
	defer cancel()
	x.waiting = true
	leave, err := t.seam.enter(ctx, host)
	if err != nil {
		closeBody(req)
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
	x.status, x.header = resp.StatusCode, resp.Header
	body, err := io.ReadAll(io.LimitReader(resp.Body, x.policy.MaxBodyBytes+1))
	if int64(len(body)) > x.policy.MaxBodyBytes {
		body, err, x.tooLong = body[:x.policy.MaxBodyBytes], errTooLong, true
	}
	if asks := t.seam.policies.Asks[t.vendor]; asks != nil {
		x.asked = asks(resp.StatusCode, body)
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
