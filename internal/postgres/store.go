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
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/postwright/postwright/internal/fault"
)

// Config says which database to use and within which limits.
type Config struct {
	// URL is a postgres:// URL or a keyword/value string, as libpq takes it.
	URL string
	// MinConns are kept open even when idle.
	MinConns int32
	// MaxConns bounds the pool.
	MaxConns int32
	// AcquireTimeout bounds the wait for a connection of the pool, its making included.
	AcquireTimeout time.Duration
	// LockTimeout bounds the wait for a row that another transaction has locked.
	LockTimeout time.Duration
	// OperationTimeout bounds each operation: the waits for a connection and for locks, the work, and repeats.
	OperationTimeout time.Duration
}

// Defaults returns the limits used where nothing else is configured.
func Defaults() Config {
	return Config{MinConns: 5, MaxConns: 20, AcquireTimeout: 5 * time.Second, LockTimeout: 10 * time.Second, OperationTimeout: 30 * time.Second}
}

// Observer learns what becomes of operations. It is called on the operation's own goroutine and must not block.
type Observer interface {
	// Operation is told of every operation that ended: its name, how long it took with all its repeats, and whether it
	// failed. "No such row" is an answer, not a failure.
	Operation(name string, took time.Duration, failed bool)
	// Retry is told of every repeat before it begins; a repeated transaction is called Transaction.
	Retry(name string)
}

// Unobserved is an Observer for commands that measure nothing.
type Unobserved struct{}

// Operation does nothing.
func (Unobserved) Operation(string, time.Duration, bool) {}

// Retry does nothing.
func (Unobserved) Retry(string) {}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	pool    *pgxpool.Pool
	waiting *waiters
	log     *slog.Logger
	observe Observer
	acquire time.Duration
	timeout time.Duration
	silence time.Duration // of the listening connection, before it is asked whether it is still there
}

// Open connects and checks that the database answers. Close the Store after use.
func Open(ctx context.Context, cfg Config, observe Observer, log *slog.Logger) (*Store, error) {
	poolCfg, err := parseURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	poolCfg.MinConns = cfg.MinConns
	poolCfg.MaxConns = cfg.MaxConns
	poolCfg.ConnConfig.RuntimeParams["lock_timeout"] = strconv.FormatInt(cfg.LockTimeout.Milliseconds(), 10)
	waiting := &waiters{}
	poolCfg.ConnConfig.Tracer = waiting
	pool, err := pgxpool.NewWithConfig(ctx, poolCfg)
	if err != nil {
		return nil, fmt.Errorf("make the pool: %w", err)
	}
	s := &Store{pool: pool, waiting: waiting, log: log, observe: observe, acquire: cfg.AcquireTimeout, timeout: cfg.OperationTimeout, silence: listenSilence}
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
	conn, err := s.connection(ctx)
	if err != nil {
		return translate(ctx, err)
	}
	defer conn.Release()
	if err := conn.Ping(ctx); err != nil {
		return connectFault(err)
	}
	return nil
}

// connection takes a connection out of the pool; Release gives it back. Its wait is bounded by itself, so that callers
// queueing for a connection are told that the database is busy while there is still time to act on it.
func (s *Store) connection(ctx context.Context) (*pgxpool.Conn, error) {
	waiting, cancel := context.WithTimeout(ctx, s.acquire)
	defer cancel()
	conn, err := s.pool.Acquire(waiting)
	switch {
	case err == nil:
		return conn, nil
	case ctx.Err() != nil || waiting.Err() == nil:
		return nil, &unsentError{err}
	case s.pool.Stat().AcquiredConns() < s.pool.Config().MaxConns: // it was the server that let us wait
		return nil, connectFault(err)
	}
	return nil, fault.New(fault.Unavailable, "All connections to the database are in use: try again.").
		WithReason(ReasonPoolExhausted).WithCause(err)
}

// Reasons of the faults made here.
const (
	// ReasonPoolExhausted marks an operation that did not begin, because no connection came free in time.
	ReasonPoolExhausted = "DATABASE_POOL_EXHAUSTED"
	// ReasonCommitInDoubt marks a transaction that may have been saved: the connection was lost while it was committed.
	ReasonCommitInDoubt = "COMMIT_IN_DOUBT"
)

// Storable reports whether PostgreSQL can keep a text: it takes UTF-8 without NUL.
func Storable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }
