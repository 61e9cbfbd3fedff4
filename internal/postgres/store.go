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

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	uuidcodec "github.com/vgarvardt/pgx-google-uuid/v5"

	"github.com/postwright/postwright/internal/fault"
)

// Config says which database to use and within which limits.
type Config struct {
	// URL is a postgres:// URL or a keyword/value string, as libpq takes it.
	URL string
	// DirectURL leads to PostgreSQL itself, past the pooler that URL leads to: what needs a session goes there. "" where URL does.
	DirectURL string
	// ApplicationName is what PostgreSQL shows the connections as, unless the URL says something else.
	ApplicationName string
	// MinConns are kept open even when idle.
	MinConns int32
	// MaxConns bounds the pool.
	MaxConns int32
	// AcquireTimeout bounds the wait for a connection of the pool, its making included.
	AcquireTimeout time.Duration
	// LockTimeout bounds the wait for a row that another transaction has locked.
	LockTimeout time.Duration
	// OperationTimeout bounds each operation: the waits for a connection and for locks, the work, and repeats. What saves
	// is given a few seconds more for PostgreSQL's answer.
	OperationTimeout time.Duration
	// Constraints are those of which a caller is told which field violates them; of any other only the kind of the fault is told.
	Constraints Constraints
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
	direct  *pgxpool.Pool // for what needs a session; nil where pool gives them
	tx      pgx.TxOptions
	uses    *uses
	losses  *losses
	log     *slog.Logger
	observe Observer
	acquire time.Duration
	timeout time.Duration
	grace   time.Duration // beyond timeout, for what saves
	closing time.Duration
	silence time.Duration // of the listening connection, before it is asked whether it is still there

	constraints Constraints
}

// Open connects and checks that the database answers. Close the Store after use.
func Open(ctx context.Context, cfg Config, observe Observer, log *slog.Logger) (*Store, error) {
	poolCfg, err := parseURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	poolCfg.MinConns = cfg.MinConns
	poolCfg.MaxConns = cfg.MaxConns
	setApplicationName(poolCfg, cfg.ApplicationName)
	lockLimit := strconv.FormatInt(cfg.LockTimeout.Milliseconds(), 10)
	// A statement that has waited for a row is to see it as it is then, whatever the database's default is.
	tx := pgx.TxOptions{IsoLevel: pgx.ReadCommitted}
	if cfg.DirectURL == "" {
		poolCfg.ConnConfig.RuntimeParams[lockTimeout] = lockLimit
	} else {
		withoutSessions(poolCfg)
		// In the same message as BEGIN. A statement outside a transaction has the operation's limit alone.
		tx.BeginQuery = "begin isolation level read committed; set local lock_timeout = " + lockLimit
	}
	poolCfg.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		uuidcodec.Register(conn.TypeMap()) // or each goes through its text, twice
		return nil
	}
	uses := &uses{last: map[*pgx.Conn]string{}}
	poolCfg.ConnConfig.Tracer = uses
	poolCfg.ConnConfig.BuildContextWatcherHandler = leave
	losses := &losses{}
	poolCfg.ShouldPing = losses.askFirst
	pool, err := pgxpool.NewWithConfig(ctx, poolCfg)
	if err != nil {
		return nil, fmt.Errorf("make the pool: %w", err)
	}
	s := &Store{
		pool: pool, tx: tx, uses: uses, losses: losses, log: log, observe: observe, acquire: cfg.AcquireTimeout, timeout: cfg.OperationTimeout,
		grace: savingGrace, closing: closeTimeout, silence: listenSilence, constraints: cfg.Constraints,
	}
	if err := s.reach(ctx, cfg); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// reach checks that the database answers, that it gives sessions where they are needed, and that it is one database.
func (s *Store) reach(ctx context.Context, cfg Config) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if cfg.DirectURL == "" {
		return requireSessions(ctx, s.pool.Config().ConnConfig, urlSetting)
	}
	pooled, err := connectOne(ctx, s.pool.Config().ConnConfig, urlSetting)
	if err != nil {
		return err
	}
	defer closeOne(ctx, pooled)
	directCfg, err := parseURL(cfg.DirectURL)
	if err != nil {
		return err
	}
	setApplicationName(directCfg, cfg.ApplicationName)
	directCfg.MaxConns = 1 // who needs a session for long takes its connection out of the pool
	if s.direct, err = pgxpool.NewWithConfig(ctx, directCfg); err != nil {
		return fmt.Errorf("make the pool: %w", err)
	}
	if err := requireSessions(ctx, directCfg.ConnConfig, directSetting); err != nil {
		return err
	}
	direct, err := connectOne(ctx, directCfg.ConnConfig, directSetting)
	if err != nil {
		return err
	}
	defer closeOne(ctx, direct)
	if err := sameDatabase(ctx, pooled, direct); err != nil {
		return err
	}
	return requireTransactions(ctx, pooled, s.tx)
}

// Sessions is the pool of connections whose sessions are their own, for River's listener only.
func (s *Store) Sessions() *pgxpool.Pool {
	if s.direct != nil {
		return s.direct
	}
	return s.pool
}

// parseURL reads a database URL. pgx masks the password in its error, but not in every malformed URL; so its text stays
// out of the fault. What connections say and hear is UTF-8, whatever the URL, the role or the database sets: the driver converts
// nothing, and PostgreSQL would take the bytes for another encoding's.
func parseURL(databaseURL string) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		return nil, fault.New(fault.Invalid, "The database URL can't be read: give a postgres:// URL.")
	}
	cfg.ConnConfig.RuntimeParams[clientEncoding] = utf8Encoding
	return cfg, nil
}

// Close waits for the connections in use to come back, and closes them all. What does not come back in time is told in the
// log with the statements that it was last used for, and is left to the end of the process.
func (s *Store) Close() {
	if s.direct != nil && !closed(s.direct, s.closing) {
		s.log.Error("the direct connections to the database could not all be closed: the rest ends with the process", "waited", s.closing)
	}
	if !closed(s.pool, s.closing) {
		s.log.Error("the database's connections could not all be closed: the rest ends with the process",
			"waited", s.closing, "in_use", s.PoolState().InUse, "last_statements", s.uses.statements())
	}
}

// Pool is the pool itself, for River's driver only: everything else goes through the Store, which measures and
// translates.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Ping checks that the database answers.
func (s *Store) Ping(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	conn, err := s.connection(limited)
	if err != nil {
		return Fault(ctx, err)
	}
	defer conn.Release()
	return Fault(ctx, conn.Ping(limited))
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
	// ReasonCommitInDoubt marks a transaction, or a statement that commits itself, that may have been saved: PostgreSQL's
	// answer did not come.
	ReasonCommitInDoubt = "COMMIT_IN_DOUBT"
	// ReasonDiskFull, ReasonShortOfResources, ReasonReadOnly and ReasonDiskFails mark what PostgreSQL refused for want of
	// something that its operator can give it.
	ReasonDiskFull         = "DATABASE_DISK_FULL"
	ReasonShortOfResources = "DATABASE_SHORT_OF_RESOURCES"
	ReasonReadOnly         = "DATABASE_READ_ONLY"
	ReasonDiskFails        = "DATABASE_DISK_FAILS"
)

// Storable reports whether PostgreSQL can keep a text: it takes UTF-8 without NUL.
func Storable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }
