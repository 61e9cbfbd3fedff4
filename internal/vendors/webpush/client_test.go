package webpush

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/reach"
	"github.com/postwright/postwright/internal/sandbox"
)

func newSeam(t *testing.T, policies outbound.Policies) *outbound.Seam {
	t.Helper()
	seam := outbound.New(outbound.Defaults(), policies, outbound.Unobserved{}, slog.New(slog.DiscardHandler))
	t.Cleanup(seam.Close)
	return seam
}

func newTestClient(t *testing.T, where reach.Reach) *Client {
	t.Helper()
	key, err := NewKey()
	require.NoError(t, err)
	c, err := New(Config{PrivateKey: key, Contact: "mailto:ops@example.org", Reach: where}, newSeam(t, outbound.DefaultPolicies()), time.Now)
	require.NoError(t, err)
	return c
}

func newBrowser(t *testing.T, publicKey string) (*sandbox.Browser, Subscription) {
	t.Helper()
	vendors := sandbox.New(sandbox.Options{Clock: time.Now, Log: slog.New(slog.DiscardHandler)})
	server := httptest.NewServer(vendors.Handler())
	t.Cleanup(server.Close)
	b, err := vendors.Subscribe(server.URL, publicKey)
	require.NoError(t, err)
	return b, Subscription{Endpoint: b.Endpoint, P256dh: b.P256dh, Auth: b.Auth}
}

var anywhere = reach.Reach{Private: true, HTTP: true}

func TestABrowserReadsWhatItIsSent(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, anywhere)
	b, to := newBrowser(t, c.PublicKey())
	longest := strings.Repeat("x", MostBytes)
	require.NoError(t, c.Push(t.Context(), to, []byte("Hello")))
	require.NoError(t, c.Push(t.Context(), to, []byte(longest)))
	require.Equal(t, []string{"Hello", longest}, b.Read())
	require.Equal(t, fault.VendorRejected, fault.Of(c.Push(t.Context(), to, []byte(longest+"x"))).Kind, "a byte more fits no record")

	other := newTestClient(t, anywhere)
	f := fault.Of(other.Push(t.Context(), to, []byte("Hello")))
	require.Equal(t, fault.VendorRejected, f.Kind)
	require.Contains(t, f.Message, "does not take the key of this Postwright (403)")
	require.Len(t, b.Read(), 2)
}

func TestWhatAPushServicesAnswerMeans(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, anywhere)
	for status, kind := range map[int]fault.Kind{
		404: fault.NotFound, 410: fault.NotFound, 429: fault.RateLimited, 500: fault.VendorUnavailable, 503: fault.VendorUnavailable,
		400: fault.VendorRejected, 401: fault.VendorRejected, 413: fault.VendorRejected, 302: fault.VendorRejected,
	} {
		b, to := newBrowser(t, c.PublicKey())
		b.Answers(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "120")
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(status)
		})
		f := fault.Of(c.Push(t.Context(), to, []byte("Hello")))
		require.Equal(t, kind, f.Kind, status)
		require.False(t, f.Doubt, status)
		require.Equal(t, 2*time.Minute, f.RetryAfter, status)
		require.Equal(t, status, f.Answer.Status)
		require.Equal(t, 1, b.Calls(), "no redirect is followed, and nothing repeated")
	}
	b, to := newBrowser(t, c.PublicKey())
	b.Answers(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	})
	f := fault.Of(c.Push(t.Context(), to, []byte("Hello")))
	require.True(t, f.Doubt, "it had all of the message")
	require.NotContains(t, f.Error(), to.Endpoint)
	closed, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	to.Endpoint = "http://" + closed.Addr().String() + "/push/1"
	f = fault.Of(c.Push(t.Context(), to, []byte("Hello")))
	require.Equal(t, fault.VendorUnavailable, f.Kind)
	require.False(t, f.Doubt, "nobody was there")
}

