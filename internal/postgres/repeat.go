package postgres

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postwright/postwright/internal/fault"
)

// How often an operation or a transaction is run in all, and how long is waited in between: short, because a caller waits.
const (
	attempts    = 3
	firstWait   = 100 * time.Millisecond
	longestWait = time.Second
	waitJitter  = 0.25 // of the wait, either way
)

// repeat runs do until it succeeds, its failure is not repeatable, or attempts are used up. What do said last is the
// outcome: the executor would put the end of ctx over it, and a success that nobody hears of is a transaction that took
// effect and is told as cancelled, or rows whose connection nobody gives back.
//
// The executor is made once there is something to repeat: it would be a quarter of what a read by its key allocates.
func (s *Store) repeat(ctx context.Context, name string, repeatable func(error) bool, do func() error) error {
	do = s.noting(do)
	outcome := do()
	if outcome == nil || !repeatable(outcome) {
		return outcome
	}
	policy := retrypolicy.NewBuilder[any]().
		HandleIf(func(_ any, err error) bool { return err != nil && repeatable(err) }).
		WithMaxAttempts(attempts).WithBackoff(firstWait, longestWait).WithJitterFactor(waitJitter).ReturnLastFailure().
		OnRetry(func(e failsafe.ExecutionEvent[any]) {
			s.observe.Retry(name)
			s.log.LogAttrs(ctx, slog.LevelInfo, "database operation repeated", slog.String("operation", name),
				slog.Int("attempt", e.Attempts()), slog.Any("error", e.LastError()))
		}).
		Build()
	first := true
	_ = failsafe.With(policy).WithContext(ctx).Run(func() error { // the outcome tells it
		if !first {
			outcome = do()
		}
		first = false
		return outcome
	})
	return outcome
}

// noting remembers that do has found a connection lost.
func (s *Store) noting(do func() error) func() error {
	return func() error {
		err := do()
		if lost(err) {
			s.losses.note()
		}
		return err
	}
}

// repeatableTx reports whether a repeat of the whole transaction may cure a failure, and can't do harm: either PostgreSQL
// has given it up, or the connection was lost before the commit was asked for.
func repeatableTx(err error) bool { return conflicted(err) || (lost(err) && !inDoubt(err)) }

// repeatableRead is the same for a statement that changes nothing.
func repeatableRead(err error) bool { return conflicted(err) || lost(err) }

// repeatableWrite is the same for a statement that changes something: only what was never sent is repeated. pgconn's own
// SafeToRetry does not tell: it is true for the "conn closed" that a statement may end with after it was sent (pgx 5.12).
func repeatableWrite(err error) bool {
	var unsent *unsentError
	return errors.As(err, &unsent) && lost(err)
}

// unsentError is the failure of an operation that had no connection to be sent over.
type unsentError struct{ cause error }

func (e *unsentError) Error() string { return e.cause.Error() }
func (e *unsentError) Unwrap() error { return e.cause }

// conflicted reports whether PostgreSQL gave the statement or its transaction up for a reason that a repeat cures.
func conflicted(err error) bool {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return false
	}
	switch pgErr.Code {
	case codeSerialization, codeDeadlock, codeFeatureNotSupported:
		return true
	}
	return false
}

// lost reports whether the connection was lost, or could not be made. An operation whose time ran out is not: pgx closes
// its connection itself.
func lost(err error) bool {
	if err == nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return false
	}
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return gone(pgErr.Code)
	}
	var netErr net.Error
	var connectErr *pgconn.ConnectError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &connectErr) || errors.As(err, &netErr) ||
		pgconn.SafeToRetry(err)
}

// unanswered reports whether an operation ended without PostgreSQL's word on it, after it may have been sent: there is
// a fault already of one that got no connection.
func unanswered(err error) bool {
	var unsent *unsentError
	var already *fault.Error
	if errors.As(err, &unsent) || errors.As(err, &already) {
		return false
	}
	return lost(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// gone reports whether a SQLSTATE says that the server ends, or does not take, the connection.
func gone(code string) bool {
	return code == codeTooManyConnections || strings.HasPrefix(code, classConnection) || strings.HasPrefix(code, classOperatorInterfering)
}

// inDoubt reports whether it may have been saved although it failed.
func inDoubt(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Reason == ReasonCommitInDoubt
}

// changesNothing reports whether a statement only reads: then it may be sent again although it may have been carried out.
func changesNothing(sql string) bool {
	statement := sql
	for strings.HasPrefix(statement, "--") { // its name and its comments
		_, statement, _ = strings.Cut(statement, "\n")
	}
	return strings.HasPrefix(statement, "SELECT") // a lock that it takes ends with it, outside a transaction
}
