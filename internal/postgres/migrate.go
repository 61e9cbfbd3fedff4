package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
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
	log   *slog.Logger
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

// NewMigrator connects to the database, past a pooler that shares sessions: those are refused. Close it after use.
func NewMigrator(ctx context.Context, databaseURL string, log *slog.Logger) (*Migrator, error) {
	cfg, err := parseURL(databaseURL)
	if err != nil {
		return nil, err
	}
	setApplicationName(cfg, "postwright migrations")
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC" // goose keeps times without a zone
	// Where there is a second URL, Open has looked at it before.
	if err := requireSessions(ctx, cfg.ConnConfig, urlSetting); err != nil {
		return nil, err
	}
	cfg.MaxConns = 2 // beside the Store's own pool
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, connectFault(err)
	}
	sqlDB := stdlib.OpenDBFromPool(pool)
	provider, err := goose.NewProvider(goose.DialectPostgres, sqlDB, migrations.FS, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	// Both tell by what they return what they did, and it is told in our words.
	river, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler), Schema: JobSchema})
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("read River's migrations: %w", err)
	}
	return &Migrator{log: log, pool: pool, db: sqlDB, goose: provider, river: river}, nil
}

// Close lets the connections go.
func (m *Migrator) Close() {
	_ = m.db.Close() // closing the wrapper of an open pool can't fail in a way that matters
	if !closed(m.pool, closeTimeout) {
		m.log.Error("the migrations' connections could not all be closed: the rest ends with the process", "waited", closeTimeout)
	}
}

// Up applies every pending migration and returns the names of those that it applied, in order: ours, and those of the job
// tables. Before the first it looks whether all of them can be applied here, and names everything that is in the way.
func (m *Migrator) Up(ctx context.Context) (applied, jobTables []string, err error) {
	err = m.locked(ctx, func() error {
		if err := m.preflight(ctx); err != nil {
			return err
		}
		results, err := m.goose.Up(ctx)
		for _, r := range results {
			applied = append(applied, r.Source.Path)
		}
		if err != nil {
			return migrationFault(err)
		}
		jobTables, err = m.riverUp(ctx)
		return err
	})
	return applied, jobTables, err
}

// migrationFault tells which migration could not be applied; how many were before it is told by their names.
func migrationFault(err error) error {
	var partial *goose.PartialError
	if errors.As(err, &partial) && partial.Failed != nil {
		return fmt.Errorf("apply the migration %s: %w", partial.Failed.Source.Path, partial.Err)
	}
	return fmt.Errorf("apply the migrations: %w", err)
}

func (m *Migrator) riverUp(ctx context.Context) (applied []string, err error) {
	result, err := m.river.Migrate(ctx, rivermigrate.DirectionUp, nil)
	if err != nil {
		return nil, fmt.Errorf("migrate the job tables: %w", err)
	}
	for _, version := range result.Versions {
		applied = append(applied, fmt.Sprintf("job tables %d: %s", version.Version, version.Name))
	}
	return applied, nil
}

// Down takes the newest migration back and returns its name, or "" when none is applied.
func (m *Migrator) Down(ctx context.Context) (name string, err error) {
	err = m.locked(ctx, func() error {
		name, err = m.down(ctx)
		return err
	})
	return name, err
}

func (m *Migrator) down(ctx context.Context) (name string, err error) {
	result, err := m.goose.Down(ctx)
	if errors.Is(err, goose.ErrNoNextVersion) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("goose down: %w", err)
	}
	return result.Source.Path, nil
}

// Redo takes the newest migration back and applies it again. It returns its name, or "" when none is applied.
func (m *Migrator) Redo(ctx context.Context) (name string, err error) {
	err = m.locked(ctx, func() error {
		if name, err = m.down(ctx); err != nil || name == "" {
			return err
		}
		if _, err := m.goose.UpByOne(ctx); err != nil {
			return fmt.Errorf("goose up: %w", err)
		}
		// Taking back the migration that makes River's schema takes River's tables with it.
		_, err := m.riverUp(ctx)
		return err
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

// ReasonForeign marks the fault of a database that holds another application's tables where Postwright's are to be.
const ReasonForeign = "DATABASE_FOREIGN"

// Check returns a Precondition fault when a migration of this build is missing from the database, or when the database
// has one that this build does not know. The message says which command to run, or that the database is another application's.
func (m *Migrator) Check(ctx context.Context) error {
	err := m.check(ctx)
	if !fault.Is(err, fault.Precondition) {
		return err
	}
	tables, ourErr := ourTables()
	if ourErr != nil {
		return ourErr
	}
	var there []string
	if err := m.pool.QueryRow(ctx, `SELECT ARRAY(SELECT c.relname::text FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
		WHERE s.nspname = current_schema() AND c.relname = ANY ($1) ORDER BY 1)`, tables).Scan(&there); err != nil {
		return Fault(ctx, err)
	}
	foreign, foreignErr := m.foreign(ctx, there)
	if foreignErr != nil || len(foreign) == 0 {
		return cmp.Or(foreignErr, err)
	}
	var theirs []string
	for _, f := range foreign[:min(len(foreign), fault.MaxFields)] {
		theirs = append(theirs, f.Path+" "+f.Problem)
	}
	return fault.New(fault.Precondition, "The database belongs to another application: "+strings.Join(theirs, "; ")+".").WithReason(ReasonForeign)
}

func (m *Migrator) check(ctx context.Context) error {
	initialised, err := m.initialised(ctx)
	if err != nil {
		return err
	}
	if !initialised {
		return fault.New(fault.Precondition, "The database has no Postwright tables yet: run `postwright migrate up`.")
	}
	statuses, err := m.goose.Status(ctx)
	if err != nil {
		return fmt.Errorf("goose status: %w", err)
	}
	for _, s := range statuses { // every one: a lower number may have come in with a merge
		if s.State != goose.StateApplied {
			return fault.Newf(fault.Precondition, "The database lacks migration %s: run `postwright migrate up`.", s.Source.Path)
		}
	}
	current, target, err := m.goose.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if current > target {
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

// lockPoll is how often a process that waits for the migration lock asks for it.
const lockPoll = 100 * time.Millisecond

// locked runs do while holding the advisory lock, so that any number of processes may migrate at once: the others wait,
// then find nothing left to do. One lock covers goose and River, which has none of its own. It is held by a connection of
// its own, and asked for again and again: a statement that waits in the database would keep a snapshot open, which a
// concurrent index build waits for in turn. The lock needs a session, so it does not work through a transaction pooler.
func (m *Migrator) locked(ctx context.Context, do func() error) error {
	conn, err := pgx.ConnectConfig(ctx, m.pool.Config().ConnConfig)
	if err != nil {
		return connectFault(err)
	}
	defer func() {
		// Ending the session lets the lock go, also when the caller has left.
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_ = conn.Close(closing)
	}()
	ticker := time.NewTicker(lockPoll)
	defer ticker.Stop()
	for {
		var held bool
		if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", migrationLock).Scan(&held); err != nil {
			return fmt.Errorf("ask for the migration lock: %w", err)
		}
		if held {
			return do()
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for another process that is migrating: %w", ctx.Err())
		}
	}
}

// Migrate brings the database's schema up to this build.
func Migrate(ctx context.Context, databaseURL string, log *slog.Logger) error {
	m, err := NewMigrator(ctx, databaseURL, log)
	if err != nil {
		return err
	}
	defer m.Close()
	_, _, err = m.Up(ctx)
	return err
}
