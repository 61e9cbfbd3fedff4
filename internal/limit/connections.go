package limit

import (
	"cmp"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
)

// Connections is a listener with a bound on the connections that are open. Up to it everybody may have as many as they like: a
// proxy has them all. Once all are open, a new one takes the place of one of an address that has at least two more than its own: of
// the address with the most among those that have an idle connection, the one that has been idle for longest. Where none of those has
// an idle one, an address without any takes the place of the connection that has been idle for longest, whosever it is; and only where
// that can't be, the newest of the address with the most goes, whose call is cut off. Any other is closed at once. So an address
// without any is heard whatever another one holds, and a call is cut off only where there is nothing idle that could go.
type Connections struct {
	net.Listener
	most     int
	observer ConnectionObserver
	turns    atomic.Uint64 // how often a connection has become idle

	mu   sync.Mutex
	open int
	of   map[netip.Addr][]*Connection // those that are open, the newest last
}

// ConnectionObserver learns what becomes of connections. None of its functions may block.
type ConnectionObserver struct {
	Open     func(change int) // of every one that opens, 1, and that ends, -1
	GivenUp  func()           // of every one that is closed for the bound
	Resetter func()           // of every one that is closed because its client took back too many calls
}

// NewConnections bounds the connections of a listener.
func NewConnections(listener net.Listener, most int, observer ConnectionObserver) *Connections {
	return &Connections{Listener: listener, most: most, observer: observer, of: map[netip.Addr][]*Connection{}}
}

// Accept implements net.Listener.
func (c *Connections) Accept() (net.Conn, error) {
	for {
		conn, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		taken := &Connection{Conn: conn, all: c, from: remoteNetwork(conn), resets: resetRate.limiter()}
		taken.idleSince.Store(c.turns.Add(1))
		gone := c.enter(taken)
		if gone == nil {
			return taken, nil
		}
		c.observer.GivenUp()
		_ = gone.Close() // who is there learns it
		if gone != taken {
			return taken, nil
		}
	}
}

// enter gives a connection a place, and returns the one that must be closed for it, nil for none. That may be itself.
func (c *Connections) enter(conn *Connection) (gone *Connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open >= c.most {
		if gone = c.givenUp(len(c.of[conn.from])); gone == nil {
			return conn
		}
		c.leave(gone)
	}
	conn.counted = true
	c.open++
	c.observer.Open(1)
	c.of[conn.from] = append(c.of[conn.from], conn)
	return gone
}

// givenUp is the connection that is closed for a new one of an address that holds so many, nil for none. The caller holds mu.
func (c *Connections) givenUp(own int) *Connection {
	var idle, busy, alone *Connection
	mostIdle, most := 0, 0 // of the addresses of idle and busy
	for _, held := range c.of {
		longest := longestIdle(held)
		switch {
		case len(held) < own+2:
			if own == 0 && longest.idleLongerThan(alone) {
				alone = longest
			}
		case longest != nil && (len(held) > mostIdle || len(held) == mostIdle && longest.idleLongerThan(idle)):
			idle, mostIdle = longest, len(held)
		case longest == nil && len(held) > most:
			busy, most = held[len(held)-1], len(held)
		}
	}
	return cmp.Or(idle, alone, busy)
}

// longestIdle is the connection without a call that has been so for longest, nil where all have some.
func longestIdle(held []*Connection) (longest *Connection) {
	for _, conn := range held {
		if conn.calls.Load() == 0 && conn.idleLongerThan(longest) {
			longest = conn
		}
	}
	return longest
}

// leave gives a connection's place back, once. The caller holds mu.
func (c *Connections) leave(conn *Connection) {
	if !conn.counted {
		return
	}
	conn.counted = false
	c.open--
	c.observer.Open(-1)
	held := c.of[conn.from]
	if len(held) == 1 {
		delete(c.of, conn.from)
		return
	}
	i := slices.Index(held, conn)
	c.of[conn.from] = slices.Delete(held, i, i+1)
}

// remoteNetwork is what a connection counts for; the zero Addr where it is of no IP address.
func remoteNetwork(conn net.Conn) netip.Addr {
	if tcp, is := conn.RemoteAddr().(*net.TCPAddr); is {
		return Network(tcp.AddrPort().Addr())
	}
	return netip.Addr{}
}
