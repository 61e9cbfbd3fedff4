package webhooks

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"code.dny.dev/ssrf"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/reach"
)

// Bounds of one attempt.
const (
	attemptTimeout  = 10 * time.Second // all in all, the name's resolution and the answer's body included
	mostAnswerBytes = 1 << 10          // what is read of an answer's body
	mostAnswerKept  = 500              // what is kept of that, in bytes
)

// The ways in which an attempt ends.
const (
	outcomeDelivered   = "delivered"
	outcomeStatus      = "status"
	outcomeRedirect    = "redirect"
	outcomeTimeout     = "timeout"
	outcomeNotPublic   = "not_public"
	outcomeUnreachable = "unreachable"
	outcomeUnsigned    = "unsigned"
)

// Outcomes are the names of the ways in which an attempt ends.
func Outcomes() []string {
	return []string{
		outcomeDelivered, outcomeStatus, outcomeRedirect, outcomeTimeout, outcomeNotPublic, outcomeUnreachable, outcomeUnsigned,
	}
}

// sender makes attempts. It is safe for concurrent use.
type sender struct {
	client  *http.Client
	timeout time.Duration // of an attempt, all in all
	now     func() time.Time
}

// newSender returns one that connects to public addresses alone, as public has them, unless others may be reached too.
func newSender(settings Settings, public *ssrf.Guardian, now func() time.Time) *sender {
	client := settings.Reach.Client(reach.Connections{Resolver: settings.Resolver, Public: public})
	return &sender{timeout: attemptTimeout, now: now, client: client}
}

// message is an event as it is sent: the same bytes at every attempt.
type message struct {
	Type      string          `json:"type"`
	Timestamp time.Time       `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}

// result is what came of an attempt.
type result struct {
	outcome   string
	startedAt time.Time
	took      time.Duration
	status    int
	answer    string
	problem   string        // "" when it was delivered
	asked     time.Duration // for how long the endpoint asks to be left alone
}

// post sends a message once, signed with each of the secrets.
func (s *sender) post(ctx context.Context, url, id string, body []byte, secrets []string) (r result) {
	r.startedAt = s.now()
	defer func() { r.took = s.now().Sub(r.startedAt) }()
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		r.outcome, r.problem = outcomeUnreachable, "The URL can't be read: give another with UpdateWebhook."
		return r
	}
	if err := sign(req.Header, id, r.startedAt, body, secrets); err != nil {
		r.outcome, r.problem = outcomeUnsigned, "The event could not be signed: rotate the webhook's secret."
		return r
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Postwright-Webhooks")
	res, err := s.client.Do(req)
	if err != nil {
		r.outcome, r.problem = s.unreachable(ctx, err)
		return r
	}
	defer func() { _ = res.Body.Close() }()
	r.status, r.asked = res.StatusCode, retryAfter(res.Header.Get("Retry-After"), r.startedAt)
	read, _ := io.ReadAll(io.LimitReader(res.Body, mostAnswerBytes)) // the status counts, however the body ends
	r.answer = plain(read)
	switch {
	case res.StatusCode >= 200 && res.StatusCode <= 299:
		r.outcome = outcomeDelivered
	case res.StatusCode >= 300 && res.StatusCode <= 399:
		r.outcome = outcomeRedirect
		r.problem = fmt.Sprintf("The endpoint answered with the redirect %d, which is not followed: give the URL that it leads to with UpdateWebhook.",
			res.StatusCode)
	case res.StatusCode == http.StatusGone:
		r.outcome, r.problem = outcomeStatus, "The endpoint answered 410: it is gone."
	default:
		r.outcome = outcomeStatus
		r.problem = fmt.Sprintf("The endpoint answered with the status %d: one from 200 to 299 says that it has taken the event.", res.StatusCode)
	}
	return r
}

// sign gives a request the headers of the specification.
func sign(header http.Header, id string, at time.Time, body []byte, secrets []string) error {
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		signer, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return errors.New("a secret can't be read") // the library's words may repeat it
		}
		if signatures[i], err = signer.Sign(id, at, body); err != nil {
			return errors.New("a message can't be signed")
		}
	}
	header.Set(standardwebhooks.HeaderWebhookID, id)
	header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return nil
}

// unreachable says why there was no answer, without a word of what is inside the operator's network.
func (s *sender) unreachable(ctx context.Context, err error) (outcome, problem string) {
	var timeout net.Error
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, reach.ErrNotPublic):
		return outcomeNotPublic, "The host has an address that is not public, where nothing is sent: the operator allows that with " +
			"--webhooks-allow-private."
	case ctx.Err() != nil, errors.As(err, &timeout) && timeout.Timeout():
		return outcomeTimeout, fmt.Sprintf("The endpoint did not answer within %s.", s.timeout)
	case errors.As(err, &name):
		return outcomeUnreachable, "The host's name has no address."
	case errors.As(err, &certificate):
		return outcomeUnreachable, "The host's certificate is not valid: " + fault.Clip(certificate.Err.Error(), mostAnswerKept)
	}
	return outcomeUnreachable, "No connection, or no answer that is HTTP, came about."
}

// retryAfter reads for how long an endpoint asks to be left alone: in seconds, or until a date. One day is the most.
func retryAfter(header string, now time.Time) time.Duration {
	asked := time.Duration(0)
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		asked = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		asked = at.Sub(now)
	}
	return max(0, min(asked, day))
}

// plain is the beginning of an answer as it may be stored and shown.
func plain(answer []byte) string {
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(answer), ""))
	return fault.Clip(text, mostAnswerKept)
}
