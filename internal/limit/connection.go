package limit

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"

	"golang.org/x/time/rate"
)

// resetRate is how many calls of a connection may be taken back before their answer. A client that gives up what it waits for comes
// nowhere near; whoever takes back what they have just begun, again and again, lets the server work for nobody.
var resetRate = Rate{PerSecond: 1_000, Burst: 1_000}

// Connection is one of Connections. It gives its place back when it is closed, and knows whether calls are under way on it. A nil
// Connection bounds nothing. It is safe for concurrent use.
type Connection struct {
	net.Conn
	all       *Connections
	from      netip.Addr
	counted   bool // has a place; all.mu guards it
	calls     atomic.Int64
	idleSince atomic.Uint64 // the turn in which it became idle
	resets    *rate.Limiter
}

type connectionKey struct{}

// WithConnection returns a context of a connection's calls, as http.Server's ConnContext does.
func WithConnection(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, conn)
}

// ConnectionOf is the connection that a call came over, nil where it is not one of Connections.
func ConnectionOf(ctx context.Context) *Connection {
	conn, _ := ctx.Value(connectionKey{}).(*Connection)
	return conn
}

// Begin says that a call is under way, until End.
func (c *Connection) Begin() {
	if c != nil {
		c.calls.Add(1)
	}
}

// End says that a call is over.
func (c *Connection) End() {
	if c == nil {
		return
	}
	c.idleSince.Store(c.all.turns.Add(1)) // first: without a call it is not seen with the time of before
	c.calls.Add(-1)
}

// TakenBack says that the client took a call back before it was answered. Where it has done so with too many, the connection is
// closed.
func (c *Connection) TakenBack() {
	if c == nil || c.resets.Allow() {
		return
	}
	if c.giveBack() {
		c.all.observer.Resetter()
	}
	_ = c.Conn.Close() // who is there learns it
}

func (c *Connection) idleLongerThan(other *Connection) bool {
	return c != nil && (other == nil || c.idleSince.Load() < other.idleSince.Load())
}

// CloseWrite says that nothing more is sent, where the connection can: net/http asks for it before it closes a connection whose request
// it has not read to its end, or the answer could be lost.
func (c *Connection) CloseWrite() error {
	if half, can := c.Conn.(interface{ CloseWrite() error }); can {
		return half.CloseWrite()
	}
	return nil
}

// Close implements net.Conn.
func (c *Connection) Close() error {
	c.giveBack()
	return c.Conn.Close()
}

// giveBack gives the place back, and reports whether there was one.
func (c *Connection) giveBack() (had bool) {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	had = c.counted
	c.all.leave(c)
	return had
}
