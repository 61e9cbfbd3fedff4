package smtp_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
	"github.com/postwright/postwright/internal/vendors/smtp"
	"github.com/postwright/postwright/internal/vendors/smtp/smtptest"
)

// states are what a breaker was in.
type states struct {
	outbound.Unobserved
	mu  sync.Mutex
	all []outbound.BreakerState
}

func (s *states) Breaker(vendor, host string, state outbound.BreakerState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if vendor == smtp.Vendor && host == "127.0.0.1" {
		s.all = append(s.all, state)
	}
}

func (s *states) last() outbound.BreakerState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[len(s.all)-1]
}

// mute is a server that takes connections and never says a word. It counts them.
func mute(t *testing.T) (url string, connections *atomic.Int64) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	connections = &atomic.Int64{}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			t.Cleanup(func() { _ = conn.Close() })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); serving.Wait() })
	return "smtp://" + listener.Addr().String(), connections
}

func send(ctx context.Context, client *smtp.Client) *fault.Error {
	return fault.Of(client.SendMail(ctx, "ada@example.org", "Hello", "Text", ""))
}

// However many workers have a message for a server that says nothing, they wait for it once, five at a time; then it is left alone, and
// the next are free at once.
func TestASilentServerIsLeftAlone(t *testing.T) {
	t.Parallel()
	url, connections := mute(t)
	policies := outbound.DefaultPolicies()
	policies.Default.Timeout = time.Hour // silence is not waited for so long
	seen := &states{}
	client, err := smtp.New(smtp.Config{URL: url, From: "posts@example.org"}, newSeam(t, policies, seen), time.Now)
	require.NoError(t, err)
	client.WelcomedWithin(50 * time.Millisecond)
	job := outbound.InJob(t.Context())
	var workers sync.WaitGroup
	var refused atomic.Int64
	for range 10 {
		workers.Go(func() {
			f := send(job, client)
			if f != nil && f.Kind == fault.VendorUnavailable && f.Reason == outbound.ReasonBreakerOpen {
				refused.Add(1)
			}
		})
	}
	workers.Wait()
	require.LessOrEqual(t, connections.Load(), int64(9), "whoever waited behind the first does not try")
	require.Positive(t, refused.Load())
	before := connections.Load()
	f := send(job, client)
	require.Equal(t, outbound.ReasonBreakerOpen, f.Reason)
	require.Equal(t, "The mail server has failed several times in a row and is left alone for a moment: try again later.", f.Message)
	require.Positive(t, f.RetryAfter)
	require.False(t, f.Doubt)
	require.Equal(t, before, connections.Load())
	require.Equal(t, outbound.BreakerOpen, seen.last(), "metrics say so")
}

// Who says nothing broke off, however the connection was to be encrypted: no setting is wrong.
func TestASilentServerIsToldAsOne(t *testing.T) {
	t.Parallel()
	url, _ := mute(t)
	for _, of := range []string{url, strings.Replace(url, "smtp:", "smtps:", 1)} {
		client, err := smtp.New(smtp.Config{URL: of, From: "posts@example.org"},
			newSeam(t, outbound.DefaultPolicies(), outbound.Unobserved{}), time.Now)
		require.NoError(t, err)
		client.WelcomedWithin(50 * time.Millisecond)
		f := send(t.Context(), client)
		require.Equal(t, fault.VendorUnavailable, f.Kind)
		require.Equal(t, "The mail server could not be reached, or broke off.", f.Message, of)
		require.False(t, f.Doubt)
	}
}

// The first message after a while shows whether the server speaks again.
func TestAServerThatSpeaksAgainGetsMessagesAgain(t *testing.T) {
	t.Parallel()
	var silent atomic.Bool
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	m := smtptest.Serve(t, smtptest.Nothing, "localhost")
	m.Refuse = func(stage, _ string) error {
		if stage == "RCPT" && silent.Load() {
			<-release
		}
		return nil
	}
	policies := outbound.DefaultPolicies()
	policies.Default.Timeout = 100 * time.Millisecond
	policies.Breaker = outbound.Breaker{Failures: 2, Delay: time.Nanosecond}
	seen := &states{}
	client, err := smtp.New(smtp.Config{URL: "smtp://127.0.0.1:" + m.Port, From: "posts@example.org"}, newSeam(t, policies, seen), time.Now)
	require.NoError(t, err)
	silent.Store(true)
	require.NotNil(t, send(t.Context(), client))
	require.NotNil(t, send(t.Context(), client))
	require.Equal(t, outbound.BreakerOpen, seen.last())
	silent.Store(false)
	require.Eventually(t, func() bool { return send(t.Context(), client) == nil }, time.Minute, time.Millisecond, "on a busy machine it may take two")
	require.Equal(t, outbound.BreakerClosed, seen.last())
	require.NotEmpty(t, m.Taken())
}

// A server that answers works, whatever it answers.
func TestAServerThatRefusesIsNotLeftAlone(t *testing.T) {
	t.Parallel()
	for _, code := range []int{451, 454, 550} {
		m := smtptest.Serve(t, smtptest.Nothing, "localhost")
		var asked atomic.Int64
		m.Refuse = func(stage, _ string) error {
			if stage != "RCPT" {
				return nil
			}
			asked.Add(1)
			return &gosmtp.SMTPError{Code: code, EnhancedCode: gosmtp.EnhancedCodeNotSet, Message: "No"}
		}
		client, _ := newClient(t, m, "smtp://localhost:PORT", nil)
		for range 7 {
			require.Equal(t, code, send(t.Context(), client).Answer.Status)
		}
		require.Equal(t, int64(7), asked.Load())
	}
}
