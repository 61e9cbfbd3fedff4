package accounts

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
)

// mostEnds bounds how many accounts Ends names.
const mostEnds = 1000

// Ends says of each connected account of all owners how long until a person has to connect it again; 0 when that is now.
// Accounts of which it is not known are left out; of very many, those that end first are told.
func (s *Service) Ends(ctx context.Context) (map[uuid.UUID]time.Duration, error) {
	rows, err := s.queries.AccountListEnds(ctx, s.store, mostEnds)
	if err != nil {
		return nil, err
	}
	now := s.now()
	ends := make(map[uuid.UUID]time.Duration, len(rows))
	for _, row := range rows {
		if left, known := timeLeft(row, now); known {
			ends[row.ID] = left
		}
	}
	return ends, nil
}

// timeLeft counts to the refresh token's end while the access token is renewed by itself, and to its own end otherwise.
func timeLeft(row db.AccountListEndsRow, now time.Time) (left time.Duration, known bool) {
	if row.PausedReason != "" {
		return 0, true
	}
	if row.TokenExpiresAt == nil {
		return 0, false
	}
	left = row.TokenExpiresAt.Sub(now)
	if renewable(row.TokenExpiresAt, row.RefreshTokenExpiresAt) && left > renewalFailed {
		left = row.RefreshTokenExpiresAt.Sub(now)
	}
	return max(left, 0), true
}

// renewable reports whether a refresh token outlives the access token.
func renewable(tokenEnds, refreshEnds *time.Time) bool {
	return refreshEnds != nil && refreshEnds.After(*tokenEnds)
}
