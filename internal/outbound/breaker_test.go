package outbound

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
)

// Five failures in a row keep everything from the host for a minute; then one call shows whether it works again.
func TestABreakersLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seam, seen := newSeam(t, Defaults(), DefaultPolicies())
		act := answer(500)
		var sent atomic.Int32
		pipe(seam, func(conn net.Conn) {
			for readRequest(conn) {
				sent.Add(1)
				_, _ = conn.Write([]byte(act))
			}
		})
		call := func() (int, *fault.Error) {
			status, _, err := send(t.Context(), seam, http.MethodPost, "http://vendor.example")
			return status, fault.Of(err)
		}
		for range 5 {
			status, _ := call()
			require.Equal(t, 500, status)
		}
		time.Sleep(20 * time.Second)
		_, refused := call()
		require.Equal(t, fault.VendorUnavailable, refused.Kind)
		require.Equal(t, ReasonBreakerOpen, refused.Reason)
		require.Equal(t, 40*time.Second, refused.RetryAfter, "what is left of the minute")
		require.False(t, refused.Doubt, "nothing was sent")
		require.EqualValues(t, 5, sent.Load())
		require.Len(t, seen.calls, 5, "what was kept back is no attempt")

		time.Sleep(40 * time.Second)
		status, _ := call()
		require.Equal(t, 500, status, "one call is let through")
		_, refused = call()
		require.Equal(t, ReasonBreakerOpen, refused.Reason, "and it has shown that nothing is better")

		time.Sleep(time.Minute)
		act = answer(200)
		status, _ = call()
		require.Equal(t, 200, status)
		require.Equal(t, BreakerClosed, seen.breaker[len(seen.breaker)-1], "one good answer is enough")
		status, _ = call()
		require.Equal(t, 200, status)
		require.Equal(t, []BreakerState{BreakerClosed, BreakerOpen, BreakerHalfOpen, BreakerOpen, BreakerHalfOpen, BreakerClosed}, seen.breaker)
	})
}

func TestWhatTheBreakerCounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		act   string
		opens bool
	}{
		"hung up":                {"", true},
		"no answer in time":      {"…", true},
		"500":                    {answer(500), true},
		"503":                    {answer(503), true},
		"a body that breaks off": {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour", true},
		"429":                    {answer(429), false},
		"401":                    {answer(401), false},
		"404":                    {answer(404), false},
		"200":                    {answer(200), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				seam, _ := newSeam(t, Defaults(), DefaultPolicies())
				script(seam, c.act)
				for range 5 {
					_, _, _ = send(t.Context(), seam, http.MethodPost, "http://vendor.example")
				}
				_, _, err := send(t.Context(), seam, http.MethodPost, "http://vendor.example")
				if c.opens {
					require.Equal(t, ReasonBreakerOpen, requireFault(t, err).Reason)
				} else {
					require.NoError(t, err)
				}
			})
		})
	}
}

func TestOneGoodAnswerEndsTheRowOfFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seam, _ := newSeam(t, Defaults(), DefaultPolicies())
		bad := answer(500)
		script(seam, bad, bad, bad, bad, answer(404), bad, bad, bad, bad, answer(200))
		for range 10 {
			_, _, err := send(t.Context(), seam, http.MethodPost, "http://vendor.example")
			require.NoError(t, err)
		}
	})
}

// reads are policies under which everything is a read, sent once.
func reads() Policies {
	policies := DefaultPolicies()
	policies.Default.Repeat = Read
	return policies
}

// A caller who leaves says nothing about the host.
func TestCallersWhoLeaveDoNotOpenTheBreaker(t *testing.T) {
	t.Parallel()
	for name, policies := range map[string]Policies{"creates": DefaultPolicies(), "reads": reads()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				seam, _ := newSeam(t, Defaults(), policies)
				script(seam, "…", "…", "…", "…", "…", "…", answer(200))
				for range 6 {
					require.Equal(t, fault.Deadline, leaveAfter(t, seam, time.Second).Kind)
				}
				_, _, err := send(t.Context(), seam, http.MethodPost, "http://vendor.example")
				require.NoError(t, err)
			})
		})
	}
}

// leaveAfter makes a call whose caller leaves before the answer.
func leaveAfter(t *testing.T, seam *Seam, patience time.Duration) *fault.Error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, _, err := send(ctx, seam, http.MethodPost, "http://vendor.example")
	return requireFault(t, err)
}

