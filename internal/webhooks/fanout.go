package webhooks

import (
	"context"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/postgres"
)

// Bounds of what is fanned out before it is looked for what is due: one owner's events keep nobody else's waiting, however many they are.
const (
	fanOutOwners = 10
	fanOutMost   = 50 // events of one owner, to 20 endpoints each at most
)

// backlog is what is left to fan out.
type backlog int

const (
	noBacklog    backlog = iota
	laterBacklog         // of owners who were passed over, of another process, or of now
	moreBacklog          // which can be gone on with at once
)

// fanOut gives the oldest events of some owners, those after one in the order of their ids, to the endpoints that want them. It returns
// the owner after whom to go on, and what is left. Another process that does so at this moment does it for all.
func (s *Service) fanOut(ctx context.Context, after uuid.UUID) (last uuid.UUID, left backlog, err error) {
	owners, err := s.queries.WebhookListWaitingOwners(ctx, s.store, db.WebhookListWaitingOwnersParams{AfterOwner: after, Most: fanOutOwners})
	if err != nil {
		return after, laterBacklog, err
	}
	if len(owners) == 0 && after == uuid.Nil {
		return after, noBacklog, nil
	}
	left = laterBacklog // events may have come behind those, or an owner was passed over
	for _, owner := range owners {
		full, first, err := s.fanOutOwner(ctx, owner)
		if err != nil || !first {
			return after, laterBacklog, err
		}
		if after = owner; full {
			left = moreBacklog
		}
	}
	if len(owners) < fanOutOwners { // those before are looked at next
		if len(owners) == 0 {
			left = moreBacklog
		}
		return uuid.Nil, left, nil
	}
	return after, moreBacklog, nil
}

// fanOutOwner gives an owner's oldest events to the endpoints that want them, under the endpoints' locks: one that is switched off now is
// off before or after. An owner one of whose endpoints somebody else has locked is passed over until the next look. It reports whether
// there may be more, and whether no other process fans out.
func (s *Service) fanOutOwner(ctx context.Context, owner uuid.UUID) (full, first bool, err error) {
	err = s.store.InTx(ctx, func(tx *postgres.Tx) error {
		full = false
		var err error
		if first, err = s.queries.WebhookLockFanOut(ctx, tx); err != nil || !first {
			return err
		}
		locked, err := s.queries.WebhookLockOn(ctx, tx, owner)
		if err != nil {
			return err
		}
		on, err := s.queries.WebhookCountOn(ctx, tx, owner)
		if err != nil || on != int64(len(locked)) {
			return err
		}
		now := s.now()
		taken, err := s.queries.WebhookFanOut(ctx, tx, db.WebhookFanOutParams{
			OwnerID: owner, WebhookIds: locked, Most: fanOutMost, Day: today(now), DailyMost: s.settings.DailyDeliveries, OverLimit: overLimit,
			Now: now, GiveUpAt: now.Add(giveUpAfter),
		})
		full = taken == fanOutMost
		return err
	})
	return full, first, err
}
