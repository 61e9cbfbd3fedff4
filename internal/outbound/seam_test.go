package outbound

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/postwright/postwright/internal/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// call is what an Observer was told.
type call struct {
	vendor, operation string
	took              time.Duration
	failed            bool
}

// observed collects calls and log lines of a seam under test.
type observed struct {
	mu       sync.Mutex
	calls    []call
	retries  int
	inFlight int
	breaker  []BreakerState
	lookups  map[string]int
	log      bytes.Buffer
}

func (o *observed) Retry(string, string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.retries++
}

func (o *observed) InFlight(_ string, change int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.inFlight += change
}

func (o *observed) Breaker(_, _ string, state BreakerState) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.breaker = append(o.breaker, state)
}

func (o *observed) Lookup(outcome string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lookups == nil {
		o.lookups = map[string]int{}
	}
	o.lookups[outcome]++
}

func (o *observed) Attempt(vendor, operation string, took time.Duration, failed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calls = append(o.calls, call{vendor, operation, took, failed})
}

func (o *observed) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.log.Write(p)
}

func (o *observed) only(t *testing.T) call {
	t.Helper()
	require.Len(t, o.calls, 1)
	return o.calls[0]
}

func newSeam(t *testing.T, cfg Config, policies Policies) (*Seam, *observed) {
	t.Helper()
	o := &observed{}
	seam := New(cfg, policies, o, slog.New(slog.NewTextHandler(o, nil)))
	t.Cleanup(seam.Close)
	return seam, o
}

// send makes one call of the operation createPost and reads its answer.
func send(ctx context.Context, seam *Seam, method, address string) (status int, body string, err error) {
	var content io.Reader
	if method == http.MethodPost {
		content = strings.NewReader(`{"commentary":"the text"}`)
	}
	req, err := http.NewRequestWithContext(WithOperation(ctx, "createPost"), method, address, content)
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authorization", "Bearer the-secret-token")
	resp, err := seam.Client("linkedin").Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	read, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(read), err
}

func requireFault(t *testing.T, err error) *fault.Error {
	t.Helper()
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	return f
}

// listen serves every connection with handle, which gets the connection's number from 0, until the test ends.
func listen(t *testing.T, handle func(n int, conn net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var connections sync.WaitGroup
	connections.Go(func() {
		for n := 0; ; n++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Go(func() {
				defer func() { _ = conn.Close() }()
				handle(n, conn)
			})
		}
	})
	t.Cleanup(func() { _ = listener.Close(); connections.Wait() })
	return "http://" + listener.Addr().String()
}

// nobody is where no one listens: tcpmux's port. One that was free a moment ago may be another test's by now.
var quiet = slog.New(slog.DiscardHandler)

const nobody = "http://127.0.0.1:1"

// readRequest reads exactly one request with its body; false when none came.
func readRequest(conn net.Conn) bool {
	head := make([]byte, 0, 4096)
	one := make([]byte, 1)
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		if _, err := conn.Read(one); err != nil {
			return false
		}
		head = append(head, one[0])
	}
	var length int
	for line := range strings.Lines(string(head)) {
		_, _ = fmt.Sscanf(line, "Content-Length: %d", &length)
	}
	_, err := io.CopyN(io.Discard, conn, int64(length))
	return err == nil
}

// trust makes the seam trust the server's certificate, if it has one.
func trust(seam *Seam, server *httptest.Server) {
	if certificate := server.Certificate(); certificate != nil {
		pool := x509.NewCertPool()
		pool.AddCert(certificate)
		seam.base.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
}

func TestAnAnswerComesBackWhole(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("x-restli-id", "urn:li:share:1")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "the body")
	}))
	t.Cleanup(server.Close)
	seam, seen := newSeam(t, Defaults(), DefaultPolicies())

	status, body, err := send(t.Context(), seam, http.MethodPost, server.URL)

	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, status)
	require.Equal(t, "the body", body)
	got := seen.only(t)
	require.Equal(t, "linkedin", got.vendor)
	require.Equal(t, "createPost", got.operation)
	require.Positive(t, got.took)
	require.False(t, got.failed)
	require.Empty(t, seen.log.String(), "only failed calls are logged")
}

func TestARefusalIsCountedAsFailedAndLoggedOnceWithoutSecrets(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("x-vendor-secret", "a header")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "a body")
	}))
	t.Cleanup(server.Close)
	seam, seen := newSeam(t, Defaults(), DefaultPolicies())

	status, body, err := send(t.Context(), seam, http.MethodPost, server.URL)

	require.NoError(t, err)
	require.Equal(t, http.StatusForbidden, status)
	require.Equal(t, "a body", body)
	require.True(t, seen.only(t).failed)
	line := seen.log.String()
	require.Equal(t, 1, strings.Count(line, "\n"))
	for _, part := range []string{"vendor=linkedin", "operation=createPost", "host=127.0.0.1", "status=403", "duration="} {
		require.Contains(t, line, part)
	}
	for _, secret := range []string{"the-secret-token", "the text", "a body", "a header"} {
		require.NotContains(t, line, secret)
	}
}

