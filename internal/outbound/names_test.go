package outbound

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// book is a resolver whose answers are a test's.
type book struct {
	mu      sync.Mutex
	asked   int
	takes   time.Duration
	blank   bool // it answers without addresses where it has none, rather than fail
	answers map[string][]string
}

func (b *book) set(host string, addresses ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answers[host] = addresses
}

func (b *book) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked
}

func (b *book) LookupNetIP(ctx context.Context, _, host string) ([]netip.Addr, error) {
	b.mu.Lock()
	b.asked++
	takes, texts := b.takes, b.answers[host]
	b.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if len(texts) == 0 && !b.blank {
		return nil, &net.DNSError{Err: "server misbehaving", Name: host, IsTemporary: true}
	}
	var addresses []netip.Addr
	for _, text := range texts {
		address := netip.MustParseAddr(text)
		addresses = append(addresses, netip.AddrFrom16(address.As16())) // as net.Resolver does
	}
	return addresses, nil
}

// wires are what connections are made in: each address behaves as a test says.
type wires struct {
	mu     sync.Mutex
	tried  []string
	open   int
	behave map[string]func(ctx context.Context) error // nil connects
}

type wire struct {
	net.Conn
	to string
	of *wires
}

func (w wire) Close() error {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	w.of.open--
	return nil
}

func (w *wires) connect(ctx context.Context, _, address string) (net.Conn, error) {
	w.mu.Lock()
	w.tried = append(w.tried, address)
	behave := w.behave[address]
	w.mu.Unlock()
	if behave != nil {
		if err := behave(ctx); err != nil {
			return nil, err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open++
	return wire{to: address, of: w}, nil
}

var errRefused = errors.New("connection refused")

func refuse(context.Context) error { return errRefused }

func hangs(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func after(wait time.Duration, outcome error) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-time.After(wait):
			return outcome
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// deaf connects although nobody wants the connection any more.
func deaf(wait time.Duration) func(context.Context) error {
	return func(context.Context) error {
		time.Sleep(wait)
		return nil
	}
}

const keep = 5 * time.Minute

// newDialer is one whose time, addresses and connections are a test's.
func newDialer(t *testing.T) (dialer, *book, *wires, *observed) {
	t.Helper()
	phones := &book{answers: map[string][]string{"vendor.example": {"192.0.2.1"}}}
	ways := &wires{behave: map[string]func(context.Context) error{}}
	seen := &observed{}
	n := newNames(keep, phones, seen, slog.New(slog.NewTextHandler(seen, nil)))
	t.Cleanup(n.close)
	return dialer{names: n, connect: ways.connect}, phones, ways, seen
}

func (d dialer) to(ctx context.Context, address string) (string, error) {
	conn, err := d.dial(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	return conn.(wire).to, nil
}

// connected dials the vendor of these tests, and says where it came out.
func connected(t *testing.T, d dialer) string {
	t.Helper()
	to, err := d.to(t.Context(), "vendor.example:443")
	require.NoError(t, err)
	return to
}

func TestAHostsAddressesAreKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, phones, _, seen := newDialer(t)
		require.Equal(t, "192.0.2.1:443", connected(t, d))
		phones.set("vendor.example", "192.0.2.2")
		time.Sleep(keep/2 - time.Second)
		require.Equal(t, "192.0.2.1:443", connected(t, d))
		require.Equal(t, 1, phones.count())
		require.Equal(t, map[string]int{LookupMiss: 1, LookupHit: 1}, seen.lookups)

		time.Sleep(keep)
		require.Equal(t, "192.0.2.2:443", connected(t, d), "they end, whether or not anybody asked")
		require.Equal(t, 2, phones.count(), "a host that nobody calls is not looked up")
	})
}

func TestAddressesAreRenewedBesideTheConnectionThatNeedsThem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, phones, _, seen := newDialer(t)
		connected(t, d)
		phones.set("vendor.example", "192.0.2.2")
		phones.takes = time.Second
		time.Sleep(keep/2 + time.Second)
		began := time.Now()
		require.Equal(t, "192.0.2.1:443", connected(t, d), "the old ones do")
		require.Zero(t, time.Since(began), "nobody waits")
		time.Sleep(2 * time.Second)
		require.Equal(t, "192.0.2.2:443", connected(t, d))
		require.Equal(t, 2, phones.count())
		require.Equal(t, map[string]int{LookupMiss: 1, LookupHit: 2}, seen.lookups)
		time.Sleep(keep/2 - time.Second)
		require.Equal(t, "192.0.2.2:443", connected(t, d), "they are as new as their renewal")
		require.Equal(t, 2, phones.count())
	})
}

