// Package pagetoken makes the page tokens of what a post has a list of, and reads them.
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

// Make returns the token of the page that ends before a place in a post's list; places are not negative. A token is opaque, not
// secret: whoever makes one up sees a page of their own post from another place.
func Make(postID uuid.UUID, before int64) string {
	place := uint64(before) //nolint:gosec // not negative
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(postID[:], place))
}

// Before reads a post's page token: the place before which the page ends. "" asks for the last page, which ends before every place. A
// token that was made up, or is another post's, is an Invalid fault.
func Before(postID uuid.UUID, token string) (int64, error) {
	if token == "" {
		return math.MaxInt64, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != len(postID)+8 || binary.BigEndian.Uint64(b[len(postID):]) > math.MaxInt64 {
		return 0, fault.Fields(fault.Field{
			Path: "pageToken", Problem: "is not one of ours: send nextPageToken of the page before, unchanged",
		})
	}
	if uuid.UUID(b[:len(postID)]) != postID {
		return 0, fault.Fields(fault.Field{Path: "pageToken", Problem: "belongs to another post: start without a token"})
	}
	return int64(binary.BigEndian.Uint64(b[len(postID):])), nil //nolint:gosec // checked above
}
