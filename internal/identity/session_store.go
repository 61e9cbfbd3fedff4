package identity

import (
	"context"
	"encoding/json"
	"errors"
	"time"
	"unsafe"

	"github.com/alexedwards/scs/v2"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/cache"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

// sessionValue is the one value that scs keeps of a session: the Session itself.
const sessionValue = "session"

// sessionCodec writes a session for the way between scs and sessionStore.
type sessionCodec struct{}

// Encode implements scs.Codec.
func (sessionCodec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	session, is := values[sessionValue].(Session)
	if !is {
		return nil, errors.New("identity: a session without its values")
	}
	session.EndsAt = deadline
	return json.Marshal(session)
}

// Decode implements scs.Codec.
func (sessionCodec) Decode(b []byte) (deadline time.Time, values map[string]any, err error) {
	var session Session
	err = json.Unmarshal(b, &session)
	return session.EndsAt, map[string]any{sessionValue: session}, err
}

// sessionStore keeps the sessions of scs as rows. The library's own store for pgx knows neither this one's seam nor its cache, and
// makes a session again that was ended while a call with it was under way.
type sessionStore struct {
	store   *postgres.Store
	queries *db.Queries
	cached  cache.Rows[db.Session] // by the token's hash
	now     func() time.Time
}

var _ scs.CtxStore = sessionStore{}

// sessionFootprint is about how many bytes a session takes in memory.
func sessionFootprint(s db.Session) int {
	return int(unsafe.Sizeof(s)) + len(s.TokenHash) + len(s.UserAgent) + len(s.Address)
}

// FindCtx implements scs.CtxStore.
func (s sessionStore) FindCtx(ctx context.Context, tokenHash string) (b []byte, found bool, err error) {
	session, err := sessionFromRow(s.cached.Get(ctx, tokenHash, func(ctx context.Context) (db.Session, error) {
		return s.queries.SessionGetByToken(ctx, s.store, tokenHash)
	}))
	switch {
	case fault.Is(err, fault.NotFound):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	case !s.now().Before(session.ExpiresAt):
		return nil, false, nil
	}
	b, err = json.Marshal(session)
	return b, err == nil, err
}

// onKey is that of the transaction in which a session begins: scs hands a context on, and nothing else.
type onKey struct{}

// CommitCtx implements scs.CtxStore: it makes a session that is not used yet, and of any other says that it was used.
func (s sessionStore) CommitCtx(ctx context.Context, tokenHash string, b []byte, expiry time.Time) error {
	var session Session
	if err := json.Unmarshal(b, &session); err != nil {
		return err
	}
	expiry = expiry.Truncate(time.Microsecond)
	if session.LastUsedAt.Equal(session.CreatedAt) {
		on, within := ctx.Value(onKey{}).(db.DBTX)
		if !within {
			on = s.store
		}
		_, err := s.queries.SessionInsert(ctx, on, db.SessionInsertParams{
			ID: session.ID, OwnerID: session.OwnerID, TokenHash: tokenHash, UserAgent: session.UserAgent, Address: session.Address,
			CreatedAt: session.CreatedAt, ExpiresAt: expiry, EndsAt: session.EndsAt.Truncate(time.Microsecond),
		})
		return err
	}
	touched, err := s.queries.SessionTouch(ctx, s.store, db.SessionTouchParams{TokenHash: tokenHash, LastUsedAt: session.LastUsedAt, ExpiresAt: expiry})
	s.cached.Drop(tokenHash)
	if err == nil && touched == 0 {
		return errEnded()
	}
	return err
}

// DeleteCtx implements scs.CtxStore.
func (s sessionStore) DeleteCtx(context.Context, string) error { return errNotAsked }

// errNotAsked is of what scs asks of a store and nobody here of scs: sessions are ended by their ids, and nothing is done without a
// context.
var errNotAsked = errors.New("identity: scs is not asked for that here")

// Delete implements scs.Store.
func (s sessionStore) Delete(string) error { return errNotAsked }

// Find implements scs.Store.
func (s sessionStore) Find(string) ([]byte, bool, error) { return nil, false, errNotAsked }

// Commit implements scs.Store.
func (s sessionStore) Commit(string, []byte, time.Time) error { return errNotAsked }
