package accounts

import (
	"context"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
)

// SealCheck is how many tokens the keyset opens.
type SealCheck struct {
	Accounts   int // connected ones, all that have tokens
	Unopenable int // whose tokens no key of the keyset opens
}

// CheckSeals opens every token that is stored, and forgets it again. Without a keyset it is a Precondition fault.
func (s *Service) CheckSeals(ctx context.Context) (found SealCheck, err error) {
	if s.vault == nil {
		return found, NoKeyset("tokens")
	}
	err = s.each(ctx, func(account Account) error {
		found.add(s.vault, account)
		return nil
	})
	return found, err
}

// CheckSealsOf is CheckSeals for the accounts of one owner.
func (s *Service) CheckSealsOf(ctx context.Context, ownerID uuid.UUID) (found SealCheck, err error) {
	if s.vault == nil {
		return found, NoKeyset("tokens")
	}
	list, err := s.List(ctx, ownerID)
	for _, account := range list {
		found.add(s.vault, account)
	}
	return found, err
}

func (f *SealCheck) add(vault *Vault, account Account) {
	f.Accounts++
	if _, err := vault.open(account.sealedToken, account.OwnerID, account.URN); err != nil {
		f.Unopenable++
	}
}

// eachPage hands every connected account of all owners to do, in pages, in the order of their ids.
func (s *Service) eachPage(ctx context.Context, do func([]Account) error) error {
	for after := uuid.Nil; ; {
		page, err := fromRows(s.queries.AccountListConnected(ctx, s.store, db.AccountListConnectedParams{AfterID: after, PageSize: sweepPage}))
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].ID
		if err := do(page); err != nil {
			return err
		}
	}
}

// each is eachPage, account by account.
func (s *Service) each(ctx context.Context, do func(Account) error) error {
	return s.eachPage(ctx, func(page []Account) error {
		for _, account := range page {
			if err := do(account); err != nil {
				return err
			}
		}
		return nil
	})
}

// Owners are the users who have a connected account. It takes part in the caller's transaction when on is one.
func (s *Service) Owners(ctx context.Context, on db.DBTX) ([]uuid.UUID, error) {
	return s.queries.AccountListOwners(ctx, on)
}

// ListAll returns the connected accounts of all owners, at most so many, in the order of their ids.
func (s *Service) ListAll(ctx context.Context, most int32) ([]Account, error) {
	return fromRows(s.queries.AccountListConnected(ctx, s.store, db.AccountListConnectedParams{AfterID: uuid.Nil, PageSize: most}))
}