// The call that shows whether a host works again belongs to all: its caller may leave, it goes on.
func TestAProbeGoesOnWithoutItsCaller(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		takes time.Duration // the host's answer
		opens bool
	}{
		"it shows that the host works":    {time.Second, false},
		"it shows that the host does not": {time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				seam, seen := newSeam(t, Defaults(), reads())
				act, takes := answer(500), time.Duration(0)
				pipe(seam, func(conn net.Conn) {
					for readRequest(conn) {
						time.Sleep(takes)
						_, _ = conn.Write([]byte(act))
					}
				})
				for range 5 {
					_, _, err := send(t.Context(), seam, http.MethodPost, "http://vendor.example")
					require.NoError(t, err)
				}
				time.Sleep(time.Minute)
				act, takes = answer(200), c.takes
				left := leaveAfter(t, seam, 60*time.Millisecond)
				require.Equal(t, fault.Deadline, left.Kind, "the caller has an answer of their own")
				require.True(t, left.Doubt, "the request goes on, and may have an effect yet")
				require.Equal(t, ReasonBreakerOpen, leaveAfter(t, seam, 60*time.Millisecond).Reason, "one call at a time")
				time.Sleep(30 * time.Second)
				synctest.Wait()
				require.Equal(t, c.opens, seen.breaker[len(seen.breaker)-1] == BreakerOpen)
				require.Zero(t, seen.inFlight)
				time.Sleep(time.Minute)
			})
		})
	}
}

// However many callers leave early, somebody who waits is served.
func TestCallersWithShortDeadlinesKeepNobodyWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := Defaults()
		cfg.Owner = ownerInContext
		seam, _ := newSeam(t, cfg, mixed())
		act := answer(500)
		pipe(seam, func(conn net.Conn) {
			for readRequest(conn) {
				time.Sleep(100 * time.Millisecond)
				_, _ = conn.Write([]byte(act))
			}
		})
		for range 6 {
			_, err := read(of(t.Context(), "impatient"), seam)
			if err != nil {
				require.Equal(t, ReasonBreakerOpen, fault.Of(err).Reason)
			}
		}
		act = answer(200)
		ctx, stop := context.WithCancel(t.Context())
		var loops sync.WaitGroup
		for range 24 {
			loops.Go(func() {
				for ctx.Err() == nil {
					short, cancel := context.WithTimeout(of(ctx, "impatient"), 60*time.Millisecond)
					_, _ = read(short, seam)
					cancel()
					time.Sleep(20 * time.Millisecond)
				}
			})
		}
		for range 5 {
			began := time.Now()
			status, _, err := send(t.Context(), seam, http.MethodPost, "http://vendor.example")
			require.NoError(t, err)
			require.Equal(t, 200, status)
			_, err = read(of(t.Context(), "patient"), seam)
			require.NoError(t, err)
			require.LessOrEqual(t, time.Since(began), 300*time.Millisecond)
			time.Sleep(time.Second)
		}
		stop()
		loops.Wait()
		time.Sleep(time.Second)
	})
}

type ownerKey struct{}

func ownerInContext(ctx context.Context) string {
	owner, _ := ctx.Value(ownerKey{}).(string)
	return owner
}

func of(ctx context.Context, owner string) context.Context {
	return context.WithValue(ctx, ownerKey{}, owner)
}

// mixed are policies under which createPost is a create and getUserInfo a read.
func mixed() Policies {
	policies := reads()
	policies.Of = map[Operation]Policy{{"linkedin", "createPost"}: DefaultPolicies().Default}
	return policies
}

// read makes a call of the operation getUserInfo.
func read(ctx context.Context, seam *Seam) (status int, err error) {
	req, err := http.NewRequestWithContext(WithOperation(ctx, "getUserInfo"), http.MethodGet, "http://vendor.example", nil)
	if err != nil {
		return 0, err
	}
	resp, err := seam.Client("linkedin").Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// Whose failures keep whose calls back: an owner's only their own; those of two owners all of the class; none the creates.
func TestWhomABreakerKeepsBack(t *testing.T) {
	t.Parallel()
	type calls = func(context.Context, *Seam) error
	reading := func(ctx context.Context, seam *Seam) error { _, err := read(ctx, seam); return err }
	creating := func(ctx context.Context, seam *Seam) error {
		_, _, err := send(ctx, seam, http.MethodPost, "http://vendor.example")
		return err
	}
	fail := func(call calls, owners ...string) func(context.Context, *Seam) {
		return func(ctx context.Context, seam *Seam) {
			for n := range 6 {
				_ = call(of(ctx, owners[n%len(owners)]), seam)
			}
		}
	}
	for name, c := range map[string]struct {
		fail  func(context.Context, *Seam)
		then  calls
		inJob bool
		kept  bool
	}{
		"an owner's reads, their own":            {fail(reading, "ada"), reading, false, true},
		"another owner's reads, hers":            {fail(reading, "bob"), reading, false, false},
		"two other owners' reads, hers":          {fail(reading, "bob", "eve"), reading, false, true},
		"all owners' reads, her creates":         {fail(reading, "ada", "bob"), creating, false, false},
		"all owners' reads, the jobs":            {fail(reading, "ada", "bob"), reading, true, false},
		"an owner's creates, their own":          {fail(creating, "ada"), creating, false, true},
		"another owner's creates, hers":          {fail(creating, "bob"), creating, false, false},
		"two other owners' creates, her creates": {fail(creating, "bob", "eve"), creating, false, true},
		"two other owners' creates, her reads":   {fail(creating, "bob", "eve"), reading, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cfg := Defaults()
				cfg.Owner = ownerInContext
				seam, _ := newSeam(t, cfg, mixed())
				act := answer(500)
				pipe(seam, func(conn net.Conn) {
					for readRequest(conn) {
						_, _ = conn.Write([]byte(act))
					}
				})
				c.fail(t.Context(), seam)
				act = answer(200)
				ctx := of(t.Context(), "ada")
				if c.inJob {
					ctx = InJob(ctx)
				}
				err := c.then(ctx, seam)
				if c.kept {
					require.Equal(t, ReasonBreakerOpen, requireFault(t, err).Reason)
				} else {
					require.NoError(t, err)
				}
			})
		})
	}
}

