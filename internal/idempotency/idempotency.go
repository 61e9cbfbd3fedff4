// Package idempotency makes a call repeatable: a caller names it with a request id, and the same id again gives the first
// answer instead of a second effect.
//
// The request id of logs, see telemetry.RequestID, is another: it is of one call, and a repeat has its own. What a vendor names a
// call by is its trace id.
//
// It owns the table requests. It must not know what the calls do.
package idempotency

import (
	"bytes"
	"context"
	"errors"
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

// What a hash in the table was made of.
const (
	// structHash is of the Go types of the build that made it. A build whose types have one more field can't make it again.
	structHash = 1
	// HashVersion is of the request message, in a form that outlasts builds. A statement of another package that claims a call
	// by itself writes it too.
	HashVersion = 2
)

// Request is what tells a repeat of a request from another request. The zero value is of one that is not repeatable.
type Request struct {
	// ID is the request id that the caller chose; empty means that the call is not repeatable.
	ID string
	// Hash is of all that makes the request what it is, but its id. Only a request that has an id needs one.
	Hash [32]byte
}

// Check refuses a request id without a hash, which is no caller's mistake but ours.
func (r Request) Check() error {
	if r.ID != "" && r.Hash == [32]byte{} {
		return errors.New("a request id was given without the hash of its request")
	}
	return nil
}

// Call is a request to do something: the same owner, operation and request id are the same call.
type Call struct {
	OwnerID   uuid.UUID
	Operation string // the RPC's name
	Request   Request
}

// Claim records, in the transaction that does the work, that the call is about the posts in ids, and returns nil: the
// caller goes on to do the work. If the call was made before, it returns the posts it was about then, and the caller
// does nothing more. While another transaction is claiming the same call, it waits for that one's end.
//
// A request id that has been forgotten, see internal/retention, makes a new call.
//
// The same request id with another hash is an Invalid fault. An empty request id claims nothing.
func Claim(ctx context.Context, tx *postgres.Tx, call Call, ids []uuid.UUID, now time.Time) ([]uuid.UUID, error) {
	if call.Request.ID == "" {
		return nil, nil
	}
	if err := call.Request.Check(); err != nil {
		return nil, err
	}
	queries := db.New()
	var earlier db.Request
	for {
		claimed, err := queries.RequestInsert(ctx, tx, db.RequestInsertParams{
			OwnerID: call.OwnerID, Operation: call.Operation, RequestID: call.Request.ID,
			RequestHash: call.Request.Hash[:], HashVersion: HashVersion, PostIDs: ids, CreatedAt: now,
		})
		if err != nil || claimed == 1 {
			return nil, err
		}
		earlier, err = queries.RequestGet(ctx, tx, db.RequestGetParams{
			OwnerID: call.OwnerID, Operation: call.Operation, RequestID: call.Request.ID,
		})
		if err == nil {
			break
		}
		// It may have become too old, and been forgotten, since the insert met it: then it is free again.
		if !fault.Is(err, fault.NotFound) {
			return nil, err
		}
	}
	// Whether a hash of an older build is of the same request can't be told. Somebody who repeats a call whose answer was lost
	// while a new build was rolled out must get that answer; to refuse would invite a new id and a second effect. Who used an id
	// for two requests, which is a mistake, gets the first one's answer until the row is forgotten.
	if earlier.HashVersion != structHash && !bytes.Equal(earlier.RequestHash, call.Request.Hash[:]) {
		return nil, fault.Fields(fault.Field{Path: "requestId", Problem: "was used before for another request: choose a new one"})
	}
	return earlier.PostIDs, nil
}

// Faults lists what is wrong with the request's id.
func (r Request) Faults() []fault.Field {
	if utf8.RuneCountInString(r.ID) > MaxIDLength || !postgres.Storable(r.ID) {
		return []fault.Field{{
			Path: "requestId", Problem: fmt.Sprintf("must be text of at most %d characters, without NUL", MaxIDLength),
		}}
	}
	return nil
}
