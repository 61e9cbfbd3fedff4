// Package queue owns the weekly times at which an account's posts go out, and says which of them are free.
//
// It must not know how a post is scheduled or published.
package queue

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/zone"
)

const (
	// farthest is how far ahead a free slot is looked for, as far as a post may be scheduled.
	farthest = 365 * 24 * time.Hour
	// DefaultFree is how many free slots are told of unless somebody asks for another number.
	DefaultFree = 10
	// step is how many slots are looked up at once.
	step = 200
)

// Reasons of faults.
const (
	ReasonNoSlots = "NO_QUEUE_SLOTS"
	ReasonFull    = "QUEUE_FULL"
)

// Service keeps the queues. It is safe for concurrent use.
type Service struct {
	store    *postgres.Store
	queries  *db.Queries
	accounts *accounts.Service
	now      func() time.Time
}

// New returns a Service that keeps queues in store.
func New(store *postgres.Store, accounts *accounts.Service, now func() time.Time) *Service {
	return &Service{store: store, queries: db.New(), accounts: accounts, now: now}
}

// Queue is an account's.
type Queue struct {
	AccountID uuid.UUID
	Weekly
	Revision int64 // 0 where the account has none
}

// Etag changes with every change of the queue; "" where there is none yet.
func (q Queue) Etag() string {
	if q.Revision == 0 {
		return ""
	}
	return strconv.FormatInt(q.Revision, 10)
}

// Get returns the queue of an owner's account, or of their default one where account is nil.
func (s *Service) Get(ctx context.Context, owner uuid.UUID, account *uuid.UUID) (Queue, error) {
	found, err := s.accounts.Get(ctx, owner, account)
	if err != nil {
		return Queue{}, err
	}
	return s.of(ctx, found)
}

// of is an account's queue, one without slots where it has none.
func (s *Service) of(ctx context.Context, account accounts.Account) (Queue, error) {
	q, err := fromRow(s.queries.QueueGet(ctx, s.store, db.QueueGetParams{AccountID: account.ID, OwnerID: account.OwnerID}))
	if fault.Is(err, fault.NotFound) {
		return Queue{AccountID: account.ID, Weekly: Weekly{Zone: "UTC"}}, nil
	}
	return q, err
}

// UpdateInput replaces a queue.
type UpdateInput struct {
	OwnerID   uuid.UUID
	AccountID *uuid.UUID // nil is the default account
	Zone      string     // IANA name; "" is UTC
	Slots     []SlotInput
	Etag      string // if given, must be the queue's current one
}

// SlotInput is a slot as a caller writes it.
type SlotInput struct {
	Weekday int // 1 (Monday) to 7 (Sunday)
	Clock   string
}

// Update replaces the times of an account's queue. A stale etag is a Stale fault.
func (s *Service) Update(ctx context.Context, in UpdateInput) (Queue, error) {
	slots, revision, err := in.read()
	if err != nil {
		return Queue{}, err
	}
	account, err := s.accounts.Get(ctx, in.OwnerID, in.AccountID)
	if err != nil {
		return Queue{}, err
	}
	if in.Zone == "" {
		in.Zone = "UTC"
	}
	row := db.QueuePutParams{
		AccountID: account.ID, OwnerID: in.OwnerID, TimeZone: in.Zone, Slots: []int16{}, Revision: revision, Now: s.now(),
	}
	for _, slot := range slots {
		row.Slots = append(row.Slots, int16(slot)) //nolint:gosec // a week has 10,080 minutes
	}
	q, err := fromRow(s.queries.QueuePut(ctx, s.store, row))
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.Stale, "The queue has changed since this etag was read: read it again and repeat the change.").WithReason("STALE_ETAG")
	}
	return q, err
}

// FreeInput asks for free slots.
type FreeInput struct {
	OwnerID   uuid.UUID
	AccountID *uuid.UUID // nil is the default account
	From      time.Time  // the zero time, and the past, are now
	Most      int        // 0 is DefaultFree
}

// Free are the next times of a queue that no post has.
type Free struct {
	Times []time.Time // the earliest first
	Zone  string
}

// Free returns the next times of an account's queue that no post has.
func (s *Service) Free(ctx context.Context, in FreeInput) (Free, error) {
	account, err := s.accounts.Get(ctx, in.OwnerID, in.AccountID)
	if err != nil {
		return Free{}, err
	}
	q, err := s.of(ctx, account)
	if err != nil {
		return Free{}, err
	}
	if in.Most == 0 {
		in.Most = DefaultFree
	}
	free := Free{Zone: q.Zone}
	free.Times, err = s.free(ctx, s.store, q, account, uuid.Nil, in.From, in.Most)
	return free, err
}

// Next returns the next time of an account's queue that no other post than the one given has, and the queue's zone. Until the end of
// the transaction nobody else gets one. It is a Precondition fault where the account has no queue, or all of its times are taken.
func (s *Service) Next(ctx context.Context, tx *postgres.Tx, account accounts.Account, post uuid.UUID) (time.Time, string, error) {
	q, err := fromRow(s.queries.QueueGetForUpdate(ctx, tx, db.QueueGetForUpdateParams{AccountID: account.ID, OwnerID: account.OwnerID}))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return time.Time{}, "", err
	}
	if len(q.Slots) == 0 {
		return time.Time{}, "", fault.Newf(fault.Precondition, "The queue of %s has no times: give it some with UpdateQueue, or schedule the post "+
			"for a time of its own with SchedulePost.", account.DisplayName).WithReason(ReasonNoSlots)
	}
	free, err := s.free(ctx, tx, q, account, post, time.Time{}, 1)
	if err != nil {
		return time.Time{}, "", err
	}
	if len(free) == 0 {
		return time.Time{}, "", fault.Newf(fault.Precondition, "The queue of %s is full for 365 days: give it more times with UpdateQueue, or "+
			"schedule the post for a time of its own with SchedulePost.", account.DisplayName).WithReason(ReasonFull)
	}
	return free[0], q.Zone, nil
}

// free are the first times of a queue, from one on, that no post has but the one given.
func (s *Service) free(
	ctx context.Context, on db.DBTX, q Queue, account accounts.Account, post uuid.UUID, from time.Time, most int,
) (free []time.Time, err error) {
	clocks, err := zone.Load(q.Zone)
	if err != nil { // a zone that was known to the program that kept it
		return nil, fault.Newf(fault.Precondition, "The queue's time zone %s is not known: set another with UpdateQueue.", q.Zone).WithCause(err)
	}
	now := s.now()
	after := now
	if from.After(now) {
		after = from.Add(-time.Nanosecond) // from itself may be one
	}
	look := func(times []time.Time) error {
		found, err := s.queries.QueueFreeTimes(ctx, on, db.QueueFreeTimesParams{
			Times: times, OwnerID: account.OwnerID, AccountID: &account.ID, IsDefault: account.IsDefault, ExceptID: post,
			Most: int32(most - len(free)), //nolint:gosec // 100 at most
		})
		free = append(free, found...)
		return err
	}
	var times []time.Time
	for at := range q.times(clocks, after, now.Add(farthest)) {
		if times = append(times, at); len(times) < step {
			continue
		}
		if err := look(times); err != nil || len(free) == most {
			return free, err
		}
		times = nil
	}
	return free, look(times)
}
