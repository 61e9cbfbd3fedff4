package posts

import (
	"context"
	"unsafe"

	"github.com/google/uuid"

	"github.com/postwright/postwright/internal/postgres"
)

// GetCached is Get from the cache: as new as what this process has written, and as what it has heard of others' changes. What the post
// points to is shared: leave it as it is.
func (s *Service) GetCached(ctx context.Context, ownerID, id uuid.UUID) (Post, error) {
	return s.cached.Get(ctx, cacheKey(ownerID, id), func(ctx context.Context) (Post, error) { return s.Get(ctx, ownerID, id) })
}

// MayChange says that a transaction may change posts: the cache forgets them when it has ended. Whoever locks posts says so,
// GetForUpdate by itself; whoever changes them locks them before.
func (s *Service) MayChange(tx *postgres.Tx, ownerID uuid.UUID, ids ...uuid.UUID) {
	tx.After(func() {
		for _, id := range ids {
			s.cached.Drop(cacheKey(ownerID, id))
		}
	})
}

// cacheKey names a post to the cache, for its owner alone, as the trigger posts_announce_row does.
func cacheKey(ownerID, id uuid.UUID) string { return ownerID.String() + "/" + id.String() }

// footprint is about how many bytes a post takes in memory.
func footprint(p Post) int {
	size := int(unsafe.Sizeof(p)) + len(p.Content) + len(p.TargetAudience) + len(p.TimeZone) + len(p.LinkedInURN) +
		len(p.FailureCode) + len(p.FailureMessage) + len(p.FailureRemedy) + 3*int(unsafe.Sizeof(p.CreatedAt)) // what pointers point to
	for _, tag := range p.Hashtags {
		size += int(unsafe.Sizeof(tag)) + len(tag)
	}
	return size
}
