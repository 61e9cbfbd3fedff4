package rpc

import (
	"context"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect/v2"

	"github.com/postwright/postwright/internal/fault"
)

// errStopping ends the streams that are open when the server is about to stop.
var errStopping = fault.New(fault.Unavailable, "The server is stopping: call again.")

// endWith ends the streams among the procedures when the server is about to stop.
func endWith(stopping context.Context, streams map[string]bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if streams[r.URL.Path] || keyless(r.URL.Path) {
			ctx, cancel := context.WithCancelCause(r.Context())
			defer cancel(nil)
			defer context.AfterFunc(stopping, func() { cancel(errStopping) })()
			r = r.WithContext(ctx) //nolint:contextcheck // made from the request's own, three lines up
		}
		next.ServeHTTP(w, r)
	})
}

// endSilent ends gRPC's health Watch after the longest silence of a stream: it says nothing while nothing changes, and can't
// be made to. Who watches calls again, and hears at once where the service stands.
func endSilent(silence time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if silence > 0 && strings.HasSuffix(r.URL.Path, "/Watch") {
			unbuffered(w.Header())
			ctx, cancel := context.WithTimeout(r.Context(), silence)
			defer cancel()
			r = r.WithContext(ctx)
		}
		next.ServeHTTP(w, r)
	})
}

// boundStreams lets a stream last once its caller is known and its request is in: until then, and for everything else, the
// server's limits of a whole request hold. Its headers tell proxies to hand on what comes as it comes. Each message then has a
// time of its own to leave, so that it is the caller who takes nothing any more that is cut off, not the one who watches for
// long.
func boundStreams(messageTimeout time.Duration) connect.ServerInterceptor {
	return func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			if spec.StreamType != connect.StreamTypeServer {
				return next(ctx, spec, stream)
			}
			if info, there := connect.CallInfoForServerContext(ctx); there {
				unbuffered(info.ResponseHeader())
			}
			this := connectionOf(ctx)
			err := next(ctx, spec, &boundedStream{ServerStream: stream, connection: this, timeout: messageTimeout})
			this.writeUntil(time.Now().Add(messageTimeout)) // how the stream ended is a message too
			return err
		}
	}
}

// unbuffered tells proxies to hand an answer on piece by piece: nginx, and those that do as nginx does, by a header of
// nginx's own (ngx_http_proxy_module, proxy_buffering); others, because it may neither be kept nor compressed on the way
// (RFC 9111, 5.2.2).
func unbuffered(header setter) {
	header.Set("X-Accel-Buffering", "no")
	header.Set("Cache-Control", "no-store, no-transform")
}

type boundedStream struct {
	connect.ServerStream
	connection *connection
	timeout    time.Duration
}

func (s *boundedStream) Receive(msg any) error {
	err := s.ServerStream.Receive(msg)
	if err == nil {
		s.connection.readUntil(time.Time{})
		s.connection.writeUntil(time.Time{})
	}
	return err
}

func (s *boundedStream) SendHeaders() error {
	return s.bounded(s.ServerStream.SendHeaders)
}

func (s *boundedStream) Send(msg any) error {
	return s.bounded(func() error { return s.ServerStream.Send(msg) })
}

func (s *boundedStream) bounded(send func() error) error {
	s.connection.writeUntil(time.Now().Add(s.timeout))
	defer s.connection.writeUntil(time.Time{}) // HTTP/2 ends a stream whose deadline passes while nothing is sent
	return send()
}
