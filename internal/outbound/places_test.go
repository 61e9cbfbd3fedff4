package outbound

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
)

// However many slow calls some have under way, these are there for others.
func TestNobodysSlowCallsTakeAllPlaces(t *testing.T) {
	t.Parallel()
	reading := func(ctx context.Context, seam *Seam) error { _, err := read(ctx, seam); return err }
	creating := func(ctx context.Context, seam *Seam) error {
		_, _, err := send(ctx, seam, "POST", "http://vendor.example")
		return err
	}
	for name, c := range map[string]struct {
		cfg    Config
		owners int
		inJobs bool // are the slow ones
		then   func(context.Context, *Seam) error
		thenIn func(context.Context) context.Context
		held   bool
	}{
		"one owner's reads, another's read": {Defaults(), 1, false, reading, nil, false},
		"one owner's reads, their own": {Defaults(), 1, false, reading,
			func(ctx context.Context) context.Context { return of(ctx, "owner 0") }, true},
		"all owners' reads, a job":    {Defaults(), 50, false, reading, InJob, false},
		"all owners' reads, a create": {Defaults(), 50, false, creating, nil, false},
		"the jobs' reads, a create":   {Defaults(), 50, true, creating, nil, false},
		"the jobs' reads, where all are few": {Config{MaxConns: 4, MaxConnsPerHost: 20, IdleTimeout: time.Minute}, 50, true, creating, nil,
			false},
		"all owners' reads, where there is one only": {Config{MaxConns: 1, MaxConnsPerHost: 1, IdleTimeout: time.Minute}, 1, false, creating, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cfg := c.cfg
				cfg.Owner = ownerInContext
				seam, _ := newSeam(t, cfg, mixed())
				pipe(seam, untilClosed)
				slow, stop := context.WithCancel(t.Context())
				if c.inJobs {
					slow = InJob(slow)
				}
				var group sync.WaitGroup
				for n := range 200 {
					group.Go(func() { _ = reading(of(slow, fmt.Sprintf("owner %d", n%c.owners)), seam) })
				}
				synctest.Wait()
				pipe(seam, func(conn net.Conn) {
					for readRequest(conn) {
						_, _ = conn.Write([]byte(answer(200)))
					}
				})
				ctx := of(t.Context(), "somebody else")
				if c.thenIn != nil {
					ctx = c.thenIn(ctx)
				}
				ctx, cancel := context.WithTimeout(ctx, time.Second)
				defer cancel()
				err := c.then(ctx, seam)
				if c.held {
					require.Equal(t, fault.Deadline, requireFault(t, err).Kind)
				} else {
					require.NoError(t, err)
				}
				stop()
				group.Wait()
				for _, host := range seam.hosts {
					require.Empty(t, host.owners.of, "nobody's share is kept")
				}
			})
		})
	}
}
