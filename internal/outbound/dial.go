package outbound

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	// dialTimeout bounds the making of a connection, the look-up of its host included.
	dialTimeout = 10 * time.Second
	// headStart is how long the addresses of the family that the resolver puts first are tried alone: net.Dialer's
	// FallbackDelay (RFC 6555).
	headStart = 300 * time.Millisecond
	// leastTry is the time that one of several addresses gets at least, where there is that much: net.Dialer's.
	leastTry = 2 * time.Second
	// patience is how long a caller waits for a connection whose leaving says nothing about the addresses.
	patience = time.Second
)

// dialer connects to the addresses that names keeps, as net.Dialer does to those that it looks up itself: that races IPv6 and
// IPv4 for names only, and has no place to give it addresses.
type dialer struct {
	names   *names
	connect dialFunc // to one address
}

// dial opens a connection to host:port. When it can't be had, the host's addresses are looked up anew, and those tried at once
// that were not: a vendor that has moved is not away for as long as its old addresses would have been kept.
func (d dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	caller, began := ctx, time.Now()
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if literal, err := netip.ParseAddr(host); err == nil {
		return d.inTurn(ctx, network, []netip.Addr{literal}, port)
	}
	tried, err := d.names.lookup(ctx, host)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	conn, failure := d.race(ctx, network, tried, port)
	if failure == nil {
		return conn, nil
	}
	if caller.Err() != nil && time.Since(began) < patience {
		return nil, failure
	}
	d.names.forget(host)
	if ctx.Err() != nil {
		return nil, failure
	}
	now, err := d.names.lookup(ctx, host)
	if err != nil {
		return nil, failure
	}
	untried := slices.DeleteFunc(slices.Clone(now), func(a netip.Addr) bool { return slices.Contains(tried, a) })
	if len(untried) == 0 {
		return nil, failure
	}
	return d.race(ctx, network, untried, port)
}

// race connects to one of the addresses: it tries those of the first one's family, and beside them the others when that has
// taken a while, or at once when it has failed. The connection that is there first is taken; of two failures the first family's
// is told. Nothing of it goes on when it returns.
func (d dialer) race(ctx context.Context, network string, addresses []netip.Addr, port string) (net.Conn, error) {
	var families [2][]netip.Addr
	for _, address := range addresses {
		family := 0
		if address.Is4() != addresses[0].Is4() {
			family = 1
		}
		families[family] = append(families[family], address)
	}
	if len(families[1]) == 0 {
		return d.inTurn(ctx, network, addresses, port)
	}
	type try struct {
		family int
		conn   net.Conn
		err    error
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan try, len(families))
	var tries sync.WaitGroup
	defer func() {
		cancel()
		tries.Wait()
		close(ended)
		for late := range ended {
			if late.conn != nil {
				_ = late.conn.Close() // nobody has used it
			}
		}
	}()
	begin := func(family int) {
		tries.Go(func() {
			conn, err := d.inTurn(ctx, network, families[family], port)
			ended <- try{family, conn, err}
		})
	}
	begin(0)
	begun, underWay := 1, 1
	alone := time.NewTimer(headStart)
	defer alone.Stop()
	var failures [2]error
	for underWay > 0 {
		select {
		case <-alone.C:
		case this := <-ended:
			if this.err == nil {
				return this.conn, nil
			}
			failures[this.family] = this.err
			underWay--
		}
		if begun == 1 {
			begin(1)
			begun, underWay = 2, underWay+1
		}
	}
	return nil, failures[0]
}

// inTurn tries addresses one after the other, each for its part of the time that is left, and tells the first one's failure.
func (d dialer) inTurn(ctx context.Context, network string, addresses []netip.Addr, port string) (conn net.Conn, failure error) {
	for i, address := range addresses {
		deadline, _ := ctx.Deadline()
		part := max(time.Until(deadline)/time.Duration(len(addresses)-i), leastTry)
		limit, cancel := context.WithTimeout(ctx, part)
		conn, err := d.connect(limit, network, net.JoinHostPort(address.String(), port))
		cancel()
		if err == nil {
			return conn, nil
		}
		failure = cmp.Or(failure, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, failure
}
