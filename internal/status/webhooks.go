package status

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/postwright/postwright/internal/webhooks"
)

// webhooksLate is how long what is due to a webhook may wait before that is told.
const webhooksLate = 5 * time.Minute

// Webhooks checks whether events reach the endpoints that programs are told at.
func Webhooks(health func(context.Context) (webhooks.Health, error)) Checker {
	const name = "webhooks"
	return Checker{Name: name, Run: func(ctx context.Context) []Check {
		found, err := health(ctx)
		if err != nil {
			return single(name, Unknown, "The webhooks can't be read from the database.", "")
		}
		var details, remedies []string
		add := func(remedy, format string, args ...any) {
			details, remedies = append(details, fmt.Sprintf(format, args...)), append(remedies, remedy)
		}
		if found.Overdue > webhooksLate {
			add("See that a process works jobs (--role=all or workers) and is not held, and start another if they are too busy.",
				"What is due has waited for %s: this server does not send it, or does not keep up.", found.Overdue.Round(time.Second))
		}
		if found.Failing > 0 {
			add("ListWebhooks shows failingSince, and ListWebhookDeliveries what the endpoints answered: mend them.",
				"Webhooks that nothing has reached for an hour or more: %d.", found.Failing)
		}
		if found.SwitchedOff > 0 {
			add("Have those that were switched off mended and switched on by UpdateWebhook, or deleted.",
				"Webhooks that were switched off because nothing reached them for three days, or because they are gone: %d.", found.SwitchedOff)
		}
		if len(details) > 0 {
			return single(name, Warning, strings.Join(details, " "), strings.Join(remedies, " "))
		}
		return single(name, OK, "Nothing that is due waits, and no webhook fails.", "")
	}}
}
