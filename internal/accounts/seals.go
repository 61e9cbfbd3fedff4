package accounts

import (
	"context"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
)

// Seals is whether the keyset opens what is sealed.
type Seals struct {
	Accounts int // connected ones, all that have tokens
	Closed   int // whose tokens no key of the keyset opens
}

// Seals opens every token that is kept, and keeps none. Without a keyset it is a Precondition fault.
func (s *Service) Seals(ctx context.Context) (found Seals, err error) {
	if s.vault == nil {
		return found, noVault()
	}
	err = s.each(ctx, func(account Account) error {
		found.add(s.vault, account)
		return nil
	})
	return found, err
}

// SealsOf is Seals for the accounts of one owner.
func (s *Service) SealsOf(ctx context.Context, ownerID uuid.UUID) (found Seals, err error) {
	if s.vault == nil {
		return found, noVault()
	}
	own, err := s.List(ctx, ownerID)
	for _, account := range own {
		found.add(s.vault, account)
	}
	return found, err
}

func (f *Seals) add(vault *Vault, account Account) {
	f.Accounts++
	if _, err := vault.open(account.sealedToken, account.OwnerID, account.URN); err != nil {
		f.Closed++
	}
}

// each hands every connected account of all owners to do, in pages.
func (s *Service) each(ctx context.Context, do func(Account) error) error {
	for after := uuid.Nil; ; {
		page, err := fromRows(s.queries.AccountListConnected(ctx, s.store, db.AccountListConnectedParams{AfterID: after, PageSize: sweepPage}))
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].ID
		for _, account := range page {
			if err := do(account); err != nil {
				return err
			}
		}
	}
}

// All returns the connected accounts of all owners, at most so many, in the order of their ids.
func (s *Service) All(ctx context.Context, most int32) ([]Account, error) {
	return fromRows(s.queries.AccountListConnected(ctx, s.store, db.AccountListConnectedParams{AfterID: uuid.Nil, PageSize: most}))
}
