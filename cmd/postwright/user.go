package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/identity"
	"github.com/postwright/postwright/internal/postgres"
)

type userCommand struct {
	Create userCreate `cmd:"" help:"Make a user."`
	List   userList   `cmd:"" help:"List the users."`
}

// identifying runs do with the users and keys of the configured database.
func (f databaseFlags) identifying(env *environment, do func(ctx context.Context, s *identity.Service) error) error {
	if err := f.migrating(env, func(ctx context.Context, m *postgres.Migrator) error { return m.Check(ctx) }); err != nil {
		return err
	}
	store, err := postgres.Open(env.ctx, f.Database.Store(), postgres.Unobserved{}, env.log)
	if err != nil {
		return err
	}
	defer store.Close()
	return do(env.ctx, identity.New(store, nil, app.Now))
}

type userCreate struct {
	databaseFlags
	Email string `required:"" env:"-" help:"Where notifications about the user's posts go."`
	Name  string `env:"-" help:"What the user is called."`
}

func (c *userCreate) Run(env *environment) error {
	return c.identifying(env, func(ctx context.Context, s *identity.Service) error {
		user, err := s.CreateUser(ctx, c.Email, c.Name)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.out, "created user %s <%s>\n", user.ID, user.Email)
		return nil
	})
}

type userList struct{ databaseFlags }

func (c *userList) Run(env *environment) error {
	return c.identifying(env, func(ctx context.Context, s *identity.Service) error {
		users, err := s.ListUsers(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(env.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "ID\tEMAIL\tNAME\tCREATED")
		for _, u := range users {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", u.ID, u.Email, u.Name, u.CreatedAt.UTC().Format(time.RFC3339))
		}
		return table.Flush()
	})
}
