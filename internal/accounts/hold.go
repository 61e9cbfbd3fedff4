package accounts

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/postgres"
)

// ReasonDisconnected marks the fault of an account that was disconnected.
const ReasonDisconnected = "ACCOUNT_DISCONNECTED"

// GetForUpdate returns an account of the owner and locks it until the transaction ends.
func (s *Service) GetForUpdate(ctx context.Context, tx *postgres.Tx, ownerID, id uuid.UUID) (Account, error) {
	return s.queries.AccountGetForUpdate(ctx, tx, db.AccountGetForUpdateParams{ID: id, OwnerID: ownerID})
}

// Pause keeps everything of an account from going out until a person connects it again.
func (s *Service) Pause(ctx context.Context, tx *postgres.Tx, account Account, reason string) (changed bool, err error) {
	paused, err := s.queries.AccountPause(ctx, tx, db.AccountPauseParams{
		ID: account.ID, OwnerID: account.OwnerID, TokenRevision: account.TokenRevision, PausedReason: reason, Now: s.now(),
	})
	return paused > 0, err
}

// Hold keeps everything of an account from going out until a time.
func (s *Service) Hold(ctx context.Context, tx *postgres.Tx, account Account, until time.Time, reason string) error {
	_, err := s.queries.AccountHold(ctx, tx, db.AccountHoldParams{
		ID: account.ID, OwnerID: account.OwnerID, HeldUntil: until, HeldReason: reason, Now: s.now(),
	})
	return err
}
