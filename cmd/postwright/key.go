package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/postwright/postwright/internal/identity"
)

type keyCommand struct {
	Create keyCreate `cmd:"" help:"Make an API key; it is shown this once."`
	List   keyList   `cmd:"" help:"List a user's keys, by what may be shown of them."`
	Revoke keyRevoke `cmd:"" help:"End a key, at once and for good."`
}

type keyCreate struct {
	databaseFlags
	User  string `required:"" env:"-" help:"The user's e-mail address."`
	Label string `env:"-" help:"What the key is for."`
}

func (c *keyCreate) Run(env *environment) error {
	return c.identifying(env, func(ctx context.Context, s *identity.Service) error {
		user, err := s.UserByEmail(ctx, c.User)
		if err != nil {
			return err
		}
		key, _, err := s.CreateKey(ctx, user.ID, c.Label)
		if err != nil {
			return err
		}
		fmt.Fprintln(env.out, key)
		return nil
	})
}

type keyList struct {
	databaseFlags
	User string `required:"" env:"-" help:"The user's e-mail address."`
}

func (c *keyList) Run(env *environment) error {
	return c.identifying(env, func(ctx context.Context, s *identity.Service) error {
		user, err := s.UserByEmail(ctx, c.User)
		if err != nil {
			return err
		}
		keys, err := s.ListKeys(ctx, user.ID)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(env.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "PREFIX\tLABEL\tCREATED\tREVOKED")
		for _, k := range keys {
			revoked := "-"
			if k.RevokedAt != nil {
				revoked = k.RevokedAt.UTC().Format(time.RFC3339)
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", k.Prefix, k.Label, k.CreatedAt.UTC().Format(time.RFC3339), revoked)
		}
		return table.Flush()
	})
}

type keyRevoke struct {
	databaseFlags
	Prefix string `arg:"" help:"The key's prefix: pw_ and ten characters."`
}

func (c *keyRevoke) Run(env *environment) error {
	return c.identifying(env, func(ctx context.Context, s *identity.Service) error {
		key, err := s.RevokeKey(ctx, c.Prefix)
		if err != nil {
			return err
		}
		fmt.Fprintln(env.out, "revoked", key.Prefix)
		return nil
	})
}
