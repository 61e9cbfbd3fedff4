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

// uniqueFields names, for each unique constraint a caller can run into, the field that holds the value taken.
var uniqueFields = map[string]fault.Field{
	"users_email_key":                 {Path: "email", Problem: "is taken by another user: choose another"},
	"linkedin_accounts_owner_urn_key": {Path: "urn", Problem: "is connected already"},
	"linkedin_accounts_default_key":   {Path: "urn", Problem: "was connected at the same moment as another: connect it again"},
	"publications_open_key":           {Path: "id", Problem: "is being published already"},
}

// checkFields names, for each check constraint that bounds a caller's value, the field it bounds.
var checkFields = map[string]fault.Field{
	"users_email_length":           {Path: "email", Problem: "must have 3 to 254 characters"},
	"users_name_length":            {Path: "name", Problem: "must have at most 200 characters"},
	"api_keys_label_length":        {Path: "label", Problem: "must have at most 200 characters"},
	"linkedin_accounts_urn_kind":   {Path: "urn", Problem: "must be a person's or an organization's URN"},
	"posts_content_length":         {Path: "content", Problem: "must have 1 to 3,000 characters"},
	"posts_target_audience_length": {Path: "targetAudience", Problem: "must have at most 500 characters"},
	"posts_hashtags_count":         {Path: "hashtags", Problem: "must be at most 30"},
	"posts_post_type_known":        {Path: "postType", Problem: "must be one of the known types"},
	"posts_tone_known":             {Path: "tone", Problem: "must be one of the known tones"},
	"posts_visibility_known":       {Path: "visibility", Problem: "must be one of the known visibilities"},
}

// Fault turns an error of the driver, as River's methods return it, into a fault. ctx is the caller's own.
func Fault(ctx context.Context, err error) error { return translate(ctx, err) }

// translate turns a driver's error into a fault, by SQLSTATE and constraint name and never by its text. ctx is the
// caller's own context, without the operation's limit, so that a caller who left is told apart from a slow database. What
// PostgreSQL answered stands, also where its caller left meanwhile; that it was told to stop says nothing else.
func translate(ctx context.Context, err error) error {
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
		return translateState(answer).WithCause(err)
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

func translateState(answer *pgconn.PgError) *fault.Error {
	if words := refusedRole(answer.Code); words != "" {
		return refuses(words)
	}
	switch answer.Code {
	case codeUnique:
		return about(fault.New(fault.Conflict, "This exists already."), uniqueFields[answer.ConstraintName])
	case codeForeignKey:
		return fault.New(fault.Precondition, "Something this depends on does not exist, or is still in use.")
	case codeCheck:
		return about(fault.New(fault.Invalid, "A value is outside its bounds."), checkFields[answer.ConstraintName])
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
		return fault.New(fault.Unavailable, "The database takes no changes at the moment, and nothing was saved: try again once its operator has made it writable.").
			WithReason(ReasonReadOnly)
	case codeNoRight:
		// Not a Precondition, which would be told of the post or the account that the statement was about.
		return fault.New(fault.Unavailable, "The database's role has no right to this, and nothing was saved: its operator finds what is missing, and the GRANT to run, with `postwright serve --check`.").
			WithReason(ReasonRights)
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
	return fault.New(fault.Unavailable, "The database was lost, or fell silent, while it saved this: it may have been saved. Read it again before you repeat it.").
		WithReason(ReasonCommitInDoubt).WithCause(err)
}
