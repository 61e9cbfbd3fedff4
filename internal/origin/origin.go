// Package origin knows whether this is the database from which posts were sent last, or one that was made from it: a backup
// that was restored, a copy, a replica that took over. Such a database may not know what has been sent since, so everything is
// held in it until a person lets it go.
//
// It owns the table database_origin. It must not know what waits to be sent, nor how: who sends something asks, in the transaction
// that claims it.
package origin

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

// Reason is why everything is held.
type Reason string

// Why everything is held.
const (
	// Moved: the server's cluster, its timeline or the database is another one.
	Moved Reason = "moved"
	// Restored: it is the same database, and a restore brought its rows.
	Restored Reason = "restored"
	// RolledBack: it is the same database, and what this process has seen in it is gone.
	RolledBack Reason = "rolled_back"
	// ByHand: a person said so.
	ByHand Reason = "by_hand"
)

// Standing says what may go out of this database.
type Standing struct {
	// Hold is nil when posts may go out.
	Hold *Hold
	// Review is the zero Review when everything that is to go out may.
	Review Review
}

// Hold keeps everything from going out.
type Hold struct {
	Since  time.Time
	Reason Reason
	// DataFrom is when the data were surely those that posts were sent from, to some seconds; zero when that is not known.
	DataFrom time.Time
}

// Review says what must not be sent without a person's word, because it may have been sent since the data were copied.
type Review struct {
	// ApprovedBefore and DueBefore end what may have been sent: what was approved to go out at once, and what had a time.
	ApprovedBefore, DueBefore time.Time
}

// Place says where a database is: no two servers, timelines or databases have the same, as far as the role may know. It is for
// whoever keeps things of several databases together.
func Place(ctx context.Context, store *postgres.Store) (string, error) {
	return db.New().OriginPlace(ctx, store)
}

// Service watches over one database. It is safe for concurrent use.
type Service struct {
	store   *postgres.Store
	queries *db.Queries
	now     func() time.Time
	log     *slog.Logger

	mu   sync.Mutex
	last time.Time // the newest seen_at that was committed, as this process knows
}

// New returns a Service.
func New(store *postgres.Store, now func() time.Time, log *slog.Logger) *Service {
	return &Service{store: store, queries: db.New(), now: now, log: log}
}

// Inspect compares the database with what it was, in the transaction of whoever is about to claim something: what commits there
// was not held. A database that is another one is held from then on. One from which nothing was ever sent becomes the one.
func (s *Service) Inspect(ctx context.Context, tx *postgres.Tx) (Standing, error) {
	found, err := s.compare(ctx, tx)
	if err != nil || found.same() {
		return found.standing, err
	}
	// Another process may have noticed it meanwhile: whoever has the lock compares again.
	if _, err := s.queries.OriginLock(ctx, tx); err != nil {
		return Standing{}, err
	}
	found, err = s.compare(ctx, tx)
	if err != nil || found.same() {
		return found.standing, err
	}
	return s.hold(ctx, tx, found.altered)
}

// finding is what a comparison of the database with what it was comes to: either it is the same, and has a standing, or it is
// another one for a reason that nobody has written down yet.
type finding struct {
	standing Standing
	altered  Reason
}

func (f finding) same() bool { return f.altered == "" }

// compare finds out whether the database is what it was.
func (s *Service) compare(ctx context.Context, on db.DBTX) (finding, error) {
	last := s.known() // before the row is read: what is read afterwards is at least as new
	row, err := s.queries.OriginGet(ctx, on)
	if fault.Is(err, fault.NotFound) {
		return finding{}, s.queries.OriginInsert(ctx, on)
	}
	switch {
	case err != nil:
		return finding{}, err
	case !row.SamePlace:
		return finding{altered: Moved}, nil
	case !row.AsWritten:
		return finding{altered: Restored}, nil
	case row.SeenAt.Before(last):
		return finding{altered: RolledBack}, nil
	}
	standing := Standing{}
	if row.HeldAt != nil {
		standing.Hold = &Hold{Since: *row.HeldAt, Reason: Reason(row.HeldReason)}
		if row.DataFrom != nil {
			standing.Hold.DataFrom = *row.DataFrom
		}
	}
	if row.ReviewApprovedBefore != nil && row.ReviewDueBefore != nil {
		standing.Review = Review{ApprovedBefore: *row.ReviewApprovedBefore, DueBefore: *row.ReviewDueBefore}
	}
	return finding{standing: standing}, nil
}

// hold holds everything, and returns the standing from then on.
func (s *Service) hold(ctx context.Context, tx *postgres.Tx, reason Reason) (Standing, error) {
	if err := s.queries.OriginHold(ctx, tx, db.OriginHoldParams{Now: s.now(), Reason: string(reason)}); err != nil {
		return Standing{}, err
	}
	s.forget()
	found, err := s.compare(ctx, tx)
	if err == nil && found.standing.Hold != nil {
		s.log.WarnContext(ctx, "nothing goes out: this database may not know what was sent; `postwright release` shows what is held",
			"reason", reason, "data_from", found.standing.Hold.DataFrom)
	}
	return found.standing, err
}

// Standing inspects outside a transaction: one statement while all is as it was.
func (s *Service) Standing(ctx context.Context) (standing Standing, err error) {
	found, err := s.compare(ctx, s.store)
	if err != nil || found.same() {
		return found.standing, err
	}
	err = s.store.InTx(ctx, func(tx *postgres.Tx) error {
		standing, err = s.Inspect(ctx, tx)
		return err
	})
	return standing, err
}

// Hold holds everything because a person said so, after what can't be noticed.
func (s *Service) Hold(ctx context.Context) error {
	return s.store.InTx(ctx, func(tx *postgres.Tx) error {
		standing, err := s.Inspect(ctx, tx)
		if err != nil || standing.Hold != nil {
			return err
		}
		_, err = s.hold(ctx, tx, ByHand)
		return err
	})
}

// Release lets everything go in the transaction of who wakes it. With review, what may have been sent since the data were
// copied is in doubt. Where nothing is held it is a Precondition fault.
func (s *Service) Release(ctx context.Context, tx *postgres.Tx, review bool) error {
	if _, err := s.Inspect(ctx, tx); err != nil {
		return err
	}
	released, err := s.queries.OriginRelease(ctx, tx, db.OriginReleaseParams{Review: review, Now: s.now()})
	if err != nil {
		return err
	}
	if released == 0 {
		return fault.New(fault.Precondition, "Nothing is held: posts go out.").WithReason("NOT_HELD")
	}
	return nil
}

// seenEvery is how often a process says that all is as it was; what a server loses of the last such time is not noticed.
const seenEvery = 10 * time.Second

// Watch says every few seconds that all is as it was, and notices when it is not, until ctx ends.
func (s *Service) Watch(ctx context.Context) {
	ticker := time.NewTicker(seenEvery)
	defer ticker.Stop()
	for {
		if err := s.see(ctx); err != nil && ctx.Err() == nil {
			s.log.DebugContext(ctx, "whether this is the database of before is not known", "error", err) // that it is away is told by others
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// see takes one statement while all is as it was.
func (s *Service) see(ctx context.Context) error {
	seen, err := s.queries.OriginSeen(ctx, s.store, s.known())
	if fault.Is(err, fault.NotFound) {
		_, err = s.Standing(ctx) // which says what it is, and writes it down
		return err
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if seen.After(s.last) {
		s.last = seen
	}
	return nil
}

func (s *Service) known() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

func (s *Service) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Time{}
}
