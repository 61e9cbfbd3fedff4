package siege

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	connectionsMost   = 200   // that the node may have open
	connectionHolders = 1_000 // who each want one
	connectionsTried  = 50_000
	connectionsEvery  = 100 * time.Millisecond // one who was sent away comes again
)

// holdConnections has many connections open, says nothing over them, and makes another for each that is closed.
func holdConnections(ctx context.Context, s *stage) error {
	attacking, end := s.flooding(ctx, s.Size.Flood)
	defer end()
	var tried atomic.Int64
	most := 0.0
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(attackersAddress)}}
	var holders sync.WaitGroup
	for range connectionHolders {
		holders.Go(func() {
			for attacking.Err() == nil && tried.Add(1) <= connectionsTried {
				conn, err := dialer.DialContext(attacking, "tcp", s.node.Address)
				if err == nil {
					ended := context.AfterFunc(attacking, func() { _ = conn.Close() })
					_, _ = conn.Read(make([]byte, 1)) // until it is closed
					ended()
					_ = conn.Close()
				}
				wait(attacking, connectionsEvery)
			}
		})
	}
	for attacking.Err() == nil {
		if m, err := s.node.Metrics(attacking); err == nil {
			if open, err := m.Sum("http_connections_open", "", ""); err == nil {
				most = max(most, open)
			}
		}
		wait(attacking, connectionsEvery)
	}
	holders.Wait()
	s.sent.Add(tried.Load())
	s.reach("connections that were made", int(tried.Load()), connectionHolders)
	s.reach("connections that were open at once", int(most), connectionsMost/2)
	s.figure("connections that were open at once", most, connectionsMost, "", fmt.Sprintf("%d tried", tried.Load()))
	return nil
}