// While a class is left alone, one owner's failing calls to see do not keep the others back for another minute.
func TestOneOwnersProbesDoNotDecideForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := Defaults()
		cfg.Owner = ownerInContext
		seam, _ := newSeam(t, cfg, mixed())
		poison := func(string) bool { return true }
		pipe(seam, func(conn net.Conn) {
			for {
				req, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				act := answer(200)
				if poison(req.Header.Get("X-Owner")) {
					act = answer(500)
				}
				_, _ = conn.Write([]byte(act))
			}
		})
		call := func(owner string) error {
			req, err := http.NewRequestWithContext(WithOperation(of(t.Context(), owner), "createPost"), http.MethodGet, "http://vendor.example", nil)
			require.NoError(t, err)
			req.Header.Set("X-Owner", owner)
			resp, err := seam.Client("linkedin").Do(req)
			if err == nil {
				err = resp.Body.Close()
			}
			return err
		}
		for n := range 6 {
			_ = call([]string{"bob", "eve"}[n%2])
		}
		require.Equal(t, ReasonBreakerOpen, requireFault(t, call("ada")).Reason)
		time.Sleep(time.Minute)
		poison = func(owner string) bool { return owner == "bob" }
		require.NoError(t, call("bob"), "is answered with 500")
		require.Equal(t, ReasonBreakerOpen, requireFault(t, call("bob")).Reason, "is left alone")
		require.NoError(t, call("ada"), "shows that it works")
		require.NoError(t, call("eve"))
	})
}

// Of those who fail, no more are remembered than there is room for, and those who don't come back are forgotten.
func TestABreakerRemembersABoundedNumberOfOwners(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	state := BreakerClosed
	seam, _ := newSeam(t, Defaults(), DefaultPolicies())
	b := seam.newBreaker("linkedin", "vendor.example")
	b.now, b.changed = func() time.Time { return now }, func(s BreakerState) { state = s }
	b.policy.Failures = 3
	for n := range 5 * maxOwners {
		for range 1 + n%3 { // some are kept from calling then, others are not
			for owner, v := range map[string]hostResult{strconv.Itoa(n): failed, "good": worked} {
				p, _, ok := b.acquire(callers, owner)
				require.True(t, ok)
				b.record(p, v)
			}
		}
		now = now.Add(time.Millisecond)
		require.LessOrEqual(t, len(b.classes[callers].owners), maxOwners)
	}
	require.Equal(t, BreakerOpen, state)
	now = now.Add(time.Hour)
	p, _, ok := b.acquire(callers, "somebody")
	require.True(t, ok)
	b.record(p, worked)
	require.Equal(t, BreakerClosed, state, "nobody has to come back for the measurement to be right")
}

func TestOneHostsBreakerKeepsNothingFromAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seam, _ := newSeam(t, Defaults(), DefaultPolicies())
		act := answer(500)
		pipe(seam, func(conn net.Conn) {
			for readRequest(conn) {
				_, _ = conn.Write([]byte(act))
			}
		})
		for range 6 {
			_, _, _ = send(t.Context(), seam, http.MethodPost, "http://one.example")
		}
		act = answer(200)
		_, _, err := send(t.Context(), seam, http.MethodPost, "http://one.example")
		require.Equal(t, ReasonBreakerOpen, requireFault(t, err).Reason)
		_, _, err = send(t.Context(), seam, http.MethodPost, "http://other.example")
		require.NoError(t, err)
	})
}

// An open breaker is not asked again by itself: it would refuse for as long as it is open.
func TestWhatTheBreakerRefusesIsNotRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		policies := thrice(Always)
		policies.Breaker.Failures = 2
		seam, seen := newSeam(t, Defaults(), policies)
		sent := script(seam, answer(500))
		_, _, err := send(t.Context(), seam, http.MethodPost, "http://vendor.example")
		require.Equal(t, ReasonBreakerOpen, requireFault(t, err).Reason)
		require.EqualValues(t, 2, sent.Load())
		require.Equal(t, 2, seen.retries)
	})
}
