package accounts

import (
	"context"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
)

// Rotation is what became of the tokens when they were sealed anew.
type Rotation struct {
	Accounts int // connected ones, all that have tokens
	Sealed   int // whose tokens were sealed anew; the others were so already
	// Failed are the accounts whose tokens do not open with any key of the keyset. They are as they were.
	Failed []Account
}

// RotateKey seals every token with the key that seals now. It can be repeated, and be done while others work: a token that
// changes meanwhile is sealed with the new key already.
func (s *Service) RotateKey(ctx context.Context) (Rotation, error) {
	if s.vault == nil {
		return Rotation{}, noVault()
	}
	var done Rotation
	err := s.each(ctx, func(account Account) error {
		done.Accounts++
		row := db.AccountResealParams{
			ID: account.ID, OwnerID: account.OwnerID, OldSealedToken: account.SealedToken, OldSealedRefreshToken: account.SealedRefreshToken,
		}
		var tokenErr, refreshErr error
		row.SealedToken, tokenErr = s.vault.reseal(account.SealedToken, account.OwnerID, account.URN)
		row.SealedRefreshToken, refreshErr = s.vault.reseal(account.SealedRefreshToken, account.OwnerID, account.URN)
		switch {
		case tokenErr != nil || refreshErr != nil:
			done.Failed = append(done.Failed, account)
			return nil
		case s.vault.current(account.SealedToken) && (account.SealedRefreshToken == nil || s.vault.current(account.SealedRefreshToken)):
			return nil
		}
		sealed, err := s.queries.AccountReseal(ctx, s.store, row)
		done.Sealed += int(sealed)
		return err
	})
	return done, err
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
