package rpc

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

func TestWhereARequestComesFrom(t *testing.T) {
	t.Parallel()
	const header = "X-Forwarded-For"
	for name, c := range map[string]struct {
		configured string
		values     []string
		want       string
	}{
		"no proxy":                          {"", nil, "192.0.2.1"},
		"a header that is not believed":     {"", []string{"198.51.100.1"}, "192.0.2.1"},
		"the proxy's entry":                 {header, []string{"198.51.100.1"}, "198.51.100.1"},
		"what a caller wrote before it":     {header, []string{"203.0.113.1, 198.51.100.1"}, "198.51.100.1"},
		"in a line of its own":              {header, []string{"203.0.113.1", "198.51.100.1"}, "198.51.100.1"},
		"with a port":                       {header, []string{"198.51.100.1:4711"}, "198.51.100.1"},
		"of IPv6":                           {header, []string{"2001:db8:1:2:3::4"}, "2001:db8:1:2::"},
		"of IPv6 in brackets":               {header, []string{"[2001:db8:1:2:3::4]"}, "2001:db8:1:2::"},
		"of IPv6 with a port":               {header, []string{"[2001:db8:1:2:3::4]:4711"}, "2001:db8:1:2::"},
		"nonsense counts as no header":      {header, []string{"198.51.100.1, unknown"}, "192.0.2.1"},
		"an empty one too":                  {header, []string{""}, "192.0.2.1"},
		"none, where one is expected, also": {header, nil, "192.0.2.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &http.Request{RemoteAddr: "192.0.2.1:999", Header: http.Header{}}
			if c.values != nil {
				r.Header[header] = c.values
			}
			require.Equal(t, c.want, clientAddress(r, c.configured).String())
		})
	}
}

// Streams of HTTP/2 that were reset as soon as they were begun were carried out nevertheless, until they found out: 40,000 a
// second took another owner's calls from 2 ms to 700.
func TestARequestThatWasTakenBackBeforeItsTurnIsNotCarriedOut(t *testing.T) {
	t.Parallel()
	for name, back := range map[string]bool{"taken back": true, "waited for": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			carriedOut := false
			connections := NewConnections("", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { carriedOut = true }))
			ctx, takeBack := context.WithCancel(t.Context())
			defer takeBack()
			if back {
				takeBack()
			}
			r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", http.NoBody)
			r.ProtoMajor = 2
			connections.ServeHTTP(httptest.NewRecorder(), r)
			require.Equal(t, !back, carriedOut)
		})
	}
}

// An address that takes back as fast as it can is told to leave, again on each new connection. Whoever takes back now and then is
// not, and what is under way on the connection beside it is answered.
func TestAnAddressThatTakesBackTooMuchHasItsConnectionsEnded(t *testing.T) {
	t.Parallel()
	answer, arrived := make(chan struct{}), make(chan struct{})
	connections := NewConnections("", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(arrived)
			<-answer
			w.WriteHeader(http.StatusTeapot)
			return
		}
		<-r.Context().Done() // found out late that it was taken back
	}))
	var begun atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun.Add(1)
		connections.ServeHTTP(w, r)
	}))
	server.Config.ConnContext = WithLine
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)

	first := connectFramed(t, server.Listener.Addr().String())
	first.begin("/slow")
	<-arrived
	// A hundred at a time, each begun before the next: net/http itself hangs up on whoever takes back a thousand that have not begun,
	// as they have not on a busy machine.
	const atOnce = 100
	takeBack := func() (leaves bool) {
		for range atOnce {
			first.takeBack()
		}
		if first.leaves() {
			return true
		}
		sent := int64(first.next / 2)
		require.Eventually(t, func() bool { return begun.Load() == sent }, time.Minute, time.Millisecond)
		return false
	}
	for range resetRate.Burst / atOnce {
		require.False(t, takeBack(), "a burst is everybody's")
	}
	const rounds = 1_000 // far beyond what comes back in the meantime
	for n := 0; n < rounds && !first.goingOff; n++ {
		takeBack()
	}
	require.True(t, first.goingOff)
	close(answer)
	require.True(t, first.isAnswered(1), "what is under way goes on to its end")

	second := connectFramed(t, server.Listener.Addr().String())
	there := true
	for n := 0; n < rounds && there; n++ {
		there = second.takenBack()
	}
	require.False(t, there, "nobody else's call is on it")
}

// framed speaks HTTP/2 by the frame.
type framed struct {
	t        *testing.T
	framer   *http2.Framer
	head     bytes.Buffer
	encoder  *hpack.Encoder
	next     uint32
	goingOff bool
	answered map[uint32]bool
}

func connectFramed(t *testing.T, address string) *framed {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = io.WriteString(conn, http2.ClientPreface)
	require.NoError(t, err)
	f := &framed{t: t, framer: http2.NewFramer(conn, conn), next: 1, answered: map[uint32]bool{}}
	f.encoder = hpack.NewEncoder(&f.head)
	require.NoError(t, f.framer.WriteSettings())
	require.NoError(t, f.framer.WriteSettingsAck())
	return f
}

// begin begins a request, and returns its stream.
func (f *framed) begin(path string) (stream uint32) {
	f.head.Reset()
	for _, field := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":authority", "node"}, {":path", path}} {
		require.NoError(f.t, f.encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}))
	}
	stream = f.next
	f.next += 2
	_ = f.framer.WriteHeaders(http2.HeadersFrameParam{ // who needs to know is told by the next frame
		StreamID: stream, BlockFragment: f.head.Bytes(), EndHeaders: true, EndStream: true,
	})
	return stream
}

func (f *framed) takeBack() {
	require.NoError(f.t, f.framer.WriteRSTStream(f.begin("/"), http2.ErrCodeCancel))
}

// takenBack takes requests back, and reports whether the connection is still there.
func (f *framed) takenBack() bool {
	for range resetRate.Burst {
		if f.framer.WriteRSTStream(f.begin("/"), http2.ErrCodeCancel) != nil {
			return false
		}
	}
	return true
}

// leaves reads until all that was sent has been read by the server, and reports whether it wants the client to leave.
func (f *framed) leaves() bool {
	require.NoError(f.t, f.framer.WritePing(false, [8]byte{}))
	for {
		frame, err := f.framer.ReadFrame()
		require.NoError(f.t, err)
		switch frame := frame.(type) {
		case *http2.GoAwayFrame:
			require.Equal(f.t, http2.ErrCodeNo, frame.ErrCode)
			f.goingOff = true
		case *http2.HeadersFrame:
			f.answered[frame.StreamID] = true
		case *http2.PingFrame:
			if frame.IsAck() {
				return f.goingOff
			}
		}
	}
}

// isAnswered reads until a request is answered; false where the server hangs up before.
func (f *framed) isAnswered(stream uint32) bool {
	for !f.answered[stream] {
		frame, err := f.framer.ReadFrame()
		if err != nil {
			return false
		}
		if head, is := frame.(*http2.HeadersFrame); is {
			f.answered[head.StreamID] = true
		}
	}
	return true
}
