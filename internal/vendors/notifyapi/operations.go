package notifyapi

import "github.com/postwright/postwright/internal/outbound"

// Repeats says of every operation, by its operationId, what of it may be sent again. The notification API knows no idempotency
// key: nobody wants the same message twice.
func Repeats() map[string]outbound.Repeat {
	return map[string]outbound.Repeat{
		"sendEmail": outbound.Unsent,
		"sendPush":  outbound.Unsent,
	}
}
