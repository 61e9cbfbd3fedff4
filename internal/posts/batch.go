package posts

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

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
	drafts := make([]Draft, len(in.Drafts))
	for i, draft := range in.Drafts {
		drafts[i] = draft.withDefaults()
	}
	var made []Post
	err = s.store.InTx(ctx, func(tx *postgres.Tx) error {
		call := idempotency.Call{OwnerID: in.OwnerID, Operation: "BatchCreatePosts", Request: in.Request}
		earlier, err := idempotency.Claim(ctx, tx, call, ids, s.now())
		if err != nil {
			return err
		}
		if earlier == nil {
			made, err = s.InsertMany(ctx, tx, in.OwnerID, ids, drafts)
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
	made, err := FromRows(s.queries.PostInsertMany(ctx, tx, db.PostInsertManyParams{
		OwnerID: ownerID, IDs: ids, Now: s.now(),
		AccountIDs:      column(drafts, Draft.accountOrNil),
		Contents:        column(drafts, func(d Draft) string { return d.Content }),
		Folded:          column(drafts, func(d Draft) string { return text.Fold(d.Content) }),
		PostTypes:       column(drafts, func(d Draft) string { return d.PostType }),
		Tones:           column(drafts, func(d Draft) string { return d.Tone }),
		TargetAudiences: column(drafts, func(d Draft) string { return d.TargetAudience }),
		Visibilities:    column(drafts, func(d Draft) string { return d.Visibility }),
		Hashtags:        column(drafts, func(d Draft) string { return strings.Join(d.Hashtags, " ") }),
	}))
	return inOrder(made, ids), err
}

// column is one value of each draft, with defaults: what PostInsertMany takes for a column.
func column[T any](drafts []Draft, value func(Draft) T) []T {
	values := make([]T, len(drafts))
	for i, draft := range drafts {
		values[i] = value(draft.withDefaults())
	}
	return values
}

// accountOrNil is the account that the draft names, the nil UUID for none.
func (d Draft) accountOrNil() uuid.UUID {
	if d.AccountID == nil {
		return uuid.Nil
	}
	return *d.AccountID
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
