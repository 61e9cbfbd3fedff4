package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/app"
)

type accountCommand struct {
	Add    accountAdd    `cmd:"" help:"Add a LinkedIn member's account by its access token, which is read from standard input."`
	Keyset accountKeyset `cmd:"" help:"Make a keyset that seals tokens at rest, for POSTWRIGHT_TOKEN_KEYSET."`
}

type accountAdd struct {
	app.Config
	User string `required:"" env:"-" help:"The e-mail address of the user who may post with it."`
}

// maxTokenBytes is far above the 1,000 characters that LinkedIn tells apps to plan for.
const maxTokenBytes = 16 << 10

func (c *accountAdd) Run(env *environment) error {
	a, err := app.New(env.ctx, c.Config, env.log)
	if err != nil {
		return err
	}
	defer a.Close()
	user, err := a.Identity.UserByEmail(env.ctx, c.User)
	if err != nil {
		return err
	}
	token, err := io.ReadAll(io.LimitReader(env.in, maxTokenBytes))
	if err != nil {
		return fmt.Errorf("read the token: %w", err)
	}
	account, err := a.Accounts.Add(env.ctx, accounts.AddInput{
		OwnerID: user.ID, Token: strings.TrimSpace(string(token)), Introspect: c.LinkedIn.ClientID != "",
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(env.out, "added account %s: %s, %s\n", account.ID, account.DisplayName, account.URN)
	return nil
}

type accountKeyset struct{}

func (accountKeyset) Run(env *environment) error {
	keyset, err := accounts.NewKeyset()
	if err != nil {
		return err
	}
	fmt.Fprintln(env.out, keyset)
	return nil
}
