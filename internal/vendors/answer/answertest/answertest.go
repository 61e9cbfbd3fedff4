// Package answertest is the table of answers that every operation of every vendor must turn into a value or a fault, for
// the tests of the adapters. It serves them over real HTTP, through the seam. It must not know any one vendor.
package answertest

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
)

// Token is the token to give to adapters under test: it must never show up in an error.
const Token = "a-secret/token_of=theirs"

// maxBodyBytes is the seam's limit of an answer in these tests.
const maxBodyBytes = 8 << 10

// Operation is one operation of an adapter.
type Operation struct {
	ID      string // operationId
	Method  string
	Success int  // the status of success
	Decodes bool // its value stands in the body
	Rewords bool // a request that is refused with 400 is made once more in other words
	// Call makes the operation on the vendor at url, with valid input.
	Call func(ctx context.Context, url string, seam *http.Client) error
}

// Seam returns an HTTP client for a vendor, with the limits of these tests, on connections that end with the test.
func Seam(t *testing.T, vendor string, timeout time.Duration) *http.Client {
	t.Helper()
	policies := outbound.DefaultPolicies()
	policies.Default.Timeout, policies.Default.MaxBodyBytes = timeout, maxBodyBytes
	seam := outbound.New(outbound.Defaults(), policies, outbound.Unobserved{}, slog.New(slog.DiscardHandler))
	t.Cleanup(seam.Close)
	return seam.Client(vendor)
}

// expectation is what an operation makes of an answer. A zero kind (fault.Internal) stands for success.
type expectation struct {
	kind       fault.Kind
	reason     string
	status     int
	doubt      bool // for a request that changes something
	retryAfter time.Duration
}

func refusal(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// cutOff announces more than it sends.
func cutOff(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

func withHeader(name, value string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(name, value)
		next(w, r)
	}
}

const (
	plainHTML = "<html>\x00\xffgo away</html>"
	jsonType  = "application/json"
)

// refused is an answer and what becomes of it.
type refused struct {
	answer http.HandlerFunc
	want   expectation
}

// refusals are answers whose status is not that of success.
func refusals() map[string]refused {
	huge := strings.Repeat("x", 4*maxBodyBytes)
	return map[string]refused{
		"a success that was not agreed on": {
			refusal(299, jsonType, `{}`),
			expectation{kind: fault.VendorUnavailable, reason: outbound.ReasonBadAnswer, status: 299, doubt: true},
		},
		"a redirect": {
			withHeader("Location", "/elsewhere", refusal(302, jsonType, ``)),
			expectation{kind: fault.VendorUnavailable, reason: outbound.ReasonBadAnswer, status: 302, doubt: true},
		},
		"400 with HTML": {
			refusal(400, "text/html", plainHTML),
			expectation{kind: fault.VendorRejected, status: 400},
		},
		"400 with nothing": {refusal(400, jsonType, ""), expectation{kind: fault.VendorRejected, status: 400}},
		"400 with broken JSON": {
			refusal(400, jsonType, `{"message"`),
			expectation{kind: fault.VendorRejected, status: 400},
		},
		"400 with JSON of other types": {
			refusal(400, jsonType, `{"message":{},"code":1,"error":7,"errorDetails":[]}`),
			expectation{kind: fault.VendorRejected, status: 400},
		},
		"400 with a list": {
			refusal(400, jsonType, `["no"]`),
			expectation{kind: fault.VendorRejected, status: 400},
		},
		"400 with a huge body":       {refusal(400, "text/plain", huge), expectation{kind: fault.VendorRejected, status: 400}},
		"400 cut off":                {cutOff(400, `{"message":`), expectation{kind: fault.VendorRejected, status: 400}},
		"401 with nothing":           {refusal(401, jsonType, ""), expectation{kind: fault.VendorAuth, status: 401}},
		"404 with nothing":           {refusal(404, jsonType, ""), expectation{kind: fault.VendorRejected, status: 404}},
		"418, which nobody declared": {refusal(418, jsonType, "{}"), expectation{kind: fault.VendorRejected, status: 418}},
		"408 of a proxy": {
			refusal(408, "text/html", plainHTML),
			expectation{kind: fault.VendorUnavailable, status: 408, doubt: true},
		},
		"425 with seconds": {
			withHeader("Retry-After", "7", refusal(425, jsonType, "{}")),
			expectation{kind: fault.VendorUnavailable, status: 425, doubt: true, retryAfter: 7 * time.Second},
		},
		"460 of a load balancer": {refusal(460, jsonType, ""), expectation{kind: fault.VendorUnavailable, status: 460, doubt: true}},
		"499 of a proxy":         {refusal(499, jsonType, ""), expectation{kind: fault.VendorUnavailable, status: 499, doubt: true}},
		"429 with nothing": {
			refusal(429, jsonType, ""),
			expectation{kind: fault.RateLimited, reason: "RATE_LIMITED", status: 429},
		},
		"429 with seconds": {
			withHeader("Retry-After", "7", refusal(429, jsonType, "")),
			expectation{kind: fault.RateLimited, reason: "RATE_LIMITED", status: 429, retryAfter: 7 * time.Second},
		},
		"500 with HTML": {
			refusal(500, "text/html", plainHTML),
			expectation{kind: fault.VendorUnavailable, status: 500, doubt: true},
		},
		"503 with seconds": {
			withHeader("Retry-After", "7", refusal(503, jsonType, "{}")),
			expectation{kind: fault.VendorUnavailable, status: 503, doubt: true, retryAfter: 7 * time.Second},
		},
		"599 cut off": {
			cutOff(599, `{"message":`),
			expectation{kind: fault.VendorUnavailable, status: 599, doubt: true},
		},
	}
}

// brokenBodies have the status of success and a body that says nothing.
func brokenBodies(status int) map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"success as HTML":                  refusal(status, "text/html", plainHTML),
		"success without a content type":   withHeader("Content-Type", "", refusal(status, "", `{}`)),
		"success with nothing":             refusal(status, jsonType, ""),
		"success with broken JSON":         refusal(status, jsonType, `{"a":`),
		"success with JSON of other types": refusal(status, jsonType, `"text"`),
		"success with a huge body":         refusal(status, jsonType, `{"a":"`+strings.Repeat("x", 4*maxBodyBytes)+`"}`),
		"success cut off":                  cutOff(status, `{"message":`),
		"success cut off after a value":    cutOff(status, `{}`),
	}
}