func TestOldAddressesServeUntilTheyEndWhileTheResolverFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, phones, _, seen := newDialer(t)
		connected(t, d)
		phones.set("vendor.example") // none
		time.Sleep(keep - time.Second)
		require.Equal(t, "192.0.2.1:443", connected(t, d))
		synctest.Wait()
		require.Equal(t, 1, seen.lookups[LookupFailed])
		require.Contains(t, seen.log.String(), "vendor.example")
		time.Sleep(2 * time.Second)
		_, err := d.to(t.Context(), "vendor.example:443")
		var failed *net.DNSError
		require.ErrorAs(t, err, &failed)
		phones.set("vendor.example", "192.0.2.3")
		require.Equal(t, "192.0.2.3:443", connected(t, d), "a failure is not kept")
	})
}

func TestThoseWhoMissTheSameAskOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, phones, _, _ := newDialer(t)
		phones.takes = time.Second
		var calls sync.WaitGroup
		for range 20 {
			calls.Go(func() {
				if to, err := d.to(t.Context(), "vendor.example:443"); err != nil || to != "192.0.2.1:443" {
					t.Error(to, err)
				}
			})
		}
		impatient, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		calls.Wait()
		require.Equal(t, 1, phones.count())

		d.names.forget("vendor.example")
		calls.Go(func() { // who asks first, and leaves, takes nobody's answer with them
			_, err := d.to(impatient, "vendor.example:443")
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
		connected(t, d)
		calls.Wait()
	})
}

// A vendor that moves is found again by the very connection that fails.
func TestAddressesThatFailAreLookedUpAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, phones, ways, _ := newDialer(t)
		connected(t, d)
		ways.behave["192.0.2.1:443"] = refuse
		phones.set("vendor.example", "192.0.2.1", "192.0.2.2")
		ways.tried = nil
		require.Equal(t, "192.0.2.2:443", connected(t, d))
		require.Equal(t, []string{"192.0.2.1:443", "192.0.2.2:443"}, ways.tried, "what has failed is not tried twice")

		phones.set("vendor.example", "192.0.2.1")
		ways.behave["192.0.2.2:443"] = refuse
		_, err := d.to(t.Context(), "vendor.example:443")
		require.ErrorIs(t, err, errRefused)
		phones.set("vendor.example", "192.0.2.9")
		_, err = d.to(t.Context(), "vendor.example:443")
		require.NoError(t, err)
	})
}

func TestWhoLeavesSoonSaysNothingAboutTheAddresses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		patience time.Duration
		forgets  bool
	}{"at once": {50 * time.Millisecond, false}, "after a while": {3 * time.Second, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d, phones, ways, _ := newDialer(t)
				connected(t, d)
				ways.behave["192.0.2.1:443"] = hangs
				ctx, cancel := context.WithTimeout(t.Context(), c.patience)
				defer cancel()
				_, err := d.to(ctx, "vendor.example:443")
				require.ErrorIs(t, err, context.DeadlineExceeded)
				delete(ways.behave, "192.0.2.1:443")
				connected(t, d)
				require.Equal(t, c.forgets, phones.count() == 2)
			})
		})
	}
}

