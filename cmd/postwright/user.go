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

	Password userPassword `cmd:"" help:"Set the password that a user signs in to the console with; it ends their sessions."`
}

// identifying runs do with the users and keys of the configured database.
func (f databaseFlags) identifying(env *environment, do func(ctx context.Context, s *identity.Service) error) error {
	return f.connected(env, func(ctx context.Context, s *identity.Service, _ *postgres.Store) error { return do(ctx, s) })
}

// connected runs do with the users and keys of the configured database, and with the database.
func (f databaseFlags) connected(env *environment, do func(ctx context.Context, s *identity.Service, store *postgres.Store) error) error {
	if err := f.migrating(env, func(ctx context.Context, m *postgres.Migrator) error { return m.Check(ctx) }); err != nil {
		return err
	}
	store, err := postgres.Open(env.ctx, f.Database.Store(), postgres.Unobserved{}, env.log)
	if err != nil {
		return err
	}
	defer store.Close()
	return do(env.ctx, identity.New(store, nil, app.Now), store)
}

type userCreate struct {
	databaseFlags
	Email    string `required:"" env:"-" help:"Where notifications about the user's posts go."`
	Name     string `env:"-" help:"What the user is called."`
	Operator bool   `env:"-" help:"The user is an operator: it is kept and shown; nothing asks for it yet."`
}

func (c *userCreate) Run(env *environment) error {
	return c.connected(env, func(ctx context.Context, s *identity.Service, store *postgres.Store) error {
		user, err := s.Create(ctx, store, identity.NewUser{Email: c.Email, Name: c.Name, Operator: c.Operator})
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
		fmt.Fprintln(table, "ID\tEMAIL\tNAME\tOPERATOR\tCREATED")
		for _, u := range users {
			operator := "-"
			if u.Operator {
				operator = "yes"
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", u.ID, u.Email, u.Name, operator, u.CreatedAt.UTC().Format(time.RFC3339))
		}
		return table.Flush()
	})
}
