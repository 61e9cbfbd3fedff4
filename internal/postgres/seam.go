package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel/trace"
)

// operation is one statement under way: it is named, limited, measured once and translated.
type operation struct {
	name    string
	began   time.Time
	parent  context.Context
	cancel  context.CancelFunc
	observe Observer
	span    trace.Span
	grace   time.Duration
	saves   bool // of itself: a commit, or a statement outside a transaction that changes something
	ended   bool

	constraints Constraints
}

func (s *Store) start(ctx context.Context, name string) (*operation, context.Context) {
	limited, cancel := context.WithTimeout(ctx, s.timeout)
	limited, span := startSpan(limited, name)
	return &operation{
		name: name, began: time.Now(), parent: ctx, cancel: cancel, observe: s.observe, span: span, grace: s.grace, constraints: s.constraints,
	}, limited
}

// startStatement is start for a statement outside a transaction.
func (s *Store) startStatement(ctx context.Context, sql string) (*operation, context.Context) {
	op, ctx := s.start(ctx, operationName(sql))
	op.saves = !changesNothing(sql)
	return op, ctx
}

// savingGrace is how long PostgreSQL may still take over what saves, once its caller has left or its limit has passed.
const savingGrace = 5 * time.Second

// outlive returns the context to carry out the operation on. What saves is given a grace beyond the operation's own
// context: to break it off is not to undo it, and its outcome would not be known.
func (o *operation) outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	if !o.saves {
		return ctx, func() {}
	}
	outliving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(o.grace, cancel) })
	return outliving, func() {
		stop()
		cancel()
	}
}

// fault is the fault that an error of the operation comes to.
func (o *operation) fault(err error) error {
	if o.saves && unanswered(err) {
		return doubtFault(err)
	}
	return o.constraints.translate(o.parent, err)
}

// end measures the operation once, lets its time limit go, and returns the error as a fault.
func (o *operation) end(err error) error {
	translated := o.fault(err)
	if !o.ended {
		o.ended = true
		o.observe.Operation(o.name, time.Since(o.began), failed(err))
		endSpan(o.span, err, translated)
		o.cancel()
	}
	return translated
}

// Exec carries out a statement without rows.
func (s *Store) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	op, ctx := s.startStatement(ctx, sql)
	err = s.carryOut(ctx, op, func(ctx context.Context, conn conn) (err error) {
		tag, err = conn.Exec(ctx, sql, args...)
		return err
	})
	return tag, op.end(err)
}

// Query carries out a statement with rows. The operation ends, and is measured, when the rows are closed. What fails after
// the first row is not repeated: the caller has seen it.
func (s *Store) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	op, ctx := s.startStatement(ctx, sql)
	var rows *heldRows
	err := s.repeat(ctx, op.name, op.repeatable(), func() error {
		conn, err := s.connection(ctx)
		if err != nil {
			return err
		}
		ctx, cancel := op.outlive(ctx)
		release := func() {
			conn.Release()
			cancel()
		}
		read, err := conn.Query(ctx, sql, args...)
		if err != nil {
			release()
			return err
		}
		rows = &heldRows{Rows: read, release: release, ahead: true, first: read.Next()}
		if err := read.Err(); err != nil && !rows.first {
			rows.Close()
			return err
		}
		return nil
	})
	if err != nil {
		return nil, op.end(err)
	}
	return &measuredRows{Rows: rows, op: op}, nil
}

// QueryRow carries out a statement with one row, when the row is scanned, which must happen.
func (s *Store) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return scan(func(dest ...any) error {
		op, ctx := s.startStatement(ctx, sql)
		return op.end(s.carryOut(ctx, op, func(ctx context.Context, conn conn) error {
			return conn.QueryRow(ctx, sql, args...).Scan(dest...)
		}))
	})
}

// conn is what is needed of a connection.
type conn interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// carryOut runs a statement that is over when do returns, on a connection of its own, again where that is safe.
func (s *Store) carryOut(ctx context.Context, op *operation, do func(ctx context.Context, conn conn) error) error {
	return s.repeat(ctx, op.name, op.repeatable(), func() error {
		conn, err := s.connection(ctx)
		if err != nil {
			return err
		}
		defer conn.Release()
		ctx, cancel := op.outlive(ctx)
		defer cancel()
		return do(ctx, conn)
	})
}

func (o *operation) repeatable() func(error) bool {
	if o.saves {
		return repeatableWrite
	}
	return repeatableRead
}

// scan is a row whose statement runs when it is read.
type scan func(dest ...any) error

// Scan reads the row.
func (s scan) Scan(dest ...any) error { return s(dest...) }

// heldRows are rows of which the first was fetched ahead, on a connection that goes back to the pool when they are closed.
type heldRows struct {
	pgx.Rows
	release func()
	ahead   bool // Next was called once already, and answered first
	first   bool
}

// Next closes the rows behind the last one, as pgx's own do.
func (r *heldRows) Next() bool {
	next := r.first
	if !r.ahead {
		next = r.Rows.Next()
	}
	r.ahead = false
	if !next {
		r.Close()
	}
	return next
}

func (r *heldRows) Close() {
	r.Rows.Close()
	if r.release != nil {
		r.release()
		r.release = nil
	}
}

type measuredRows struct {
	pgx.Rows
	op *operation
}

func (r *measuredRows) Scan(dest ...any) error { return r.op.fault(r.Rows.Scan(dest...)) }

func (r *measuredRows) Err() error { return r.op.fault(r.Rows.Err()) }

func (r *measuredRows) Close() {
	r.Rows.Close()
	_ = r.op.end(r.Rows.Err()) // the caller asks Err for it
}

// operationName reads the name that sqlc put at the head of the statement: `-- name: PostGet :one`.
func operationName(sql string) string {
	rest, found := strings.CutPrefix(sql, "-- name: ")
	if !found {
		return "unnamed"
	}
	name, _, _ := strings.Cut(rest, " ")
	return name
}
