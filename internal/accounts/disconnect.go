package accounts

import (
	"context"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/postgres"
)

// Disconnect forgets an account's tokens; the owner's oldest other account becomes the default one where it was. An account
// that is disconnected already stays so.
func (s *Service) Disconnect(ctx context.Context, ownerID, id uuid.UUID) error {
	return s.store.InTx(ctx, func(tx *postgres.Tx) error {
		now := s.now()
		account, err := s.GetForUpdate(ctx, tx, ownerID, id)
		if err != nil || account.disconnectedAt != nil {
			return notFound(err)
		}
		if _, err := s.queries.AccountDisconnect(ctx, tx, db.AccountDisconnectParams{ID: id, OwnerID: ownerID, Now: now}); err != nil {
			return err
		}
		if _, err := s.queries.AccountPromoteOldest(ctx, tx, db.AccountPromoteOldestParams{OwnerID: ownerID, Now: now}); err != nil {
			return err
		}
		return s.jobs.Insert(ctx, tx, s.follow(Disconnected, account)...)
	})
}
