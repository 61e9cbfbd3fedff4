package webpush

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	library "github.com/SherClockHolmes/webpush-go"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/reach"
)

const operationSend = "send"

// Bounds of one message to one browser.
const (
	attemptTimeout  = 10 * time.Second // all in all, the name's resolution included
	mostAnswerBytes = 1 << 10
	mostConnections = 20             // to one host
	longestAsked    = 24 * time.Hour // that a push service may ask to be left alone
)

// MostBytes is how long a payload may be: every push service takes 4096 bytes, with the key, the salt and the seal in them.
const MostBytes = 4096 - 86 - 16 - 1

// timeToLive is for how long a push service keeps a message for a browser that is not there.
const timeToLive = 7 * 24 * time.Hour

// Client writes to browsers. It is safe for concurrent use.
type Client struct {
	private, public, contact string
	reach                    reach.Reach
	http                     *http.Client
	gates                    *outbound.Gates
	now                      func() time.Time
}

// New returns a Client, whose messages are calls to a vendor like others: a push service that does not answer is left alone for a while.
// A faulty configuration is an Invalid fault.
func New(cfg Config, seam *outbound.Seam, now func() time.Time) (*Client, error) {
	if err := fault.Fields(cfg.Faults()...); err != nil {
		return nil, err
	}
	public, err := Public(cfg.PrivateKey)
	if err != nil {
		return nil, err
	}
	contact, _ := cfg.contact()
	return &Client{
		private: cfg.PrivateKey, public: public, contact: contact, reach: cfg.Reach, now: now,
		http:  cfg.Reach.Client(reach.Connections{PerHost: mostConnections}),
		gates: seam.Gates(Vendor, mostConnections, attemptTimeout),
	}, nil
}

// PublicKey is what browsers subscribe with.
func (c *Client) PublicKey() string { return c.public }

// Reach is where push services may be.
func (c *Client) Reach() reach.Reach { return c.reach }

// Push sends a browser one message, encrypted so that it alone reads it. A NotFound fault says that the subscription is gone; a fault
// with Doubt set means that the push service may have taken it.
func (c *Client) Push(ctx context.Context, to Subscription, payload []byte) error {
	at, err := url.Parse(to.Endpoint)
	if err != nil {
		return fault.New(fault.VendorRejected, "its endpoint is no URL: subscribe that browser again")
	}
	err = c.gates.To(at.Host).Call(ctx, operationSend, func(ctx context.Context) error { return c.push(ctx, to, payload) })
	if f := fault.Of(err); f != nil && f.Reason == outbound.ReasonBreakerOpen {
		f.Message = "its push service has not answered several times in a row, and is left alone for a while"
	}
	return err
}

func (c *Client) push(ctx context.Context, to Subscription, payload []byte) error {
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	own := slices.Clip(payload) // the library appends to what it is given, which others may be sent at this moment
	res, err := library.SendNotificationWithContext(ctx, own, &library.Subscription{
		Endpoint: to.Endpoint, Keys: library.Keys{Auth: to.Auth, P256dh: to.P256dh},
	}, &library.Options{
		HTTPClient: c.http, Subscriber: c.contact, TTL: int(timeToLive.Seconds()), Urgency: library.UrgencyNormal,
		VAPIDPublicKey: c.public, VAPIDPrivateKey: c.private,
	})
	if err != nil {
		return unanswered(err, sent.Load())
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, mostAnswerBytes)) // the status counts, however the body ends
	_ = res.Body.Close()
	return c.answered(res)
}

// answered says what a push service's answer means.
func (c *Client) answered(res *http.Response) error {
	status := res.StatusCode
	if status >= 200 && status <= 299 {
		return nil
	}
	f := fault.Newf(fault.VendorRejected, "the push service refuses the message (%d)", status)
	switch {
	case status == http.StatusNotFound || status == http.StatusGone:
		f.Kind, f.Message = fault.NotFound, fmt.Sprintf("its subscription is gone (%d)", status)
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		f.Message = fmt.Sprintf("the push service does not take the key of this Postwright (%d): subscribe that browser again", status)
	case status == http.StatusTooManyRequests:
		f.Kind, f.Message = fault.RateLimited, "the push service takes no more for now (429)"
	case status == http.StatusRequestTimeout || status >= 500:
		f.Kind, f.Message = fault.VendorUnavailable, fmt.Sprintf("the push service is down (%d)", status)
	case status >= 300 && status <= 399:
		f.Message = fmt.Sprintf("the push service answers with a redirect (%d), which is not followed", status)
	}
	f.RetryAfter = min(outbound.RetryAfter(res.Header, c.now()), longestAsked)
	f.Answer = &fault.Answer{Vendor: Vendor, Operation: operationSend, Status: status}
	return f
}

// unanswered says what it means that no answer came, without a word of what is inside the operator's network.
func unanswered(err error, sent bool) error {
	var at *url.Error
	requested := errors.As(err, &at)
	if requested { // the endpoint in its words is nobody else's to know
		err = at.Err
	}
	f := fault.New(fault.VendorUnavailable, "the push service can't be reached").WithCause(err)
	f.Answer = &fault.Answer{Vendor: Vendor, Operation: operationSend}
	problem, distrusted := outbound.CertificateProblem(err)
	switch {
	case errors.Is(err, reach.ErrNotPublic):
		f.Kind, f.Message = fault.VendorRejected, "its push service has an address that is not public, where nothing is sent: the operator "+
			"allows that with --webpush-allow-private"
	case distrusted:
		f.Message = "its push service is not trusted: " + problem
		f = f.WithReason(outbound.ReasonBadCertificate)
	case sent:
		f.Doubt, f.Message = true, "its push service did not say whether it took the message"
	case !requested: // the keys, which were looked at when they came
		f.Kind, f.Message = fault.VendorRejected, "nothing can be encrypted for it: subscribe that browser again"
	}
	return f
}
