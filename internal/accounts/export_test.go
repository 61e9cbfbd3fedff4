package accounts

import (
	"context"
	"time"
)

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

// What follows is what an account keeps to itself.

// PausedReason is the column of that name.
func (a Account) PausedReason() string { return a.pausedReason }

// TokenRevision is the column of that name.
func (a Account) TokenRevision() int64 { return a.tokenRevision }

// TokenExpiresAt is the column of that name.
func (a Account) TokenExpiresAt() *time.Time { return a.tokenExpiresAt }

// TokenExpiryAssumed is the column of that name.
func (a Account) TokenExpiryAssumed() bool { return a.tokenExpiryAssumed }

// RefreshTokenExpiresAt is the column of that name.
func (a Account) RefreshTokenExpiresAt() *time.Time { return a.refreshTokenExpiresAt }

// CheckedAt is the column of that name.
func (a Account) CheckedAt() *time.Time { return a.checkedAt }

// NotKnownAt is the column of that name.
func (a Account) NotKnownAt() *time.Time { return a.notKnownAt }

// RenewalRefusedAt is the column of that name.
func (a Account) RenewalRefusedAt() *time.Time { return a.renewalRefusedAt }

// WarnedDays is the column of that name.
func (a Account) WarnedDays() *int32 { return a.warnedDays }

// Warnings are the days before a token's end on which its owner is warned.
var Warnings = warnings
