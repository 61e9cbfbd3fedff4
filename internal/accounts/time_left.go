package accounts

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
)

// maxTimeLeft bounds how many accounts TimeLeft names: each is a sample in /metrics.
const maxTimeLeft = 1000

// TimeLeft says of each connected account of all owners how long until a person has to connect it again; 0 when that is now.
// Accounts of which it is not known are left out; of very many, those with the least time are named.
func (s *Service) TimeLeft(ctx context.Context) (map[uuid.UUID]time.Duration, error) {
	now := s.now()
	ending, err := fromRows(s.queries.AccountListEnding(ctx, s.store, maxTimeLeft))
	if err != nil {
		return nil, err
	}
	left := map[uuid.UUID]time.Duration{}
	for _, account := range ending {
		if standing := s.Standing(account, now); standing.Paused != "" {
			left[account.ID] = 0
		} else if lasts := standing.UsableUntil(); lasts != nil {
			left[account.ID] = max(lasts.Sub(now), 0)
		}
	}
	if len(left) <= maxTimeLeft {
		return left, nil
	}
	// What stands in the rows does not say how little is left, which follows from the keyset and the apps too: these are more.
	byTime := slices.SortedFunc(maps.Keys(left), func(a, b uuid.UUID) int {
		return cmp.Or(cmp.Compare(left[a], left[b]), bytes.Compare(a[:], b[:]))
	})
	for _, id := range byTime[maxTimeLeft:] {
		delete(left, id)
	}
	return left, nil
}
