package rpc

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/limit"
)

// keyless reports whether a path is one of gRPC's own services, which ask for no key: reflection and health.
func keyless(path string) bool { return strings.HasPrefix(path, "/grpc.") }

// Limits of the calls that ask for no key. How long they last is bounded by the server's limits of a whole request.
const (
	keylessOpen       = 100 // streams
	keylessPerAddress = 10
	keylessBodyBytes  = 64 << 10 // of all messages of such a call: they hold a name
	// keylessChecks is how many of health's Check may be open. Each is answered from memory, in moments and with a few bytes, so
	// that whoever stays in one draws it out.
	keylessChecks = 1_000
	// What one call may ask for. Reflection answers a name of 20 bytes with a file of tens of KiB, as often as it is asked. The
	// clients there are remember the files they have, and so need a few messages; one that remembers nothing and asks for
	// every name of the API, one after the other, needs a quarter of each.
	keylessMessages    = 400
	keylessAnswerBytes = 2 << 20
)

// keylessRate bounds how often one address may open a stream without a key. A program that asks reflection opens one for
// each of its runs.
var keylessRate = limit.Rate{PerSecond: 2, Burst: 40}

// limitKeyless bounds how many calls without a key are open, how often streams of them come from one address, and what they
// send. Health's Check is no stream and shares nothing with them: an orchestrator asks it, maybe through the same proxy as
// strangers, and takes a process that does not answer for dead.
func limitKeyless(
	delay Delay, refused func(ctx context.Context, procedure string, err error) *connect.Error, next http.Handler,
) http.Handler {
	open := limit.NewShares[netip.Addr](limit.Room{Slots: keylessPerAddress, Total: keylessOpen})
	opened := limit.NewAddresses(keylessRate, time.Now)
	checks := limit.NewEvictingSlots(keylessChecks)
	errorWriter := connecthttp.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !keyless(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, keylessBodyBytes)
		if r.URL.Path == healthCheck {
			leaveArrivals(r.Context())
			this := connectionOf(r.Context())
			defer checks.Enter(this.cutOff)()
			next.ServeHTTP(w, r)
			return
		}
		release, err := enterKeyless(r, open, opened)
		leaveArrivals(r.Context())
		if err != nil {
			delay(r.Context(), uuid.Nil)
			refuse(w, r, errorWriter, err, refused)
			return
		}
		defer release()
		next.ServeHTTP(w, r)
	})
}

// enterKeyless takes a stream's share of those that are open, and its token.
func enterKeyless(r *http.Request, open *limit.Shares[netip.Addr], opened *limit.Addresses) (release func(), err error) {
	from := connectionOf(r.Context()).from
	release, err = open.Acquire(r.Context(), from)
	if err != nil {
		f := fault.New(fault.OverLimit, "Too many streams without an API key are open: end others, or try again in a moment.").
			WithReason(limit.ReasonKeylessStreams)
		f.RetryAfter = time.Second
		return nil, f
	}
	if wait := opened.Take(from); wait > 0 {
		release()
		f := fault.New(fault.OverLimit, "Too many streams without an API key came from your address: wait before the next one, as the answer says.").
			WithReason(limit.ReasonAddress)
		f.RetryAfter = wait
		return nil, f
	}
	return release, nil
}

// boundKeyless bounds what one call of reflection may ask for, in messages and in bytes of their answers.
func boundKeyless(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		if keyless(spec.Procedure) {
			stream = &keylessStream{ServerStream: stream}
		}
		return next(ctx, spec, stream)
	}
}

type keylessStream struct {
	connect.ServerStream
	messages, bytes int
}

func (s *keylessStream) Receive(msg any) error {
	if err := s.ServerStream.Receive(msg); err != nil {
		return err
	}
	if s.messages++; s.messages > keylessMessages {
		return tooMuchAsked()
	}
	return nil
}

func (s *keylessStream) Send(msg any) error {
	if m, is := msg.(proto.Message); is {
		s.bytes += proto.Size(m)
	}
	if s.bytes > keylessAnswerBytes {
		return tooMuchAsked()
	}
	return s.ServerStream.Send(msg)
}

func tooMuchAsked() error {
	f := fault.Newf(
		fault.OverLimit,
		"A call without an API key is answered %d messages and %d MiB at most: keep the files that you have, and make another call for the rest.",
		keylessMessages,
		keylessAnswerBytes>>20,
	).WithReason(limit.ReasonKeylessAnswers)
	f.RetryAfter = time.Second
	return f
}
