package outbound

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"time"
)

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
