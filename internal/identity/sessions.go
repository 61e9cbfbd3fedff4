package identity

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/cache"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/pagetoken"
	"github.com/postwright/postwright/internal/postgres"
)

// SessionLimits say how long sessions last.
type SessionLimits struct {
	Idle     time.Duration // without being used
	Lifetime time.Duration // however often they are used
}

const (
	// mostSessions is how many a user may have at once. One more ends the one that was used least lately.
	mostSessions = 100
	// touchEvery is how often it is written down that a session is used.
	touchEvery = 5 * time.Minute
	// longestUserAgent is how much of a browser's name for itself is kept, in characters.
	longestUserAgent = 300
	// Sizes of pages.
	defaultSessions, longestSessions = 10, 100
)

// Sessions begins and ends sessions, and tells whose they are. It is safe for concurrent use.
//
// Tokens, their hashes and the times at which sessions end are of scs. Its middleware, which looks each cookie up before anything is
// known of its caller and writes with every call, is not used: calls are let in by rpc, which asks here.
type Sessions struct {
	store   *postgres.Store
	queries *db.Queries
	manager *scs.SessionManager
	kept    sessionStore
	now     func() time.Time
}

// NewSessions returns Sessions that are kept in store and, those that are used often, in rows, which may be nil.
func NewSessions(store *postgres.Store, rows *cache.Cache, limits SessionLimits, now func() time.Time) *Sessions {
	kept := sessionStore{store: store, queries: db.New(), cached: cache.NewRows(rows, "session", sessionFootprint), now: now}
	return &Sessions{
		store: store, queries: kept.queries, kept: kept, now: now,
		// Not scs.New, which makes a store in memory too, with a goroutine that nobody ends.
		manager: &scs.SessionManager{Store: kept, Codec: sessionCodec{}, HashTokenInStore: true, IdleTimeout: limits.Idle, Lifetime: limits.Lifetime},
	}
}

// Browser is what is known of where a session begins.
type Browser struct {
	UserAgent string
	Address   netip.Addr
}

// place is a browser's address as it is kept.
func (b Browser) place() string {
	if !b.Address.IsValid() {
		return ""
	}
	return b.Address.String()
}

// name is what a browser calls itself, as far as it is kept.
func (b Browser) name() string {
	name := []rune(strings.ToValidUTF8(strings.ReplaceAll(b.UserAgent, "\x00", ""), ""))
	return string(name[:min(len(name), longestUserAgent)])
}

// Begin begins a session of a user, and returns it with the token that proves it. The token can't be had again. It may be part of a
// transaction: ended is to be called once that is over.
func (s *Sessions) Begin(
	ctx context.Context, on db.DBTX, ownerID uuid.UUID, browser Browser,
) (token string, begun Session, ended func(), err error) {
	ended = func() {}
	ctx, err = s.manager.Load(context.WithValue(ctx, onKey{}, on), "")
	if err != nil {
		return "", Session{}, ended, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", Session{}, ended, err
	}
	at := s.now()
	s.manager.Put(ctx, sessionValue, Session{
		ID: id, OwnerID: ownerID, UserAgent: browser.name(), Address: browser.place(), CreatedAt: at, LastUsedAt: at,
	})
	if token, _, err = s.manager.Commit(ctx); err != nil {
		return "", Session{}, ended, err
	}
	if begun, err = sessionFromRow(s.queries.SessionGet(ctx, on, db.SessionGetParams{ID: id, OwnerID: ownerID})); err != nil {
		return "", Session{}, ended, err
	}
	over, err := s.queries.SessionDeleteLeastUsed(ctx, on, db.SessionDeleteLeastUsedParams{OwnerID: ownerID, Keep: mostSessions})
	return token, begun, func() { s.kept.cached.Drop(over...) }, err
}

