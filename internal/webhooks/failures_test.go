package webhooks

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/reach"
)

var update = flag.Bool("update", false, "write the table of docs/failures.md instead of comparing it")

// lastOutcome keeps how the last attempt ended.
type lastOutcome struct{ atomic.Value }

func (l *lastOutcome) WebhookAttempt(outcome string, _ time.Duration) { l.Store(outcome) }

// badDay is what can be wrong with an endpoint. A request that reaches inside is one that should not have been sent.
type badDay struct {
	what string
	// url is where the endpoint is, and what else is so on that day.
	url    func(p *place) string
	inside *atomic.Int64
}

// serving is an endpoint over real HTTP that answers so.
func serving(answer http.HandlerFunc) func(p *place) string {
	return func(p *place) string {
		server := httptest.NewServer(answer)
		p.t.Cleanup(server.Close)
		return server.URL
	}
}

func answering(status int, headers ...string) func(p *place) string {
	return serving(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
	})
}

// slowEndpoint is the limit of an attempt where the endpoint is slow, which has ten seconds in life.
const slowEndpoint = 100 * time.Millisecond

func badDays(inside *atomic.Int64) []badDay {
	guarded := serving(func(http.ResponseWriter, *http.Request) { inside.Add(1) })
	return []badDay{
		{"it can not be reached", func(p *place) string {
			listener, err := new(net.ListenConfig).Listen(p.t.Context(), "tcp", "127.0.0.1:0")
			require.NoError(p.t, err)
			require.NoError(p.t, listener.Close())
			return "http://" + listener.Addr().String()
		}, nil},
		{"nobody knows its name", func(p *place) string {
			nobody := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("away") }}
			p.sender = newSender(Settings{Resolver: nobody, Reach: reach.Reach{Private: true}}, reach.Public, p.now)
			return "http://hooks.example.org"
		}, nil},
		{"it is at an address that is not public", func(p *place) string {
			p.sender = newSender(Settings{}, reach.Public, p.now)
			return guarded(p)
		}, inside},
		{"its name leads to an address that is not public", func(p *place) string {
			var dns names
			dns.set("127.0.0.1")
			p.sender = newSender(Settings{Resolver: dns.resolver()}, reach.Public, p.now)
			return strings.Replace(guarded(p), "127.0.0.1", "hooks.example.org", 1)
		}, inside},
		{"its certificate is not trusted", func(p *place) string {
			server := httptest.NewTLSServer(http.NotFoundHandler())
			p.t.Cleanup(server.Close)
			return server.URL
		}, nil},
		{"it does not answer in time", func(p *place) string {
			p.sender.timeout = slowEndpoint
			return serving(func(_ http.ResponseWriter, r *http.Request) {
				select {
				case <-r.Context().Done():
				case <-p.t.Context().Done(): // nobody reads the body, so nobody notices that the client has left
				}
			})(p)
		}, nil},
		{"it hangs up", serving(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), nil},
		{"its answer never ends", serving(func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write([]byte(strings.Repeat("x", 10_000))); err != nil {
					return
				}
			}
		}), nil},
		{"it redirects to loopback", func(p *place) string {
			return answering(http.StatusFound, "Location", guarded(p))(p)
		}, inside},
		{"400", answering(http.StatusBadRequest), nil},
		{"404", answering(http.StatusNotFound), nil},
		{"410", answering(http.StatusGone), nil},
		{"429 for an hour", answering(http.StatusTooManyRequests, "Retry-After", "3600"), nil},
		{"500", answering(http.StatusInternalServerError), nil},
		{"its secret was sealed with a key that this server has not", func(p *place) string {
			return serving(func(http.ResponseWriter, *http.Request) { inside.Add(1) })(p)
		}, inside},
	}
}

// What becomes of an event, and of the endpoint, on each bad day of the endpoint is made to happen, and is what docs/failures.md says.
func TestBadDayOfAnEndpoint(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	table.WriteString("| what is wrong | counted as | the owner reads | tried again | the endpoint |\n|---|---|---|---|---|\n")
	var inside atomic.Int64
	for _, bad := range badDays(&inside) {
		var outcome lastOutcome
		p := newPlace(t, func(on *Dependencies) { on.Observer = &outcome })
		require.NoError(t, p.Delete(t.Context(), p.owner, p.hook.Webhook.ID))
		p.hook = p.listen(bad.url(p))
		if strings.HasPrefix(bad.what, "its secret") {
			_, err := p.store.Pool().Exec(t.Context(), `UPDATE webhooks SET sealed_secret = 'x'`)
			require.NoError(t, err)
		}
		p.happens()
		p.works()
		again := p.again(bad.what)
		off := p.off(bad.what)
		oldest := p.deliveries()[len(p.deliveries())-1].Delivery
		require.NotEqual(t, Pending, oldest.State, "%s: a delivery ends within its day", bad.what)
		reads := strings.ReplaceAll(oldest.Problem, slowEndpoint.String(), attemptTimeout.String())
		require.NotContains(t, reads, "127.0.0.1", bad.what)
		require.NotContains(t, reads, p.hook.Webhook.URL, bad.what)
		if bad.inside != nil {
			require.Zero(t, bad.inside.Load(), "%s: something was sent", bad.what)
		}
		fmt.Fprintf(&table, "| %s | `%s` | %s | %s | %s |\n", bad.what, outcome.Load(), reads, again, off)
	}
	const path, begin, end = "../../docs/failures.md", "<!-- webhooks -->\n", "<!-- end of webhooks -->"
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(page), begin)
	require.True(t, found)
	there, after, found := strings.Cut(rest, end)
	require.True(t, found)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(before+begin+table.String()+end+after), 0o600))
		return
	}
	require.Equal(t, table.String(), there, "go test ./internal/webhooks -run BadDay -update writes it anew")
}

// again is when the delivery that was just tried is tried again.
func (p *place) again(what string) string {
	p.t.Helper()
	sent := p.deliveries()[0]
	switch d := sent.Delivery; {
	case d.State == Delivered:
		return ""
	case d.State == Failed:
		return "never"
	case len(sent.Attempts) == 0:
		p.later(leaseTime - time.Second)
		require.Zero(p.t, p.works(), what)
		p.later(time.Second)
		require.Equal(p.t, 1, p.works(), what)
		return "every minute, for a day"
	default:
		wait := d.NextAttemptAt.Sub(sent.Attempts[0].StartedAt)
		if asked := time.Hour; wait >= asked {
			return "after an hour, as it asks, then in the same steps"
		}
		require.GreaterOrEqual(p.t, wait, retries[0], what)
		steps := make([]string, len(retries))
		for i, step := range retries {
			steps[i] = strings.NewReplacer("h0m0s", "h", "m0s", "m").Replace(step.String())
		}
		return "after " + strings.Join(steps, ", ")
	}
}

// off is what becomes of the endpoint when nothing changes for days, in which something happens again and again.
func (p *place) off(what string) string {
	p.t.Helper()
	if p.webhook().OffReason != "" {
		require.Len(p.t, p.told, 1, what)
		return "is switched off at once, and its owner told"
	}
	for range 16 {
		p.later(6 * time.Hour)
		if p.webhook().OffReason == "" {
			p.happens()
		}
		p.works()
	}
	if p.webhook().OffReason == "" {
		require.Empty(p.t, p.told, what)
		return "stays on"
	}
	require.Len(p.t, p.told, 1, what)
	return "is switched off after three days, and its owner told"
}
