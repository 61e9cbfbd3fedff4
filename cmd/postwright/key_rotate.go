package main

import (
	"fmt"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/fault"
)

type keyRotateCommand struct{ app.Config }

// Run seals every token with the keyset's newest key.
func (c *keyRotateCommand) Run(env *environment) error {
	a, err := app.New(env.ctx, c.Config, env.log)
	if err != nil {
		return err
	}
	defer a.Close()
	done, err := a.Accounts.RotateKey(env.ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.out, "%d accounts: the tokens of %d sealed with the new key, %d were so already.\n",
		done.Accounts, done.Sealed, done.Accounts-done.Sealed-len(done.Failed))
	for _, account := range done.Failed {
		fmt.Fprintf(env.out, "account %s (%s) does not open with any key of the keyset: add the key that sealed it, or connect the account again.\n",
			account.ID, account.DisplayName)
	}
	secrets, err := a.Webhooks.RotateKey(env.ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.out, "%d webhooks: the secrets of %d sealed with the new key, %d were so already.\n",
		secrets.Webhooks, secrets.Sealed, secrets.Webhooks-secrets.Sealed-len(secrets.Failed))
	for _, id := range secrets.Failed {
		fmt.Fprintf(env.out,
			"webhook %s does not open with any key of the keyset: add the key that sealed it, or have its owner rotate the secret.\n", id)
	}
	browsers, err := a.Browsers.RotateKey(env.ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.out, "%d push subscriptions: the secrets of %d sealed with the new key, %d were so already.\n",
		browsers.Browsers, browsers.Sealed, browsers.Browsers-browsers.Sealed-len(browsers.Failed))
	for _, id := range browsers.Failed {
		fmt.Fprintf(env.out,
			"push subscription %s does not open with any key of the keyset: add the key that sealed it, or have that browser subscribed again.\n", id)
	}
	if len(done.Failed) > 0 || len(secrets.Failed) > 0 || len(browsers.Failed) > 0 {
		return fault.Newf(fault.Precondition,
			"The tokens of %d accounts and the secrets of %d webhooks and %d push subscriptions were left as they are.",
			len(done.Failed), len(secrets.Failed), len(browsers.Failed))
	}
	return nil
}
