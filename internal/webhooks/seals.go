package webhooks

import (
	"context"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
)

// SealCheck is of how many endpoints the keyset opens the secrets.
type SealCheck struct {
	Webhooks   int
	Unopenable int // one of whose secrets that sign now no key of the keyset opens
}

// CheckSeals opens the secrets of every endpoint, and forgets them again. Without a keyset it is a Precondition fault.
func (s *Service) CheckSeals(ctx context.Context) (found SealCheck, err error) {
	if s.secrets.vault == nil {
		return found, accounts.NoKeyset("secrets")
	}
	err = s.eachSealed(ctx, func(row db.WebhookListSealedRow) error {
		s.checkSeals(&found, row)
		return nil
	})
	return found, err
}

// CheckSealsOf is CheckSeals for the endpoints of one owner.
func (s *Service) CheckSealsOf(ctx context.Context, owner uuid.UUID) (found SealCheck, err error) {
	if s.secrets.vault == nil {
		return found, accounts.NoKeyset("secrets")
	}
	list, err := s.List(ctx, owner)
	for _, w := range list {
		s.checkSeals(&found, db.WebhookListSealedRow{
			ID: w.ID, OwnerID: w.OwnerID, SealedSecret: w.sealedSecret, SealedPreviousSecret: w.sealedPreviousSecret,
			PreviousSecretUntil: w.PreviousSecretUntil,
		})
	}
	return found, err
}

func (s *Service) checkSeals(found *SealCheck, row db.WebhookListSealedRow) {
	found.Webhooks++
	_, err := s.secrets.opened(row.SealedSecret, row.SealedPreviousSecret, row.PreviousSecretUntil, row.OwnerID, row.ID, s.now())
	if err != nil {
		found.Unopenable++
	}
}

// sealedPage is how many endpoints are read at once.
const sealedPage = 200

// eachSealed hands the secrets of every endpoint of all owners to do, in the order of their ids.
func (s *Service) eachSealed(ctx context.Context, do func(db.WebhookListSealedRow) error) error {
	for after := uuid.Nil; ; {
		page, err := s.queries.WebhookListSealed(ctx, s.store, db.WebhookListSealedParams{AfterID: after, PageSize: sealedPage})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, row := range page {
			if err := do(row); err != nil {
				return err
			}
			after = row.ID
		}
	}
}
