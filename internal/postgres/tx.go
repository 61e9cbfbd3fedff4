package postgres

import (
	"context"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Tx is a transaction under way. It carries out the generated functions like a Store does; none of them is repeated by
// itself, because PostgreSQL has given up the whole transaction by then.
type Tx struct {
	tx    pgx.Tx
	store *Store
	after []func()
}

// After has do called when the transaction has ended and before InTx returns, whether it was committed, was not, or is in doubt: for
// what this process remembers of the rows. Where the transaction is run again, do belongs to the run that asked for it.
func (t *Tx) After(do func()) { t.after = append(t.after, do) }

func (t *Tx) ended() {
	for _, do := range t.after {
		do()
	}
}

// Pgx is the driver's transaction, for River's InsertTx only: statements on it are neither measured nor translated.
func (t *Tx) Pgx() pgx.Tx { return t.tx }

// Exec carries out a statement without rows.
func (t *Tx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	op, ctx := t.store.start(ctx, operationName(sql))
	tag, err := t.tx.Exec(ctx, sql, args...)
	return tag, op.end(err)
}

// Query carries out a statement with rows. The operation ends, and is measured, when the rows are closed.
func (t *Tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	op, ctx := t.store.start(ctx, operationName(sql))
	rows, err := t.tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, op.end(err)
	}
	return &measuredRows{Rows: rows, op: op}, nil
}

// QueryRow carries out a statement with one row, when the row is scanned, which must happen.
func (t *Tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return scan(func(dest ...any) error {
		op, ctx := t.store.start(ctx, operationName(sql))
		return op.end(t.tx.QueryRow(ctx, sql, args...).Scan(dest...))
	})
}

// InTx runs do in one transaction: committed when do returns nil, rolled back when it returns an error or panics. The
// first error is the one returned. When PostgreSQL gives the transaction up for a reason that a repeat cures
// (serialization failure, deadlock, plan gone stale), or its connection is lost before the commit was asked for, the whole
// of do is run again, at most attempts times in all; so do must have no effect outside the transaction: no vendor call, no
// channel, no captured variable that accumulates.
//
// A caller who leaves ends the transaction only until the commit is asked for: that goes on, so that nil means saved, and
// every error but one means not saved. The one is a fault with ReasonCommitInDoubt: PostgreSQL was lost, or did not answer
// in time, during the commit. Nothing is repeated then.
//
// There is no nesting, and inside do only tx may be used: an operation on the Store would take a second connection and
// not see what the transaction wrote.
func (s *Store) InTx(ctx context.Context, do func(tx *Tx) error) error {
	return s.repeat(ctx, "Transaction", repeatableTx, func() error { return s.once(ctx, do) })
}

// rollbackTimeout bounds the clean-up that runs after the caller's context may have ended: no outcome depends on it.
const rollbackTimeout = 5 * time.Second

func (s *Store) once(ctx context.Context, do func(tx *Tx) error) error {
	conn, pgxTx, err := s.begin(ctx)
	if err != nil {
		return err
	}
	tx := &Tx{tx: pgxTx, store: s}
	defer tx.ended()
	defer conn.Release()
	defer func() {
		// Cut loose from the caller: rolling back on a cancelled context fails and costs the connection. After a
		// successful commit this is a no-op, and after a failed one the transaction is gone either way.
		rollback, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_ = pgxTx.Rollback(rollback)
	}()
	if err := do(tx); err != nil {
		return err
	}
	return s.commit(ctx, pgxTx)
}

func (s *Store) begin(ctx context.Context) (conn released, tx pgx.Tx, err error) {
	op, ctx := s.start(ctx, "Begin")
	taken, err := s.connection(ctx)
	if err != nil {
		return nil, nil, op.end(err)
	}
	if tx, err = taken.BeginTx(ctx, s.tx); err != nil {
		taken.Release()
		return nil, nil, op.end(err)
	}
	return taken, tx, op.end(nil)
}

type released interface{ Release() }

// commit asks for the commit, unless it is too late to: then nothing is in doubt.
func (s *Store) commit(ctx context.Context, tx pgx.Tx) error {
	op, ctx := s.start(ctx, "Commit")
	op.saves = true
	switch {
	case ctx.Err() != nil:
		return op.end(&unsentError{ctx.Err()})
	case tx.Conn().IsClosed():
		return op.end(&unsentError{net.ErrClosed})
	}
	ctx, cancel := op.outlive(ctx)
	defer cancel()
	return op.end(tx.Commit(ctx))
}
