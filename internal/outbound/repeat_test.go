package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/fault"
)

// thrice repeats twice, within 40 s.
func thrice(repeat Repeat) Policies {
	policies := DefaultPolicies()
	policies.Default.Attempts, policies.Default.Repeat = 3, repeat
	return policies
}

// script makes a host do one thing per request, and the last of them for ever after. Each is a raw answer; "" hangs up,
// "…" is silent.
func script(seam *Seam, acts ...string) (sent *atomic.Int32) {
	sent = &atomic.Int32{}
	pipe(seam, func(conn net.Conn) {
		for readRequest(conn) {
			act := acts[min(int(sent.Add(1)), len(acts))-1]
			switch act {
			case "":
				return
			case "…":
				untilClosed(conn)
				return
			}
			_, _ = io.WriteString(conn, act)
		}
	})
	return sent
}

// answer is a whole answer with a status and further header lines.
func answer(status int, header ...string) string {
	return fmt.Sprintf("HTTP/1.1 %d Such\r\nContent-Length: 0\r\n%s\r\n", status, strings.Join(append(header, ""), "\r\n"))
}

// Which outcomes are followed by another attempt, by what the operation allows. Creates are never sent twice.
func TestWhatIsSentAgain(t *testing.T) {
	t.Parallel()
	cutOff := "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour"
	for _, c := range []struct {
		name           string
		act            string
		unsent, always bool
	}{
		{"no answer in time", "…", false, true},
		{"hung up", "", false, true},
		{"nonsense", "go away\r\n\r\n", false, true},
		{"a body that breaks off", cutOff, false, true},
		{"a body that is too long", "HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + strings.Repeat("x", 2_000_000), false, false},
		{"200", answer(200), false, false},
		{"302", answer(302), false, false},
		{"400", answer(400), false, false},
		{"401", answer(401), false, false},
		{"404", answer(404), false, false},
		{"409", answer(409), false, false},
		{"426", answer(426), false, false},
		{"429", answer(429), true, true},
		{"500", answer(500), false, true},
		{"501", answer(501), false, false},
		{"502", answer(502), false, true},
		{"503", answer(503), false, true},
		{"504", answer(504), false, true},
	} {
		for repeat, again := range map[Repeat]bool{Never: false, Unsent: c.unsent, Always: c.always, Read: c.always} {
			t.Run(fmt.Sprintf("%s, %d", c.name, repeat), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					policies := thrice(repeat)
					policies.Default.Timeout = time.Second
					seam, seen := newSeam(t, Defaults(), policies)
					sent := script(seam, c.act)

					status, _, err := send(t.Context(), seam, http.MethodPost, "http://vendor.example")

					if again {
						require.EqualValues(t, 3, sent.Load())
						require.Equal(t, 2, seen.retries)
					} else {
						require.EqualValues(t, 1, sent.Load())
						require.Zero(t, seen.retries)
					}
					require.Len(t, seen.calls, int(sent.Load()), "every attempt is measured")
					require.Zero(t, seen.inFlight)
					if err == nil {
						require.Contains(t, c.act, fmt.Sprintf(" %d ", status), "the last answer comes back as it is")
					}
				})
			})
		}
	}
}

func TestWhatNeverLeftIsSentAgainUnlessItMayNotBe(t *testing.T) {
	t.Parallel()
	for repeat, dials := range map[Repeat]int32{Never: 1, Unsent: 3, Always: 3} {
		t.Run(repeat.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				seam, _ := newSeam(t, Defaults(), thrice(repeat))
				var dialled atomic.Int32
				seam.dial = func(context.Context, string, string) (net.Conn, error) {
					dialled.Add(1)
					return nil, io.ErrUnexpectedEOF
				}
				_, _, err := send(t.Context(), seam, http.MethodPost, "http://vendor.example")
				f := requireFault(t, err)
				require.Equal(t, ReasonUnreachable, f.Reason)
				require.False(t, f.Doubt)
				require.Equal(t, dials, dialled.Load())
			})
		})
	}
}

func TestAnAttemptThatSucceedsEndsTheRow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seam, seen := newSeam(t, Defaults(), thrice(Always))
		sent := script(seam, answer(503), "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")
		status, body, err := send(t.Context(), seam, http.MethodPost, "http://vendor.example")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, "good", body)
		require.EqualValues(t, 2, sent.Load())
		require.Equal(t, 1, strings.Count(seen.log.String(), "\n"), "one line for each attempt that failed")
		require.Contains(t, seen.log.String(), "attempt=1 again_in=")
	})
}

// A body is sent again from its beginning, or not at all.
func TestTheBodyIsSentAgainWhole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, rewindable := range []bool{true, false} {
			seam, _ := newSeam(t, Defaults(), thrice(Always))
			var bodies []string
			pipe(seam, func(conn net.Conn) {
				for {
					head := make([]byte, 4096)
					n, err := conn.Read(head)
					if err != nil {
						return
					}
					_, body, _ := strings.Cut(string(head[:n]), "\r\n\r\n")
					if body == "" { // written apart from the head
						n, _ = conn.Read(head)
						body = string(head[:n])
					}
					bodies = append(bodies, body)
					_, _ = io.WriteString(conn, answer(503))
				}
			})
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://vendor.example", strings.NewReader("the whole body"))
			require.NoError(t, err)
			if !rewindable {
				req.GetBody = nil
			}
			resp, err := seam.Client("linkedin").Do(req)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			if rewindable {
				require.Equal(t, []string{"the whole body", "the whole body", "the whole body"}, bodies)
			} else {
				require.Equal(t, []string{"the whole body"}, bodies)
			}
		}
	})
}

// How long is waited between attempts: by who waits, and by what the vendor asks for. What does not fit is not begun.
func TestTheWaitsBetweenAttempts(t *testing.T) {
	t.Parallel()
	inAMinute := func() string { return "Retry-After: " + time.Now().Add(7*time.Second).UTC().Format(http.TimeFormat) }
	for _, c := range []struct {
		name        string
		context     func(context.Context) context.Context
		header      func() string
		sent        int32
		least, most time.Duration // of both waits together
	}{
		{"a caller waits", nil, nil, 3, 225 * time.Millisecond, 375 * time.Millisecond},
		{"a job waits", InJob, nil, 3, 9 * time.Second, 15 * time.Second},
		{"the vendor asks for seconds", nil, func() string { return "Retry-After: 5" }, 3, 10 * time.Second, 11 * time.Second},
		{"the vendor asks for a date", nil, inAMinute, 3, 6 * time.Second, 9 * time.Second},
		{"the vendor asks for more than the budget", nil, func() string { return "Retry-After: 41" }, 1, 0, 0},
		{"the vendor asks for more than what is left", nil, func() string { return "Retry-After: 25" }, 2, 25 * time.Second, 28 * time.Second},
		{"the vendor asks for a date that is past", nil, func() string { return "Retry-After: Mon, 02 Jan 1995 15:04:05 GMT" }, 3, 225 * time.Millisecond,
			375 * time.Millisecond},
		{"the vendor asks for nonsense", nil, func() string { return "Retry-After: soon" }, 3, 225 * time.Millisecond, 375 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				seam, _ := newSeam(t, Defaults(), thrice(Always))
				var header []string
				if c.header != nil {
					header = []string{c.header()}
				}
				sent := script(seam, answer(429, header...))
				ctx := t.Context()
				if c.context != nil {
					ctx = c.context(ctx)
				}
				began := time.Now()

				status, _, err := send(ctx, seam, http.MethodPost, "http://vendor.example")

				require.NoError(t, err)
				require.Equal(t, http.StatusTooManyRequests, status)
				require.Equal(t, c.sent, sent.Load())
				require.GreaterOrEqual(t, time.Since(began), c.least)
				require.LessOrEqual(t, time.Since(began), c.most)
			})
		})
	}
}

func TestAWaitThatTheCallerHasNoTimeForIsNotBegun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seam, _ := newSeam(t, Defaults(), thrice(Always))
		sent := script(seam, answer(503, "Retry-After: 2"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		status, _, err := send(ctx, seam, http.MethodGet, "http://vendor.example")
		require.NoError(t, err)
		require.Equal(t, http.StatusServiceUnavailable, status)
		require.EqualValues(t, 1, sent.Load())
		require.Zero(t, time.Since(began))
	})
}

func TestACallerWhoLeavesInAWaitIsNotMadeToWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seam, _ := newSeam(t, Defaults(), thrice(Always))
		sent := script(seam, "")
		ctx, leave := context.WithCancel(InJob(t.Context()))
		time.AfterFunc(time.Second, leave)
		began := time.Now()
		_, _, err := send(ctx, seam, http.MethodPost, "http://vendor.example")
		f := requireFault(t, err)
		require.Equal(t, fault.Canceled, f.Kind)
		require.True(t, f.Doubt, "the first attempt may have arrived")
		require.Equal(t, time.Second, time.Since(began))
		require.EqualValues(t, 1, sent.Load())
	})
}

