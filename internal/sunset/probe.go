package sunset

import (
	"context"
	"sync"
	"time"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// probeTTL is how long LinkedIn's word about a version is good for. Whoever asks often must not use up the day of the
// account that it is asked with: LinkedIn allows a member 150 requests.
const probeTTL = 6 * time.Hour

// CachedProbe asks a probe again only when what it last knew is six hours old.
func CachedProbe(probe func(context.Context) (alive, known bool), now func() time.Time) func(context.Context) (alive, known bool) {
	var mu sync.Mutex
	var asked time.Time
	var last bool
	return func(ctx context.Context) (alive, known bool) {
		mu.Lock()
		defer mu.Unlock()
		if !asked.IsZero() && now().Sub(asked) < probeTTL {
			return last, true
		}
		if alive, known = probe(ctx); known {
			asked, last = now(), alive
		}
		return alive, known
	}
}

// Probe asks LinkedIn whether it serves the configured version, with the token of the first account that it accepts. known is
// false when no account's token leads to an answer.
func Probe(
	list func(context.Context) ([]accounts.Account, error),
	open func(context.Context, accounts.Account) (asking context.Context, token string, err error),
	client *linkedin.Client,
) func(context.Context) (alive, known bool) {
	return func(ctx context.Context) (alive, known bool) {
		connected, err := list(ctx)
		if err != nil {
			return false, false
		}
		for _, account := range connected {
			asking, token, err := open(ctx, account)
			if err != nil {
				continue
			}
			alive, err = client.ServesVersion(asking, token)
			if !fault.Is(err, fault.VendorAuth) { // else another account's token may be accepted
				return alive, err == nil
			}
		}
		return false, false
	}
}
