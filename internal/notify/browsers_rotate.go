package notify

import (
	"context"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
)

// Rotation is what became of the browsers' secrets when the keyset's key was rotated.
type Rotation struct {
	Browsers int // all that there are
	Sealed   int // whose secrets were sealed anew; the others were so already
	// Failed are those whose secrets do not open with any key of the keyset. They are as they were.
	Failed []uuid.UUID
}

// resealPage is how many browsers are read at once.
const resealPage = 200

// RotateKey seals every browser's secret anew, with the keyset's current key, as accounts.Service.RotateKey does with tokens. One that
// is registered anew meanwhile has the current key, or is found by the next run.
func (b *Browsers) RotateKey(ctx context.Context) (done Rotation, err error) {
	if b.vault == nil {
		return Rotation{}, accounts.NoKeyset("secrets")
	}
	for after := uuid.Nil; ; {
		page, err := b.queries.PushSubscriptionListSealed(ctx, b.store, db.PushSubscriptionListSealedParams{AfterID: after, PageSize: resealPage})
		if err != nil || len(page) == 0 {
			return done, err
		}
		for _, row := range page {
			if err := b.reseal(ctx, row, &done); err != nil {
				return done, err
			}
			after = row.ID
		}
	}
}

func (b *Browsers) reseal(ctx context.Context, row db.PushSubscription, done *Rotation) error {
	done.Browsers++
	if b.vault.Current(row.SealedAuth) {
		return nil
	}
	secret, err := b.open(row.SealedAuth, row.OwnerID, row.Endpoint)
	if err != nil {
		done.Failed = append(done.Failed, row.ID)
		return nil //nolint:nilerr // it is told in what became of the secrets
	}
	sealed, err := b.seal(secret, row.OwnerID, row.Endpoint)
	if err != nil {
		return err
	}
	rows, err := b.queries.PushSubscriptionReseal(ctx, b.store, db.PushSubscriptionResealParams{
		ID: row.ID, OwnerID: row.OwnerID, SealedAuth: sealed, OldSealedAuth: row.SealedAuth,
	})
	done.Sealed += int(rows)
	return err
}
