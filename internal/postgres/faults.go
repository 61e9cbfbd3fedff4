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
	codeTooManyConnections   = "53300"
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

// translate turns a driver's error into a fault, by SQLSTATE and constraint name and never by its text. ctx is the
// caller's own context, without the operation's limit, so that a caller who left is told apart from a slow database.
func translate(ctx context.Context, err error) error {
	var already *fault.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &already):
		return err
	case errors.Is(err, pgx.ErrNoRows):
		return fault.New(fault.NotFound, "There is no such thing.").WithCause(err)
	case errors.Is(ctx.Err(), context.Canceled):
		return fault.New(fault.Canceled, "The caller went away.").WithCause(err)
	case ctx.Err() != nil:
		return fault.New(fault.Deadline, "The time for this request ran out.").WithCause(err)
	case errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Deadline, "The database did not answer in time.").WithCause(err)
	}
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return translateState(pgErr)
	}
	if lost(err) {
		return connectFault(err)
	}
	return fault.New(fault.Internal, "A database operation failed.").WithCause(err)
}

func translateState(err *pgconn.PgError) error {
	switch err.Code {
	case codeUnique:
		return about(fault.New(fault.Conflict, "This exists already."), uniqueFields[err.ConstraintName]).WithCause(err)
	case codeForeignKey:
		return fault.New(fault.Precondition, "Something this depends on does not exist, or is still in use.").WithCause(err)
	case codeCheck:
		return about(fault.New(fault.Invalid, "A value is outside its bounds."), checkFields[err.ConstraintName]).WithCause(err)
	case codeNotNull:
		return fault.New(fault.Internal, "A database operation failed.").WithCause(err)
	case codeSerialization, codeDeadlock, codeFeatureNotSupported, codeLockNotAvailable:
		return fault.New(fault.Busy, "Other work on the same data got in the way: try again.").WithCause(err)
	case codeQueryCanceled:
		return fault.New(fault.Deadline, "The database did not answer in time.").WithCause(err)
	}
	switch {
	case strings.HasPrefix(err.Code, classData):
		return fault.New(fault.Invalid, "A value has a form that can't be stored.").WithCause(err)
	case gone(err.Code):
		return connectFault(err)
	}
	return fault.New(fault.Internal, "A database operation failed.").WithCause(err)
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

// connectFault says that the database can't be reached. The cause may name host and user, never the password.
func connectFault(err error) error {
	return fault.New(fault.Unavailable, "The database can't be reached at the moment: try again.").WithCause(err)
}
