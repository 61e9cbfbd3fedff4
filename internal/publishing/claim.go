package publishing

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/origin"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// locked are the rows of a publication, locked in a transaction.
type locked struct {
	post        posts.Post
	publication db.Publication
	account     accounts.Account
}

// claimed is a publication that was taken for sending, with what the call needs.
type claimed struct {
	locked
	attempt Attempt
	author  linkedin.URN
	token   string
}

// claim takes a queued publication for sending: the attempt is committed before claim returns. It returns nil when there
// is nothing to send now: the post was deleted, the publication has ended, has to wait (then until says how long), or,
// after a crash, has just been settled as in doubt.
func (s *Service) claim(ctx context.Context, job *river.Job[Args]) (c *claimed, until time.Time, err error) {
	args := job.Args
	attemptID, err := uuid.NewV7()
	if err != nil {
		return nil, time.Time{}, err
	}
	take := func(tx *postgres.Tx) error {
		c, until = nil, time.Time{}
		rows, err := s.lock(ctx, tx, args)
		if fault.Is(err, fault.NotFound) {
			return nil // deleted
		}
		if err != nil {
			return err
		}
		now := s.now() // once the locks are held: waiting for them may have taken a while
		switch rows.publication.State {
		case posts.StatePublishing:
			open, err := s.queries.AttemptGetOpen(ctx, tx, db.AttemptGetOpenParams{PublicationID: args.PublicationID, OwnerID: args.OwnerID})
			if err != nil {
				return err
			}
			if open.ID != attemptID {
				_, err = s.settle(ctx, tx, job, rows, open, diedInBetween)
				return err
			}
			// This very claim was saved, though its commit was not answered: nothing has been sent.
			c = &claimed{locked: rows, attempt: open}
			standing, err := s.origin.Look(ctx, tx)
			if err != nil {
				return err
			}
			if o := s.obstacle(c, standing, now); o.state != "" {
				c = nil
				until, err = s.settle(ctx, tx, job, rows, open, o)
			}
			return err
		case posts.StateQueued:
		default:
			return nil
		}
		standing, err := s.origin.Look(ctx, tx)
		if err != nil {
			return err
		}
		next := &claimed{locked: rows}
		o := s.obstacle(next, standing, now)
		switch o.state {
		case "":
		case posts.StateUnconfirmed: // somebody may have made the attempt
			if err := s.begin(ctx, tx, next, attemptID, rows.publication.CreatedAt, now); err != nil {
				return err
			}
			next.publication.State = posts.StatePublishing
			until, err = s.settle(ctx, tx, job, next.locked, next.attempt, o)
			return err
		default:
			until, err = s.conclude(ctx, tx, job, rows, o)
			return err
		}
		if late, err := s.resendTooLate(ctx, tx, rows, now); err != nil {
			return err
		} else if late {
			until, err = s.conclude(ctx, tx, job, rows, unsent(resentTooLate))
			return err
		}
		if until, err = s.turn(ctx, tx, rows.publication, now); err != nil || !until.IsZero() {
			return err
		}
		c = next
		return s.begin(ctx, tx, c, attemptID, now, now)
	}
	for {
		if err = s.store.InTx(ctx, take); err == nil {
			return c, until, nil
		}
		if fault.Of(err).Reason != postgres.ReasonCommitInDoubt {
			return nil, time.Time{}, err
		}
	}
}

// resendTooLate reports whether one more send was approved while LinkedIn would have recognised the first, and comes when it
// may not. Who approves later than that has looked. A send that follows its approval at once needs no look at the attempts.
func (s *Service) resendTooLate(ctx context.Context, tx *postgres.Tx, rows locked, now time.Time) (bool, error) {
	approved := rows.publication.CreatedAt
	if now.Sub(approved) < min(promptly, s.rules.DuplicateWindow/2) {
		return false, nil
	}
	doubts, err := s.queries.AttemptDoubts(ctx, tx, db.AttemptDoubtsParams{PostID: rows.post.ID, OwnerID: rows.post.OwnerID})
	if err != nil || doubts.Open == 0 {
		return false, err
	}
	return !approved.After(doubts.OpenSince.Add(s.rules.resendBy())) && now.After(doubts.OpenSince.Add(s.rules.DuplicateWindow)), nil
}

