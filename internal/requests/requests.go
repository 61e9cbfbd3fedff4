// Package requests makes a call repeatable: a caller names it with a request id, and the same id again gives the first
// answer instead of a second effect.
//
// It owns the table requests. It must not know what the calls do.
package requests

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

// MaxIDLength is how many characters a request id may have.
const MaxIDLength = 128

// Key names a call: the same owner, operation and request id are the same call.
type Key struct {
	OwnerID   uuid.UUID
	Operation string // the RPC's name
	RequestID string // chosen by the caller; empty means that the call is not repeatable
}

// Claim records, in the transaction that does the work, that the call is about the posts in ids, and returns nil: the
// caller goes on to do the work. If the call was made before, it returns the posts it was about then, and the caller
// does nothing more. While another transaction is claiming the same key, it waits for that one's end.
//
// A request id that has been forgotten, see internal/retention, makes a new call.
//
// content is everything that makes the request what it is, in a form that encoding/json takes; the same id with other
// content is an Invalid fault. An empty request id claims nothing.
func Claim(ctx context.Context, tx *postgres.Tx, key Key, content any, ids []uuid.UUID, now time.Time) ([]uuid.UUID, error) {
	if key.RequestID == "" {
		return nil, nil
	}
	encoded, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("encode the request for its hash: %w", err)
	}
	hash := sha256.Sum256(encoded)
	queries := db.New()
	var earlier db.Request
	for {
		claimed, err := queries.RequestInsert(ctx, tx, db.RequestInsertParams{
			OwnerID: key.OwnerID, Operation: key.Operation, RequestID: key.RequestID,
			RequestHash: hash[:], PostIDs: ids, CreatedAt: now,
		})
		if err != nil || claimed == 1 {
			return nil, err
		}
		earlier, err = queries.RequestGet(ctx, tx, db.RequestGetParams{
			OwnerID: key.OwnerID, Operation: key.Operation, RequestID: key.RequestID,
		})
		if err == nil {
			break
		}
		// It may have become too old, and been forgotten, since the insert met it: then it is free again.
		if !fault.Is(err, fault.NotFound) {
			return nil, err
		}
	}
	if !bytes.Equal(earlier.RequestHash, hash[:]) {
		return nil, fault.Fields(fault.Field{Path: "requestId", Problem: "was used before for another request: choose a new one"})
	}
	return earlier.PostIDs, nil
}

// Faults lists what is wrong with a request id.
func Faults(requestID string) []fault.Field {
	if utf8.RuneCountInString(requestID) > MaxIDLength || !postgres.Storable(requestID) {
		return []fault.Field{{Path: "requestId", Problem: fmt.Sprintf("must be text of at most %d characters, without NUL", MaxIDLength)}}
	}
	return nil
}
