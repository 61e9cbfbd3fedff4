package status

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/webhooks"
)

func TestWhatIsSaidOfWebhooks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		health         webhooks.Health
		err            error
		state          State
		detail, remedy string
	}{
		"all well":         {webhooks.Health{Overdue: 5 * time.Minute}, nil, OK, "Nothing that is due waits, and no webhook fails.", ""},
		"nothing is known": {webhooks.Health{}, errors.New("away"), Unknown, "can't be read", ""},
		"overdue":          {webhooks.Health{Overdue: 301 * time.Second}, nil, Warning, "has waited for 5m1s", "--role"},
		"failing":          {webhooks.Health{Failing: 2}, nil, Warning, "for an hour or more: 2.", "ListWebhookDeliveries"},
		"switched off":     {webhooks.Health{SwitchedOff: 3}, nil, Warning, "gone: 3.", "UpdateWebhook"},
		"all at once": {webhooks.Health{Failing: 1, SwitchedOff: 1, Overdue: time.Hour}, nil, Warning,
			"does not keep up. Webhooks that nothing has reached for an hour or more: 1. Webhooks that were switched off", "mend them. Have those"},
	} {
		got := Webhooks(func(context.Context) (webhooks.Health, error) { return c.health, c.err }).Run(t.Context())
		require.Len(t, got, 1, name)
		require.Equal(t, c.state, got[0].State, name)
		require.Contains(t, got[0].Detail, c.detail, name)
		require.Contains(t, got[0].Remedy, c.remedy, name)
	}
}

func TestWhatIsSaidOfSealsThatDoNotOpen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tokens         accounts.SealCheck
		secrets        webhooks.SealCheck
		err            error
		state          State
		detail, remedy string
	}{
		"all open": {accounts.SealCheck{Accounts: 2}, webhooks.SealCheck{Webhooks: 3}, nil, OK,
			"The keyset opens every token; connected accounts: 2. It opens every secret; webhooks: 3.", ""},
		"a token": {accounts.SealCheck{Accounts: 2, Unopenable: 1}, webhooks.SealCheck{Webhooks: 3}, nil, Failed,
			"The tokens of 1 of 2 connected accounts open with no key of the keyset.",
			"Set POSTWRIGHT_TOKEN_KEYSET to the keyset that sealed them, or connect these accounts again."},
		"a secret": {accounts.SealCheck{Accounts: 2}, webhooks.SealCheck{Webhooks: 3, Unopenable: 2}, nil, Failed,
			"The secrets of 2 of 3 webhooks open with no key of the keyset.",
			"Set POSTWRIGHT_TOKEN_KEYSET to the keyset that sealed them, or rotate these webhooks' secrets with RotateWebhookSecret and overlapSeconds 0."},
		"both": {accounts.SealCheck{Accounts: 1, Unopenable: 1}, webhooks.SealCheck{Webhooks: 1, Unopenable: 1}, nil, Failed,
			"keyset. The secrets of 1", "again, and rotate"},
		"nobody knows": {accounts.SealCheck{Accounts: 1}, webhooks.SealCheck{}, errors.New("away"), Unknown, "webhooks' sealed secrets", ""},
	} {
		got := Keyset(
			func(context.Context) (accounts.SealCheck, error) { return c.tokens, nil },
			func(context.Context) (webhooks.SealCheck, error) { return c.secrets, c.err },
		).Run(t.Context())
		require.Len(t, got, 1, name)
		require.Equal(t, c.state, got[0].State, name)
		require.Contains(t, got[0].Detail, c.detail, name)
		require.Contains(t, got[0].Remedy, c.remedy, name)
	}
}
