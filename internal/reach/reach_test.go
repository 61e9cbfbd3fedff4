package reach_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/reach"
)

func TestAddressesThatAreNotPublicAreNeverConnectedTo(t *testing.T) {
	t.Parallel()
	control := reach.Guard(reach.Public)
	for _, address := range []string{
		"127.0.0.1", "127.8.9.10", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1",
		"100.100.100.200", "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255", "168.63.129.16",
		"::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
		"2001:db8::1",
	} {
		a := netip.MustParseAddr(address)
		network := "tcp4"
		if a.Is6() {
			network = "tcp6"
		}
		require.ErrorIs(t, control(network, netip.AddrPortFrom(a, 443).String(), nil), reach.ErrNotPublic, address)
	}
	for _, address := range []string{"93.184.216.34", "2606:4700::1111"} {
		a := netip.MustParseAddr(address)
		network := "tcp4"
		if a.Is6() {
			network = "tcp6"
		}
		require.NoError(t, control(network, netip.AddrPortFrom(a, 8443).String(), nil), address)
	}
}

func TestWhatIsWrongWithAURLIsToldAtOnce(t *testing.T) {
	t.Parallel()
	anywhere := reach.Reach{Private: true, HTTP: true}
	for _, c := range []struct {
		url   string
		where reach.Reach
		wrong int
	}{
		{"https://example.org/hooks?a=b", reach.Reach{}, 0},
		{"https://example.org:8443", reach.Reach{}, 0},
		{"https://bücher.example", reach.Reach{}, 0},
		{"https://93.184.216.34/", reach.Reach{}, 0},
		{"", reach.Reach{}, 1},
		{"example.org", reach.Reach{}, 2},
		{"http://example.org", reach.Reach{}, 1},
		{"http://example.org", anywhere, 0},
		{"ftp://example.org", anywhere, 1},
		{"https://", anywhere, 1},
		{"https:opaque", anywhere, 1},
		{"https://127.0.0.1/", reach.Reach{}, 1},
		{"https://127.0.0.1/", anywhere, 0},
		{"https://[::1]:80/", reach.Reach{}, 1},
		{"https://[::ffff:10.0.0.1]/", reach.Reach{}, 1},
		{"https://169.254.169.254/latest/meta-data", reach.Reach{}, 1},
		{"https://LocalHost./", reach.Reach{}, 1},
		{"https://a.localhost/", reach.Reach{}, 1},
		{"http://user:secret@10.1.2.3/#here", reach.Reach{}, 4},
		{"https://example.org/\n", reach.Reach{}, 1},
		{"https://example.org:65536/", reach.Reach{}, 1},
		{"https://example.org:0/", reach.Reach{}, 1},
		{"https://example.org/" + string(make([]byte, reach.LongestURL)), reach.Reach{}, 1},
	} {
		problems := c.where.Problems(c.url, reach.Words{})
		require.Len(t, problems, c.wrong, "%q: %v", c.url, problems)
	}
}
