package webhooks

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
)

// Webhook is an endpoint.
type Webhook struct {
	ID          uuid.UUID
	OwnerID     uuid.UUID
	URL         string
	Description string
	EventTypes  []string
	// OffReason is why nothing is sent to it, one of the Off constants; "" when something is.
	OffReason    string
	OffAt        *time.Time
	FailingSince *time.Time // nil when the last delivery reached it
	// PreviousSecretUntil is until when the secret before signs too, also when that is over; nil when there was none.
	PreviousSecretUntil *time.Time
	CreatedAt           time.Time
	UpdatedAt           time.Time

	sealedSecret         []byte
	sealedPreviousSecret []byte
	rotatedAt            *time.Time
	failures             int32      // in a row
	dueAt                *time.Time // of what waits for it first
	freeAt               time.Time  // from when on it may be sent to
}

// Why nothing is sent to an endpoint.
const (
	OffByOwner = "owner"
	OffFailing = "failing"
	OffGone    = "gone"
)

// fromRow is handed what a query returns.
func fromRow(row db.Webhook, err error) (Webhook, error) {
	//exhaustruct:enforce
	return Webhook{
		ID: row.ID, OwnerID: row.OwnerID, URL: row.Url, Description: row.Description, EventTypes: row.EventTypes, OffReason: row.OffReason,
		OffAt: row.OffAt, FailingSince: row.FailingSince, PreviousSecretUntil: row.PreviousSecretUntil, CreatedAt: row.CreatedAt,
		UpdatedAt: row.UpdatedAt, sealedSecret: row.SealedSecret, sealedPreviousSecret: row.SealedPreviousSecret, rotatedAt: row.RotatedAt,
		failures: row.Failures, dueAt: row.DueAt, freeAt: row.FreeAt,
	}, notFound(err)
}

// The states of a delivery.
const (
	Pending   = "pending"
	Delivered = "delivered"
	Failed    = "failed"
	OverLimit = "over_limit"
)

// Delivery is an event on its way to an endpoint.
type Delivery struct {
	WebhookID     uuid.UUID
	EventID       uuid.UUID
	Type          string
	OccurredAt    time.Time
	State         string
	Problem       string // why it has not been delivered
	NextAttemptAt *time.Time
	CreatedAt     time.Time
	EndedAt       *time.Time

	number   int64
	attempts int32
	leftOut  int64 // of one over the limit: how many events of its day were, this one included
}

// deliveryFromRow is the delivery in a row.
func deliveryFromRow(row db.WebhookGetDeliveryRow, err error) (Delivery, error) {
	//exhaustruct:enforce
	d := Delivery{
		WebhookID: row.WebhookID, EventID: row.EventID, Type: row.Type, OccurredAt: row.OccurredAt, State: row.State, Problem: row.Problem,
		NextAttemptAt: row.NextAttemptAt, CreatedAt: row.CreatedAt, EndedAt: row.EndedAt, number: row.Number, attempts: row.Attempts,
		leftOut: row.LeftOut,
	}
	if d.State == OverLimit && d.leftOut > 1 {
		d.Problem += fmt.Sprintf(" So were %d other events of this day, which are not kept.", d.leftOut-1)
	}
	return d, err
}

// Attempt is one POST.
type Attempt struct {
	Number    int32
	StartedAt time.Time
	TookMs    int64
	Status    int32  // 0 when there was no answer
	Answer    string // the beginning of its body
	Problem   string // why it failed; "" when it did not
}

// attemptFromRow is the attempt in a row.
func attemptFromRow(row db.WebhookAttempt, err error) (Attempt, error) {
	//exhaustruct:enforce
	return Attempt{
		Number: row.Number, StartedAt: row.StartedAt, TookMs: row.TookMs, Status: row.Status, Answer: row.Answer, Problem: row.Problem,
	}, err
}
