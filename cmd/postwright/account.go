package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/fault"
)

type accountCommand struct {
	Add    accountAdd    `cmd:"" help:"Add a LinkedIn member's account by its access token, which is read from standard input."`
	Keyset accountKeyset `cmd:"" help:"Make a keyset that seals tokens at rest, for POSTWRIGHT_TOKEN_KEYSET."`
}

type accountAdd struct {
	app.Config
	User         string `required:"" env:"-" help:"The e-mail address of the user who may post with it."`
	Organization string `env:"-" help:"The number of the page that is to be the account; the token's member must be allowed to post there."`
	App          string `env:"-" help:"The LinkedIn app that the token is of, by its name in the configuration; found out by default."`
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
		OwnerID: user.ID, Token: strings.TrimSpace(string(token)), Organization: c.Organization, App: c.App,
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(env.out, "added account %s: %s, %s\n", account.ID, account.DisplayName, account.URN)
	standing := a.Accounts.Standing(account, app.Now())
	if standing.EndsAssumed {
		fmt.Fprintf(env.out, "Its token is assumed to end at %s, %s.\n", standing.Ends.UTC().Format(time.RFC3339), accounts.WhyAssumed)
	}
	if standing.CannotPublish != nil {
		fmt.Fprintln(env.out, standing.CannotPublish)
	}
	return nil
}

type accountKeyset struct {
	Rotate  bool       `xor:"what" env:"-" help:"Print the present keyset with a new key, which seals from then on; the earlier ones still open."`
	Prune   bool       `xor:"what" env:"-" help:"Print the present keyset with the newest key alone, for when 'postwright key-rotate' is done."`
	Present app.Secret `hidden:"" env:"POSTWRIGHT_TOKEN_KEYSET"`
}

func (c accountKeyset) Run(env *environment) error {
	var keyset string
	var err error
	switch {
	case (c.Rotate || c.Prune) && c.Present == "":
		return fault.New(fault.Precondition, "There is no present keyset: set POSTWRIGHT_TOKEN_KEYSET.")
	case c.Rotate:
		keyset, err = accounts.RotateKeyset(c.Present.Reveal())
	case c.Prune:
		keyset, err = accounts.PruneKeyset(c.Present.Reveal())
	default:
		keyset, err = accounts.NewKeyset()
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(env.out, keyset)
	return nil
}
