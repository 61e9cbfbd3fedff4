package webhooks

import (
	"context"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/idempotency"
	"github.com/postwright/postwright/internal/postgres"
)

// MaxWebhooks is how many endpoints an owner may have.
const MaxWebhooks = 20

// Created is an endpoint with the secret that signs what is sent to it. It is shown this once.
type Created struct {
	Webhook Webhook
	Secret  string
}

// Create adds an endpoint. The same request id again gives the same one back, with its secret unless that was rotated since.
func (s *Service) Create(ctx context.Context, in CreateInput) (made Created, err error) {
	if err := in.Validate(); err != nil {
		return Created{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Created{}, err
	}
	secret := newSecret()
	sealed, err := s.secrets.seal(secret, in.OwnerID, id)
	if err != nil {
		return Created{}, err
	}
	err = s.store.InTx(ctx, func(tx *postgres.Tx) error {
		call := idempotency.Call{OwnerID: in.OwnerID, Operation: "CreateWebhook", Request: in.Request}
		earlier, err := idempotency.Claim(ctx, tx, call, []uuid.UUID{id}, s.now())
		if err != nil {
			return err
		}
		if earlier != nil {
			made, err = s.madeBefore(ctx, tx, in.OwnerID, earlier[0])
			return err
		}
		if _, err := s.queries.WebhookLockOwner(ctx, tx, in.OwnerID); err != nil {
			return err
		}
		count, err := s.queries.WebhookCount(ctx, tx, in.OwnerID)
		if err != nil {
			return err
		}
		if count >= MaxWebhooks {
			return fault.Newf(fault.Precondition, "You have %d webhooks, which are all that a user may have: delete one that is not needed.", count).
				WithReason("WEBHOOK_LIMIT")
		}
		made.Secret = secret
		made.Webhook, err = fromRow(s.queries.WebhookInsert(ctx, tx, db.WebhookInsertParams{
			ID: id, OwnerID: in.OwnerID, Url: in.Draft.URL, Description: in.Draft.Description, EventTypes: in.Draft.EventTypes,
			SealedSecret: sealed, Now: s.now(),
		}))
		return err
	})
	return made, err
}

// madeBefore is the answer to a repeated request.
func (s *Service) madeBefore(ctx context.Context, tx *postgres.Tx, owner, id uuid.UUID) (made Created, err error) {
	made.Webhook, err = fromRow(s.queries.WebhookGet(ctx, tx, db.WebhookGetParams{ID: id, OwnerID: owner}))
	if fault.Is(err, fault.NotFound) {
		return Created{}, fault.New(
			fault.NotFound,
			"What this request id created has been deleted since: choose a new request id to create it again.",
		).WithCause(err)
	}
	if err == nil && made.Webhook.rotatedAt == nil {
		made.Secret, err = s.secrets.open(made.Webhook.sealedSecret, owner, id)
	}
	return made, err
}

// Get returns an endpoint of the owner.
func (s *Service) Get(ctx context.Context, owner, id uuid.UUID) (Webhook, error) {
	return fromRow(s.queries.WebhookGet(ctx, s.store, db.WebhookGetParams{ID: id, OwnerID: owner}))
}

// List returns the owner's endpoints, oldest first.
func (s *Service) List(ctx context.Context, owner uuid.UUID) ([]Webhook, error) {
	rows, err := s.queries.WebhookListByOwner(ctx, s.store, owner)
	list := make([]Webhook, len(rows))
	for i, row := range rows {
		list[i], _ = fromRow(row, nil)
	}
	return list, err
}

// switchedOffByOwner is what becomes of deliveries that wait for an endpoint as its owner switches it off.
const switchedOffByOwner = "The endpoint was switched off."

// Update changes only the fields named and returns the whole endpoint.
func (s *Service) Update(ctx context.Context, in UpdateInput) (updated Webhook, err error) {
	if err := in.Validate(); err != nil {
		return Webhook{}, err
	}
	err = s.store.InTx(ctx, func(tx *postgres.Tx) error {
		current, err := fromRow(s.queries.WebhookGetForUpdate(ctx, tx, db.WebhookGetForUpdateParams{ID: in.ID, OwnerID: in.OwnerID}))
		if err != nil {
			return err
		}
		now := s.now()
		types := in.Draft.EventTypes
		if types == nil {
			types = []string{}
		}
		updated, err = fromRow(s.queries.WebhookUpdate(ctx, tx, db.WebhookUpdateParams{
			ID: in.ID, OwnerID: in.OwnerID, Now: now, SetUrl: in.has("url"), Url: in.Draft.URL,
			SetDescription: in.has("description"), Description: in.Draft.Description, SetEventTypes: in.has("event_types"), EventTypes: types,
		}))
		if err == nil && updated.URL != current.URL && current.OffReason == "" {
			updated, err = s.moved(ctx, tx, updated)
		}
		switch {
		case err != nil || !in.has("enabled") || in.Enabled == (current.OffReason == ""):
		case in.Enabled:
			// What happened before is not sent.
			_, err = s.queries.WebhookFailPending(ctx, tx, db.WebhookFailPendingParams{WebhookID: in.ID, Problem: switchedOffByOwner, Now: now})
			if err != nil {
				return err
			}
			updated, err = fromRow(s.queries.WebhookSwitchOn(ctx, tx, db.WebhookSwitchOnParams{ID: in.ID, OwnerID: in.OwnerID, Now: now}))
		default:
			updated, err = s.switchOff(ctx, tx, current, OffByOwner, switchedOffByOwner)
		}
		return err
	})
	return updated, err
}

// moved has what waits for an endpoint, whose row the caller has locked, sent to its new URL at once.
func (s *Service) moved(ctx context.Context, tx *postgres.Tx, w Webhook) (Webhook, error) {
	moved, err := fromRow(s.queries.WebhookMoved(ctx, tx, db.WebhookMovedParams{ID: w.ID, OwnerID: w.OwnerID, Now: s.now()}))
	if err == nil {
		err = s.queries.WebhookAnnounce(ctx, tx)
	}
	return moved, err
}

// switchOff ends what waits for an endpoint, whose row the caller has locked.
func (s *Service) switchOff(ctx context.Context, tx *postgres.Tx, w Webhook, reason, problem string) (off Webhook, err error) {
	now := s.now()
	off, err = fromRow(s.queries.WebhookSwitchOff(ctx, tx, db.WebhookSwitchOffParams{ID: w.ID, OwnerID: w.OwnerID, OffReason: reason, Now: now}))
	if err == nil {
		_, err = s.queries.WebhookFailPending(ctx, tx, db.WebhookFailPendingParams{WebhookID: w.ID, Problem: problem, Now: now})
	}
	return off, err
}

// Delete takes an endpoint away, with its deliveries: those are nobody's any more, and forgotten bit by bit (package retention).
func (s *Service) Delete(ctx context.Context, owner, id uuid.UUID) error {
	deleted, err := s.queries.WebhookDelete(ctx, s.store, db.WebhookDeleteParams{ID: id, OwnerID: owner, Now: s.now()})
	if err == nil && deleted == 0 {
		err = notFound(fault.New(fault.NotFound, ""))
	}
	return err
}

// Rotate makes a new secret. The one before signs too for a while, so that a receiver can take over the new one in its own time.
func (s *Service) Rotate(ctx context.Context, in RotateInput) (rotated Created, err error) {
	if err := in.Validate(); err != nil {
		return Created{}, err
	}
	overlap := usualOverlap
	if in.Overlap != nil {
		overlap = *in.Overlap
	}
	rotated.Secret = newSecret()
	sealed, err := s.secrets.seal(rotated.Secret, in.OwnerID, in.ID)
	if err != nil {
		return Created{}, err
	}
	err = s.store.InTx(ctx, func(tx *postgres.Tx) error {
		current, err := fromRow(s.queries.WebhookGetForUpdate(ctx, tx, db.WebhookGetForUpdateParams{ID: in.ID, OwnerID: in.OwnerID}))
		if err != nil {
			return err
		}
		now := s.now()
		anew := db.WebhookRotateParams{ID: in.ID, OwnerID: in.OwnerID, SealedSecret: sealed, Now: now}
		if until := now.Add(overlap); overlap > 0 {
			anew.SealedPreviousSecret, anew.PreviousSecretUntil = current.sealedSecret, &until
		}
		rotated.Webhook, err = fromRow(s.queries.WebhookRotate(ctx, tx, anew))
		return err
	})
	return rotated, err
}
