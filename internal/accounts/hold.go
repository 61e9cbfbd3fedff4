package accounts

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/postgres"
)

// GetForUpdate returns an account of the owner, connected or not, and locks it until the transaction ends.
func (s *Service) GetForUpdate(ctx context.Context, tx *postgres.Tx, ownerID, id uuid.UUID) (Account, error) {
	return FromRow(s.queries.AccountGetForUpdate(ctx, tx, db.AccountGetForUpdateParams{ID: id, OwnerID: ownerID}))
}

// Pause keeps everything of an account from going out until it has a new token, and tells its owner. An account that got
// another token than the one in hand since is not paused.
func (s *Service) Pause(ctx context.Context, tx *postgres.Tx, account Account, reason string) error {
	paused, err := s.queries.AccountPause(ctx, tx, db.AccountPauseParams{
		ID: account.ID, OwnerID: account.OwnerID, TokenRevision: account.tokenRevision, PausedReason: reason, Now: s.now(),
	})
	if err != nil || paused == 0 {
		return err
	}
	next := s.follow(Paused, account)
	if account.sealedRefreshToken != nil { // a new token may be had at once
		next = append(next, CheckArgs{OwnerID: account.OwnerID, AccountID: account.ID})
	}
	return s.jobs.Insert(ctx, tx, next...)
}

// Hold keeps everything of an account from going out until a time; it never shortens a longer hold. streak is how many holds
// of the day have followed each other of which nobody said how long they last, this one included; 0 for one of which somebody
// did.
func (s *Service) Hold(ctx context.Context, tx *postgres.Tx, account Account, until time.Time, reason string, streak int) error {
	_, err := s.queries.AccountHold(ctx, tx, db.AccountHoldParams{
		ID:         account.ID,
		OwnerID:    account.OwnerID,
		HeldUntil:  until,
		HeldReason: reason,
		HoldStreak: int16(streak), //nolint:gosec // a dozen fill a day
		Now:        s.now(),
	})
	return err
}

// EndHoldStreak lets the next hold of which nobody says how long it lasts be a short one again.
func (s *Service) EndHoldStreak(ctx context.Context, tx *postgres.Tx, account Account) error {
	if account.holdStreak == 0 {
		return nil
	}
	_, err := s.queries.AccountEndHoldStreak(ctx, tx, db.AccountEndHoldStreakParams{ID: account.ID, OwnerID: account.OwnerID, Now: s.now()})
	return err
}
