package outbound

import (
	"context"
	"net"
	"sync/atomic"
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
}

// Write counts before it writes: an answer may be here before the write has returned.
func (c *countedConn) Write(p []byte) (int, error) {
	c.written.Add(int64(len(p)))
	n, err := c.Conn.Write(p)
	c.written.Add(int64(n - len(p)))
	return n, err
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

// departure knows whether bytes of one request left. It is told of each connection the request is given, as it is given;
// a connection carries one request at a time.
type departure struct {
	given  bool
	conn   *countedConn
	before int64
}

// gotConn begins anew: net/http gives a request that changes something a second connection only when nothing of it was
// written to the first.
func (d *departure) gotConn(conn net.Conn) {
	*d = departure{given: true, conn: counted(conn)}
	if d.conn != nil {
		d.before = d.conn.written.Load()
	}
}

// left reports whether bytes of the request may have left. It is exact once the transport's RoundTrip has returned,
// because that waits for the connection's writer after a failure.
func (d *departure) left() bool {
	if d.conn == nil {
		return d.given
	}
	return d.conn.written.Load() != d.before
}
