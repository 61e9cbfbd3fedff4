package sunset

import (
	"context"
	"sync"
	"time"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// Support is LinkedIn's own word on whether it serves a version.
type Support uint8

// What LinkedIn says of a version.
const (
	Unknown     Support = iota // no account's token leads to an answer
	Supported                  // it serves the version
	Unsupported                // it does not, or not any more
)

// Probe asks LinkedIn whether it serves the configured version.
type Probe func(ctx context.Context) Support

// NewProbe returns a Probe that asks with the token of the first account that LinkedIn accepts.
func NewProbe(
	list func(context.Context) ([]accounts.Account, error),
	open func(context.Context, accounts.Account) (asking context.Context, token string, err error),
	client *linkedin.Client,
) Probe {
	return func(ctx context.Context) Support {
		connected, err := list(ctx)
		if err != nil {
			return Unknown
		}
		for _, account := range connected {
			asking, token, err := open(ctx, account)
			if err != nil {
				continue
			}
			served, err := client.ServesVersion(asking, token)
			switch {
			case fault.Is(err, fault.VendorAuth): // another account's token may be accepted
				continue
			case err != nil:
				return Unknown
			case served:
				return Supported
			}
			return Unsupported
		}
		return Unknown
	}
}

// probeTTL is how long LinkedIn's word about a version is good for. Whoever asks often must not use up the day of the
// account that it is asked with: LinkedIn allows a member 150 requests.
const probeTTL = 6 * time.Hour

// Cached asks again only when what LinkedIn last said is six hours old. That nobody knows is not kept.
func (p Probe) Cached(now func() time.Time) Probe {
	var mu sync.Mutex
	var asked time.Time
	last := Unknown
	return func(ctx context.Context) Support {
		mu.Lock()
		defer mu.Unlock()
		if last != Unknown && now().Sub(asked) < probeTTL {
			return last
		}
		found := p(ctx)
		if found != Unknown {
			asked, last = now(), found
		}
		return found
	}
}
