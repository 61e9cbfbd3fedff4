package reach

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAddressesThatAreNotPublicAreNeverConnectedTo(t *testing.T) {
	t.Parallel()
	control := guard(Public)
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
		require.ErrorIs(t, control(network, netip.AddrPortFrom(a, 443).String(), nil), ErrNotPublic, address)
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
	anywhere := Reach{Private: true, HTTP: true}
	for _, c := range []struct {
		url   string
		where Reach
		wrong int
	}{
		{"https://example.org/hooks?a=b", Reach{}, 0},
		{"https://example.org:8443", Reach{}, 0},
		{"https://bücher.example", Reach{}, 0},
		{"https://93.184.216.34/", Reach{}, 0},
		{"", Reach{}, 1},
		{"example.org", Reach{}, 2},
		{"http://example.org", Reach{}, 1},
		{"http://example.org", anywhere, 0},
		{"ftp://example.org", anywhere, 1},
		{"https://", anywhere, 1},
		{"https:opaque", anywhere, 1},
		{"https://127.0.0.1/", Reach{}, 1},
		{"https://127.0.0.1/", anywhere, 0},
		{"https://[::1]:80/", Reach{}, 1},
		{"https://[::ffff:10.0.0.1]/", Reach{}, 1},
		{"https://169.254.169.254/latest/meta-data", Reach{}, 1},
		{"https://LocalHost./", Reach{}, 1},
		{"https://a.localhost/", Reach{}, 1},
		{"http://user:secret@10.1.2.3/#here", Reach{}, 4},
		{"https://example.org/\n", Reach{}, 1},
		{"https://example.org:65536/", Reach{}, 1},
		{"https://example.org:0/", Reach{}, 1},
		{"https://example.org/" + string(make([]byte, LongestURL)), Reach{}, 1},
	} {
		problems := c.where.Problems(c.url, Words{})
		require.Len(t, problems, c.wrong, "%q: %v", c.url, problems)
	}
}