// The table is net.Dialer's behaviour.
func TestIPv6AndIPv4AreRaced(t *testing.T) {
	t.Parallel()
	const six, six2, four, four2 = "2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2"
	on := func(address string) string { return net.JoinHostPort(address, "443") }
	for name, c := range map[string]struct {
		addresses []string
		behave    map[string]func(context.Context) error
		to        string
		fails     error
		after     time.Duration
	}{
		"the first family is quick": {[]string{six, four}, nil, six, nil, 0},
		"IPv4 may be first":         {[]string{four, six}, nil, four, nil, 0},
		"it takes less than a head start": {[]string{six, four}, map[string]func(context.Context) error{six: after(200*time.Millisecond, nil)}, six, nil,
			200 * time.Millisecond},
		"the first family hangs": {[]string{six, four}, map[string]func(context.Context) error{six: hangs}, four, nil, headStart},
		"all of the first family hang": {[]string{six, six2, four}, map[string]func(context.Context) error{six: hangs, six2: hangs}, four, nil,
			headStart},
		"the first family is refused": {[]string{six, four}, map[string]func(context.Context) error{six: refuse}, four, nil, 0},
		"the first family comes in second": {[]string{six, four},
			map[string]func(context.Context) error{six: after(time.Second, nil), four: after(2*time.Second, nil)}, six, nil, time.Second},
		"the loser is there too late": {
			[]string{six, four},
			map[string]func(context.Context) error{six: deaf(350 * time.Millisecond), four: after(20*time.Millisecond, nil)}, four, nil,
			350 * time.Millisecond,
		},
		"one of a family is refused": {[]string{six, six2, four}, map[string]func(context.Context) error{six: refuse}, six2, nil, 0},
		"one family only, one hangs": {[]string{four, four2}, map[string]func(context.Context) error{four: hangs}, four2, nil, dialTimeout / 2},
		"both are refused": {[]string{six, four}, map[string]func(context.Context) error{six: refuse, four: after(0, context.Canceled)}, "",
			errRefused, 0},
		"the second fails, then both": {[]string{six, four},
			map[string]func(context.Context) error{six: after(time.Second, errRefused), four: after(0, context.Canceled)}, "", errRefused, time.Second},
		"both hang": {[]string{six, four}, map[string]func(context.Context) error{six: hangs, four: hangs}, "", context.DeadlineExceeded, dialTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d, phones, ways, _ := newDialer(t)
				phones.set("vendor.example", c.addresses...)
				for address, behave := range c.behave {
					ways.behave[on(address)] = behave
				}
				began := time.Now()
				to, err := d.to(t.Context(), "vendor.example:443")
				require.Equal(t, c.after, time.Since(began))
				if c.fails != nil {
					require.ErrorIs(t, err, c.fails)
				} else {
					require.NoError(t, err)
					require.Equal(t, on(c.to), to)
				}
				require.Zero(t, ways.open, "whoever comes in second is let go")
			})
		})
	}
}

func TestAnAddressIsNoName(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, phones, _, _ := newDialer(t)
		for _, address := range []string{"192.0.2.7:443", "[2001:db8::7]:443", "[fe80::7%eth0]:443"} {
			to, err := d.to(t.Context(), address)
			require.NoError(t, err)
			require.Equal(t, address, to)
		}
		require.Zero(t, phones.count())
	})
}

func TestABoundedNumberOfNamesIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, phones, _, _ := newDialer(t)
		for n := range 10 * maxNames {
			host := fmt.Sprintf("%d.example", n)
			phones.set(host, "192.0.2.1")
			_, err := d.to(t.Context(), host+":443")
			require.NoError(t, err)
		}
		synctest.Wait()
		d.names.known.CleanUp()
		require.LessOrEqual(t, d.names.known.EstimatedSize(), maxNames)
	})
}

func TestAResolverWithoutAddressesIsAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, phones, _, seen := newDialer(t)
		phones.set("vendor.example")
		phones.blank = true
		_, err := d.to(t.Context(), "vendor.example:443")
		require.ErrorContains(t, err, "no addresses")
		require.Equal(t, 1, seen.lookups[LookupFailed])
	})
}

// What goes on when the seam is closed ends with it, and what begins later leaves nothing behind.
func TestClosingEndsARenewal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, phones, _, _ := newDialer(t)
		connected(t, d)
		phones.takes = time.Hour
		time.Sleep(keep/2 + time.Second)
		connected(t, d)
		synctest.Wait()
		require.Equal(t, 2, phones.count(), "a renewal is under way")
		began := time.Now()
		d.names.close()
		require.Zero(t, time.Since(began))
		require.Equal(t, "192.0.2.1:443", connected(t, d), "a dial that outlives its call")
		d.names.beside(func() { time.Sleep(time.Second) })
		require.Equal(t, time.Second, time.Since(began), "nothing goes on that close would have waited for")
	})
}

// named is a seam whose host vendor.test is where a test's server listens.
func named(t *testing.T, server *httptest.Server) (seam *Seam, phones *book, address string) {
	t.Helper()
	u, err := url.Parse(server.URL)
	require.NoError(t, err)
	phones = &book{answers: map[string][]string{"vendor.test": {u.Hostname()}}}
	seam, seen := newSeam(t, Defaults(), DefaultPolicies())
	seam.names.close()
	seam.names = newNames(keep, phones, seen, quiet)
	connect := new(net.Dialer)
	seam.dial = dialer{names: seam.names, connect: connect.DialContext}.dial
	return seam, phones, u.Scheme + "://vendor.test:" + u.Port()
}

func TestCallsOverSeveralConnectionsLookUpOnce(t *testing.T) {
	t.Parallel()
	var arrived atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		arrived.Add(1)
		w.Header().Set("Connection", "close")
	}))
	t.Cleanup(server.Close)
	seam, phones, address := named(t, server)
	for range 5 {
		status, _, err := send(t.Context(), seam, http.MethodPost, address)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
	}
	require.EqualValues(t, 5, arrived.Load())
	require.Equal(t, 1, phones.count())
}

// Where an address has become another host's, connections to it are made, and its certificate is another's.
func TestAFailedHandshakeForgetsTheAddress(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS() // for example.com, by nobody who is known
	t.Cleanup(server.Close)
	seam, phones, address := named(t, server)
	for n := range 2 {
		_, _, err := send(t.Context(), seam, http.MethodPost, address)
		require.Equal(t, ReasonBadCertificate, requireFault(t, err).Reason)
		require.Equal(t, n+1, phones.count())
	}
}

// A proxy's name is kept like any other's, and the vendor's is the proxy's to look up.
func TestAProxysNameIsKept(t *testing.T) {
	t.Parallel()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		if r.URL.Host != "elsewhere.example" {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	t.Cleanup(proxy.Close)
	seam, phones, address := named(t, proxy)
	through, err := url.Parse(address)
	require.NoError(t, err)
	seam.base.Proxy = http.ProxyURL(through)
	for range 2 {
		status, _, err := send(t.Context(), seam, http.MethodPost, "http://elsewhere.example")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
	}
	require.Equal(t, 1, phones.count())
}

func TestNamesAreLookedUpForEachConnectionWhereNoneAreKept(t *testing.T) {
	t.Parallel()
	cfg := Defaults()
	cfg.KeepNames = 0
	seam, _ := newSeam(t, cfg, DefaultPolicies())
	require.Nil(t, seam.names)
	status, _, err := send(t.Context(), seam, http.MethodPost, listen(t, func(_ int, conn net.Conn) {
		if readRequest(conn) {
			_, _ = conn.Write([]byte(answer(200)))
		}
	}))
	require.NoError(t, err)
	require.Equal(t, 200, status)
}
