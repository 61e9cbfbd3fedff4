// Package postgres is the SQL seam: the one place through which Postwright talks to its database.
//
// It owns the pool, the transactions, the migrations, and what every operation has in common: its name (read from the
// `-- name:` line that sqlc puts at the head of each statement), its time limit, its measurements, and the translation
// of a driver's error into a fault. It implements the DBTX of gen/db, so that no generated function needs a wrapper.
//
// It must not know what the statements are for: rules about posts, accounts or users live in their own packages.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/postwright/postwright/internal/fault"
)

// Config says which database to use and within which limits.
type Config struct {
	// URL is a postgres:// URL or a keyword/value string, as libpq takes it.
	URL string
	// MinConns are kept open even when idle.
	MinConns int32
	// MaxConns bounds the pool; further operations wait for a connection within their time limit.
	MaxConns int32
	// OperationTimeout bounds each operation, waiting for a connection included.
	OperationTimeout time.Duration
}

// Defaults returns the limits used where nothing else is configured.
func Defaults() Config {
	return Config{MinConns: 5, MaxConns: 20, OperationTimeout: 30 * time.Second}
}

// Observer learns of every operation that ended: its name, how long it took, and whether it failed. "No such row" is
// an answer, not a failure. It is called on the operation's own goroutine and must not block.
type Observer func(operation string, took time.Duration, failed bool)

// Store is an open database. It is safe for concurrent use.
type Store struct {
	seam
	pool    *pgxpool.Pool
	waiting *waiters
	log     *slog.Logger
	observe Observer
	timeout time.Duration
}

// Open connects and checks that the database answers. Close the Store after use.
func Open(ctx context.Context, cfg Config, observe Observer, log *slog.Logger) (*Store, error) {
	poolCfg, err := parseURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	poolCfg.MinConns = cfg.MinConns
	poolCfg.MaxConns = cfg.MaxConns
	waiting := &waiters{}
	poolCfg.ConnConfig.Tracer = waiting
	pool, err := pgxpool.NewWithConfig(ctx, poolCfg)
	if err != nil {
		return nil, fmt.Errorf("make the pool: %w", err)
	}
	s := &Store{pool: pool, waiting: waiting, log: log, observe: observe, timeout: cfg.OperationTimeout}
	s.seam = seam{on: pool, observe: observe, timeout: cfg.OperationTimeout}
	if err := s.Ping(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return s, nil
}

// parseURL reads a database URL. pgx masks the password in its error, but not in every malformed URL; so its text stays
// out of the fault.
func parseURL(databaseURL string) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		return nil, fault.New(fault.Invalid, "The database URL can't be read: give a postgres:// URL.")
	}
	return cfg, nil
}

// Close waits for the connections in use to come back, then closes them all.
func (s *Store) Close() { s.pool.Close() }

// Pool is the pool itself, for River's driver only: everything else goes through the Store, which measures and
// translates.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Ping checks that the database answers.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if err := s.pool.Ping(ctx); err != nil {
		return connectFault(err)
	}
	return nil
}

// Storable reports whether PostgreSQL can keep a text: it takes UTF-8 without NUL.
func Storable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// querier is what a pool, a connection and a transaction of pgx have in common.
type querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Tx is a transaction under way. It carries out the generated functions like a Store does.
type Tx struct {
	seam
	tx pgx.Tx
}

// Pgx is the driver's transaction, for River's InsertTx only: statements on it are neither measured nor translated.
func (t *Tx) Pgx() pgx.Tx { return t.tx }

const (
	// rollbackTimeout bounds the clean-up that runs after the caller's context may have ended.
	rollbackTimeout = 5 * time.Second
	// txAttempts is how often a transaction is run when PostgreSQL asks for it to be repeated.
	txAttempts = 3
)

// InTx runs do in one transaction: committed when do returns nil, rolled back when it returns an error or panics. The
// first error is the one returned. When PostgreSQL gives the transaction up for a reason that a repeat cures
// (serialization failure, deadlock, plan gone stale), the whole of do is run again, at most three times in all; so do
// must have no effect outside the transaction: no vendor call, no channel, no captured variable that accumulates.
//
// There is no nesting, and inside do only tx may be used: an operation on the Store would take a second connection and
// not see what the transaction wrote.
func (s *Store) InTx(ctx context.Context, do func(tx *Tx) error) error {
	var err error
	for attempt := 1; attempt <= txAttempts; attempt++ {
		err = s.once(ctx, do)
		if err == nil || !repeatable(err) || ctx.Err() != nil {
			return err
		}
		s.log.InfoContext(ctx, "transaction given up by PostgreSQL", "attempt", attempt, "error", err)
	}
	return err
}

func (s *Store) once(ctx context.Context, do func(tx *Tx) error) (err error) {
	pgxTx, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer func() {
		// Cut loose from the caller: rolling back on a cancelled context fails and costs the connection. After a
		// successful commit this is a no-op, and after a failed one the transaction is gone either way.
		rollback, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		if rbErr := pgxTx.Rollback(rollback); rbErr != nil && !errors.Is(rbErr, pgx.ErrTxClosed) && err == nil {
			err = translate(ctx, rbErr)
		}
	}()
	tx := &Tx{tx: pgxTx, seam: seam{on: pgxTx, observe: s.observe, timeout: s.timeout}}
	if err := do(tx); err != nil {
		return err
	}
	return s.commit(ctx, pgxTx)
}

func (s *Store) begin(ctx context.Context) (pgx.Tx, error) {
	op, ctx := s.start(ctx, "Begin")
	tx, err := s.pool.Begin(ctx)
	return tx, op.end(err)
}

func (s *Store) commit(ctx context.Context, tx pgx.Tx) error {
	op, ctx := s.start(ctx, "Commit")
	return op.end(tx.Commit(ctx))
}
