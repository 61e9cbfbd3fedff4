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
	door         door
	connections  *limit.Connections
	open, closed int
}

func newHouse(most int) *house {
	h := &house{}
	h.connections = limit.NewConnections(&h.door, most, func(change int) { h.open += change }, func() { h.closed++ })
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
		require.Equal(t, i == 3, v.gone, "the newest of the greedy one, and no other")
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

func TestHoweverConnectionsComeAndGoTheBoundHoldsAndWhoHasTwoLessThanAnotherIsLetIn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 12).Draw(t, "most")
		h := newHouse(most)
		type guest struct {
			*visitor
			leave func() error
		}
		var inside []guest
		held := func() map[string]int {
			inside = slices.DeleteFunc(inside, func(g guest) bool { return g.gone })
			by := map[string]int{}
			for _, g := range inside {
				by[g.from]++
			}
			return by
		}
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			if len(inside) > 0 && rapid.Bool().Draw(t, "one leaves") {
				require.NoError(t, inside[rapid.IntRange(0, len(inside)-1).Draw(t, "who")].leave())
			} else {
				before := held()
				from := fmt.Sprintf("192.0.2.%d", rapid.IntRange(1, 5).Draw(t, "from"))
				v, leave := h.enter(from)
				if leave != nil {
					inside = append(inside, guest{v, leave})
				}
				largest, all := 0, 0
				for _, n := range before {
					largest, all = max(largest, n), all+n
				}
				require.Equal(t, all < most || largest >= before[from]+2, leave != nil)
			}
			held()
			require.LessOrEqual(t, len(inside), most)
			require.Equal(t, len(inside), h.open)
		}
	})
}
