package accounts

import "context"

// Sweep has every account looked at, as the job does that comes every hour.
func (s *Service) Sweep(ctx context.Context) error { return (&sweepWorker{service: s}).Work(ctx, nil) }

// SealedToken is an account's token as it is kept.
func (a Account) SealedToken() []byte { return a.sealedToken }

// SealedRefreshToken is an account's refresh token as it is kept; nil for none.
func (a Account) SealedRefreshToken() []byte { return a.sealedRefreshToken }

// With is an account with the sealed token of another.
func (a Account) With(token []byte) Account {
	a.sealedToken = token
	return a
}
