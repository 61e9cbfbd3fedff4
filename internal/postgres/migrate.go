package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/sql/migrations"
)

// JobSchema is the PostgreSQL schema that River's tables live in.
const JobSchema = "river"

// migrationLock is the advisory lock that one migrating process holds; the number is arbitrary but must never change.
const migrationLock = 0x706f7374777269

// Migrator brings one database's schema up and down: goose for our tables, then River's own migrations for its schema.
type Migrator struct {
	pool  *pgxpool.Pool
	db    *sql.DB
	goose *goose.Provider
	river *rivermigrate.Migrator[pgx.Tx]
}

// MigrationStatus is one migration and when it was applied.
type MigrationStatus struct {
	Version   int64
	Name      string
	AppliedAt time.Time // zero while it is pending
}

// NewMigrator connects to the database. Close it after use.
func NewMigrator(ctx context.Context, databaseURL string, log *slog.Logger) (*Migrator, error) {
	pool, err := pgxpool.New(ctx, databaseURL)
	if err != nil {
		return nil, connectFault(err)
	}
	sqlDB := stdlib.OpenDBFromPool(pool)
	provider, err := goose.NewProvider(goose.DialectPostgres, sqlDB, migrations.FS, goose.WithSlog(log), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	river, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: log, Schema: JobSchema})
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("read River's migrations: %w", err)
	}
	return &Migrator{pool: pool, db: sqlDB, goose: provider, river: river}, nil
}

// Close lets the connections go.
func (m *Migrator) Close() {
	_ = m.db.Close() // closing the wrapper of an open pool can't fail in a way that matters
	m.pool.Close()
}

// Up applies every pending migration and returns the names of those of ours that it applied, in order.
func (m *Migrator) Up(ctx context.Context) ([]string, error) {
	var applied []string
	err := m.locked(ctx, func() error {
		results, err := m.goose.Up(ctx)
		for _, r := range results {
			applied = append(applied, r.Source.Path)
		}
		if err != nil {
			return fmt.Errorf("goose up: %w", err)
		}
		return m.riverUp(ctx)
	})
	return applied, err
}

func (m *Migrator) riverUp(ctx context.Context) error {
	if _, err := m.river.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate River's schema: %w", err)
	}
	return nil
}

// Down takes the newest migration back and returns its name, or "" when none is applied.
func (m *Migrator) Down(ctx context.Context) (string, error) {
	var name string
	err := m.locked(ctx, func() error {
		result, err := m.goose.Down(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("goose down: %w", err)
		}
		name = result.Source.Path
		return nil
	})
	return name, err
}

// Redo takes the newest migration back and applies it again.
func (m *Migrator) Redo(ctx context.Context) (string, error) {
	var name string
	err := m.locked(ctx, func() error {
		result, err := m.goose.Down(ctx)
		if err != nil {
			return fmt.Errorf("goose down: %w", err)
		}
		name = result.Source.Path
		if _, err := m.goose.Up(ctx); err != nil {
			return fmt.Errorf("goose up: %w", err)
		}
		// Taking back the schema's own migration takes River's tables with it.
		return m.riverUp(ctx)
	})
	return name, err
}

// Status lists every migration in order. It writes nothing.
func (m *Migrator) Status(ctx context.Context) ([]MigrationStatus, error) {
	initialised, err := m.initialised(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]MigrationStatus, 0, len(m.goose.ListSources()))
	if !initialised {
		for _, s := range m.goose.ListSources() {
			list = append(list, MigrationStatus{Version: s.Version, Name: s.Path})
		}
		return list, nil
	}
	statuses, err := m.goose.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("goose status: %w", err)
	}
	for _, s := range statuses {
		list = append(list, MigrationStatus{Version: s.Source.Version, Name: s.Source.Path, AppliedAt: s.AppliedAt})
	}
	return list, nil
}

// initialised reports whether goose's version table is there. Asking goose itself would create the table, outside the
// lock (pressly/goose pull request 1120).
func (m *Migrator) initialised(ctx context.Context) (bool, error) {
	var there bool
	err := m.pool.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", goose.DefaultTablename).Scan(&there)
	if err != nil {
		return false, connectFault(err)
	}
	return there, nil
}

// Check returns a Precondition fault when a migration of this build is missing from the database, or when the database
// has one that this build does not know. The message says which command to run.
func (m *Migrator) Check(ctx context.Context) error {
	initialised, err := m.initialised(ctx)
	if err != nil {
		return err
	}
	if !initialised {
		return fault.New(fault.Precondition, "The database has no Postwright tables yet: run `postwright migrate up`.")
	}
	current, target, err := m.goose.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	switch {
	case current < target:
		return fault.Newf(fault.Precondition,
			"The database is at migration %d and this build needs %d: run `postwright migrate up`.", current, target)
	case current > target:
		return fault.Newf(fault.Precondition,
			"The database is at migration %d, newer than this build's %d: run the newer build.", current, target)
	}
	validation, err := m.river.Validate(ctx, nil)
	if err != nil {
		return fmt.Errorf("check River's schema: %w", err)
	}
	if !validation.OK {
		return fault.New(fault.Precondition, "The job tables are behind this build: run `postwright migrate up`.")
	}
	return nil
}

// locked runs do while holding the advisory lock, so that any number of processes may migrate at once: the others wait,
// then find nothing left to do. One lock covers goose and River, which has none of its own. The lock needs a session,
// so it does not work through a transaction pooler.
func (m *Migrator) locked(ctx context.Context, do func() error) error {
	conn, err := m.pool.Acquire(ctx)
	if err != nil {
		return connectFault(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", migrationLock); err != nil {
		return fmt.Errorf("wait for the migration lock: %w", err)
	}
	defer func() {
		// On its own context: a cancelled migration must still let the lock go, else the pooled connection keeps it.
		release, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		if _, err := conn.Exec(release, "SELECT pg_advisory_unlock($1)", migrationLock); err != nil {
			_ = conn.Conn().Close(release) // ends the session and with it the lock
		}
	}()
	return do()
}

// Migrate brings the database's schema up to this build.
func Migrate(ctx context.Context, databaseURL string, log *slog.Logger) error {
	m, err := NewMigrator(ctx, databaseURL, log)
	if err != nil {
		return err
	}
	defer m.Close()
	_, err = m.Up(ctx)
	return err
}
