package limit_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/limit"
)

// site is a server with a bound on its connections. It answers at once, but for /wait, which it answers once open is closed.
type site struct {
	t       *testing.T
	address string
	here    chan string // who waits, as they begin to
	open    chan struct{}
}

func newSite(t *testing.T, most int) *site {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &site{t: t, address: listener.Addr().String(), here: make(chan string), open: make(chan struct{})}
	server := &http.Server{
		ConnContext: limit.WithConnection, ReadHeaderTimeout: time.Minute,
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			conn := limit.ConnectionOf(r.Context())
			conn.Begin()
			defer conn.End()
			if r.URL.Path == "/wait" {
				s.here <- r.RemoteAddr
				<-s.open
			}
		}),
	}
	served := make(chan error, 1)
	go func() {
		served <- server.Serve(limit.NewConnections(listener, most, limit.ConnectionObserver{Open: func(int) {}, GivenUp: func() {}}))
	}()
	t.Cleanup(func() {
		_ = server.Close()
		require.ErrorIs(t, <-served, http.ErrServerClosed)
	})
	return s
}

// client is somebody's connection.
type client struct {
	net.Conn
	t    *testing.T
	in   *bufio.Reader
	site *site
}

// from dials from the address 127.0.0.n.
func (s *site) from(n byte) *client {
	s.t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, n)}}
	conn, err := dialer.DialContext(s.t.Context(), "tcp", s.address)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = conn.Close() })
	require.NoError(s.t, conn.SetDeadline(time.Now().Add(time.Minute)))
	return &client{Conn: conn, t: s.t, in: bufio.NewReader(conn), site: s}
}

func (c *client) ask(path string) error {
	_, err := io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: site\r\n\r\n")
	return err
}

func (c *client) answer() error {
	answer, err := http.ReadResponse(c.in, nil)
	if err == nil {
		err = answer.Body.Close()
	}
	return err
}

// call gets an answer, and so is known to have a place.
func (c *client) call() *client {
	c.t.Helper()
	require.NoError(c.t, c.ask("/"))
	require.NoError(c.t, c.answer())
	return c
}

// wait has a call under way.
func (c *client) wait() *client {
	c.t.Helper()
	require.NoError(c.t, c.ask("/wait"))
	require.Equal(c.t, c.LocalAddr().String(), <-c.site.here)
	return c
}

// gone waits for the connection's end.
func (c *client) gone() {
	c.t.Helper()
	_, err := c.in.ReadByte()
	require.Error(c.t, err)
	require.NotErrorIs(c.t, err, os.ErrDeadlineExceeded, "it is still open")
}

// Which went was the newest: a call that was under way, while connections beside it did nothing.
func TestAConnectionWithACallUnderWayIsNotClosedWhileThereIsAnIdleOne(t *testing.T) {
	t.Parallel()
	s := newSite(t, 4)
	first, second := s.from(2).call(), s.from(2).call()
	busy := []*client{s.from(2).wait(), s.from(2).wait()}
	first.call() // so that the second is idle for longer
	other := s.from(3).call()
	second.gone()
	s.from(4).call()
	first.gone()
	other.call()
	close(s.open)
	for _, c := range busy {
		require.NoError(t, c.answer())
	}
}

func TestWhereAllHaveCallsUnderWayTheNewestOfTheAddressWithTheMostIsClosed(t *testing.T) {
	t.Parallel()
	s := newSite(t, 3)
	first, second, newest := s.from(2).wait(), s.from(2).wait(), s.from(2).wait()
	s.from(3).call()
	newest.gone()
	close(s.open)
	require.NoError(t, first.answer())
	require.NoError(t, second.answer())
}

// An address without any connection was shut out for as long as others held one each, though nobody used those.
func TestWhereAsManyAddressesHoldOneEachTheOneThatHasBeenIdleForLongestGoes(t *testing.T) {
	t.Parallel()
	s := newSite(t, 3)
	first, second, third := s.from(2).call(), s.from(3).call(), s.from(4).wait()
	first.call()
	s.from(5).call()
	second.gone()
	first.call()
	s.from(3).call() // of 2, 4 and 5, the last was idle for longer than the first
	first.call()
	close(s.open)
	require.NoError(t, third.answer())
}

func TestWhoComesWhileEachHasACallUnderWayIsSentAway(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2)
	busy := []*client{s.from(2).wait(), s.from(3).wait()}
	s.from(4).gone()
	close(s.open)
	for _, c := range busy {
		require.NoError(t, c.answer())
	}
}

// net/http bounds what is begun and not yet answered, but not how often that is taken back: a connection did so 40,000 times a second.
func TestAConnectionThatTakesBackTooManyCallsIsClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(2)
		v := &visitor{from: "192.0.2.1"}
		h.door.waiting = append(h.door.waiting, v)
		accepted, err := h.connections.Accept()
		require.NoError(t, err)
		conn := limit.ConnectionOf(limit.WithConnection(t.Context(), accepted))
		for range 3 {
			for range 1_000 {
				conn.TakenBack()
			}
			require.False(t, v.gone, "so many a second are taken")
			time.Sleep(time.Second)
		}
		for range 1_002 {
			conn.TakenBack()
		}
		require.True(t, v.gone)
		require.Equal(t, 1, h.resetters)
		require.Zero(t, h.open)
		require.NoError(t, conn.Close(), "http.Server closes it as well")
		require.Zero(t, h.open)
	})
}

func TestACallOverNoConnectionOfOursIsNotBounded(t *testing.T) {
	t.Parallel()
	conn := limit.ConnectionOf(t.Context())
	conn.Begin()
	conn.End()
	conn.TakenBack()
	require.Nil(t, conn)
}
