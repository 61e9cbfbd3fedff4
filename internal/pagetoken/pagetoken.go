// Package pagetoken makes the page tokens of lists that go by an id and a number, such as the versions of a post, and reads them.
//
// It must not know what is listed.
package pagetoken

import (
	"encoding/base64"
	"encoding/binary"
	"math"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/fault"
)

// Make returns the token of an id and a number that is not negative. A token is opaque, not secret: whoever makes one up sees a page of
// their own list from another place.
func Make(id uuid.UUID, number int64) string {
	place := uint64(number) //nolint:gosec // not negative
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(id[:], place))
}

// Read reads a token. One that was made up is an Invalid fault.
func Read(token string) (id uuid.UUID, number int64, err error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != len(id)+8 || binary.BigEndian.Uint64(b[len(id):]) > math.MaxInt64 {
		return id, 0, fault.Fields(fault.Field{
			Path: "pageToken", Problem: "is not one of ours: send nextPageToken of the page before, unchanged",
		})
	}
	return uuid.UUID(b[:len(id)]), int64(binary.BigEndian.Uint64(b[len(id):])), nil //nolint:gosec // checked above
}

// Before reads the token of a page of what belongs to an id: the number before which the page ends. "" asks for the last page, which ends
// before every number. A token that was made up, or belongs to another id, is an Invalid fault.
func Before(id uuid.UUID, token string) (int64, error) {
	if token == "" {
		return math.MaxInt64, nil
	}
	of, number, err := Read(token)
	if err == nil && of != id {
		err = fault.Fields(fault.Field{Path: "pageToken", Problem: "belongs to another list: start without a token"})
	}
	return number, err
}
