package publishing

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/idempotency"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
)

// PublishBatchInput approves one send of each of many posts: of posts that are there, or of new ones.
type PublishBatchInput struct {
	OwnerID uuid.UUID
	IDs     []uuid.UUID         // 1 to posts.MaxBatch, each once; or
	Drafts  []posts.Draft       // 1 to posts.MaxBatch
	Request idempotency.Request // optional: makes the call repeatable
}

// Validate lists every fault of the input.
func (in PublishBatchInput) Validate() error {
	var faults fault.List
	faults.Add(in.Request.Faults()...)
	if (len(in.IDs) == 0) == (len(in.Drafts) == 0) {
		faults.Add(fault.Field{Path: "ids", Problem: fmt.Sprintf("or posts must be given, and only one of them, 1 to %d", posts.MaxBatch)})
	}
	if len(in.IDs) > posts.MaxBatch {
		faults.Add(fault.Field{Path: "ids", Problem: fmt.Sprintf("must be 1 to %d and are %d", posts.MaxBatch, len(in.IDs))})
		return faults.Err()
	}
	seen := make(map[uuid.UUID]int, len(in.IDs))
	for i, id := range in.IDs {
		if first, twice := seen[id]; twice && id != uuid.Nil {
			faults.Add(fault.Field{Path: fmt.Sprintf("ids[%d]", i), Problem: fmt.Sprintf("is the same post as ids[%d]: name it once", first)})
			continue
		}
		seen[id] = i
	}
	if len(in.Drafts) > 0 {
		if err := (posts.CreateBatchInput{OwnerID: in.OwnerID, Drafts: in.Drafts}).Validate(); err != nil {
			f := fault.Of(err)
			faults.Add(f.Fields...)
			faults.AddMore(f.More)
		}
	}
	return faults.Err()
}

// Approved is what was approved of a batch.
type Approved struct {
	// IDs are the batch's posts, in the order of the request.
	IDs []uuid.UUID
	// Refused says why a post was not approved, by its place in IDs; one refusal stops no other post. The same request
	// id again refuses nothing: the posts then tell how they stand.
	Refused map[int]decision.Failure
	// Warnings say what may not be meant about a post that was approved, by its place in IDs; none when the request id was
	// used before.
	Warnings map[int]string
}

// PublishBatch queues many posts: new posts, approvals and jobs are committed together. The same request id again
// approves nothing more and names the same posts. WatchBatch tells what becomes of them.
func (s *Service) PublishBatch(ctx context.Context, in PublishBatchInput) (Approved, error) {
	if err := in.Validate(); err != nil {
		return Approved{}, err
	}
	ids := in.IDs
	if len(in.Drafts) > 0 {
		var err error
		if ids, err = posts.NewIDs(len(in.Drafts)); err != nil {
			return Approved{}, err
		}
	}
	var approved Approved
	err := s.store.InTx(ctx, func(tx *postgres.Tx) error {
		approved = Approved{IDs: ids, Refused: map[int]decision.Failure{}, Warnings: map[int]string{}}
		now := s.now()
		call := idempotency.Call{OwnerID: in.OwnerID, Operation: "BatchPublishPosts", Request: in.Request}
		earlier, err := idempotency.Claim(ctx, tx, call, ids, now)
		if err != nil {
			return err
		}
		if earlier != nil {
			approved.IDs = earlier
			return nil
		}
		if len(in.Drafts) > 0 {
			if _, err := s.posts.InsertMany(ctx, tx, in.OwnerID, ids, in.Drafts); err != nil {
				return err
			}
		}
		approvals, err := s.approvable(ctx, tx, in.OwnerID, approved)
		if err != nil {
			return err
		}
		if len(in.Drafts) > 0 && len(approved.Refused) > 0 { // for want of an account: then nothing is made either
			return fault.New(fault.Precondition, approved.Refused[0].Message).WithReason(approved.Refused[0].Code)
		}
		if len(approvals) == 0 {
			return nil
		}
		queue := db.PostMarkQueuedManyParams{OwnerID: in.OwnerID, Now: now}
		for _, a := range approvals {
			queue.IDs, queue.AccountIDs = append(queue.IDs, a.postID), append(queue.AccountIDs, a.accountID)
		}
		queued, err := posts.FromRows(s.queries.PostMarkQueuedMany(ctx, tx, queue))
		if err != nil {
			return err
		}
		if err := s.warnOfSameTexts(ctx, tx, in.OwnerID, approved, queued); err != nil {
			return err
		}
		return s.approve(ctx, tx, in.OwnerID, approvals, now, now)
	})
	return approved, err
}

// warnOfSameTexts notes which of the queued posts of a batch have the text of another, of the batch or not.
func (s *Service) warnOfSameTexts(ctx context.Context, tx *postgres.Tx, ownerID uuid.UUID, batch Approved, queued []posts.Post) error {
	accountIDs := make([]uuid.UUID, len(queued))
	for i, p := range queued {
		accountIDs[i] = *p.AccountID
	}
	same, err := s.sameTexts(ctx, tx, ownerID, queued, accountIDs)
	for i, id := range batch.IDs {
		if warning, there := same[id]; there {
			batch.Warnings[i] = strings.TrimSpace(batch.Warnings[i] + " " + warning)
		}
	}
	return err
}

// approvable locks the posts of a batch and says which can be approved, in their order; it notes what endangers those, and why
// the others can't.
func (s *Service) approvable(ctx context.Context, tx *postgres.Tx, ownerID uuid.UUID, batch Approved) ([]approval, error) {
	s.posts.MayChange(tx, ownerID, batch.IDs...)
	locked, err := posts.FromRows(s.queries.PostGetManyForUpdate(ctx, tx, db.PostGetManyForUpdateParams{IDs: batch.IDs, OwnerID: ownerID}))
	if err != nil {
		return nil, err
	}
	found := make(map[uuid.UUID]posts.Post, len(locked))
	for _, post := range locked {
		found[post.ID] = post
	}
	type lookup struct {
		account  accounts.Account
		warnings []string
		err      error
	}
	known := map[uuid.UUID]lookup{} // the nil UUID is the default account
	var approvals []approval
	for i, id := range batch.IDs {
		post, there := found[id]
		if !there {
			batch.Refused[i] = refusal(posts.NotFound(fault.New(fault.NotFound, "")), "NOT_FOUND")
			continue
		}
		if err := decision.Publishable(post.State, false); err != nil {
			batch.Refused[i] = refusal(err, "")
			continue
		}
		named := uuid.Nil
		if post.AccountID != nil {
			named = *post.AccountID
		}
		if _, looked := known[named]; !looked {
			account, err := s.accounts.Find(ctx, tx, ownerID, post.AccountID)
			if err != nil && !fault.Is(err, fault.Precondition) && !fault.Is(err, fault.NotFound) {
				return nil, err
			}
			known[named] = lookup{account, s.warnings(account, s.now()), err}
		}
		if err := known[named].err; err != nil {
			batch.Refused[i] = refusal(err, "NO_ACCOUNT")
			continue
		}
		if len(known[named].warnings) > 0 {
			batch.Warnings[i] = strings.Join(known[named].warnings, " ")
		}
		approvals = append(approvals, approval{post.ID, known[named].account.ID})
	}
	return approvals, nil
}

// refusal puts a fault of one post into a batch's answer. code stands in where the fault has none.
func refusal(err error, code string) decision.Failure {
	f := fault.Of(err)
	if f.Reason != "" {
		code = f.Reason
	}
	return decision.Failure{Code: code, Message: f.Message, Remedy: "Publish the post by itself once this is mended."}
}
