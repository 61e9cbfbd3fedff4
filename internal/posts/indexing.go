package posts

import (
	"context"
	"strconv"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/text"
)

// maxWishes bounds the owners that wait for their posts to be indexed; who finds no place wishes again with the next search.
const maxWishes = 64

// indexing are the owners whose posts are to be indexed: those of whom a search met more unindexed posts than it looks at. So
// making a post costs nothing for the index, and whoever has few posts, or never searches them, needs none. Each owner waits in one
// place, however much they search meanwhile.
type indexing struct {
	wishes chan uuid.UUID

	mu      sync.Mutex
	waiting map[uuid.UUID]bool
}

func newIndexing() *indexing {
	return &indexing{wishes: make(chan uuid.UUID, maxWishes), waiting: map[uuid.UUID]bool{}}
}

func (i *indexing) wish(ownerID uuid.UUID) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.waiting[ownerID] {
		return
	}
	select {
	case i.wishes <- ownerID:
		i.waiting[ownerID] = true
	default:
	}
}

// begin says that an owner's turn has come: what they wish from now on is another.
func (i *indexing) begin(ownerID uuid.UUID) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.waiting, ownerID)
}

// IndexForSearch indexes the posts of those owners whose searches need it, one owner after the other, until ctx ends. What other
// processes index at the same time is left to them. While nobody needs it, it costs nothing.
func (s *Service) IndexForSearch(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case ownerID := <-s.indexing.wishes:
			s.indexing.begin(ownerID)
			_ = s.index(ctx, ownerID) // it is measured as every operation's failure is, and the next search wishes again
		}
	}
}

// index indexes all posts of an owner that are not, the oldest first. What is done stays done when it is stopped.
func (s *Service) index(ctx context.Context, ownerID uuid.UUID) error {
	for after := (key{at: earliest}); ; {
		taken, err := s.indexSome(ctx, ownerID, after)
		if err != nil || len(taken) == 0 {
			return err
		}
		last := taken[len(taken)-1]
		after = key{at: last.CreatedAt, id: last.PostID}
	}
}

// indexSome indexes the next posts after a key, and folds those that are not yet.
func (s *Service) indexSome(ctx context.Context, ownerID uuid.UUID, after key) (taken []db.PostSearchTakeRow, err error) {
	err = s.store.InTx(ctx, func(tx *postgres.Tx) error {
		taken, err = s.queries.PostSearchTake(ctx, tx, db.PostSearchTakeParams{OwnerID: ownerID, AfterTime: after.at, AfterID: after.id})
		if err != nil || len(taken) == 0 {
			return err
		}
		rows := db.PostSearchIndexParams{OwnerID: ownerID, Grams: make([]string, len(taken))}
		place := make(map[uuid.UUID]int, len(taken))
		for i, post := range taken {
			rows.IDs, rows.CreatedAt = append(rows.IDs, post.PostID), append(rows.CreatedAt, post.CreatedAt)
			place[post.PostID] = i
		}
		texts, err := s.queries.PostSearchTexts(ctx, tx, rows.IDs)
		if err != nil {
			return err
		}
		var unfolded db.PostPutFoldedParams
		for _, post := range texts {
			if post.Folded == nil {
				folded := text.Fold(post.Content)
				post.Folded = &folded
				unfolded.IDs, unfolded.Contents = append(unfolded.IDs, post.ID), append(unfolded.Contents, post.Content)
				unfolded.Folded = append(unfolded.Folded, folded)
			}
			rows.Grams[place[post.ID]] = joined(gramsOf(ownerID, *post.Folded))
		}
		if len(unfolded.IDs) > 0 {
			if _, err := s.queries.PostPutFolded(ctx, tx, unfolded); err != nil {
				return err
			}
		}
		return s.queries.PostSearchIndex(ctx, tx, rows)
	})
	return taken, err
}

// joined writes grams as PostSearchIndex takes them.
func joined(grams []int32) string {
	var b strings.Builder
	for i, gram := range grams {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.FormatInt(int64(gram), 10))
	}
	return b.String()
}
