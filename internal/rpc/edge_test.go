package rpc

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/binary"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/protobuf/reflect/protoreflect"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/limit"
)

// small are limits under which a test can fill a message to its end in every way. Larger messages are easier to bear:
// what a thousand elements cost weighs less beside them.
var small = Config{
	Timeout:         time.Minute,
	MessageTimeout:  time.Minute,
	MaxRequestBytes: 64 << 10,
	MaxBatchBytes:   512 << 10,
	MaxStreams:      10,
	StreamsPerOwner: 10,
}

// newEdge is the API without use cases behind it: what is refused never gets there.
func newEdge(t *testing.T, cfg Config, log *slog.Logger) http.Handler {
	t.Helper()
	return newEdgeWith(t.Context(), t, cfg, limit.Config{OwnerCalls: 100, LookUps: 100}, Instrumentation{
		Log: log, Observe: func(string, string, time.Duration) {},
	}, func(context.Context, uuid.UUID) {})
}

// newEdgeWith is newEdge with limits of its callers, somebody who watches, and the delay of refusals, until stopping ends.
func newEdgeWith(
	stopping context.Context, t *testing.T, cfg Config, callers limit.Config, watched Instrumentation, delay Delay,
) http.Handler {
	t.Helper()
	watched.Refused, watched.Streams, watched.Traces = func(string) {}, func(int) {}, noop.NewTracerProvider()
	handler, err := NewHandler(stopping, delay, cfg, Services{
		Callers: limit.NewCallers(callers, time.Now), InFlight: NewInFlight(),
		Identify: func(ctx context.Context, proof identity.Proof) (identity.Access, error) {
			if (proof == identity.Proof{}) {
				return identity.Identifier{}.Identify(ctx, proof)
			}
			return identity.Access{UserID: uuid.Max, KeyID: uuid.Max}, nil
		},
	}, watched)
	require.NoError(t, err)
	return handler
}

// methods are all of the API's.
func methods() (list []protoreflect.MethodDescriptor) {
	for _, file := range []protoreflect.FileDescriptor{
		postwrightv1.File_postwright_v1_account_service_proto, postwrightv1.File_postwright_v1_analysis_service_proto,
		postwrightv1.File_postwright_v1_notification_service_proto, postwrightv1.File_postwright_v1_post_service_proto,
		postwrightv1.File_postwright_v1_queue_service_proto, postwrightv1.File_postwright_v1_session_proto,
		postwrightv1.File_postwright_v1_system_service_proto, postwrightv1.File_postwright_v1_webhook_service_proto,
	} {
		for i := range file.Services().Len() {
			all := file.Services().Get(i).Methods()
			for j := range all.Len() {
				list = append(list, all.Get(j))
			}
		}
	}
	return list
}

func procedure(m protoreflect.MethodDescriptor) string {
	return "/" + string(m.Parent().FullName()) + "/" + string(m.Name())
}

// hostile is a body that is as large as is taken and holds as much as possible that costs.
type hostile struct {
	name string
	json bool
	body []byte
}

// wire is a way to send a body.
type wire struct {
	name string
	send func(procedure string, stream bool, h hostile) *http.Request
}

func codecName(h hostile) string {
	if h.json {
		return "json"
	}
	return "proto"
}

func gzipped(body []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(body)
	_ = w.Close()
	return b.Bytes()
}

func enveloped(flags byte, body []byte) []byte {
	envelope := make([]byte, 5, 5+len(body))
	envelope[0] = flags
	binary.BigEndian.PutUint32(envelope[1:], uint32(len(body)))
	return append(envelope, body...)
}

func post(procedure, contentType string, body []byte, headers ...string) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, procedure, bytes.NewReader(body))
	r.ProtoMajor, r.ProtoMinor = 2, 0 // gRPC asks for it
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Bearer key")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

var wires = []wire{
	{"connect", func(procedure string, stream bool, h hostile) *http.Request {
		if stream {
			return post(procedure, "application/connect+"+codecName(h), enveloped(0, h.body))
		}
		return post(procedure, "application/"+codecName(h), h.body)
	}},
	{"connect, compressed", func(procedure string, stream bool, h hostile) *http.Request {
		if stream {
			return post(procedure, "application/connect+"+codecName(h), enveloped(1, gzipped(h.body)), "Connect-Content-Encoding", "gzip")
		}
		return post(procedure, "application/"+codecName(h), gzipped(h.body), "Content-Encoding", "gzip")
	}},
	{"gRPC", func(procedure string, _ bool, h hostile) *http.Request {
		return post(procedure, "application/grpc+"+codecName(h), enveloped(0, h.body))
	}},
	{"gRPC-Web, compressed", func(procedure string, _ bool, h hostile) *http.Request {
		return post(procedure, "application/grpc-web+"+codecName(h), enveloped(1, gzipped(h.body)), "Grpc-Encoding", "gzip")
	}},
}

// get is a read by GET, whose whole message is in the address.
var get = wire{"GET, compressed", func(procedure string, _ bool, h hostile) *http.Request {
	query := url.Values{
		"connect": {"v1"}, "encoding": {codecName(h)}, "base64": {"1"}, "compression": {"gzip"},
		"message": {base64.RawURLEncoding.EncodeToString(gzipped(h.body))},
	}
	r := httptest.NewRequest(http.MethodGet, procedure+"?"+query.Encode(), nil)
	r.Header.Set("Authorization", "Bearer key")
	return r
}}