// Run gives every operation every answer. The vendor's name is the one in faults.
func Run(t *testing.T, vendor string, operations []Operation) {
	for _, op := range operations {
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			changes := op.Method != http.MethodGet
			for name, test := range refusals() {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					err := call(t, vendor, op, test.answer)
					want := test.want
					want.doubt = want.doubt && changes
					requireFault(t, err, vendor, op, want)
				})
			}
			for name, answer := range brokenBodies(op.Success) {
				if op.Success == http.StatusNoContent {
					break // which has no body
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					err := call(t, vendor, op, answer)
					if !op.Decodes {
						require.NoError(t, err, "the status says it all")
						return
					}
					requireFault(
						t,
						err,
						vendor,
						op,
						expectation{kind: fault.VendorUnavailable, reason: outbound.ReasonBadAnswer, status: op.Success, doubt: changes},
					)
				})
			}
			runEcho(t, vendor, op)
			t.Run("the connection breaks", func(t *testing.T) {
				t.Parallel()
				err := call(t, vendor, op, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
				requireFault(t, err, vendor, op, expectation{kind: fault.VendorUnavailable, reason: outbound.ReasonUnreachable, doubt: changes})
			})
			t.Run("no answer in time", func(t *testing.T) {
				t.Parallel()
				var arrived atomic.Bool
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					arrived.Store(true)
					hang(w, r)
				}))
				t.Cleanup(server.Close)
				// A busy machine may not have sent it in the shortest time, and then nothing is in doubt.
				err := op.Call(t.Context(), server.URL, Seam(t, vendor, 50*time.Millisecond))
				for limit := 100 * time.Millisecond; !arrived.Load() && limit < time.Minute; limit *= 2 {
					err = op.Call(t.Context(), server.URL, Seam(t, vendor, limit))
				}
				requireFault(t, err, vendor, op, expectation{kind: fault.VendorUnavailable, reason: outbound.ReasonTimeout, doubt: changes})
			})
			t.Run("the caller goes away", func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancel(t.Context())
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					cancel()
					hang(w, r)
				}))
				t.Cleanup(server.Close)
				err := op.Call(ctx, server.URL, Seam(t, vendor, time.Minute))
				requireFault(t, err, vendor, op, expectation{kind: fault.Canceled, doubt: changes})
			})
			t.Run("nobody listens", func(t *testing.T) {
				t.Parallel()
				err := op.Call(t.Context(), nobody, Seam(t, vendor, time.Minute))
				requireFault(t, err, vendor, op, expectation{kind: fault.VendorUnavailable, reason: outbound.ReasonUnreachable})
			})
		})
	}
}

// nobody is where no one listens: tcpmux's port. One that was free a moment ago may be another test's by now.
const nobody = "http://127.0.0.1:1"

// hang waits for the caller to give up. The body must be read before net/http notices that.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// call makes the operation on a vendor that answers so, and requires that it is sent once.
func call(t *testing.T, vendor string, op Operation, answer http.HandlerFunc) error {
	t.Helper()
	var arrived atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived.Add(1)
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	err := op.Call(t.Context(), server.URL, Seam(t, vendor, time.Minute))
	want := int32(1)
	if f := fault.Of(err); op.Rewords && f != nil && f.Answer != nil && f.Answer.Status == http.StatusBadRequest {
		want = 2
	}
	require.Equal(t, want, arrived.Load(), "every operation is sent once")
	return err
}

func requireFault(t *testing.T, err error, vendor string, op Operation, want expectation) {
	t.Helper()
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, want.kind, f.Kind, f)
	if want.reason != "" {
		require.Equal(t, want.reason, f.Reason)
	}
	require.Equal(t, want.doubt, f.Doubt, "doubt")
	require.Equal(t, want.retryAfter, f.RetryAfter)

	require.NotNil(t, f.Answer)
	require.Equal(t, vendor, f.Answer.Vendor)
	require.Equal(t, op.ID, f.Answer.Operation)
	require.Equal(t, want.status, f.Answer.Status)
	require.LessOrEqual(t, len(f.Answer.Message), 2<<10)
	require.True(t, utf8.ValidString(f.Answer.Message))
	require.NotContains(t, f.Answer.Message, "\x00", "PostgreSQL keeps none")

	require.Regexp(t, `^[A-Z].*\.$`, f.Message, "a sentence for a person")
	require.NotContains(t, f.Message, "http", "no raw error in what callers see")
	require.NotContains(t, err.Error(), Token, "no secret, not even in the log")
}
