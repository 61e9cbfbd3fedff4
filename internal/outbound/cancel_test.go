package outbound

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/semaphore"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/fault"
)

// witness sees every connection of a seam from below, and lets the caller leave at one moment of all.
type witness struct {
	leave func()
	at    string // "dial", "write" or "read"
	nth   int    // of those, from 1
	after bool   // the moment is over, rather than about to come

	mu     sync.Mutex
	counts map[string]int
	open   int
	left   int  // bytes of requests
	whole  bool // of an answer's header, on the connection of the moment, when it had passed
	ended  bool // and of its body
}

// passes runs what happens at a moment, and lets the caller leave before or after it.
func (w *witness) passes(at string, do func()) (now bool) {
	w.mu.Lock()
	w.counts[at]++
	now = at == w.at && w.counts[at] == w.nth
	w.mu.Unlock()
	if now && !w.after {
		w.leave()
	}
	do()
	if now && w.after {
		w.leave()
	}
	return now
}

type witnessed struct {
	net.Conn
	by    *witness
	read  strings.Builder // of the answers, whole ones left out
	close sync.Once
}

func (c *witnessed) Write(p []byte) (n int, err error) {
	c.by.passes("write", func() {
		n, err = c.Conn.Write(p)
		c.by.mu.Lock()
		c.by.left += n
		c.by.mu.Unlock()
	})
	return n, err
}

func (c *witnessed) Read(p []byte) (n int, err error) {
	now := c.by.passes("read", func() {
		n, err = c.Conn.Read(p)
		c.read.Write(p[:n])
	})
	head, body, whole := strings.Cut(c.read.String(), "\r\n\r\n")
	var length int
	for line := range strings.Lines(head) {
		_, _ = fmt.Sscanf(line, "Content-Length: %d", &length)
	}
	ended := whole && len(body) >= length
	if now && c.by.after {
		c.by.mu.Lock()
		c.by.whole, c.by.ended = whole, ended
		c.by.mu.Unlock()
	}
	if ended {
		c.read.Reset()
	}
	return n, err
}

func (c *witnessed) Close() error {
	c.close.Do(func() {
		c.by.mu.Lock()
		defer c.by.mu.Unlock()
		c.by.open--
	})
	return c.Conn.Close()
}

// host answers every request in pieces, and counts those that arrived whole.
func (w *witness) host(answers []string, piece int, pause time.Duration) (dial dialFunc, arrived *atomic.Int32) {
	arrived = &atomic.Int32{}
	dial = func(ctx context.Context, _, _ string) (conn net.Conn, err error) {
		w.passes("dial", func() {
			if err = ctx.Err(); err != nil {
				return
			}
			client, server := net.Pipe()
			w.mu.Lock()
			w.open++
			w.mu.Unlock()
			conn = &witnessed{Conn: client, by: w}
			go func() {
				defer func() { _ = server.Close() }()
				for readRequest(server) {
					answer := answers[min(int(arrived.Add(1)), len(answers))-1]
					if answer == "" {
						return
					}
					for answer != "" {
						time.Sleep(pause)
						n := min(piece, len(answer))
						if _, err := io.WriteString(server, answer[:n]); err != nil {
							return
						}
						answer = answer[n:]
					}
				}
			}()
		})
		return conn, err
	}
	return dial, arrived
}

// free reports whether every place among the calls under way is free.
func free(seam *Seam) bool {
	taken := func(s *semaphore.Weighted, n int64) bool { return !s.TryAcquire(n) }
	all := func(p places, n int) bool {
		return !taken(p.all, int64(n)) && !taken(p.exceptCreates, share(n, 3, 4)) && !taken(p.callers, share(n, 1, 2))
	}
	free := all(seam.places, Defaults().MaxConns)
	for _, host := range seam.hosts {
		free = free && all(host.places, Defaults().MaxConnsPerHost) && len(host.owners.of) == 0
	}
	return free
}

