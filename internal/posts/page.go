package posts

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/fault"
)

// Page sizes: what 0 means, and the largest.
const (
	DefaultPageSize = 10
	MaxPageSize     = 100
)

// Page is a part of a listing.
type Page struct {
	Posts []Post
	// NextPageToken asks for the page after this one; "" on the last.
	NextPageToken string
}

// key is the place of a post in an order by time: a page holds the posts after a key.
type key struct {
	at time.Time
	id uuid.UUID
}

func createdKey(p Post) key { return key{at: p.CreatedAt, id: p.ID} }

// scheduledKey is of a post that has a scheduled time.
func scheduledKey(p Post) key { return key{at: *p.ScheduledAt, id: p.ID} }

// PostgreSQL's timestamptz reaches further, but protobuf's times are those of the years 1 to 9999.
var (
	earliest = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
)

// newestFirst is before every post in the order newest first.
var newestFirst = key{at: latest, id: uuid.Max}

// queryHash tells the listing that a page token belongs to from every other one.
type queryHash [8]byte

func hashQuery(parts ...string) queryHash {
	h := sha256.New()
	for _, part := range parts {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		_, _ = h.Write(length[:]) // a hash never fails
		_, _ = h.Write([]byte(part))
	}
	return queryHash(h.Sum(nil)[:8])
}

const tokenVersion = 1

// encodeToken makes a page token: version, query, microseconds since 1970, id. It is opaque, not secret: whoever makes
// one up sees a page of their own posts from another place.
func encodeToken(query queryHash, after key) string {
	b := make([]byte, 0, 1+8+8+16)
	b = append(b, tokenVersion)
	b = append(b, query[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(after.at.UnixMicro()))
	b = append(b, after.id[:]...)
	return base64.RawURLEncoding.EncodeToString(b)
}

// decodeToken reads a page token of this query; "" is the first page, which begins after start.
func decodeToken(query queryHash, token string, start key) (key, []fault.Field) {
	if token == "" {
		return start, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != 1+8+8+16 || b[0] != tokenVersion {
		return key{}, []fault.Field{{Path: "pageToken", Problem: "is not one of ours: send nextPageToken of the page before, unchanged"}}
	}
	if !bytes.Equal(b[1:9], query[:]) {
		return key{}, []fault.Field{{Path: "pageToken", Problem: "belongs to another query: repeat the filter it came with, or start without a token"}}
	}
	micros := binary.BigEndian.Uint64(b[9:17])
	if micros > math.MaxInt64 || int64(micros) > latest.UnixMicro() {
		return key{}, []fault.Field{{Path: "pageToken", Problem: "is not one of ours: send nextPageToken of the page before, unchanged"}}
	}
	return key{at: time.UnixMicro(int64(micros)), id: uuid.UUID(b[17:33])}, nil
}

func pageSize(asked int) (int32, []fault.Field) {
	switch {
	case asked == 0:
		return DefaultPageSize, nil
	case asked < 0 || asked > MaxPageSize:
		return 0, []fault.Field{{Path: "pageSize", Problem: "must be 0 (for 10) to 100"}}
	}
	return int32(asked), nil
}

// cut makes a page of up to size posts; found holds one more than size when there is a next page.
func cut(found []Post, size int32, query queryHash, keyOf func(Post) key) Page {
	if len(found) <= int(size) {
		return Page{Posts: found}
	}
	return Page{Posts: found[:size], NextPageToken: encodeToken(query, keyOf(found[size-1]))}
}

func pageFaults(query queryHash, size int, token string) error {
	_, sizeFaults := pageSize(size)
	_, tokenFaults := decodeToken(query, token, newestFirst)
	return fault.Fields(slices.Concat(sizeFaults, tokenFaults)...)
}
