package postgres

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postwright/postwright/internal/fault"
)

// SQLSTATE codes that get an answer of their own: PostgreSQL manual, appendix A.
const (
	codeNotNull              = "23502"
	codeForeignKey           = "23503"
	codeUnique               = "23505"
	codeCheck                = "23514"
	codeFeatureNotSupported  = "0A000" // among others: "cached plan must not change result type"
	codeSerialization        = "40001"
	codeDeadlock             = "40P01"
	codeLockNotAvailable     = "55P03"
	codeQueryCanceled        = "57014"
	codeDiskFull             = "53100"
	codeOutOfMemory          = "53200"
	codeTooManyConnections   = "53300"
	codeLimitExceeded        = "53400" // the server's own settings, such as temp_file_limit
	codeReadOnly             = "25006" // a standby, or a server whose disk its operator keeps from filling up
	codeIO                   = "58030"
	codeNoRight              = "42501"
	codeNoDatabase           = "3D000"
	codeWrongPassword        = "28P01"
	codeNotAuthorized        = "28000" // no such role, or pg_hba.conf has no line for it
	classConnection          = "08"
	classData                = "22"
	classOperatorInterfering = "57P"
)

// Constraints say, by the names of constraints that a caller's value can violate, which field the value is of and what is wrong
// with it. Those who own the tables hand them in.
type Constraints map[string]fault.Field

// Fault turns an error of the driver, as River's methods return it, into a fault. ctx is the caller's own.
func Fault(ctx context.Context, err error) error { return Constraints{}.translate(ctx, err) }

// translate turns a driver's error into a fault, by SQLSTATE and constraint name and never by its text. ctx is the
// caller's own context, without the operation's limit, so that a caller who left is told apart from a slow database. What
// PostgreSQL answered stands, also where its caller left meanwhile; that it was told to stop says nothing else.
func (c Constraints) translate(ctx context.Context, err error) error {
	var already *fault.Error
	var answer *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &already):
		return err
	case errors.Is(err, pgx.ErrNoRows):
		return fault.New(fault.NotFound, "There is no such thing.").WithCause(err)
	case refusal(err) != nil:
		return refusal(err).WithCause(err)
	case errors.As(err, &answer) && answer.Code != codeQueryCanceled:
		return c.translateState(answer).WithCause(err)
	case errors.Is(ctx.Err(), context.Canceled):
		return fault.New(fault.Canceled, "The caller went away.").WithCause(err)
	case ctx.Err() != nil:
		return fault.New(fault.Deadline, "The time for this request ran out.").WithCause(err)
	case errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Deadline, "The database did not answer in time.").WithCause(err)
	case answer != nil:
		return fault.New(fault.Deadline, "The database did not answer in time.").WithCause(err)
	case lost(err):
		return connectFault(err)
	}
	return fault.New(fault.Internal, "A database operation failed.").WithCause(err)
}

func (c Constraints) translateState(answer *pgconn.PgError) *fault.Error {
	if words := refusedRole(answer.Code); words != "" {
		return refuses(words)
	}
	switch answer.Code {
	case codeUnique:
		return about(fault.New(fault.Conflict, "This exists already."), c[answer.ConstraintName])
	case codeForeignKey:
		return fault.New(fault.Precondition, "Something this depends on does not exist, or is still in use.")
	case codeCheck:
		return about(fault.New(fault.Invalid, "A value is outside its bounds."), c[answer.ConstraintName])
	case codeNotNull:
		return fault.New(fault.Internal, "A database operation failed.")
	case codeSerialization, codeDeadlock, codeFeatureNotSupported, codeLockNotAvailable:
		return fault.New(fault.Busy, "Other work on the same data got in the way: try again.")
	case codeDiskFull:
		return fault.New(fault.Unavailable, "The database's disk is full, and nothing was saved: try again once its operator has made room.").
			WithReason(ReasonDiskFull)
	case codeOutOfMemory, codeLimitExceeded:
		return fault.New(fault.Unavailable, "The database is short of memory or of room for this, and nothing was saved: try again later.").
			WithReason(ReasonShortOfResources)
	case codeReadOnly:
		return fault.New(
			fault.Unavailable,
			"The database takes no changes at the moment, and nothing was saved: try again once its operator has made it writable.",
		).WithReason(ReasonReadOnly)
	case codeNoRight:
		// Not a Precondition, which would be told of the post or the account that the statement was about.
		return fault.New(
			fault.Unavailable,
			"The database's role has no right to this, and nothing was saved: its operator finds what is missing, and the GRANT to run, with `postwright "+
				"serve --check`.",
		).WithReason(ReasonRights)
	case codeIO:
		return fault.New(fault.Unavailable, "The database's disk fails, and nothing was saved: its operator finds why in its log.").
			WithReason(ReasonDiskFails)
	}
	switch {
	case strings.HasPrefix(answer.Code, classData):
		return fault.New(fault.Invalid, "A value has a form that can't be stored.")
	case gone(answer.Code):
		return unreachable()
	}
	return fault.New(fault.Internal, "A database operation failed.")
}

// about names the field that a fault is about; the zero Field names none.
func about(f *fault.Error, field fault.Field) *fault.Error {
	if field.Path == "" {
		return f
	}
	f.Message = "The value of " + field.Path + " " + field.Problem + "."
	f.Fields = []fault.Field{field}
	return f
}

func unreachable() *fault.Error {
	return fault.New(fault.Unavailable, "The database can't be reached at the moment: try again.")
}

// doubtFault says that something may have been saved although PostgreSQL did not say so.
func doubtFault(err error) error {
	return fault.New(
		fault.Unavailable,
		"The database was lost, or fell silent, while it saved this: it may have been saved. Read it again before you repeat it.",
	).WithReason(ReasonCommitInDoubt).WithCause(err)
}