// A caller may leave at any moment of any call: nothing is left behind, and what they are told is what has happened.
func TestACallerMayLeaveAtAnyMoment(t *testing.T) {
	t.Parallel()
	policies := map[string]func() Policies{
		"a create": DefaultPolicies,
		"a change": func() Policies { return thrice(Always) },
		"a read":   func() Policies { return thrice(Read) },
		"a hedged read": func() Policies {
			p := thrice(Read)
			p.Default.Hedge = 5 * time.Millisecond
			return p
		},
	}
	const body = "HTTP/1.1 %d Such\r\nContent-Length: 20\r\n\r\n01234567890123456789"
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom([]string{"a create", "a change", "a read", "a hedged read"}).Draw(rt, "what")
		method := http.MethodPost
		if strings.HasSuffix(kind, "read") {
			method = rapid.SampledFrom([]string{http.MethodGet, http.MethodPost}).Draw(rt, "method")
		}
		answers := rapid.SliceOfN(rapid.SampledFrom([]string{
			"", fmt.Sprintf(body, 201), fmt.Sprintf(body, 429), fmt.Sprintf(body, 503), answer(429, "Retry-After: 1"), answer(400),
		}), 1, 3).Draw(rt, "the host")
		piece := rapid.SampledFrom([]int{1, 7, 30, 1000}).Draw(rt, "piece")
		pause := rapid.SampledFrom([]time.Duration{0, time.Millisecond, 20 * time.Millisecond}).Draw(rt, "pause")
		w := &witness{
			at: rapid.SampledFrom([]string{"dial", "write", "read", "time"}).Draw(rt, "at"), counts: map[string]int{},
			nth: rapid.IntRange(1, 90).Draw(rt, "nth"), after: rapid.Bool().Draw(rt, "after"),
		}
		if w.at != "read" || piece > 7 {
			w.nth = (w.nth-1)%4 + 1
		}
		patience := time.Duration(rapid.IntRange(0, 1500).Draw(rt, "ms")) * time.Millisecond
		warm := rapid.Bool().Draw(rt, "over a kept connection")

		var status int
		var text string
		var err error
		var arrived int32
		var open, inFlight int
		var left bool
		var placesFree bool
		synctest.Test(t, func(t *testing.T) { // its time is its own, and what it finds is judged outside
			seen := &observed{}
			seam := New(Defaults(), policies[kind](), seen, quiet)
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			w.leave = func() {}
			var count *atomic.Int32
			if warm {
				seam.dial, count = w.host([]string{answer(200)}, 1000, 0)
				_, _, warmed := send(t.Context(), seam, http.MethodGet, "http://vendor.example")
				if warmed != nil {
					t.Error(warmed)
				}
				synctest.Wait()
			}
			dial, arrivals := w.host(answers, piece, pause)
			seam.dial = dial
			if warm { // the kept connection answers 200 whatever comes
				arrivals = count
			}
			w.mu.Lock()
			clear(w.counts)
			w.left, w.leave = 0, leave
			w.mu.Unlock()
			if w.at == "time" {
				time.AfterFunc(patience, leave)
			}
			before := arrivals.Load()
			status, text, err = send(ctx, seam, method, "http://vendor.example")
			seam.Close()
			synctest.Wait()
			arrived = arrivals.Load() - before
			w.mu.Lock()
			open, left = w.open, w.left > 0
			w.mu.Unlock()
			inFlight, placesFree = seen.inFlight, free(seam)
			time.Sleep(time.Second) // for the host to notice; a goroutine of the seam's would stay for ever
		})

		require.Zero(rt, open, "connections are left")
		require.Zero(rt, inFlight, "attempts are left")
		require.True(rt, placesFree, "places are left taken")
		if status != 0 {
			require.NotZero(rt, arrived, "an answer to what never came")
		}
		if w.whole {
			require.NotZero(rt, status, "an answer was read, and is not told: %v", err)
		}
		if w.ended {
			require.NoError(rt, err, "the whole answer was read")
			require.Contains(rt, []int{0, 20}, len(text))
		}
		if err == nil {
			return
		}
		f := fault.Of(err)
		if status == 0 && method == http.MethodPost && !strings.Contains(strings.Join(answers, ""), " 429 ") { // which had no effect
			require.Equal(rt, left, f.Doubt, "doubt is of what left")
		}
		if method == http.MethodGet {
			require.False(rt, f.Doubt)
		}
		if kind == "a create" && arrived > 0 && status == 0 {
			require.True(rt, f.Doubt)
		}
	})
}