// The laws of repeating, whatever the policy and whatever the host does.
func TestTheLawsOfRepeating(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		seconds := func(name string, least, most int) time.Duration {
			return time.Duration(rapid.IntRange(least, most).Draw(rt, name)) * time.Second
		}
		policies := DefaultPolicies()
		policies.Breaker.Failures = 1000
		own := &policies.Default
		own.Timeout = seconds("timeout", 1, 30)
		own.Budget = own.Timeout + seconds("rest of the budget", 0, 60)
		own.Repeat = rapid.SampledFrom([]Repeat{Never, Unsent, Always, Read}).Draw(rt, "repeat")
		if own.Repeat != Never {
			own.Attempts = rapid.IntRange(1, maxAttempts).Draw(rt, "attempts")
		}
		require.Empty(rt, own.Problems())
		acts := rapid.SliceOfN(rapid.SampledFrom([]string{
			"…", "", answer(200), answer(400), answer(429), answer(429, "Retry-After: 9"), answer(500), answer(503, "Retry-After: 30"),
		}), 1, maxAttempts).Draw(rt, "the host")
		inJob := rapid.Bool().Draw(rt, "in a job")

		var took time.Duration
		var sent int
		var err error
		synctest.Test(t, func(t *testing.T) { // its time is its own, and what it finds is judged outside
			seam := New(Defaults(), policies, Unobserved{}, quiet)
			count := script(seam, acts...)
			ctx := t.Context()
			if inJob {
				ctx = InJob(ctx)
			}
			began := time.Now()
			_, _, err = send(ctx, seam, http.MethodPost, "http://vendor.example")
			took, sent = time.Since(began), int(count.Load())
			seam.Close()
		})

		require.LessOrEqual(rt, took, own.Budget, "attempts and waits stay within the budget")
		require.LessOrEqual(rt, sent, own.Attempts)
		for n := range sent - 1 { // what another attempt followed
			act := acts[min(n+1, len(acts))-1]
			require.NotEqual(rt, Never, own.Repeat)
			require.NotContains(rt, act, " 200 ")
			require.NotContains(rt, act, " 400 ")
			if own.Repeat == Unsent {
				require.Contains(rt, act, " 429 ", "what may have had an effect is not sent again")
			}
		}
		if err != nil {
			require.Equal(rt, fault.VendorUnavailable, fault.Of(err).Kind)
		}
	})
}

// What an earlier attempt may have done is told, whatever the last one came to.
func TestAnEffectOfAnEarlierAttemptIsNotForgotten(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		acts   []string
		effect bool
	}{
		"hung up, then refused":    {[]string{"", answer(400)}, true},
		"500, then refused":        {[]string{answer(500), answer(400)}, true},
		"429, then refused":        {[]string{answer(429), answer(400)}, false},
		"refused":                  {[]string{answer(400)}, false},
		"hung up, then carried on": {[]string{"", answer(201)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				seam, _ := newSeam(t, Defaults(), thrice(Always))
				script(seam, c.acts...)
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://vendor.example", strings.NewReader("x"))
				require.NoError(t, err)
				resp, err := seam.Client("linkedin").Do(req)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
				require.Equal(t, c.effect, HadEffect(resp))
			})
		})
	}
}

// A caller who leaves in the wait for another attempt is told the answer in hand, which says for how long to wait.
func TestACallerWhoLeavesInAWaitIsToldTheAnswerInHand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seam, _ := newSeam(t, Defaults(), thrice(Always))
		script(seam, answer(429, "Retry-After: 5"))
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		status, _, err := send(ctx, seam, http.MethodPost, "http://vendor.example")
		require.NoError(t, err)
		require.Equal(t, http.StatusTooManyRequests, status)
	})
}

// A vendor counts every request that reaches it, and so may whoever has few of them.
func TestARequestIsSentOnceMoreOnlyIfThatIsAllowed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		acts        []string
		hedge       bool
		allowed     int // repeats, of as many as are wanted
		sent, asked int
	}{
		"all are allowed":              {[]string{answer(503)}, false, 9, 3, 2},
		"one is allowed":               {[]string{answer(503)}, false, 1, 2, 2},
		"none is allowed":              {[]string{answer(429)}, false, 0, 1, 1},
		"none after a hang-up":         {[]string{""}, false, 0, 1, 1},
		"the first is answered":        {[]string{answer(200)}, false, 0, 1, 0},
		"none beside one that is slow": {[]string{"…"}, true, 0, 1, 2}, // beside it, and after it
		"one beside one that is slow":  {[]string{"…", answer(200)}, true, 9, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				policies := thrice(Read)
				if c.hedge {
					policies.Default.Hedge, policies.Default.Timeout = time.Second, 5*time.Second
				}
				seam, _ := newSeam(t, Defaults(), policies)
				sent := script(seam, c.acts...)
				asked := 0
				ctx := AllowRepeats(t.Context(), func(context.Context) bool { asked++; return asked <= c.allowed })
				_, _, _ = send(ctx, seam, http.MethodGet, "http://vendor.example")
				require.EqualValues(t, c.sent, sent.Load())
				require.Equal(t, c.asked, asked)
				seam.Close()
			})
		})
	}
}

func TestWhatNeverLeftIsSentOnceMoreWithoutBeingCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seam, seen := newSeam(t, Defaults(), thrice(Read))
		seam.dial = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("nobody there") }
		ctx := AllowRepeats(t.Context(), func(context.Context) bool {
			t.Error("nothing has reached the vendor")
			return false
		})
		_, _, err := send(ctx, seam, http.MethodGet, "http://vendor.example")
		require.Error(t, err)
		require.Equal(t, 2, seen.retries)
	})
}
