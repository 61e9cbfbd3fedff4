package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel/trace"
)

// seam carries out generated statements: it names, limits, measures and translates each. It is gen/db's DBTX.
type seam struct {
	on      querier
	observe Observer
	timeout time.Duration
}

// operation is one statement under way.
type operation struct {
	name    string
	began   time.Time
	parent  context.Context
	cancel  context.CancelFunc
	observe Observer
	span    trace.Span
	ended   bool
}

func (s *seam) start(ctx context.Context, name string) (*operation, context.Context) {
	limited, cancel := context.WithTimeout(ctx, s.timeout)
	limited, span := startSpan(limited, name)
	return &operation{name: name, began: time.Now(), parent: ctx, cancel: cancel, observe: s.observe, span: span}, limited
}

// end measures the operation once, lets its time limit go, and returns the error as a fault.
func (o *operation) end(err error) error {
	translated := translate(o.parent, err)
	if !o.ended {
		o.ended = true
		o.observe(o.name, time.Since(o.began), failed(err))
		endSpan(o.span, err, translated)
		o.cancel()
	}
	return translated
}

// Exec carries out a statement without rows.
func (s *seam) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	op, ctx := s.start(ctx, operationName(sql))
	tag, err := s.on.Exec(ctx, sql, args...)
	return tag, op.end(err)
}

// Query carries out a statement with rows. The operation ends, and is measured, when the rows are closed.
func (s *seam) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	op, ctx := s.start(ctx, operationName(sql))
	rows, err := s.on.Query(ctx, sql, args...)
	if err != nil {
		return nil, op.end(err)
	}
	return &measuredRows{Rows: rows, op: op}, nil
}

// QueryRow carries out a statement with one row. The operation ends when the row is scanned, which must happen.
func (s *seam) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	op, ctx := s.start(ctx, operationName(sql))
	return &measuredRow{row: s.on.QueryRow(ctx, sql, args...), op: op}
}

type measuredRow struct {
	row pgx.Row
	op  *operation
}

func (r *measuredRow) Scan(dest ...any) error { return r.op.end(r.row.Scan(dest...)) }

type measuredRows struct {
	pgx.Rows
	op *operation
}

func (r *measuredRows) Scan(dest ...any) error { return translate(r.op.parent, r.Rows.Scan(dest...)) }

func (r *measuredRows) Err() error { return translate(r.op.parent, r.Rows.Err()) }

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
