package webhooks

import (
	"testing"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/dbtest/rowtest"
)

func TestEveryColumnIsMapped(t *testing.T) {
	t.Parallel()
	rowtest.EveryColumnIsMapped(t, fromRow, "LastFailedAt")
	rowtest.EveryColumnIsMapped(t, deliveryFromRow, "Tries", "GiveUpAt")
	rowtest.EveryColumnIsMapped(t, attemptFromRow, "WebhookID", "EventID")
	rowtest.EveryColumnIsMapped(t, func(row db.WebhookListDeliveriesRow, err error) (Delivery, error) {
		return deliveryFromRow(db.WebhookGetDeliveryRow(row), err)
	}, "Tries", "GiveUpAt")
}
