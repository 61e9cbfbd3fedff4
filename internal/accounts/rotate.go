package accounts

import (
	"context"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
)

// Rotation is what became of the tokens when the key was rotated.
type Rotation struct {
	Accounts int // connected ones, all that have tokens
	Sealed   int // whose tokens were sealed anew; the others were so already
	// Failed are the accounts whose tokens do not open with any key of the keyset. They are as they were.
	Failed []Account
}

// RotateKey seals every token anew, with the current key. It can be repeated, and run while other processes work, even ones that
// still seal with an earlier key: a token that changes meanwhile is looked at again.
func (s *Service) RotateKey(ctx context.Context) (Rotation, error) {
	if s.vault == nil {
		return Rotation{}, NoKeyset("tokens")
	}
	var done Rotation
	err := s.each(ctx, func(account Account) error {
		for {
			came, err := s.rotate(ctx, account)
			switch {
			case err != nil && fault.Of(err).Reason == reasonSealed:
				done.Accounts++
				done.Failed = append(done.Failed, account)
				return nil
			case err != nil:
				return err
			case came != overtaken:
				done.Accounts++
				if came == sealedAnew {
					done.Sealed++
				}
				return nil
			}
			account, err = FromRow(s.queries.AccountGet(ctx, s.store, db.AccountGetParams{ID: account.ID, OwnerID: account.OwnerID}))
			if fault.Is(err, fault.NotFound) || (err == nil && account.disconnectedAt != nil) {
				return nil
			}
			if err != nil {
				return err
			}
		}
	})
	return done, err
}

// resealing is what came of sealing an account's tokens anew.
type resealing uint8

const (
	sealedAlready resealing = iota // with the key that seals now
	sealedAnew
	overtaken // they are others by now
)

// rotate seals an account's tokens with the key that seals now.
func (s *Service) rotate(ctx context.Context, account Account) (came resealing, err error) {
	row := db.AccountResealParams{
		ID: account.ID, OwnerID: account.OwnerID, OldSealedToken: account.sealedToken, OldSealedRefreshToken: account.sealedRefreshToken,
	}
	if row.SealedToken, err = s.vault.reseal(account.sealedToken, account.OwnerID, account.URN); err != nil {
		return came, err
	}
	if row.SealedRefreshToken, err = s.vault.reseal(account.sealedRefreshToken, account.OwnerID, account.URN); err != nil {
		return came, err
	}
	if s.vault.current(account.sealedToken) && (account.sealedRefreshToken == nil || s.vault.current(account.sealedRefreshToken)) {
		return sealedAlready, nil
	}
	rows, err := s.queries.AccountReseal(ctx, s.store, row)
	if rows == 0 {
		return overtaken, err
	}
	return sealedAnew, err
}

// reseal seals a token with the key that seals now; none stays none.
func (v *Vault) reseal(sealed []byte, ownerID uuid.UUID, urn string) ([]byte, error) {
	if sealed == nil {
		return nil, nil
	}
	token, err := v.open(sealed, ownerID, urn)
	if err != nil {
		return nil, err
	}
	return v.seal(token, ownerID, urn)
}
