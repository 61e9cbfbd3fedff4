package bench

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAConnectionMakesOneCallAfterTheOther(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("A long answer. ", 1000) // net/http sends it in chunks
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		assert.Equal(t, "Bearer pw_key", r.Header.Get("Authorization"))
		assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
		switch r.URL.Path {
		case "/long":
			_, _ = io.WriteString(w, long)
		case "/refused":
			http.Error(w, "not you", http.StatusForbidden)
		default:
			_, _ = w.Write(bytes.ToUpper(body))
		}
	}))
	t.Cleanup(server.Close)
	address := server.Listener.Addr().String()
	conn, hangUp, err := dial(t.Context(), address)
	require.NoError(t, err)
	t.Cleanup(hangUp)
	for range 2 {
		for path, want := range map[string]string{"/short": "SENT", "/long": long} {
			answer, err := conn.call(writeRequest(address, path, "pw_key", []byte("sent")))
			require.NoError(t, err)
			require.Equal(t, want, string(answer))
		}
		_, err = conn.call(writeRequest(address, "/refused", "pw_key", nil))
		require.EqualError(t, err, "answered with status 403: not you\n")
	}
}

func TestAnAnswerThatIsNoneIsAnError(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"nothing":            "",
		"another protocol":   "SSH-2.0-OpenSSH\r\n\r\n",
		"no status":          "HTTP/1.1 abc\r\n\r\n",
		"no length":          "HTTP/1.1 200 OK\r\n\r\nbody",
		"a negative length":  "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"an enormous length": "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
		"less than it says":  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbody",
		"no chunk":           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
		"an unended chunk":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n",
		"a head without end": "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 64<<10),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			served := make(chan struct{})
			go func() {
				defer close(served)
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				_, _ = conn.Read(make([]byte, 1<<10))
				_, _ = io.WriteString(conn, answer)
				_ = conn.Close()
			}()
			t.Cleanup(func() {
				_ = listener.Close()
				<-served
			})
			conn, hangUp, err := dial(t.Context(), listener.Addr().String())
			require.NoError(t, err)
			t.Cleanup(hangUp)
			_, err = conn.call(writeRequest("", "/", "", nil))
			require.Error(t, err)
		})
	}
}

func TestCallsGoOnWhereTheLastRoundEnded(t *testing.T) {
	t.Parallel()
	got := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.URL.Path }))
	t.Cleanup(server.Close)
	list := []call{{path: "/0"}, {path: "/1"}, {path: "/2"}, {path: "/3"}, {path: "/4"}}
	c := newCalls(server.Listener.Addr().String(), 1, list)
	for _, want := range []int{2, 2, 1, 0} {
		r, err := c.once(2, time.Minute)(t.Context(), 0)
		require.NoError(t, err)
		require.Equal(t, want, r.calls)
		require.Len(t, r.latencies, want)
	}
	close(got)
	var order []string
	for path := range got {
		order = append(order, path)
	}
	require.Equal(t, []string{"/0", "/1", "/2", "/3", "/4"}, order, "each once")
}
