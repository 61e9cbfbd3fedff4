package status

import (
	"context"
	"fmt"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
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

// Keyset checks whether there is an encryption key, and whether it opens every token that is kept.
func Keyset(seals func(context.Context) (accounts.SealCheck, error)) Checker {
	const name = checkKeyset
	return Checker{Name: name, Run: func(ctx context.Context) []Check {
		found, err := seals(ctx)
		switch {
		case fault.Is(err, fault.Precondition):
			return single(name, Failed, "No keyset is set: no account can be connected or used.", remedyKeyset)
		case err != nil:
			return single(name, Unknown, "The sealed tokens can't be read from the database.", "")
		case found.Unopenable > 0:
			return single(name, Failed,
				fmt.Sprintf("The tokens of %d of %d connected accounts open with no key of the keyset.", found.Unopenable, found.Accounts),
				"Set POSTWRIGHT_TOKEN_KEYSET to the keyset that sealed them, or connect these accounts again.")
		}
		return single(name, OK, fmt.Sprintf("The keyset opens every token; connected accounts: %d.", found.Accounts), "")
	}}
}
