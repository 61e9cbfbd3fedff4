package dbtest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Wire stands between a test's connections and PostgreSQL, and can be cut or held up at any byte.
type Wire struct {
	url    string // through the wire
	socket string // PostgreSQL's

	mu     sync.Mutex
	open   map[net.Conn]struct{} // the clients' ends
	refuse int
	denied int // connections so far
	cutAt  []byte
	after  bool
	cuts   int
	bytes  int    // still to pass before do, which is nil when nothing is to be done
	do     func() // on the goroutine that carries the byte: what comes after it waits for its end
	ended  bool
	group  sync.WaitGroup
}

// NewWire returns a wire to the database of a URL that New has given. It ends with the test.
func NewWire(t testing.TB, databaseURL string) *Wire {
	t.Helper()
	at, err := url.Parse(databaseURL)
	require.NoError(t, err)
	query := at.Query()
	w := &Wire{socket: filepath.Join(query.Get("host"), ".s.PGSQL."+cmp.Or(query.Get("port"), "5432")), open: map[net.Conn]struct{}{}}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	host, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	query.Set("host", host)
	query.Set("port", port)
	query.Set("sslmode", "disable")
	at.RawQuery = query.Encode()
	w.url = at.String()
	w.group.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			w.group.Go(func() { w.carry(client) })
		}
	})
	t.Cleanup(func() {
		assert.NoError(t, listener.Close())
		w.mu.Lock()
		w.ended = true
		w.mu.Unlock()
		w.Cut()
		w.group.Wait()
	})
	return w
}

// URL leads to the database through the wire.
func (w *Wire) URL() string { return w.url }

// Cut breaks every connection. Further ones can be made.
func (w *Wire) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for client := range w.open {
		_ = client.Close()
	}
}

// Refuse breaks the next so many connections before anything was said over them.
func (w *Wire) Refuse(times int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refuse = times
}

// Refused is how many connections were broken before anything was said over them.
func (w *Wire) Refused() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.denied
}

// CutAt breaks the connection over which the client next sends a text, once: before PostgreSQL gets it, or after it has
// carried it out, when its answer comes.
func (w *Wire) CutAt(text string, after bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cutAt, w.after = []byte(text), after
}

// AtByte has do called, once, when so many further bytes have passed in either direction, over whichever connections. What
// comes next over that connection in that direction waits until do returns.
func (w *Wire) AtByte(n int, do func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bytes, w.do = n, do
}

// pass takes a piece to one end, and does on its way what AtByte has said.
func (w *Wire) pass(to io.Writer, piece []byte) error {
	w.mu.Lock()
	var do func()
	first := piece
	if w.do != nil {
		if w.bytes <= len(piece) {
			first, do, w.do = piece[:w.bytes], w.do, nil
		} else {
			w.bytes -= len(piece)
		}
	}
	w.mu.Unlock()
	if do == nil {
		_, err := to.Write(piece)
		return err
	}
	_, err := to.Write(first)
	do()
	if err == nil && len(first) < len(piece) {
		_, err = to.Write(piece[len(first):])
	}
	return err
}

// Cuts is how often CutAt has broken a connection.
func (w *Wire) Cuts() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cuts
}

// carry takes what is sent from one end to the other until either is gone.
func (w *Wire) carry(client net.Conn) {
	defer func() { _ = client.Close() }()
	w.mu.Lock()
	refused := w.refuse > 0 || w.ended
	w.refuse = max(w.refuse-1, 0)
	if refused {
		w.denied++
	}
	w.open[client] = struct{}{}
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		delete(w.open, client)
		w.mu.Unlock()
	}()
	if refused {
		return
	}
	server, err := new(net.Dialer).DialContext(context.Background(), "unix", w.socket)
	if err != nil {
		return
	}
	muted := make(chan struct{}) // what the server answers from now on does not arrive
	var answers sync.WaitGroup
	answers.Go(func() { w.relay(client, server, muted) })
	w.send(server, client, muted)
	_ = server.Close()
	answers.Wait()
}

// send takes the client's words to the server, and breaks off where it was told to.
func (w *Wire) send(server io.ReadWriter, client net.Conn, muted chan struct{}) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := client.Read(buffer)
		if n > 0 {
			cut, after := w.meets(buffer[:n])
			if cut && !after {
				return
			}
			if cut {
				close(muted) // before the server gets it, so that no answer slips through
			}
			if err := w.pass(server, buffer[:n]); err != nil || cut {
				if cut {
					w.awaitAnswer(client)
				}
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// awaitAnswer waits until the relay of answers has met the first one and closed the client's end.
func (w *Wire) awaitAnswer(client net.Conn) { _, _ = client.Read(make([]byte, 1)) }

func (w *Wire) meets(sent []byte) (cut, after bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.cutAt) == 0 || !bytes.Contains(sent, w.cutAt) {
		return false, false
	}
	w.cutAt = nil
	w.cuts++
	return true, w.after
}

// relay takes the server's answers to the client; once muted is closed, the next one ends the client's connection instead.
func (w *Wire) relay(client, server net.Conn, muted <-chan struct{}) {
	defer func() { _ = client.Close() }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := server.Read(buffer)
		select {
		case <-muted:
			return
		default:
		}
		if n > 0 {
			if err := w.pass(client, buffer[:n]); err != nil {
				return
			}
		}
		if err != nil && (n == 0 || !errors.Is(err, io.EOF)) {
			return
		}
	}
}
