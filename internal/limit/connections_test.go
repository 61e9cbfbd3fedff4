package limit_test

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/limit"
)

// visitor is a connection from an address.
type visitor struct {
	net.Conn
	from string
	gone bool
}

func (v *visitor) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(v.from), Port: 1} }

func (v *visitor) Close() error {
	v.gone = true
	return nil
}

var errNobody = errors.New("nobody waits")

// door is a listener at which a test's visitors wait.
type door struct {
	net.Listener
	waiting []*visitor
}

func (d *door) Accept() (net.Conn, error) {
	if len(d.waiting) == 0 {
		return nil, errNobody
	}
	v := d.waiting[0]
	d.waiting = d.waiting[1:]
	return v, nil
}

// house is a door behind which there is a bound.
type house struct {
	door                    door
	connections             *limit.Connections
	open, closed, resetters int
}

func newHouse(most int) *house {
	h := &house{}
	h.connections = limit.NewConnections(&h.door, most, limit.ConnectionObserver{
		Open: func(change int) { h.open += change }, GivenUp: func() { h.closed++ }, Resetter: func() { h.resetters++ },
	})
	return h
}

// enter returns a visitor from an address, and what closes their connection; nil for one who was not let in.
func (h *house) enter(from string) (v *visitor, leave func() error) {
	v = &visitor{from: from}
	h.door.waiting = append(h.door.waiting, v)
	conn, err := h.connections.Accept()
	if err != nil {
		return v, nil
	}
	return v, conn.Close
}

// Nothing but RLIMIT_NOFILE bounded the connections: whoever opened that many shut out everybody, and kept the process from its
// database.
func TestAnAddressThatTakesAllConnectionsShutsNobodyOut(t *testing.T) {
	t.Parallel()
	h := newHouse(4)
	greedy := make([]*visitor, 4)
	for i := range greedy {
		var leave func() error
		greedy[i], leave = h.enter("192.0.2.1")
		require.NotNil(t, leave, "one address, such as a proxy's, may have all")
	}
	one, leave := h.enter("192.0.2.1")
	require.Nil(t, leave)
	require.True(t, one.gone, "one more is closed at once")
	quiet, leave := h.enter("192.0.2.2")
	require.NotNil(t, leave)
	require.False(t, quiet.gone)
	for i, v := range greedy {
		require.Equal(t, i == 0, v.gone, "of the greedy one that which was idle for longest, and no other")
	}
	require.Equal(t, 4, h.open)
	require.Equal(t, 2, h.closed)
	require.NoError(t, leave())
	require.NoError(t, leave(), "http.Server closes more than once")
	require.Equal(t, 3, h.open)
	_, leave = h.enter("192.0.2.1")
	require.NotNil(t, leave, "there is room again")
}

// Addresses of one IPv6 network are one caller, who has as many of them as they like.
func TestANetworkOfAddressesIsOneCaller(t *testing.T) {
	t.Parallel()
	h := newHouse(2)
	h.enter("2001:db8::1")
	h.enter("2001:db8::2")
	_, leave := h.enter("2001:db8::3")
	require.Nil(t, leave)
	_, leave = h.enter("2001:db8:0:1::1")
	require.NotNil(t, leave)
}

// full is a house without room: two connections of one address, and one of another.
func full(t *testing.T) (h *house, inside []*guest) {
	t.Helper()
	h = newHouse(3)
	for _, from := range []string{"192.0.2.1", "192.0.2.1", "192.0.2.2"} {
		v := &visitor{from: from}
		h.door.waiting = append(h.door.waiting, v)
		conn, err := h.connections.Accept()
		require.NoError(t, err)
		inside = append(inside, &guest{visitor: v, Connection: conn.(*limit.Connection)}) //nolint:forcetypeassert // what it promises
	}
	return h, inside
}

// A call was cut off although a connection stood by on which nothing was under way.
func TestNoCallIsCutOffWhileAnyConnectionIsIdle(t *testing.T) {
	t.Parallel()
	h, inside := full(t)
	inside[0].Begin()
	inside[1].Begin()
	h.enter("192.0.2.3")
	require.True(t, inside[2].gone, "the idle one")
	require.False(t, inside[0].gone || inside[1].gone)
}

func TestHoweverConnectionsComeAndGoTheBoundHoldsAndAnIdleOneGoesFirst(t *testing.T) {
	t.Parallel()
	rapid.Check(t, comeAndGo)
}

func comeAndGo(t *rapid.T) {
	most := rapid.IntRange(1, 12).Draw(t, "most")
	h := newHouse(most)
	var inside []*guest
	for range rapid.IntRange(1, 100).Draw(t, "steps") {
		switch step := rapid.SampledFrom([]string{"comes", "comes", "leaves", "calls"}).Draw(t, "step"); {
		case step == "comes" || len(inside) == 0:
			from := fmt.Sprintf("192.0.2.%d", rapid.IntRange(1, 6).Draw(t, "from"))
			goes, isIn := expected(inside, from, most)
			v := &visitor{from: from}
			h.door.waiting = append(h.door.waiting, v)
			conn, err := h.connections.Accept()
			require.Equal(t, isIn, err == nil)
			if goes != nil {
				require.True(t, slices.ContainsFunc(goes, func(g *guest) bool { return g.gone }))
			}
			inside = slices.DeleteFunc(inside, func(g *guest) bool { return g.gone })
			if err == nil {
				inside = append(inside, &guest{visitor: v, Connection: conn.(*limit.Connection)}) //nolint:forcetypeassert // what it promises
			}
		case step == "leaves":
			g := inside[rapid.IntRange(0, len(inside)-1).Draw(t, "who")]
			require.NoError(t, g.Connection.Close())
			inside = slices.DeleteFunc(inside, func(g *guest) bool { return g.gone })
		default:
			at := rapid.IntRange(0, len(inside)-1).Draw(t, "who")
			g := inside[at]
			if g.busy = !g.busy; g.busy {
				g.Begin()
			} else {
				g.End()
			}
			inside = append(slices.Delete(inside, at, at+1), g) // the order in which they became idle
		}
		require.LessOrEqual(t, len(inside), most)
		require.Equal(t, len(inside), h.open)
	}
}

// guest is a visitor who was let in.
type guest struct {
	*visitor
	*limit.Connection
	busy bool
}

func (g *guest) idle() bool { return !g.busy }

// expected are those of whom one has to go for a visitor from an address, nil where nobody has to, and whether the visitor is let
// in. Those inside stand in the order in which they became idle.
func expected(inside []*guest, from string, most int) (goes []*guest, isIn bool) {
	if len(inside) < most {
		return nil, true
	}
	held, idle := map[string]int{}, map[string]*guest{}
	for _, g := range inside {
		held[g.from]++
		if g.idle() && idle[g.from] == nil {
			idle[g.from] = g
		}
	}
	largest := func(of func(address string) bool) (most int) {
		for address, n := range held {
			if n >= held[from]+2 && of(address) {
				most = max(most, n)
			}
		}
		return most
	}
	if n := largest(func(address string) bool { return idle[address] != nil }); n > 0 {
		for address, g := range idle {
			if held[address] == n {
				goes = append(goes, g)
			}
		}
		return goes, true
	}
	if held[from] == 0 {
		for _, g := range inside {
			if g.idle() {
				return []*guest{g}, true
			}
		}
	}
	if n := largest(func(string) bool { return true }); n > 0 {
		for _, g := range inside {
			if held[g.from] == n {
				goes = append(goes, g)
			}
		}
		return goes, true
	}
	return nil, false
}