// A caller who takes a refusal for an answer has no failure; but what is no answer is one.
func TestAnExpectedRefusalIsNoFailure(t *testing.T) {
	t.Parallel()
	for status, failed := range map[int]bool{403: false, 404: false, 500: true} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(server.Close)
		seam, seen := newSeam(t, Defaults(), DefaultPolicies())
		_, _, err := send(ExpectRefusal(t.Context()), seam, http.MethodGet, server.URL)
		require.NoError(t, err)
		require.Equal(t, failed, seen.only(t).failed, status)
		require.Equal(t, failed, strings.Contains(seen.log.String(), "vendor call failed"), status)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var strayed atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed.Add(1) }))
	t.Cleanup(elsewhere.Close)
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	t.Cleanup(server.Close)
	seam, _ := newSeam(t, Defaults(), DefaultPolicies())

	for _, method := range []string{http.MethodGet, http.MethodPost} {
		status, _, err := send(t.Context(), seam, method, server.URL)
		require.NoError(t, err)
		require.Equal(t, http.StatusTemporaryRedirect, status)
	}
	require.Zero(t, strayed.Load())
}

// What a failed exchange becomes, on real connections. In doubt is what changes something and may have arrived.
func TestFailuresBecomeFaults(t *testing.T) {
	t.Parallel()
	limited := DefaultPolicies()
	limited.Default.MaxBodyBytes = 16

	answering := func(raw string) string {
		return listen(t, func(_ int, conn net.Conn) {
			if readRequest(conn) {
				_, _ = io.WriteString(conn, raw)
			}
		})
	}
	plain := listen(t, func(_ int, conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n") })
	tests := map[string]struct {
		address string
		reason  string
		status  int
		doubt   bool // for a POST
	}{
		"nobody listens":             {nobody, ReasonUnreachable, 0, false},
		"TLS against a plain server": {strings.Replace(plain, "http:", "https:", 1), ReasonUnreachable, 0, false},
		"closed before an answer":    {answering(""), ReasonUnreachable, 0, true},
		"an answer that is not HTTP": {answering("go away\r\n\r\n"), ReasonBadAnswer, 0, true},
		"a header that breaks off":   {answering("HTTP/1.1 200 OK\r\nContent-"), ReasonBadAnswer, 0, true},
		"a body that breaks off":     {answering("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour"), ReasonBadAnswer, 200, true},
		"a chunked body that breaks off": {
			answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n"),
			ReasonBadAnswer,
			200,
			true,
		},
		"a body of one byte over the limit": {answering("HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n12345678901234567"), ReasonBadAnswer, 200, true},
	}
	for name, test := range tests {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			t.Run(name+", "+method, func(t *testing.T) {
				t.Parallel()
				seam, seen := newSeam(t, Defaults(), limited)
				_, _, err := send(t.Context(), seam, method, test.address)

				f := requireFault(t, err)
				require.Equal(t, fault.VendorUnavailable, f.Kind)
				require.Equal(t, test.reason, f.Reason)
				require.Equal(t, test.doubt && method == http.MethodPost, f.Doubt)
				require.Equal(t, fault.Answer{Vendor: "linkedin", Operation: "createPost", Status: test.status}, *f.Answer)
				require.Regexp(t, `^LinkedIn [a-z'. ]+\.$`, f.Message, "a sentence, without the raw error")
				require.Error(t, f.Unwrap(), "the raw error is the cause")
				require.True(t, seen.only(t).failed)
				require.Equal(t, 1, strings.Count(seen.log.String(), "\n"))
			})
		}
	}
}

func TestABodyOfExactlyTheLimitIsRead(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "1234") }))
	t.Cleanup(server.Close)
	policies := DefaultPolicies()
	policies.Of = map[Operation]Policy{{"linkedin", "createPost"}: {Timeout: time.Minute, Budget: time.Minute, Attempts: 1, MaxBodyBytes: 4}}
	seam, _ := newSeam(t, Defaults(), policies)

	_, body, err := send(t.Context(), seam, http.MethodGet, server.URL)
	require.NoError(t, err)
	require.Equal(t, "1234", body)
}

func TestAStatusCountsThoughItsBodyIsBroken(t *testing.T) {
	t.Parallel()
	address := listen(t, func(_ int, conn net.Conn) {
		if readRequest(conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 201 Created\r\nx-restli-id: urn:li:share:1\r\nContent-Length: 9\r\n\r\nfour")
		}
	})
	seam, _ := newSeam(t, Defaults(), DefaultPolicies())
	status, body, err := send(t.Context(), seam, http.MethodPost, address)
	require.Equal(t, http.StatusCreated, status)
	require.Equal(t, "four", body)
	require.Equal(t, ReasonBadAnswer, requireFault(t, err).Reason)
}