// Authenticate returns the session of a token. Every other outcome is an Unauthenticated fault, or the database's.
func (s *Sessions) Authenticate(ctx context.Context, token string) (Session, error) {
	ctx, err := s.manager.Load(ctx, token)
	if err != nil {
		return Session{}, err
	}
	session, there := s.manager.Get(ctx, sessionValue).(Session)
	if !there {
		return Session{}, errEnded()
	}
	if now := s.now(); now.Sub(session.LastUsedAt) >= touchEvery {
		session.LastUsedAt = now
		s.manager.Put(ctx, sessionValue, session)
		if _, _, err := s.manager.Commit(ctx); err != nil {
			return Session{}, err
		}
	}
	return session, nil
}

// ReasonSessionEnded marks the refusal of a cookie whose session has ended.
const ReasonSessionEnded = "SESSION_ENDED"

func errEnded() error {
	return fault.New(fault.Unauthenticated, "You are not signed in any more: sign in again.").WithReason(ReasonSessionEnded)
}

// Goes reports by its error whether a session of a user goes on, as part of a transaction: an Unauthenticated fault says that it has
// ended.
func (s *Sessions) Goes(ctx context.Context, on db.DBTX, ownerID, id uuid.UUID) error {
	_, err := s.queries.SessionGet(ctx, on, db.SessionGetParams{ID: id, OwnerID: ownerID})
	if fault.Is(err, fault.NotFound) {
		return errEnded()
	}
	return err
}

// Get returns a session of a user.
func (s *Sessions) Get(ctx context.Context, ownerID, id uuid.UUID) (Session, error) {
	return sessionFromRow(s.queries.SessionGet(ctx, s.store, db.SessionGetParams{ID: id, OwnerID: ownerID}))
}

// ListInput asks for a page of a user's sessions.
type ListInput struct {
	OwnerID   uuid.UUID
	PageSize  int32 // 0 for the usual
	PageToken string
}

// SessionPage is a page of sessions.
type SessionPage struct {
	Sessions      []Session
	NextPageToken string // "" on the last page
}

// List lists the sessions of a user that have not ended, the newest first.
func (s *Sessions) List(ctx context.Context, in ListInput) (page SessionPage, err error) {
	before, err := pagetoken.Before(in.OwnerID, in.PageToken)
	if err != nil {
		return page, err
	}
	size := in.PageSize
	if size <= 0 {
		size = defaultSessions
	}
	size = min(size, longestSessions)
	rows, err := s.queries.SessionListByOwner(ctx, s.store, db.SessionListByOwnerParams{
		OwnerID: in.OwnerID, BeforeNumber: before, Now: s.now(), PageSize: size + 1,
	})
	if err != nil {
		return page, err
	}
	if len(rows) > int(size) {
		rows = rows[:size]
		page.NextPageToken = pagetoken.Make(in.OwnerID, rows[size-1].Number)
	}
	for _, row := range rows {
		session, _ := sessionFromRow(row, nil)
		page.Sessions = append(page.Sessions, session)
	}
	return page, nil
}

// IsFrom reports whether a user has a session that began at an address.
func (s *Sessions) IsFrom(ctx context.Context, ownerID uuid.UUID, address netip.Addr) (bool, error) {
	return s.queries.SessionIsFrom(ctx, s.store, db.SessionIsFromParams{OwnerID: ownerID, Address: Browser{Address: address}.place(), Now: s.now()})
}

// End ends a session of a user, everywhere and for good.
func (s *Sessions) End(ctx context.Context, ownerID, id uuid.UUID) error {
	hash, err := s.queries.SessionDelete(ctx, s.store, db.SessionDeleteParams{ID: id, OwnerID: ownerID})
	if err == nil {
		s.kept.cached.Drop(hash)
	}
	return err
}

// EndOthers ends all sessions of a user but one; all of them where that is uuid.Nil. It may be part of a transaction: ended is to be
// called once that is over. Other processes learn of it as it commits.
func (s *Sessions) EndOthers(ctx context.Context, on db.DBTX, ownerID, except uuid.UUID) (ended func(), err error) {
	hashes, err := s.queries.SessionDeleteOthers(ctx, on, db.SessionDeleteOthersParams{OwnerID: ownerID, ExceptID: except})
	return func() { s.kept.cached.Drop(hashes...) }, err
}
