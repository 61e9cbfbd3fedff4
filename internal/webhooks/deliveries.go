package webhooks

import (
	"context"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/pagetoken"
	"github.com/postwright/postwright/internal/postgres"
)

// deliveriesPage is how many deliveries are listed at once.
const deliveriesPage = 50

// DeliveriesInput asks for the deliveries of an endpoint.
type DeliveriesInput struct {
	OwnerID, WebhookID uuid.UUID
	// PageToken is the NextPageToken of the page of later deliveries; "" asks for the newest.
	PageToken string
}

// Sent is a delivery with its attempts, in order.
type Sent struct {
	Delivery Delivery
	Attempts []Attempt
}

// Deliveries is a page of deliveries, the newest first.
type Deliveries struct {
	Deliveries []Sent
	// NextPageToken asks for those before; "" where the first is among these.
	NextPageToken string
}

// Deliveries returns what was sent to an endpoint of the owner.
func (s *Service) Deliveries(ctx context.Context, in DeliveriesInput) (page Deliveries, err error) {
	before, err := pagetoken.Before(in.WebhookID, in.PageToken)
	if err != nil {
		return Deliveries{}, err
	}
	if _, err := s.Get(ctx, in.OwnerID, in.WebhookID); err != nil {
		return Deliveries{}, err
	}
	rows, err := s.queries.WebhookListDeliveries(ctx, s.store, db.WebhookListDeliveriesParams{
		WebhookID: in.WebhookID, OwnerID: in.OwnerID, BeforeNumber: before, Most: deliveriesPage + 1,
	})
	if err != nil {
		return Deliveries{}, err
	}
	if len(rows) > deliveriesPage {
		rows = rows[:deliveriesPage]
		page.NextPageToken = pagetoken.Make(in.WebhookID, rows[len(rows)-1].Number)
	}
	list := make([]Delivery, len(rows))
	for i, row := range rows {
		list[i], _ = deliveryFromRow(db.WebhookGetDeliveryRow(row), nil)
	}
	page.Deliveries, err = s.withAttempts(ctx, in.WebhookID, list...)
	return page, err
}

// withAttempts adds their attempts to deliveries of an endpoint: those that the delivery, which was read before, knows of.
func (s *Service) withAttempts(ctx context.Context, webhook uuid.UUID, list ...Delivery) ([]Sent, error) {
	sent := make([]Sent, len(list))
	events := make([]uuid.UUID, len(list))
	place := make(map[uuid.UUID]int, len(list))
	for i, d := range list {
		sent[i].Delivery, events[i], place[d.EventID] = d, d.EventID, i
	}
	rows, err := s.queries.WebhookListAttempts(ctx, s.store, db.WebhookListAttemptsParams{WebhookID: webhook, EventIDs: events})
	for _, row := range rows {
		attempt, _ := attemptFromRow(row, nil)
		of := &sent[place[row.EventID]]
		if row.Number > of.Delivery.attempts {
			continue
		}
		of.Attempts = append(of.Attempts, attempt)
	}
	return sent, err
}

// ResendInput asks for an event to be sent to an endpoint once more.
type ResendInput struct{ OwnerID, WebhookID, EventID uuid.UUID }

// mostAttempts is how many attempts a delivery may have had to be sent once more: all are listed with it.
const mostAttempts = 50

// Resend sends an event to an endpoint once more, and tries as often as the first time.
func (s *Service) Resend(ctx context.Context, in ResendInput) (Sent, error) {
	var resent Delivery
	err := s.store.InTx(ctx, func(tx *postgres.Tx) error {
		webhook, err := fromRow(s.queries.WebhookGetForUpdate(ctx, tx, db.WebhookGetForUpdateParams{ID: in.WebhookID, OwnerID: in.OwnerID}))
		if err != nil {
			return err
		}
		which := db.WebhookGetDeliveryParams{WebhookID: in.WebhookID, EventID: in.EventID, OwnerID: in.OwnerID}
		delivery, err := deliveryFromRow(s.queries.WebhookGetDelivery(ctx, tx, which))
		switch {
		case fault.Is(err, fault.NotFound):
			return fault.New(fault.NotFound, "The webhook has no delivery of this event.").WithCause(err)
		case err != nil:
			return err
		case webhook.OffReason != "":
			return fault.New(fault.Precondition, "The webhook is switched off: set enabled with UpdateWebhook, then send the event again.").
				WithReason("WEBHOOK_OFF")
		case delivery.attempts >= mostAttempts:
			return fault.Newf(fault.Precondition, "The event was sent to this webhook %d times, which are as often as it may be.", delivery.attempts).
				WithReason("WEBHOOK_ATTEMPTS")
		}
		now := s.now()
		_, err = s.queries.WebhookCountResent(ctx, tx, db.WebhookCountResentParams{
			OwnerID: in.OwnerID, Day: today(now), DailyMost: s.settings.DailyDeliveries,
		})
		if fault.Is(err, fault.NotFound) {
			f := fault.New(fault.OverLimit, overLimit).WithReason("WEBHOOK_DAILY_LIMIT")
			f.RetryAfter = today(now).Add(day).Sub(now)
			return f
		}
		if err == nil {
			_, err = s.queries.WebhookResend(ctx, tx, db.WebhookResendParams{
				WebhookID: in.WebhookID, EventID: in.EventID, Now: now, GiveUpAt: now.Add(giveUpAfter),
			})
		}
		if err == nil {
			err = s.queries.WebhookAnnounce(ctx, tx)
		}
		if err == nil {
			resent, err = deliveryFromRow(s.queries.WebhookGetDelivery(ctx, tx, which))
		}
		return err
	})
	if err != nil {
		return Sent{}, err
	}
	sent, err := s.withAttempts(ctx, in.WebhookID, resent)
	if err != nil {
		return Sent{}, err
	}
	return sent[0], nil
}
