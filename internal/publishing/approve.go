package publishing

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/idempotency"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
)

// PublishInput approves one send of a post.
type PublishInput struct {
	OwnerID uuid.UUID
	ID      uuid.UUID
	Request idempotency.Request // optional: makes the call repeatable
	// Resend approves one more send of a post in doubt; Looked says that its author did not find it on LinkedIn.
	Resend, Looked bool
}

// Validate lists every fault of the input.
func (in PublishInput) Validate() error {
	faults := in.Request.Faults()
	if in.Looked && !in.Resend {
		faults = append(faults, fault.Field{Path: "looked", Problem: "only says something about a resend: set resend too, or leave it out"})
	}
	return fault.Fields(faults...)
}

// Queued is a post that was approved, and what may not be meant about that.
type Queued struct {
	Post     posts.Post
	Warnings []string
}

// Publish queues a post and returns it in state queued: state, publication and job are committed together. The same
// request id again returns the post as it stands and approves nothing more.
func (s *Service) Publish(ctx context.Context, in PublishInput) (Queued, error) {
	if err := in.Validate(); err != nil {
		return Queued{}, err
	}
	var queued Queued
	err := s.store.InTx(ctx, func(tx *postgres.Tx) error {
		now := s.now()
		current, err := s.posts.GetForUpdate(ctx, tx, in.OwnerID, in.ID)
		if err != nil {
			return err
		}
		call := idempotency.Call{OwnerID: in.OwnerID, Operation: "PublishPost", Request: in.Request}
		earlier, err := idempotency.Claim(ctx, tx, call, []uuid.UUID{in.ID}, now)
		if err != nil {
			return err
		}
		queued = Queued{Post: current}
		if earlier != nil {
			if earlier[0] != in.ID { // an older build's request id: see idempotency.Claim
				queued.Post, err = s.posts.Find(ctx, tx, in.OwnerID, earlier[0])
			}
			return err
		}
		if err := decision.Publishable(current.State, in.Resend); err != nil {
			return err
		}
		if in.Resend && !in.Looked {
			if err := s.resendInTime(ctx, tx, current, now); err != nil {
				return err
			}
		}
		account, err := s.accounts.Find(ctx, tx, in.OwnerID, current.AccountID)
		if err != nil {
			return err
		}
		same, err := s.sameTexts(ctx, tx, in.OwnerID, []posts.Post{current}, []uuid.UUID{account.ID})
		if err != nil {
			return err
		}
		queued.Warnings = s.warnings(account, now)
		if warning, there := same[in.ID]; there {
			queued.Warnings = append(queued.Warnings, warning)
		}
		queued.Post, err = posts.FromRow(s.queries.PostMarkQueued(ctx, tx, db.PostMarkQueuedParams{
			ID: in.ID, OwnerID: in.OwnerID, AccountID: account.ID, Resend: in.Resend, Now: now,
		}))
		if err != nil {
			return err
		}
		return s.approve(ctx, tx, in.OwnerID, []approval{{in.ID, account.ID}}, now, now)
	})
	return queued, err
}

// resendInTime says why a post in doubt can't be sent once more now without a look, or nil.
func (s *Service) resendInTime(ctx context.Context, tx *postgres.Tx, post posts.Post, now time.Time) error {
	doubts, err := s.doubts(ctx, tx, post)
	if err != nil || doubts.Open == 0 {
		return err
	}
	return s.rules.ResendTooLate(doubts.OpenSince, now)
}

// approval is a person's word that a post may go out, once, with an account.
type approval struct{ postID, accountID uuid.UUID }

// approve keeps approvals, which are late from dueAt on, and inserts the jobs that carry them out, in their order.
func (s *Service) approve(ctx context.Context, tx *postgres.Tx, ownerID uuid.UUID, approvals []approval, dueAt, now time.Time) error {
	rows := db.PublicationInsertManyParams{OwnerID: ownerID, CreatedAt: now, DueAt: dueAt}
	args := make([]river.JobArgs, len(approvals))
	for i, a := range approvals {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		rows.IDs, rows.PostIDs, rows.AccountIDs = append(rows.IDs, id), append(rows.PostIDs, a.postID), append(rows.AccountIDs, a.accountID)
		args[i] = PublicationArgs{OwnerID: ownerID, PostID: a.postID, PublicationID: id}
	}
	var err error
	if rows.JobIDs, err = s.jobs.InsertNamed(ctx, tx, args...); err != nil {
		return err
	}
	_, err = s.queries.PublicationInsertMany(ctx, tx, rows)
	return err
}
