package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"
	"time"
	"unsafe"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/cache"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

// Service makes users and keys and tells who is calling. It is safe for concurrent use.
type Service struct {
	store   *postgres.Store
	queries *db.Queries
	now     func() time.Time
	cached  cache.Rows[db.APIKey] // by prefix; rows, since a Key keeps its hash to itself
}

// New returns a Service that keeps its users in store, and in cache, which may be nil, the keys that are used often.
func New(store *postgres.Store, rows *cache.Cache, now func() time.Time) *Service {
	return &Service{store: store, queries: db.New(), now: now, cached: cache.NewRows(rows, "key", footprint)}
}

// footprint is about how many bytes a key takes in memory.
func footprint(k db.APIKey) int {
	return int(unsafe.Sizeof(k)) + len(k.Label) + len(k.Prefix) + len(k.Hash)
}

const (
	keyMark     = "pw_"
	prefixBytes = 5
	secretBytes = 32
)

// shownPart is the part of an API key that may be shown; "" where the key has not the form of one: a mark, that part and the
// secret, in lower case. Every call asks for it, and a regular expression takes longer than all else that is done with a kept key.
func shownPart(key string) string {
	const shown = len(keyMark) + 2*prefixBytes
	if len(key) != shown+1+2*secretBytes || !strings.HasPrefix(key, keyMark) || key[shown] != '_' {
		return ""
	}
	if strings.Trim(key[len(keyMark):shown], lowerHex) != "" || strings.Trim(key[shown+1:], lowerHex) != "" {
		return ""
	}
	return key[:shown]
}

const lowerHex = "0123456789abcdef"

// CreateKey makes an API key for a user and returns it with what is kept of it. The key can't be had again: only its
// hash is stored. label is for people, at most 200 characters, and may be empty.
func (s *Service) CreateKey(ctx context.Context, ownerID uuid.UUID, label string) (key string, kept Key, err error) {
	if err := fault.Fields(nameFaults("label", label)...); err != nil {
		return "", Key{}, err
	}
	random := make([]byte, prefixBytes+secretBytes)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
	prefix := keyMark + hex.EncodeToString(random[:prefixBytes])
	key = prefix + "_" + hex.EncodeToString(random[prefixBytes:])
	hash := sha256.Sum256([]byte(key))
	id, err := uuid.NewV7()
	if err != nil {
		return "", Key{}, err
	}
	kept, err = keyFromRow(s.queries.KeyInsert(ctx, s.store, db.KeyInsertParams{
		ID: id, OwnerID: ownerID, Label: label, Prefix: prefix, Hash: hash[:], CreatedAt: s.now(),
	}))
	return key, kept, err
}

// ListKeys lists a user's keys, oldest first, revoked ones included.
func (s *Service) ListKeys(ctx context.Context, ownerID uuid.UUID) ([]Key, error) {
	rows, err := s.queries.KeyListByOwner(ctx, s.store, ownerID)
	keys := make([]Key, len(rows))
	for i, row := range rows {
		keys[i], _ = keyFromRow(row, nil)
	}
	return keys, err
}

// RevokeKey ends a key, named by its visible prefix, at once and for good. The whole key does as well, for whoever has
// found one in the wrong place; so what was given is never repeated.
func (s *Service) RevokeKey(ctx context.Context, prefix string) (Key, error) {
	if shown := shownPart(prefix); shown != "" {
		prefix = shown
	}
	key, err := keyFromRow(s.queries.KeyRevoke(ctx, s.store, db.KeyRevokeParams{Prefix: prefix, RevokedAt: s.now()}))
	s.cached.Drop(prefix) // whatever the outcome: it may be in doubt
	if fault.Is(err, fault.NotFound) {
		return Key{}, fault.New(fault.NotFound, "There is no key with this prefix that is still valid: `postwright key list` shows those there are.")
	}
	return key, err
}

// Authenticate returns what is kept of this API key: whose it is. Every other outcome is an Unauthenticated fault, or
// the database's.
func (s *Service) Authenticate(ctx context.Context, key string) (Key, error) {
	prefix := shownPart(key)
	if prefix == "" {
		return Key{}, fault.New(
			fault.Unauthenticated,
			"The API key has not the form of one: it starts with pw_ and is shown once, by `postwright key create`.",
		)
	}
	kept, err := keyFromRow(s.cached.Get(ctx, prefix, func(ctx context.Context) (db.APIKey, error) {
		return s.queries.KeyGetByPrefix(ctx, s.store, prefix)
	}))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Key{}, err
	}
	// An unknown prefix is compared too, with nothing, so that the time taken does not tell which prefixes exist.
	hash := sha256.Sum256([]byte(key))
	var expected [sha256.Size]byte
	copy(expected[:], kept.hash)
	if subtle.ConstantTimeCompare(hash[:], expected[:]) != 1 {
		return Key{}, fault.New(fault.Unauthenticated, "The API key is not known here: create one with `postwright key create`.")
	}
	if kept.RevokedAt != nil {
		return Key{}, fault.New(fault.Unauthenticated, "The API key has been revoked: create another with `postwright key create`.")
	}
	return kept, nil
}
