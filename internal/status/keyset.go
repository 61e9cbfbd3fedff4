package status

import (
	"context"
	"fmt"
	"strings"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/webhooks"
)

const (
	checkKeyset  = "encryption key"
	remedyKeyset = "Make one with `postwright account keyset`, keep it, and set POSTWRIGHT_TOKEN_KEYSET to it."
)

// NoKeyset warns, before anything needs it, of a configuration without a keyset.
var NoKeyset = Check{
	Name: checkKeyset, State: Warning, Remedy: remedyKeyset,
	Detail: "No keyset is set: no account can be connected or used, and nothing is published.",
}

// Keyset checks whether there is an encryption key, and whether it opens all that is kept sealed: accounts' tokens and webhooks'
// secrets.
func Keyset(tokens func(context.Context) (accounts.SealCheck, error), secrets func(context.Context) (webhooks.SealCheck, error)) Checker {
	const name = checkKeyset
	return Checker{Name: name, Run: func(ctx context.Context) []Check {
		ofAccounts, err := tokens(ctx)
		if fault.Is(err, fault.Precondition) {
			return single(name, Failed, "No keyset is set: no account can be connected or used.", remedyKeyset)
		}
		if err != nil {
			return single(name, Unknown, "The sealed tokens can't be read from the database.", "")
		}
		ofWebhooks, err := secrets(ctx)
		if err != nil {
			return single(name, Unknown, "The webhooks' sealed secrets can't be read from the database.", "")
		}
		var closed, remedies []string
		if ofAccounts.Unopenable > 0 {
			closed = append(closed, fmt.Sprintf("The tokens of %d of %d connected accounts open with no key of the keyset.",
				ofAccounts.Unopenable, ofAccounts.Accounts))
			remedies = append(remedies, "connect these accounts again")
		}
		if ofWebhooks.Unopenable > 0 {
			closed = append(closed, fmt.Sprintf("The secrets of %d of %d webhooks open with no key of the keyset.",
				ofWebhooks.Unopenable, ofWebhooks.Webhooks))
			remedies = append(remedies, "rotate these webhooks' secrets with RotateWebhookSecret and overlapSeconds 0")
		}
		if len(closed) > 0 {
			return single(name, Failed, strings.Join(closed, " "),
				"Set POSTWRIGHT_TOKEN_KEYSET to the keyset that sealed them, or "+strings.Join(remedies, ", and ")+".")
		}
		return single(name, OK, fmt.Sprintf("The keyset opens every token; connected accounts: %d. It opens every secret; webhooks: %d.",
			ofAccounts.Accounts, ofWebhooks.Webhooks), "")
	}}
}
