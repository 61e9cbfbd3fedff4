package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"Apply every migration that is missing."`
	Down   migrateDown   `cmd:"" help:"Take the newest migration back."`
	Redo   migrateRedo   `cmd:"" help:"Take the newest migration back and apply it again."`
	Status migrateStatus `cmd:"" help:"Show which migrations are applied."`
	Create migrateCreate `cmd:"" help:"Begin a new migration file in sql/migrations."`
}

// databaseFlags are what a command needs that only talks to the database.
type databaseFlags struct {
	Database app.DatabaseConfig `embed:"" prefix:"database-"`
}

// migrating runs do with a migrator on the configured database.
func (f databaseFlags) migrating(env *environment, do func(ctx context.Context, m *postgres.Migrator) error) error {
	if err := f.Database.Verify(); err != nil {
		return err
	}
	if f.Database.DirectURL != "" { // that leads to the database of the other URL, or somebody else's is migrated
		store, err := postgres.Open(env.ctx, f.Database.Store(), postgres.Unobserved{}, env.log)
		if err != nil {
			return err
		}
		store.Close()
	}
	m, err := postgres.NewMigrator(env.ctx, f.Database.SessionURL(), env.log)
	if err != nil {
		return err
	}
	defer m.Close()
	return do(env.ctx, m)
}

type migrateUp struct{ databaseFlags }

func (c *migrateUp) Run(env *environment) error {
	return c.migrating(env, func(ctx context.Context, m *postgres.Migrator) error {
		applied, jobTables, err := m.Up(ctx)
		applied = append(applied, jobTables...)
		for _, name := range applied {
			fmt.Fprintln(env.out, "applied", name)
		}
		if err != nil {
			return err
		}
		folded, err := app.FoldPosts(ctx, c.Database, env.log)
		switch {
		case folded > 0:
			fmt.Fprintf(env.out, "made %d posts searchable whatever the case and the form of accents\n", folded)
		case err == nil && len(applied) == 0:
			fmt.Fprintln(env.out, "Nothing to do: the schema is up to date.")
		}
		return err
	})
}

type migrateDown struct{ databaseFlags }

func (c *migrateDown) Run(env *environment) error {
	return c.migrating(env, func(ctx context.Context, m *postgres.Migrator) error {
		name, err := m.Down(ctx)
		if err != nil {
			return err
		}
		if name == "" {
			fmt.Fprintln(env.out, "Nothing to do: no migration is applied.")
			return nil
		}
		fmt.Fprintln(env.out, "took back", name)
		return nil
	})
}

type migrateRedo struct{ databaseFlags }

func (c *migrateRedo) Run(env *environment) error {
	return c.migrating(env, func(ctx context.Context, m *postgres.Migrator) error {
		name, err := m.Redo(ctx)
		if err != nil {
			return err
		}
		if name == "" {
			fmt.Fprintln(env.out, "Nothing to do: no migration is applied.")
			return nil
		}
		fmt.Fprintln(env.out, "redid", name)
		return nil
	})
}

type migrateStatus struct{ databaseFlags }

func (c *migrateStatus) Run(env *environment) error {
	return c.migrating(env, func(ctx context.Context, m *postgres.Migrator) error {
		list, err := m.Status(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(env.out, 0, 0, 2, ' ', 0)
		for _, s := range list {
			applied := "pending"
			if !s.AppliedAt.IsZero() {
				applied = s.AppliedAt.UTC().Format(time.RFC3339)
			}
			fmt.Fprintf(table, "%s\t%s\n", s.Name, applied)
		}
		return table.Flush()
	})
}

type migrateCreate struct {
	Name   string `arg:"" help:"What it does, in words_with_underscores."`
	Folder string `help:"Where the migrations are." default:"sql/migrations" type:"path" env:"-"`
}

var (
	migrationName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	migrationFile = regexp.MustCompile(`^(\d{5})_.*\.sql$`)
)

// Run writes the next file by number. Goose's own `create -s` would do the same, with its whole program behind it.
func (c *migrateCreate) Run(env *environment) error {
	if !migrationName.MatchString(c.Name) {
		return fault.Fields(fault.Field{Path: "<name>", Problem: "must be lower-case words_with_underscores"})
	}
	entries, err := os.ReadDir(c.Folder)
	if err != nil {
		return fault.Newf(fault.Precondition, "The folder %s can't be read: run this in the repository, or give --folder.", c.Folder).WithCause(err)
	}
	last := 0
	for _, entry := range entries {
		if parts := migrationFile.FindStringSubmatch(entry.Name()); parts != nil {
			number, err := strconv.Atoi(parts[1])
			if err != nil {
				return err
			}
			last = max(last, number)
		}
	}
	path := filepath.Join(c.Folder, fmt.Sprintf("%05d_%s.sql", last+1, c.Name))
	content := strings.Join([]string{"-- +goose Up", "", "-- +goose Down", ""}, "\n")
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // a source file, for everybody to read
	if err != nil {
		return err
	}
	if _, err := file.WriteString(content); err != nil {
		return err
	}
	fmt.Fprintln(env.out, "created", path)
	return file.Close()
}
