package posts

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/idempotency"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/text"
)

// CreateBatchInput asks for many new drafts.
type CreateBatchInput struct {
	OwnerID uuid.UUID
	Drafts  []Draft             // 1 to MaxBatch
	Request idempotency.Request // optional: makes the call repeatable
}

// Validate lists every fault of the input, each with the place of its post.
func (in CreateBatchInput) Validate() error {
	var faults fault.List
	faults.Add(in.Request.Faults()...)
	if n := len(in.Drafts); n < 1 || n > MaxBatch {
		faults.Add(fault.Field{Path: "posts", Problem: fmt.Sprintf("must be 1 to %d and are %d", MaxBatch, n)})
		return faults.Err()
	}
	for i, draft := range in.Drafts {
		faults.Add(draft.Faults(fmt.Sprintf("posts[%d].", i))...)
	}
	return faults.Err()
}

// CreateBatch makes all the drafts in one round trip, or none, and returns them in the order given. The same request id
// again gives the same posts back.
func (s *Service) CreateBatch(ctx context.Context, in CreateBatchInput) ([]Post, error) {
	if err := in.Validate(); err != nil {
		return nil, err
	}
	ids, err := NewIDs(len(in.Drafts))
	if err != nil {
		return nil, err
	}
	var made []Post
	err = s.store.InTx(ctx, func(tx *postgres.Tx) error {
		call := idempotency.Call{OwnerID: in.OwnerID, Operation: "BatchCreatePosts", Request: in.Request}
		earlier, err := idempotency.Claim(ctx, tx, call, ids, s.now())
		if err != nil {
			return err
		}
		if earlier == nil {
			made, err = s.InsertMany(ctx, tx, in.OwnerID, ids, in.Drafts)
			return err
		}
		made, err = FromRows(s.queries.PostGetMany(ctx, tx, db.PostGetManyParams{IDs: earlier, OwnerID: in.OwnerID}))
		if err == nil && len(made) < len(earlier) {
			err = goneSince(fault.New(fault.NotFound, "Some of the posts are gone."))
		}
		made = inOrder(made, earlier)
		return err
	})
	return made, err
}

// NewIDs returns ids for n posts, in their order.
func NewIDs(n int) ([]uuid.UUID, error) {
	ids := make([]uuid.UUID, n)
	for i := range ids {
		var err error
		if ids[i], err = uuid.NewV7(); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// InsertMany adds drafts under ids, one each, as part of the caller's transaction and in one round trip, and returns them
// in order. The caller has validated them; one that names an account which is not the owner's is an Invalid fault.
func (s *Service) InsertMany(ctx context.Context, tx *postgres.Tx, ownerID uuid.UUID, ids []uuid.UUID, drafts []Draft) ([]Post, error) {
	var accounts []accountNamed
	for i, draft := range drafts {
		accounts = append(accounts, draft.accountNamed(fmt.Sprintf("posts[%d].", i))...)
	}
	foreign, err := s.foreignAccounts(ctx, tx, ownerID, accounts)
	if err = cmp.Or(err, fault.Fields(foreign...)); err != nil {
		return nil, err
	}
	now := s.now().Truncate(time.Microsecond).Local() // as a row has it
	made := make([]Post, len(drafts))
	for i, draft := range drafts {
		made[i] = newPost(ids[i], ownerID, draft.withDefaults(), now)
	}
	err = s.queries.PostInsertMany(ctx, tx, db.PostInsertManyParams{
		OwnerID: ownerID, IDs: ids, Now: now,
		AccountIDs:      column(made, Post.accountOrNil),
		Contents:        column(made, func(p Post) string { return p.Content }),
		Folded:          column(made, func(p Post) string { return text.Fold(p.Content) }),
		PostTypes:       column(made, func(p Post) string { return p.PostType }),
		Tones:           column(made, func(p Post) string { return p.Tone }),
		TargetAudiences: column(made, func(p Post) string { return p.TargetAudience }),
		Visibilities:    column(made, func(p Post) string { return p.Visibility }),
		Hashtags:        column(made, func(p Post) string { return strings.Join(p.Hashtags, " ") }),
	})
	return made, err
}

// column is one value of each post: what PostInsertMany takes for a column.
func column[T any](list []Post, value func(Post) T) []T {
	values := make([]T, len(list))
	for i, post := range list {
		values[i] = value(post)
	}
	return values
}

// accountOrNil is the account that the post names, the nil UUID for none.
func (p Post) accountOrNil() uuid.UUID {
	if p.AccountID == nil {
		return uuid.Nil
	}
	return *p.AccountID
}

// inOrder sorts posts into the order of their ids: the database promises none for what it returns.
func inOrder(list []Post, ids []uuid.UUID) []Post {
	place := make(map[uuid.UUID]int, len(ids))
	for i, id := range ids {
		place[id] = i
	}
	slices.SortFunc(list, func(a, b Post) int { return place[a.ID] - place[b.ID] })
	return list
}
