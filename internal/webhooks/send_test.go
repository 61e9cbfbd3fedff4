package webhooks

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"code.dny.dev/ssrf"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/postwright/postwright/internal/reach"
)

// names is a DNS server, over a pipe instead of UDP, that has one address for every name, which changes.
type names struct{ address atomic.Pointer[netip.Addr] }

func (n *names) set(address string) {
	a := netip.MustParseAddr(address)
	n.address.Store(&a)
}

func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go n.serve(server)
		return client, nil
	}}
}

// serve answers one question, in the form that DNS has over streams: a length before each message.
func (n *names) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	length := make([]byte, 2)
	if _, err := io.ReadFull(conn, length); err != nil {
		return
	}
	packed := make([]byte, int(length[0])<<8|int(length[1]))
	if _, err := io.ReadFull(conn, packed); err != nil {
		return
	}
	var m dnsmessage.Message
	if m.Unpack(packed) != nil {
		return
	}
	m.Response, m.Additionals = true, nil
	if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
			Body:   &dnsmessage.AResource{A: n.address.Load().As4()},
		}}
	}
	answer, err := m.Pack()
	if err == nil {
		_, _ = conn.Write(append([]byte{byte(len(answer) >> 8), byte(len(answer))}, answer...))
	}
}

func post(t *testing.T, s *sender, url string) result {
	t.Helper()
	return s.post(t.Context(), url, "event", []byte(`{}`), []string{newSecret()})
}

// A host may have another address each time that it is asked for: the one that is connected to counts.
func TestANameThatLeadsToLoopbackAtTheSecondLookUpReachesNothing(t *testing.T) {
	t.Parallel()
	// 127.0.0.2 stands for an address that everybody can reach.
	outside := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") }))
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.2:0")
	require.NoError(t, err)
	outside.Listener = listener
	outside.Start()
	t.Cleanup(outside.Close)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	var reached atomic.Int64
	inside := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	inside.Listener, err = new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:"+port)
	require.NoError(t, err)
	inside.Start()
	t.Cleanup(inside.Close)

	var dns names
	allowed := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(netip.MustParsePrefix("127.0.0.2/32")))
	s := newSender(Settings{Resolver: dns.resolver()}, allowed, time.Now)
	url := "http://rebinding.example.org:" + port
	dns.set("127.0.0.2")
	require.Equal(t, outcomeDelivered, post(t, s, url).outcome)
	dns.set("127.0.0.1")
	r := post(t, s, url)
	require.Equal(t, outcomeNotPublic, r.outcome)
	require.NotContains(t, r.problem, "127.0.0.1", "what names mean inside is nobody's to learn here")
	require.Contains(t, r.problem, "--webhooks-allow-private")
	require.Zero(t, reached.Load())

	all := newSender(Settings{Resolver: dns.resolver(), Reach: reach.Reach{Private: true}}, allowed, time.Now)
	require.Equal(t, outcomeDelivered, post(t, all, url).outcome, "where the operator allows it")
	require.Equal(t, int64(1), reached.Load())
}

func TestAnEndpointThatNeverAnswersIsLeftInTime(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or nobody notices that the client has left
		<-r.Context().Done()
		close(ended)
	}))
	t.Cleanup(server.Close)
	s := newSender(Settings{Reach: reach.Reach{Private: true}}, reach.Public, time.Now)
	require.Equal(t, 10*time.Second, s.timeout)
	s.timeout = 100 * time.Millisecond
	r := post(t, s, server.URL)
	require.Equal(t, outcomeTimeout, r.outcome)
	require.Equal(t, "The endpoint did not answer within 100ms.", r.problem)
	require.Zero(t, r.status)
	<-ended
}

func TestOfAHugeAnswerTheBeginningIsRead(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		defer close(ended)
		for {
			if _, err := w.Write([]byte(strings.Repeat("a\x00\x1bb\xff", 10_000))); err != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	r := post(t, newSender(Settings{Reach: reach.Reach{Private: true}}, reach.Public, time.Now), server.URL)
	require.Equal(t, outcomeDelivered, r.outcome)
	require.LessOrEqual(t, len(r.answer), mostAnswerKept)
	require.Greater(t, len(r.answer), mostAnswerKept/2)
	require.True(t, strings.HasPrefix(r.answer, "abab"), "%q", r.answer)
	<-ended // the connection was closed, not read to its end
}

func TestWhatAnEndpointAnswersDecides(t *testing.T) {
	t.Parallel()
	header := func(name, value string, status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(name, value)
			w.WriteHeader(status)
		}
	}
	for name, c := range map[string]struct {
		answer  http.HandlerFunc
		outcome string
		says    string
		asked   time.Duration
	}{
		"200":               {header("A", "b", 200), outcomeDelivered, "", 0},
		"204":               {header("A", "b", 204), outcomeDelivered, "", 0},
		"a redirect":        {header("Location", "http://127.0.0.1:1/", 302), outcomeRedirect, "the redirect 302, which is not followed", 0},
		"a kept method":     {header("Location", "http://127.0.0.1:1/", 308), outcomeRedirect, "the redirect 308, which is not followed", 0},
		"400":               {header("A", "b", 400), outcomeStatus, "the status 400", 0},
		"410":               {header("A", "b", 410), outcomeStatus, "410: it is gone", 0},
		"500":               {header("A", "b", 500), outcomeStatus, "the status 500", 0},
		"come later":        {header("Retry-After", "120", 503), outcomeStatus, "the status 503", 2 * time.Minute},
		"come much later":   {header("Retry-After", "9999999", 429), outcomeStatus, "the status 429", day},
		"come at nonsense":  {header("Retry-After", "soon", 429), outcomeStatus, "the status 429", 0},
		"a cut connection":  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, outcomeUnreachable, "No connection", 0},
		"very long headers": {header("A", strings.Repeat("a", 20_000), 200), outcomeUnreachable, "no answer that is HTTP", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(c.answer)
			t.Cleanup(server.Close)
			r := post(t, newSender(Settings{Reach: reach.Reach{Private: true}}, reach.Public, time.Now), server.URL)
			require.Equal(t, c.outcome, r.outcome)
			require.Contains(t, r.problem, c.says)
			require.Equal(t, c.says == "", r.problem == "")
			require.Equal(t, c.asked, r.asked)
			require.Contains(t, Outcomes(), r.outcome)
		})
	}
}

func TestACertificateThatNobodyTrustsIsTold(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	r := post(t, newSender(Settings{Reach: reach.Reach{Private: true}}, reach.Public, time.Now), server.URL)
	require.Equal(t, outcomeUnreachable, r.outcome)
	require.Contains(t, r.problem, "certificate is not valid: x509")
}
