package publishing

import (
	"cmp"
	"context"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
)

// A database may go back while LinkedIn is asked: a replica that lagged takes over, or a backup is restored. What LinkedIn then
// answers is known to the process that asked, and to nobody else.

// keepAttempt writes down an attempt that the database lost, with what came of it.
func (s *Service) keepAttempt(
	ctx context.Context, tx *postgres.Tx, ownerID, publicationID uuid.UUID, attempt Attempt, o outcome,
) error {
	if _, err := s.queries.AttemptInsert(ctx, tx, db.AttemptInsertParams{
		ID: attempt.ID, PublicationID: publicationID, OwnerID: ownerID, StartedAt: attempt.StartedAt,
	}); err != nil {
		return err
	}
	_, err := s.endAttempt(ctx, tx, ownerID, attempt.ID, o)
	return err
}

// keepLost keeps what came of a lost attempt whose publication went on without it: another attempt is being made, or has been, or
// the publication is lost as well. One that may have arrived becomes a doubt about the post, and a settled one if LinkedIn
// accepted it: so whatever the other attempts come to, the post is not called failed. It gets a publication of its own, with this
// id, since each has one attempt at most that may have arrived; where the account is lost too, the zero Account, the post alone
// tells. One that surely did not changes nothing but the account's state.
func (s *Service) keepLost(
	ctx context.Context, tx *postgres.Tx, rows locked, publicationID uuid.UUID, attempt Attempt, o outcome,
) error {
	if o.attempt != attemptAccepted && o.attempt != attemptInDoubt {
		return s.affect(ctx, tx, rows.account, o)
	}
	now := s.now()
	if rows.account.ID != uuid.Nil {
		if _, err := s.queries.PublicationInsertEnded(ctx, tx, db.PublicationInsertEndedParams{
			ID: publicationID, PostID: rows.post.ID, OwnerID: rows.post.OwnerID, AccountID: rows.account.ID, State: posts.StateUnconfirmed,
			CreatedAt: attempt.StartedAt, EndedAt: now,
		}); err != nil {
			return err
		}
		doubt := o
		doubt.attempt = attemptInDoubt
		if err := s.keepAttempt(ctx, tx, rows.post.OwnerID, publicationID, attempt, doubt); err != nil {
			return err
		}
		if sentWith(rows.post.State, o) {
			if _, err := s.queries.PostKeepAccount(ctx, tx, db.PostKeepAccountParams{
				ID: rows.post.ID, OwnerID: rows.post.OwnerID, AccountID: rows.account.ID,
			}); err != nil {
				return err
			}
		}
	}
	if o.attempt == attemptAccepted {
		return s.arrived(ctx, tx, rows.post, o.urn, settledLateAccepted, now)
	}
	switch rows.post.State {
	case posts.StateDraft, posts.StateScheduled, posts.StateFailed:
		if err := s.settlePost(ctx, tx, db.PostSettleParams{
			ID: rows.post.ID, OwnerID: rows.post.OwnerID, Now: now, State: posts.StateUnconfirmed,
			FailureCode: o.failure.code, FailureMessage: o.failure.message, FailureRemedy: o.failure.remedy,
		}); err != nil {
			return err
		}
		return s.readBackSoon(ctx, tx, rows, now)
	}
	return nil
}

// sentWith reports whether a post in this state becomes what a lost attempt made of it, and so belongs to that attempt's account,
// by which its numbers are asked for and a doubt about it is looked into.
func sentWith(state string, o outcome) bool {
	switch state {
	case posts.StateDraft, posts.StateScheduled, posts.StateFailed:
		return true
	case posts.StateQueued, posts.StateUnconfirmed: // of another attempt, perhaps with another account
		return o.attempt == attemptAccepted
	}
	return false
}

// lostPost is the fault of an attempt whose very post the database lost: the log alone can tell what LinkedIn has.
func lostPost(args PublicationArgs, o outcome, cause error) error {
	said := "LinkedIn did not take it."
	switch o.attempt {
	case attemptAccepted:
		said = "LinkedIn has it, as " + cmp.Or(o.urn, "it did not say what") + "."
	case attemptInDoubt:
		said = "LinkedIn may have it."
	}
	return fault.Newf(fault.NotFound, "The database lost the post %s while it was sent. %s", args.PostID, said).WithCause(cause)
}
