package webhooks

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
)

// secrets makes them, and seals them as tokens are sealed. The vault may be nil.
type secrets struct{ vault *accounts.Vault }

// secretBytes is how many random bytes a secret has: what the specification recommends at least is 24.
const secretBytes = 32

// newSecret makes one, in the form that libraries of Standard Webhooks read.
func newSecret() string {
	key := make([]byte, secretBytes)
	_, _ = rand.Read(key) // it never fails
	return "whsec_" + base64.StdEncoding.EncodeToString(key)
}

// binding ties a sealed secret to its webhook: copied to another row it does not open.
func binding(owner, id uuid.UUID) []byte {
	return []byte("webhook secret\x00" + owner.String() + "\x00" + id.String())
}

func (s secrets) seal(secret string, owner, id uuid.UUID) ([]byte, error) {
	if s.vault == nil {
		return nil, accounts.NoKeyset("secrets")
	}
	return s.vault.Seal(secret, binding(owner, id))
}

func (s secrets) open(sealed []byte, owner, id uuid.UUID) (string, error) {
	if s.vault != nil {
		if secret, err := s.vault.Open(sealed, binding(owner, id)); err == nil {
			return secret, nil
		}
	}
	return "", fault.New(fault.Precondition,
		"The webhook's secret was sealed with a key that this server does not have: start it with the keyset of before, or rotate the secret "+
			"with overlapSeconds 0.").
		WithReason("WEBHOOK_SECRET_SEALED")
}

// opened are the secrets that sign now, the current one first: with an error that one alone, or none where that does not open.
func (s secrets) opened(current, previous []byte, until *time.Time, owner, id uuid.UUID, now time.Time) ([]string, error) {
	secret, err := s.open(current, owner, id)
	if err != nil {
		return nil, err
	}
	if previous == nil || until == nil || !now.Before(*until) {
		return []string{secret}, nil
	}
	before, err := s.open(previous, owner, id)
	if err != nil {
		return []string{secret}, err
	}
	return []string{secret, before}, nil
}

// Rotation is what became of the secrets when the keyset's key was rotated.
type Rotation struct {
	Webhooks int // all that there are
	Sealed   int // whose secrets were sealed anew; the others were so already
	// Failed are those whose secrets do not open with any key of the keyset. They are as they were.
	Failed []uuid.UUID
}

// RotateKey seals every secret anew, with the keyset's current key, as accounts.Service.RotateKey does with tokens. One that changes
// meanwhile is looked at again.
func (s *Service) RotateKey(ctx context.Context) (done Rotation, err error) {
	err = s.eachSealed(ctx, func(row db.WebhookListSealedRow) error { return s.reseal(ctx, row, &done) })
	return done, err
}

func (s *Service) reseal(ctx context.Context, row db.WebhookListSealedRow, done *Rotation) error {
	expired := row.PreviousSecretUntil != nil && !s.now().Before(*row.PreviousSecretUntil) // retention erases it
	for {
		anew := db.WebhookResealParams{
			ID: row.ID, OwnerID: row.OwnerID, SealedSecret: row.SealedSecret, SealedPreviousSecret: row.SealedPreviousSecret,
			OldSealedSecret: row.SealedSecret, OldSealedPreviousSecret: row.SealedPreviousSecret,
		}
		changed := false
		for _, sealed := range []*[]byte{&anew.SealedSecret, &anew.SealedPreviousSecret} {
			if *sealed == nil || expired && sealed == &anew.SealedPreviousSecret || s.secrets.vault.Current(*sealed) {
				continue
			}
			secret, err := s.secrets.open(*sealed, row.OwnerID, row.ID)
			if err != nil {
				done.Webhooks++
				done.Failed = append(done.Failed, row.ID)
				return nil //nolint:nilerr // it is told in what became of the secrets
			}
			if *sealed, err = s.secrets.seal(secret, row.OwnerID, row.ID); err != nil {
				return err
			}
			changed = true
		}
		if !changed {
			done.Webhooks++
			return nil
		}
		rows, err := s.queries.WebhookReseal(ctx, s.store, anew)
		if err != nil {
			return err
		}
		if rows > 0 {
			done.Webhooks++
			done.Sealed++
			return nil
		}
		now, err := fromRow(s.queries.WebhookGet(ctx, s.store, db.WebhookGetParams{ID: row.ID, OwnerID: row.OwnerID}))
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		row.SealedSecret, row.SealedPreviousSecret = now.sealedSecret, now.sealedPreviousSecret
		expired = now.PreviousSecretUntil != nil && !s.now().Before(*now.PreviousSecretUntil)
	}
}
