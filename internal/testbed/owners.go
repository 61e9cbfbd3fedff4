package testbed

import (
	"context"
	"log/slog"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/app"
)

// Owner is a user of a run: what they are made of, and what they got.
type Owner struct {
	Email string
	// Tokens are LinkedIn's, one for each account; the first one's is the default.
	Tokens []string

	ID       string   // of the user
	Accounts []string // ids, in the order of Tokens
	Key      string   // of the API
}

// AddOwners makes users, keys and accounts in a migrated database, as an operator does, and fills in what they got.
func AddOwners(ctx context.Context, wiring Wiring, owners ...*Owner) error {
	cfg := app.Defaults()
	cfg.Database.URL, cfg.LinkedIn.TokenKeyset = app.Secret(wiring.DatabaseURL), app.Secret(wiring.Keyset)
	cfg.LinkedIn.APIURL, cfg.LinkedIn.AuthURL = wiring.VendorsURL, wiring.VendorsURL
	a, err := app.New(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer a.Close()
	for _, o := range owners {
		user, err := a.Identity.CreateUser(ctx, o.Email, "")
		if err != nil {
			return err
		}
		o.ID = user.ID.String()
		for _, token := range o.Tokens {
			account, err := a.Accounts.Add(ctx, accounts.AddInput{OwnerID: user.ID, Token: token})
			if err != nil {
				return err
			}
			o.Accounts = append(o.Accounts, account.ID.String())
		}
		if o.Key, _, err = a.Identity.CreateKey(ctx, user.ID, "testbed"); err != nil {
			return err
		}
	}
	return nil
}