func TestNothingIsSentToAnAddressThatIsNotPublic(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, reach.Reach{HTTP: true})
	b, to := newBrowser(t, c.PublicKey())
	to.Endpoint = strings.Replace(to.Endpoint, "127.0.0.1", "localhost", 1)
	f := fault.Of(c.Push(t.Context(), to, []byte("Hello")))
	require.Equal(t, fault.VendorRejected, f.Kind)
	require.Contains(t, f.Message, "--webpush-allow-private")
	require.NotContains(t, f.Message, "127.0.0.1")
	require.Zero(t, b.Calls())
}

func TestWhatIsWrongWithASubscriptionIsToldAtOnce(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, reach.Reach{})
	_, good := newBrowser(t, c.PublicKey())
	for name, c2 := range map[string]struct {
		Subscription
		wrong []string
	}{
		"good":    {Subscription{"https://push.example.org/1", good.P256dh, good.Auth}, nil},
		"padded":  {Subscription{"https://push.example.org/1", good.P256dh + "=", good.Auth + "=="}, nil},
		"nothing": {Subscription{}, []string{"endpoint", "keys.p256dh", "keys.auth"}},
		"inside":  {Subscription{"https://127.0.0.1/1", good.P256dh, good.Auth}, []string{"endpoint"}},
		"line breaks": {
			Subscription{"https://push.example.org/1", good.P256dh + "\n", good.Auth[:4] + "\r" + good.Auth[4:]},
			[]string{"keys.p256dh", "keys.auth"},
		},
		"not on P-256":   {Subscription{"https://push.example.org/1", "BA" + strings.Repeat("A", 85), good.Auth}, []string{"keys.p256dh"}},
		"a short secret": {Subscription{"https://push.example.org/1", good.P256dh, good.Auth[:20]}, []string{"keys.auth"}},
	} {
		var wrong []string
		for _, f := range c2.Faults(c.Reach()) {
			wrong = append(wrong, f.Path)
		}
		require.Equal(t, c2.wrong, wrong, name)
	}
}

func TestWhatIsWrongWithTheConfigurationIsTold(t *testing.T) {
	t.Parallel()
	key, err := NewKey()
	require.NoError(t, err)
	for contact, faults := range map[string]int{
		"mailto:ops@example.org": 0, "ops@example.org": 0, "https://example.org/contact": 0, "": 1, "http://example.org": 1, "https://": 1, "ops": 1,
	} {
		require.Len(t, Config{PrivateKey: key, Contact: contact}.Faults(), faults, contact)
	}
	for _, key := range []string{"", "secret", key[:20], strings.Repeat("A", 43)} {
		faults := Config{PrivateKey: key, Contact: "ops@example.org"}.Faults()
		require.Len(t, faults, 1)
		require.NotContains(t, faults[0].Problem, "secret")
	}
	_, err = New(Config{}, newSeam(t, outbound.DefaultPolicies()), time.Now)
	require.Len(t, fault.Of(err).Fields, 2)
}

// A push service at which nobody answers is left alone for a while; others are not.
func TestAPushServiceThatDoesNotAnswerIsLeftAlone(t *testing.T) {
	t.Parallel()
	key, err := NewKey()
	require.NoError(t, err)
	policies := outbound.DefaultPolicies()
	policies.Breaker.Failures = 2
	c, err := New(Config{PrivateKey: key, Contact: "ops@example.org", Reach: anywhere}, newSeam(t, policies), time.Now)
	require.NoError(t, err)
	b, to := newBrowser(t, c.PublicKey())
	silent := to
	silent.Endpoint = "http://127.0.0.1:1/push/1"
	for range 2 {
		require.Equal(t, "the push service can't be reached", fault.Of(c.Push(t.Context(), silent, []byte("Hello"))).Message)
	}
	f := fault.Of(c.Push(t.Context(), silent, []byte("Hello")))
	require.Equal(t, fault.VendorUnavailable, f.Kind)
	require.Equal(t, "its push service has not answered several times in a row, and is left alone for a while", f.Message)
	require.False(t, f.Doubt)
	require.Positive(t, f.RetryAfter)
	require.NoError(t, c.Push(t.Context(), to, []byte("Hello")))
	require.Len(t, b.Read(), 1)
}
