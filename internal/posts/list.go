package posts

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
)

// Order is the order of a list, and with it the time of a post that the list is about.
type Order string

const (
	// Newest is by the time when posts were made, the latest first.
	Newest Order = ""
	// Scheduled is by the time that posts are scheduled for, the earliest first; posts without one are left out.
	Scheduled Order = "scheduled"
)

// ListInput asks for a page of posts.
type ListInput struct {
	OwnerID   uuid.UUID
	States    []string   // none for any
	AccountID *uuid.UUID // nil for any, and for posts that name none
	Order     Order
	// From and Before bound the time that the order is about: From itself is within, Before is not. Nil is no bound.
	From, Before *time.Time
	PageSize     int    // 0 for DefaultPageSize
	PageToken    string // "" for the first page
}

// states are those that are asked for, each once.
func (in ListInput) states() []string {
	states := slices.Clone(in.States)
	slices.Sort(states)
	return slices.Compact(states)
}

// plain reports whether all of the owner's posts are asked for, newest first.
func (in ListInput) plain() bool {
	return len(in.States) == 0 && in.AccountID == nil && in.Order == Newest && in.From == nil && in.Before == nil
}

func (in ListInput) query() queryHash {
	account, bounds := "", [2]string{}
	if in.AccountID != nil {
		account = in.AccountID.String()
	}
	for i, at := range []*time.Time{in.From, in.Before} {
		if at != nil {
			bounds[i] = at.UTC().Format(time.RFC3339Nano)
		}
	}
	parts := []string{"list", in.OwnerID.String(), strings.Join(in.states(), ",")}
	// A list without these had no part for them before there were any: its tokens still hold.
	if account != "" || in.Order != Newest || in.From != nil || in.Before != nil {
		parts = append(parts, account, string(in.Order), bounds[0], bounds[1])
	}
	return hashQuery(parts...)
}

// Validate lists every fault of the input.
func (in ListInput) Validate() error {
	var faults fault.List
	for i, bound := range []*time.Time{in.From, in.Before} {
		if bound != nil && (bound.Before(earliest) || bound.After(latest)) {
			faults.Add(fault.Field{Path: []string{"fromTime", "beforeTime"}[i], Problem: "must be a time in the years 1 to 9999"})
		}
	}
	if in.From != nil && in.Before != nil && !in.From.Before(*in.Before) {
		faults.AddNew(fault.Field{Path: "beforeTime", Problem: "must be later than fromTime: between them is nothing"})
	}
	if err := pageFaults(in.query(), in.PageSize, in.PageToken); err != nil {
		faults.Add(fault.Of(err).Fields...)
	}
	return faults.Err()
}

// List returns those of the owner's posts that are asked for, in the order that is. What a page costs depends on neither
// its place nor how many posts are left out.
func (s *Service) List(ctx context.Context, in ListInput) (Page, error) {
	if err := in.Validate(); err != nil {
		return Page{}, err
	}
	size, _ := pageSize(in.PageSize)
	if in.Order == Scheduled {
		found, err := s.listScheduled(ctx, in, size+1)
		return cut(found, size, in.query(), scheduledKey), err
	}
	found, err := s.listNewest(ctx, in, size+1)
	return cut(found, size, in.query(), createdKey), err
}

func (s *Service) listNewest(ctx context.Context, in ListInput, most int32) ([]Post, error) {
	start, from := newestFirst, earliest
	if in.Before != nil {
		start = key{at: *in.Before} // the nil UUID: no post at that very time is after it
	}
	if in.From != nil {
		from = *in.From
	}
	after, _ := decodeToken(in.query(), in.PageToken, start)
	switch {
	case in.plain():
		return FromRows(s.queries.PostListByOwner(ctx, s.store, db.PostListByOwnerParams{
			OwnerID: in.OwnerID, BeforeTime: after.at, BeforeID: after.id, PageSize: most,
		}))
	case in.AccountID == nil:
		return FromRows(s.queries.PostListByState(ctx, s.store, db.PostListByStateParams{
			OwnerID: in.OwnerID, States: in.statesOrAll(), FromTime: from, BeforeTime: after.at, BeforeID: after.id, PageSize: most,
		}))
	}
	return FromRows(s.queries.PostListByAccount(ctx, s.store, db.PostListByAccountParams{
		OwnerID: in.OwnerID, AccountID: *in.AccountID, States: in.statesOrAll(), FromTime: from,
		BeforeTime: after.at, BeforeID: after.id, PageSize: most,
	}))
}

func (s *Service) listScheduled(ctx context.Context, in ListInput, most int32) ([]Post, error) {
	start, before := key{at: earliest}, latest
	if in.From != nil {
		start.at = *in.From // the nil UUID: every post at that very time is after it
	}
	if in.Before != nil {
		before = *in.Before
	}
	after, _ := decodeToken(in.query(), in.PageToken, start)
	if in.AccountID == nil {
		return FromRows(s.queries.PostListScheduled(ctx, s.store, db.PostListScheduledParams{
			OwnerID: in.OwnerID, States: in.statesOrAll(), AfterTime: after.at, AfterID: after.id, BeforeTime: before, PageSize: most,
		}))
	}
	return FromRows(s.queries.PostListScheduledByAccount(ctx, s.store, db.PostListScheduledByAccountParams{
		OwnerID: in.OwnerID, AccountID: *in.AccountID, States: in.statesOrAll(), AfterTime: after.at, AfterID: after.id,
		BeforeTime: before, PageSize: most,
	}))
}

func (in ListInput) statesOrAll() []string {
	if len(in.States) == 0 {
		return []string{StateDraft, StateScheduled, StateQueued, StatePublishing, StatePublished, StateFailed, StateUnconfirmed}
	}
	return in.states()
}