// The server takes the second request from a kept connection and closes it without an answer, as one does whose patience
// with idle connections has just ended. net/http sends a GET again by itself then; a POST must not be.
func TestAPostNeverArrivesTwice(t *testing.T) {
	t.Parallel()
	for method, arrivals := range map[string]int32{http.MethodPost: 2, http.MethodGet: 3} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			var arrived atomic.Int32
			address := listen(t, func(n int, conn net.Conn) {
				for readRequest(conn) {
					if arrived.Add(1); n == 0 && arrived.Load() == 2 {
						return
					}
					_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				}
			})
			seam, _ := newSeam(t, Defaults(), DefaultPolicies())
			_, _, err := send(t.Context(), seam, method, address)
			require.NoError(t, err)

			_, _, err = send(t.Context(), seam, method, address)

			if method == http.MethodPost {
				f := requireFault(t, err)
				require.Equal(t, ReasonUnreachable, f.Reason)
				require.True(t, f.Doubt, "it arrived once, and may have been carried out")
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, arrivals, arrived.Load())
		})
	}
}

// deadConn is a connection whose peer is gone: nothing leaves through it once it is dead.
type deadConn struct {
	net.Conn
	dead *atomic.Bool
}

func (c deadConn) Write(p []byte) (int, error) {
	if c.dead.Load() {
		return 0, errors.New("broken pipe")
	}
	return c.Conn.Write(p)
}

// A kept connection turns out to be dead before a byte is written to it: net/http then sends the request through a new
// one, which is the only sending. If there is no new connection either, nothing has left and nothing is in doubt.
func TestARequestThatLeftNothingBehindIsNotInDoubt(t *testing.T) {
	t.Parallel()
	for _, reachable := range []bool{true, false} {
		for _, encrypted := range []bool{true, false} {
			t.Run(fmt.Sprintf("reachable again %t, TLS %t", reachable, encrypted), func(t *testing.T) {
				t.Parallel()
				var arrived atomic.Int32
				server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived.Add(1) }))
				if encrypted {
					server.StartTLS()
				} else {
					server.Start()
				}
				t.Cleanup(server.Close)
				seam, _ := newSeam(t, Defaults(), DefaultPolicies())
				var dead atomic.Bool
				var dials atomic.Int32
				seam.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
					n := dials.Add(1)
					if n > 1 && !reachable {
						return nil, errors.New("connection refused")
					}
					conn, err := new(net.Dialer).DialContext(ctx, network, address)
					if n > 1 || err != nil {
						return conn, err
					}
					return deadConn{conn, &dead}, nil
				}
				trust(seam, server)
				_, _, err := send(t.Context(), seam, http.MethodPost, server.URL)
				require.NoError(t, err)
				dead.Store(true)

				_, _, err = send(t.Context(), seam, http.MethodPost, server.URL)

				require.Equal(t, int32(2), dials.Load())
				if reachable {
					require.NoError(t, err)
					require.Equal(t, int32(2), arrived.Load(), "each request once")
					return
				}
				f := requireFault(t, err)
				require.Equal(t, ReasonUnreachable, f.Reason)
				require.False(t, f.Doubt)
				require.Equal(t, int32(1), arrived.Load())
			})
		}
	}
}

// The transport finds the counting connection under TLS too: a request that left through TLS is in doubt.
func TestARequestThatLeftThroughTLSIsInDoubt(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(server.Close)
	seam, _ := newSeam(t, Defaults(), DefaultPolicies())
	trust(seam, server)

	_, _, err := send(t.Context(), seam, http.MethodPost, server.URL)
	require.True(t, requireFault(t, err).Doubt)
}

func TestAHostWithoutAnAddressLeavesNoDoubt(t *testing.T) {
	t.Parallel()
	seam, _ := newSeam(t, Defaults(), DefaultPolicies())
	seam.dial = (&net.Dialer{Resolver: &net.Resolver{
		PreferGo: true,
		Dial:     func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no name server") },
	}}).DialContext

	_, _, err := send(t.Context(), seam, http.MethodPost, "http://nowhere.invalid")
	f := requireFault(t, err)
	require.Equal(t, ReasonUnreachable, f.Reason)
	require.False(t, f.Doubt)
}

func TestVendorsAreCalledOverHTTP1(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	seam, _ := newSeam(t, Defaults(), DefaultPolicies())
	trust(seam, server)

	_, protocol, err := send(t.Context(), seam, http.MethodGet, server.URL)
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1", protocol)
}

func TestUnnamedCallsTakeTheDefaultPolicy(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	seam, seen := newSeam(t, Defaults(), DefaultPolicies())
	resp, err := seam.Client("analysis").Get(server.URL) //nolint:noctx // it has no operation on its context
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, "unnamed", seen.only(t).operation)
}

func TestTheWrappingOfHTTPClientKeepsTheFault(t *testing.T) {
	t.Parallel()
	seam, _ := newSeam(t, Defaults(), DefaultPolicies())
	_, _, err := send(t.Context(), seam, http.MethodPost, nobody)
	var wrapped *url.Error
	require.ErrorAs(t, err, &wrapped)
	require.True(t, fault.Is(err, fault.VendorUnavailable))
}

func TestConfigFaultsAreListedAllAtOnce(t *testing.T) {
	t.Parallel()
	require.Empty(t, Defaults().Faults())
	require.Len(t, Config{KeepNames: -1}.Faults(), 4)
}
