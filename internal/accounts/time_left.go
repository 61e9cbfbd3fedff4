package accounts

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// maxTimeLeft bounds how many accounts TimeLeft names.
const maxTimeLeft = 1000

// TimeLeft says of each connected account of all owners how long until a person has to connect it again; 0 when that is now.
// Accounts of which it is not known are left out; of very many, those that end first are named.
func (s *Service) TimeLeft(ctx context.Context) (map[uuid.UUID]time.Duration, error) {
	rows, err := fromRows(s.queries.AccountListEnds(ctx, s.store, maxTimeLeft))
	if err != nil {
		return nil, err
	}
	now := s.now()
	ends := make(map[uuid.UUID]time.Duration, len(rows))
	for _, row := range rows {
		if standing := s.Standing(row, now); standing.Paused != "" {
			ends[row.ID] = 0
		} else if lasts := standing.UsableUntil(); lasts != nil {
			ends[row.ID] = max(lasts.Sub(now), 0)
		}
	}
	return ends, nil
}
