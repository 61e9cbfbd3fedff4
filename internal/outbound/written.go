package outbound

import (
	"context"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// dialCounted opens a connection that counts the bytes that leave through it. Whether a request may have arrived depends
// on it, and httptrace can't tell: it reports a header as written when it is in a buffer, also if the connection turns out
// to be dead before a byte of it leaves.
func (s *Seam) dialCounted(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := s.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &countedConn{Conn: conn}, nil
}

type countedConn struct {
	net.Conn
	written atomic.Int64

	mu     sync.Mutex
	user   *departure // whose request it carries, or carried last
	halted bool
}

// Write counts before it writes: an answer may be here before the write has returned.
func (c *countedConn) Write(p []byte) (int, error) {
	if c.isHalted() {
		return 0, os.ErrDeadlineExceeded // of a request that is given a halted connection, nothing leaves
	}
	c.written.Add(int64(len(p)))
	n, err := c.Conn.Write(p)
	c.written.Add(int64(n - len(p)))
	return n, err
}

// Read reads nothing more once the connection is halted.
func (c *countedConn) Read(p []byte) (int, error) {
	if c.isHalted() {
		return 0, os.ErrDeadlineExceeded
	}
	return c.Conn.Read(p)
}

func (c *countedConn) isHalted() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.halted
}

// halt ends a connection without losing what has been read from it: nothing more is waited for. It does nothing when the
// connection carries another request by now.
func (c *countedConn) halt(user *departure) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.user != user || c.halted {
		return
	}
	c.halted = true
	if c.SetReadDeadline(time.Unix(1, 0)) != nil { // wakes a Read that waits
		_ = c.Close() // the connection has no deadlines: this wakes it as well
	}
}

func (c *countedConn) use(user *departure) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.user = user
}

// counted finds the counting connection under any layers of TLS (one for the host, one for a proxy).
func counted(conn net.Conn) *countedConn {
	for {
		switch c := conn.(type) {
		case *countedConn:
			return c
		case interface{ NetConn() net.Conn }:
			conn = c.NetConn()
		default:
			return nil
		}
	}
}

// departure knows whether bytes of one request left, and ends it when nobody wants its answer any more. It is told of each
// connection the request is given, as it is given; a connection carries one request at a time.
type departure struct {
	mu     sync.Mutex
	given  bool
	conn   *countedConn
	before int64
	end    context.CancelFunc // of the transport's work on the request
	over   bool
}

// wantConn is told before the request is given a connection: none is sought for what nobody wants any more.
func (d *departure) wantConn() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over {
		d.end()
	}
}

// gotConn begins anew: net/http gives a request that changes something a second connection only when nothing of it was
// written to the first.
func (d *departure) gotConn(conn net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.given, d.conn, d.before = true, counted(conn), 0
	if d.conn != nil {
		d.before = d.conn.written.Load()
		d.conn.use(d)
	}
	if d.over {
		d.end()
	}
}

// leave ends the request. If it may have left, what of the answer has been read already is kept: net/http would put the
// context's error in the place of an answer that came at the same moment.
func (d *departure) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	if d.conn != nil && d.conn.written.Load() != d.before {
		d.conn.halt(d)
		return
	}
	d.end()
}

// left reports whether bytes of the request may have left. It is exact once the transport's RoundTrip has returned,
// because that waits for the connection's writer after a failure.
func (d *departure) left() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn == nil {
		return d.given
	}
	return d.conn.written.Load() != d.before
}
