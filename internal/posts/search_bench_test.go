package posts_test

import (
	"context"
	"flag"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/text"
)

var (
	manyPosts = flag.Int("posts", 50_000, "posts in the benchmarks' database: one owner has a tenth of them, others 1,000 each")
	elsewhere = flag.String("database", "", "a migrated database for the benchmarks, which is filled if it is empty, instead of one of its own")
)

// crowd is a database with many posts.
type crowd struct {
	*posts.Service
	pool         *pgxpool.Pool
	large, small uuid.UUID // owners of a tenth of the posts, and of 1,000
}

func newCrowd(b *testing.B) *crowd {
	b.Helper()
	cfg := postgres.Defaults()
	if cfg.URL = *elsewhere; cfg.URL == "" {
		cfg.URL = dbtest.New(b)
	}
	store, err := postgres.Open(b.Context(), cfg, postgres.Unobserved{}, slog.New(slog.DiscardHandler))
	require.NoError(b, err)
	b.Cleanup(store.Close)
	c := &crowd{Service: posts.New(store, nil, time.Now), pool: store.Pool()}
	indexing, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() { defer close(done); c.IndexForSearch(indexing) }()
	b.Cleanup(func() { cancel(); <-done })
	c.fill(b)
	return c
}

// fill makes the posts, in the order in which many owners would, and has the large owner's indexed.
func (c *crowd) fill(b *testing.B) {
	b.Helper()
	owners := make([]uuid.UUID, 1+*manyPosts*9/10/1000)
	for i := range owners {
		owners[i] = uuid.NewSHA1(uuid.NameSpaceOID, []byte{byte(i), byte(i >> 8)})
	}
	c.large, c.small = owners[0], owners[2]
	var there bool
	require.NoError(b, c.pool.QueryRow(b.Context(), "SELECT EXISTS (SELECT FROM posts)").Scan(&there))
	if !there {
		_, err := c.pool.Exec(b.Context(), `INSERT INTO users (id, name, email, email_key, created_at)
			SELECT id, '', id || '@example.org', id || '@example.org', now() FROM unnest($1::uuid[]) AS id`, owners)
		require.NoError(b, err)
		words := vocabulary()
		chance := rand.New(rand.NewPCG(1, 2))
		for begin := 0; begin < *manyPosts; begin += 10_000 {
			var rows, folded [][]any
			for i := begin; i < min(begin+10_000, *manyPosts); i++ {
				owner := owners[0]
				if i%10 > 0 {
					owner = owners[1+(i-i/10-1)%(len(owners)-1)]
				}
				id, err := uuid.NewV7()
				require.NoError(b, err)
				content := sentence(chance, words)
				if i%50_000 == 40 { // of the large owner
					content += " quicksilver 東京 🚀"
				}
				at := time.Now()
				rows = append(rows, []any{id, owner, content, "unspecified", "unspecified", "", "public", []string{}, "draft", at, at})
				folded = append(folded, []any{id, text.Fold(content)})
			}
			for table, columns := range map[string][]string{
				"posts": {
					"id", "owner_id", "content", "post_type", "tone", "target_audience", "visibility", "hashtags", "state", "created_at", "updated_at",
				},
				"post_search": {"post_id", "folded"},
			} {
				of := map[string][][]any{"posts": rows, "post_search": folded}[table]
				_, err := c.pool.CopyFrom(b.Context(), pgx.Identifier{table}, columns, pgx.CopyFromRows(of))
				require.NoError(b, err)
			}
		}
		_, err = c.pool.Exec(b.Context(), "VACUUM ANALYZE posts, post_search, post_search_backlog")
		require.NoError(b, err)
	}
	for {
		_, err := c.Search(b.Context(), posts.SearchInput{OwnerID: c.large, Query: "quicksilver"})
		require.NoError(b, err)
		var left int
		require.NoError(b, c.pool.QueryRow(b.Context(), "SELECT count(*) FROM post_search_backlog WHERE owner_id = $1", c.large).Scan(&left))
		if left < 500 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// vocabulary is 6,000 words, of which the first come up most.
func vocabulary() []string {
	syllables := strings.Fields("an be con de er fi gra ho in ju ka lo mi no or pa qui re sto ta un ver wi xo ya zen str ble ment ing")
	chance := rand.New(rand.NewPCG(3, 4))
	words := []string{"and", "the", "of"}
	for len(words) < 6_000 {
		var word strings.Builder
		for range 1 + chance.IntN(4) {
			word.WriteString(syllables[chance.IntN(len(syllables))])
		}
		words = append(words, word.String())
	}
	return words
}

func sentence(chance *rand.Rand, words []string) string {
	zipf := rand.NewZipf(chance, 1.2, 8, uint64(len(words)-1))
	said := []string{"and"}
	for range 30 + chance.IntN(60) {
		said = append(said, words[zipf.Uint64()])
	}
	return strings.Join(said, " ")
}

// The last is what the rare one costs without an index.
func BenchmarkSearch(b *testing.B) {
	c := newCrowd(b)
	for _, search := range []struct{ what, query string }{
		{"rare", "quicksilver"}, {"two Han characters", "東京"}, {"an emoji", "🚀"}, {"none", "nowhere to be found"}, {"none of two letters", "qz"},
		{"none of a sign", "%"}, {"common", "and"}, {"a letter", "e"}, {"none of common parts", "and the of and the of"},
		{"3,000 characters", strings.Repeat("and the ", 375)},
	} {
		for owner, id := range map[string]uuid.UUID{"many posts": c.large, "1,000 posts": c.small} {
			b.Run(search.what+" of "+owner, func(b *testing.B) {
				var took []time.Duration
				for b.Loop() {
					begin := time.Now()
					_, err := c.Search(b.Context(), posts.SearchInput{OwnerID: id, Query: search.query})
					took = append(took, time.Since(begin))
					require.NoError(b, err)
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
				b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			})
		}
	}
	b.Run("reference: ILIKE over all posts", func(b *testing.B) {
		for b.Loop() {
			rows, err := c.pool.Query(b.Context(), `SELECT id FROM posts WHERE content ILIKE '%quicksilver%' ORDER BY created_at DESC LIMIT 11`)
			require.NoError(b, err)
			rows.Close()
			require.NoError(b, rows.Err())
		}
	})
	b.Run("reference: ILIKE over the posts of the owner of many", func(b *testing.B) {
		for b.Loop() {
			rows, err := c.pool.Query(b.Context(), `SELECT id FROM posts WHERE owner_id = $1 AND content ILIKE '%quicksilver%'
				ORDER BY created_at DESC, id DESC LIMIT 11`, c.large)
			require.NoError(b, err)
			rows.Close()
			require.NoError(b, rows.Err())
		}
	})
}
