package outbound

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"sync"
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

type roundTripper struct {
	seam   *Seam
	vendor string
}

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

// RoundTrip carries the request out by its operation's policy and returns the last attempt's answer with its body read,
// or a *fault.Error. A body that is too long or breaks off gives its fault when it is read to there: the status and
// headers before it still count. So does an answer that comes while the caller leaves: what has happened is told.
//
// Over HTTP/1.1 net/http sends a request again by itself only when nothing of it was written to a connection that had
// died, or when its method is GET, HEAD, OPTIONS or TRACE or it carries an Idempotency-Key (net/http,
// Transport.shouldRetryRequest): without that header, which nothing here may set on its own, a POST never arrives twice
// in one attempt.
func (t *roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	t.seam.calls.Add(1)
	defer t.seam.calls.Done()
	operation := operationOf(req.Context())
	policy := t.seam.policies.policy(Operation{t.vendor, operation})
	defer closeBody(req) // as http.RoundTripper promises
	if !rewindable(req) {
		policy.Attempts, policy.Hedge = 1, 0 // what was read of the body is gone
	}
	ctx, cancel := context.WithTimeout(req.Context(), policy.Budget)
	defer cancel()
	pace := t.seam.policies.backoff(ctx)
	deadline, _ := ctx.Deadline()
	effect := false // of an attempt before the last
	for number := 1; ; number++ {
		x := t.round(ctx, req, policy, number)
		x.wait, x.more = x.again(pace, number, time.Until(deadline), time.Now())
		x.more = x.more && (!x.departure.left() || mayRepeat(ctx))
		t.log(x, req, number)
		if !x.more || !pause(ctx, x.wait) {
			return x.outcome(ctx.Err(), effect) //nolint:contextcheck // the mark it makes belongs to the answer's own request
		}
		effect = effect || x.effect()
		t.seam.observe.Retry(t.vendor, operation)
	}
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

// pause waits between two attempts; false when the caller left.
func pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// round makes one attempt, and where the policy says so another one beside it when that is slow. The answer that comes first
// is taken; the other attempt has ended when round returns.
func (t *roundTripper) round(ctx context.Context, req *http.Request, policy Policy, number int) *exchange {
	if policy.Hedge == 0 {
		return t.try(ctx, req, policy, number)
	}
	ctx, supersede := context.WithCancelCause(ctx)
	ended := make(chan *exchange, 2)
	var attempts sync.WaitGroup
	defer attempts.Wait()
	defer supersede(errSuperseded)
	start := func() { attempts.Go(func() { ended <- t.try(ctx, req, policy, number) }) }
	start()
	timer := time.NewTimer(policy.Hedge)
	defer timer.Stop()
	select {
	case first := <-ended:
		return first
	case <-ctx.Done():
		return <-ended
	case <-timer.C:
		if !mayRepeat(ctx) {
			return <-ended
		}
		start()
	}
	first := <-ended
	if first.status != 0 {
		return first
	}
	second := <-ended // may have an answer yet
	if second.status == 0 && (second.refused || first.effect()) {
		return first
	}
	return second
}

// try makes one attempt, and measures it.
func (t *roundTripper) try(ctx context.Context, req *http.Request, policy Policy, number int) *exchange {
	x := &exchange{
		vendor: t.vendor, operation: operationOf(ctx), policy: policy, class: classOf(ctx, policy), owner: t.seam.ownerOf(req),
		caller: req.Context(), safe: req.Method == http.MethodGet || req.Method == http.MethodHead,
	}
	host := t.seam.host(t.vendor, req.URL.Host)
	permit, wait, ok := host.breaker.acquire(x.class, x.owner)
	if !ok {
		x.refused, x.err = true, refusal(t.vendor, x.operation, wait)
		return x
	}
	attempt, err := cloneForAttempt(ctx, req)
	if err != nil {
		host.breaker.record(permit, inconclusive)
		x.err = x.failed(err)
		return x
	}
	x.secrets = secretsOf(attempt)
	if permit.probe() && x.class != creates && rewindable(req) {
		return t.probe(ctx, attempt, x, host, permit, number)
	}
	t.carry(ctx, attempt, x, host, permit, number)
	return x
}

// probe makes an attempt that decides for others whether the host works. It goes on to its own end when its caller leaves:
// else callers who never wait long enough would keep the host left alone for everybody. A create's does not: only a job that
// is being stopped leaves one.
func (t *roundTripper) probe(ctx context.Context, attempt *http.Request, x *exchange, host *host, permit permit, number int) *exchange {
	on, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(t.seam.closing, cancel) //nolint:contextcheck // the seam ends what goes on without its caller
	left := &exchange{vendor: x.vendor, operation: x.operation, policy: x.policy, caller: x.caller, safe: x.safe, goesOn: true}
	x.caller = on
	ended := make(chan struct{})
	t.seam.calls.Go(func() { // one for each owner that is known to fail at most, as the breaker has it
		defer cancel()
		defer stop()
		defer close(ended)
		t.carry(on, attempt.WithContext(on), x, host, permit, number)
	})
	select {
	case <-ended:
	case <-ctx.Done():
		select {
		case <-ended: // at the same moment
		default:
			left.err = left.failed(ctx.Err())
			return left
		}
	}
	x.caller = left.caller
	return x
}

// carry makes an attempt that the breaker let through, traces it, measures it, and tells the breaker.
func (t *roundTripper) carry(ctx context.Context, attempt *http.Request, x *exchange, host *host, permit permit, number int) {
	ctx, span := startSpan(ctx, x, attempt.URL.Host, number)
	defer func() { endSpan(span, x) }()
	t.seam.observe.InFlight(t.vendor, 1)
	began := time.Now()
	x.resp, x.err = t.attempt(attempt.WithContext(ctx), x, host) //nolint:bodyclose // its body is in memory: the connection was given back
	x.took = time.Since(began)
	t.seam.observe.InFlight(t.vendor, -1)
	x.superseded = errors.Is(context.Cause(ctx), errSuperseded)
	host.breaker.record(permit, x.hostResult())
	if !x.superseded {
		t.seam.observe.Attempt(t.vendor, x.operation, x.took, x.unsuccessful())
	}
}

// rewindable reports whether the request can be sent more than once, or after its caller has closed its body.
func rewindable(req *http.Request) bool {
	return req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
}

// cloneForAttempt is the request for one attempt, with a body of its own: the caller's stays as it is, and two that are under way
// at once don't read from one body.
func cloneForAttempt(ctx context.Context, req *http.Request) (*http.Request, error) {
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
	if !x.unsuccessful() {
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
	limit, cancel := context.WithTimeout(req.Context(), x.policy.Timeout)
	defer cancel()
	x.waiting = true
	leave, err := t.seam.enter(limit, host, x.class, x.owner)
	if err != nil {
		closeBody(req)
		return nil, x.failed(err)
	}
	defer leave()
	x.waiting = false
	// The transport does not see the limit itself: see departure.leave.
	ctx, end := context.WithCancel(context.WithoutCancel(limit))
	defer end()
	x.departure.end = end
	stop := context.AfterFunc(limit, x.departure.leave)
	defer stop()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:              func(string) { x.departure.wantConn() },
		GotConn:              func(info httptrace.GotConnInfo) { x.departure.gotConn(info.Conn) },
		GotFirstResponseByte: func() { x.answered.Store(true) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			if err != nil { // the address may be another host's by now
				t.seam.names.forget(req.URL.Hostname())
			}
		},
	})
	resp, err := t.seam.base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, x.failed(cmp.Or(limit.Err(), err))
	}
	x.status, x.header = resp.StatusCode, resp.Header
	body, err := io.ReadAll(io.LimitReader(resp.Body, x.policy.MaxBodyBytes+1))
	if int64(len(body)) > x.policy.MaxBodyBytes {
		body, err, x.tooLong = body[:x.policy.MaxBodyBytes], errTooLong, true
	}
	if read := t.seam.policies.BodyRetryAfter[t.vendor]; read != nil {
		x.asked = read(resp.StatusCode, body)
	}
	_ = resp.Body.Close() // of an answer cut short this ends the connection, no more
	body = x.secrets.redactAnswer(resp, body)
	resp.Request = req
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil {
		if !x.tooLong {
			err = cmp.Or(limit.Err(), err)
		}
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
	case "notification":
		return "The notification service"
	}
	return vendor
}