// begin writes down that an attempt is about to be made, or may have been made by somebody else since a time.
func (s *Service) begin(ctx context.Context, tx *postgres.Tx, c *claimed, attemptID uuid.UUID, started, now time.Time) (err error) {
	owner := c.post.OwnerID
	if c.attempt, err = s.queries.AttemptInsert(ctx, tx, db.AttemptInsertParams{
		ID: attemptID, PublicationID: c.publication.ID, OwnerID: owner, StartedAt: started,
	}); err != nil {
		return err
	}
	if err = s.accounts.CountRequest(ctx, tx, c.account); err != nil {
		return err
	}
	if _, err = s.queries.PublicationMarkPublishing(ctx, tx, db.PublicationMarkPublishingParams{ID: c.publication.ID, OwnerID: owner}); err != nil {
		return err
	}
	c.post, err = posts.FromRow(s.queries.PostMarkPublishing(ctx, tx, db.PostMarkPublishingParams{ID: c.post.ID, OwnerID: owner, Now: now}))
	return err
}

// lock takes the rows of a publication, always in this order: post, publication, account.
func (s *Service) lock(ctx context.Context, tx *postgres.Tx, args Args) (rows locked, err error) {
	if rows.post, err = s.posts.GetForUpdate(ctx, tx, args.OwnerID, args.PostID); err != nil {
		return rows, err
	}
	rows.publication, err = s.queries.PublicationGetForUpdate(ctx, tx, db.PublicationGetForUpdateParams{ID: args.PublicationID, OwnerID: args.OwnerID})
	if err != nil {
		return rows, err
	}
	rows.account, err = s.accounts.GetForUpdate(ctx, tx, args.OwnerID, rows.publication.AccountID)
	return rows, err
}

// obstacle is what keeps a queued publication from being sent now; the zero outcome when nothing does, and then c has
// author and token.
func (s *Service) obstacle(c *claimed, standing origin.Standing, now time.Time) outcome {
	switch {
	case standing.Hold != nil:
		return heldBack(now)
	case c.publication.CreatedAt.Before(standing.Review.ApprovedBefore):
		return mayHaveBeenSent
	}
	if late := now.Sub(c.publication.DueAt); late > s.rules.OverdueWindow {
		if c.post.FailureCode != "" { // what it waited for is why
			return unsent(failure{c.post.FailureCode, c.post.FailureMessage, "Nothing is on LinkedIn. Publish the post again later."})
		}
		return unsent(overdue(c.publication.DueAt))
	}
	if o := accountObstacle(c.account.DisplayName, s.accounts.Standing(c.account, now), now); o.state != "" {
		return o
	}
	var err error
	if c.author, err = linkedin.ParseURN(c.account.URN); err != nil {
		return unsent(failureOf(fault.Of(err)))
	}
	if c.token, err = s.accounts.Token(c.account); err != nil { // another process may have the right keyset, or this one soon
		return s.rules.again(unsent(failureOf(fault.Of(err))), 0, c.publication.DueAt, now)
	}
	return outcome{}
}

// turn returns until when a publication has to wait because as many of its account as may be are being sent; zero when
// it is its turn. Those further back wait longer, so that a long queue is not looked through all the time.
func (s *Service) turn(ctx context.Context, tx *postgres.Tx, publication db.Publication, now time.Time) (time.Time, error) {
	queue, err := s.queries.PublicationCountByAccount(ctx, tx, db.PublicationCountByAccountParams{
		AccountID: publication.AccountID, OwnerID: publication.OwnerID, BeforeTime: publication.CreatedAt, BeforeID: publication.ID,
	})
	if err != nil || queue.Sending < int64(s.rules.AccountConcurrency) {
		return time.Time{}, err
	}
	until := now.Add(turnWait(queue.Ahead, s.rules.AccountConcurrency))
	_, err = s.queries.PublicationDefer(ctx, tx, db.PublicationDeferParams{ID: publication.ID, OwnerID: publication.OwnerID, DueAt: until})
	return until, err
}
