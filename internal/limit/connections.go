package limit

import (
	"net"
	"net/netip"
	"slices"
	"sync"
)

// Connections is a listener with a bound on the connections that are open. Up to it everybody may have as many as they like: a
// proxy has them all. Once all are open, a new one is taken from an address that has at least two less than the one with the most,
// whose newest is closed for it, and otherwise closed at once. So an address without any is heard whatever another one holds.
type Connections struct {
	net.Listener
	most    int
	observe func(change int)
	closed  func()

	mu   sync.Mutex
	open int
	of   map[netip.Addr][]*boundConn // those that are open, the newest last
}

// NewConnections bounds the connections of a listener. observe learns of every connection that opens, 1, and that ends, -1; closed of
// every one that is closed for the bound. Neither may block.
func NewConnections(listener net.Listener, most int, observe func(change int), closed func()) *Connections {
	return &Connections{Listener: listener, most: most, observe: observe, closed: closed, of: map[netip.Addr][]*boundConn{}}
}

// Accept implements net.Listener.
func (c *Connections) Accept() (net.Conn, error) {
	for {
		conn, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		taken := &boundConn{Conn: conn, all: c, from: remoteNetwork(conn)}
		gone := c.enter(taken)
		if gone == nil {
			return taken, nil
		}
		c.closed()
		_ = gone.Close() // who is there learns it
		if gone != taken {
			return taken, nil
		}
	}
}

// enter gives a connection a place, and returns the one that must be closed for it, nil for none. That may be itself.
func (c *Connections) enter(conn *boundConn) (gone *boundConn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open >= c.most {
		if gone = c.newestOfMost(len(c.of[conn.from]) + 2); gone == nil {
			return conn
		}
		c.leave(gone)
	}
	conn.counted = true
	c.open++
	c.observe(1)
	c.of[conn.from] = append(c.of[conn.from], conn)
	return gone
}

// newestOfMost is the newest connection of the address that has the most, nil where that is less than least. The caller holds mu.
func (c *Connections) newestOfMost(least int) (newest *boundConn) {
	for _, held := range c.of {
		if len(held) >= least {
			least, newest = len(held), held[len(held)-1]
		}
	}
	return newest
}

// leave gives a connection's place back, once. The caller holds mu.
func (c *Connections) leave(conn *boundConn) {
	if !conn.counted {
		return
	}
	conn.counted = false
	c.open--
	c.observe(-1)
	held := c.of[conn.from]
	if len(held) == 1 {
		delete(c.of, conn.from)
		return
	}
	i := slices.Index(held, conn)
	c.of[conn.from] = slices.Delete(held, i, i+1)
}

// boundConn gives its place back when it is closed.
type boundConn struct {
	net.Conn
	all     *Connections
	from    netip.Addr
	counted bool // has a place; all.mu guards it
}

// CloseWrite says that nothing more is sent, where the connection can: net/http asks for it before it closes a connection whose request
// it has not read to its end, or the answer could be lost.
func (c *boundConn) CloseWrite() error {
	if half, can := c.Conn.(interface{ CloseWrite() error }); can {
		return half.CloseWrite()
	}
	return nil
}

// Close implements net.Conn.
func (c *boundConn) Close() error {
	c.all.mu.Lock()
	c.all.leave(c)
	c.all.mu.Unlock()
	return c.Conn.Close()
}

// remoteNetwork is what a connection counts for; the zero Addr where it is of no IP address.
func remoteNetwork(conn net.Conn) netip.Addr {
	if tcp, is := conn.RemoteAddr().(*net.TCPAddr); is {
		return Network(tcp.AddrPort().Addr())
	}
	return netip.Addr{}
}
