package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postwright/postwright/internal/fault"
)

// Tx is a transaction under way. It carries out the generated functions like a Store does; none of them is repeated by
// itself, because PostgreSQL has given up the whole transaction by then.
type Tx struct {
	tx    pgx.Tx
	store *Store
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

// QueryRow carries out a statement with one row. The operation ends when the row is scanned, which must happen.
func (t *Tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	op, ctx := t.store.start(ctx, operationName(sql))
	row := t.tx.QueryRow(ctx, sql, args...)
	return scan(func(dest ...any) error { return op.end(row.Scan(dest...)) })
}

// InTx runs do in one transaction: committed when do returns nil, rolled back when it returns an error or panics. The
// first error is the one returned. When PostgreSQL gives the transaction up for a reason that a repeat cures
// (serialization failure, deadlock, plan gone stale), or its connection is lost before the commit was asked for, the whole
// of do is run again, at most attempts times in all; so do must have no effect outside the transaction: no vendor call, no
// channel, no captured variable that accumulates. A connection that is lost during the commit is a fault with
// ReasonCommitInDoubt, and nothing is repeated: it may have been saved.
//
// There is no nesting, and inside do only tx may be used: an operation on the Store would take a second connection and
// not see what the transaction wrote.
func (s *Store) InTx(ctx context.Context, do func(tx *Tx) error) error {
	return s.repeat(ctx, "Transaction", repeatableTx, func() error { return s.once(ctx, do) })
}

// rollbackTimeout bounds the clean-up that runs after the caller's context may have ended.
const rollbackTimeout = 5 * time.Second

func (s *Store) once(ctx context.Context, do func(tx *Tx) error) (err error) {
	conn, pgxTx, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	defer func() {
		// Cut loose from the caller: rolling back on a cancelled context fails and costs the connection. After a
		// successful commit this is a no-op, and after a failed one the transaction is gone either way.
		rollback, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		if rbErr := pgxTx.Rollback(rollback); rbErr != nil && !errors.Is(rbErr, pgx.ErrTxClosed) && err == nil {
			err = translate(ctx, rbErr)
		}
	}()
	if err := do(&Tx{tx: pgxTx, store: s}); err != nil {
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
	if tx, err = taken.Begin(ctx); err != nil {
		taken.Release()
		return nil, nil, op.end(err)
	}
	return taken, tx, op.end(nil)
}

type released interface{ Release() }

func (s *Store) commit(ctx context.Context, tx pgx.Tx) error {
	op, ctx := s.start(ctx, "Commit")
	err := tx.Commit(ctx)
	if lost(err) {
		err = fault.New(fault.Unavailable, "The database was lost while it saved this: it may have been saved. Read it again before you repeat it.").
			WithReason(ReasonCommitInDoubt).WithCause(err)
	}
	return op.end(err)
}
