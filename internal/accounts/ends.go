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
		renewed := s.renewedUntil(row.App, row.TokenExpiresAt, row.RefreshTokenExpiresAt)
		if left, known := timeLeft(row, renewed, now); known {
			ends[row.ID] = left
		}
	}
	return ends, nil
}

// timeLeft counts to the end of renewals while the access token is renewed by itself, and to its own end otherwise.
func timeLeft(row db.AccountListEndsRow, renewed *time.Time, now time.Time) (left time.Duration, known bool) {
	if row.PausedReason != "" {
		return 0, true
	}
	if row.TokenExpiresAt == nil {
		return 0, false
	}
	left = row.TokenExpiresAt.Sub(now)
	if renewed != nil && left > renewalFailed {
		left = renewed.Sub(now)
	}
	return max(left, 0), true
}

// RenewedUntil is until when an account's token is renewed by itself; nil when it is not, and a person has to connect the account
// again by the token's end. A refresh token that ends with the access token renews nothing, nor does any without the id and secret of the
// LinkedIn app that gave it, which may be gone from the configuration, or without a keyset.
func (s *Service) RenewedUntil(account Account) *time.Time {
	return s.renewedUntil(account.App, account.TokenExpiresAt, account.RefreshTokenExpiresAt)
}

// RenewalFailed reports whether a token that is renewed by itself was due to be, a day ago and more, and was not.
func RenewalFailed(account Account, now time.Time) bool {
	return account.TokenExpiresAt != nil && account.TokenExpiresAt.Sub(now) <= renewalFailed
}

func (s *Service) renewedUntil(appName string, tokenEnds, refreshEnds *time.Time) *time.Time {
	if tokenEnds == nil || refreshEnds == nil || !refreshEnds.After(*tokenEnds) || s.vault == nil {
		return nil
	}
	if app, err := s.app(appName); err != nil || !app.Set {
		return nil
	}
	return refreshEnds
}
