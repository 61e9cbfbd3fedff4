package rpc

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/limit"
	"github.com/postwright/postwright/internal/status"
)

// What the edge costs: a call that needs no database, through everything that is around every call, logged as by default, and
// the same through a handler of connect's alone.
//
//	go test -run '^$' -bench Unary -count 10 ./internal/rpc > new && benchstat -col /via new
func BenchmarkUnary(b *testing.B) {
	well := func(context.Context, uuid.UUID) status.Report { return status.Report{} }
	edge, err := NewHandler(b.Context(), NewDelay(b.Context(), 1_000), small, Services{
		Callers: limit.NewCallers(limit.Config{OwnerCalls: 100, LookUps: 100}, time.Now), InFlight: NewInFlight(), Status: well,
		Identify: func(context.Context, identity.Proof) (identity.Access, error) {
			return identity.Access{UserID: uuid.Max, KeyID: uuid.Max}, nil
		},
	}, Instrumentation{
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Observe: func(string, string, time.Duration) {}, Refused: func(string) {},
		Streams: func(int) {}, Traces: noop.NewTracerProvider(),
	})
	require.NoError(b, err)

	server := connect.NewServer(func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			return next(identity.WithCaller(ctx, identity.Access{UserID: uuid.Max}), spec, stream)
		}
	})
	postwrightv1connect.RegisterSystemServiceHandler(server, systemHandler{well})
	bare := http.NewServeMux()
	connecthttp.Mount(bare, server)

	for _, via := range []struct {
		name    string
		handler http.Handler
	}{{"edge", edge}, {"connect", bare}} {
		b.Run("via="+via.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				via.handler.ServeHTTP(w, post(postwrightv1connect.SystemServiceGetStatusProcedure, "application/json", []byte("{}")))
				if w.Code != http.StatusOK || !bytes.Contains(w.Body.Bytes(), []byte("OK")) {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
	}
}
