package postgres_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/postgres"
)

// What the seam costs beside the database's own time: a read by key through it, and the same by pgx alone.
//
//	go test -run '^$' -bench ReadByKey -count 10 ./internal/postgres > new && benchstat -col /via new
func BenchmarkReadByKey(b *testing.B) {
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = dbtest.New(b), 0
	store, err := postgres.Open(b.Context(), cfg, postgres.Unobserved{}, quiet)
	require.NoError(b, err)
	b.Cleanup(store.Close)
	key := db.PostGetParams{ID: uuid.New(), OwnerID: uuid.New()}
	_, err = store.Pool().Exec(b.Context(), `INSERT INTO users (id, email, name, created_at) VALUES ($1, 'ada@example.org', '', now())`, key.OwnerID)
	require.NoError(b, err)
	_, err = store.Pool().Exec(b.Context(), `
		INSERT INTO posts (id, owner_id, content, post_type, tone, target_audience, visibility, hashtags, state, created_at, updated_at)
		VALUES ($1, $2, 'A text', 'unspecified', 'unspecified', '', 'public', '{}', 'draft', now(), now())`, key.ID, key.OwnerID)
	require.NoError(b, err)
	for _, via := range []struct {
		name string
		on   db.DBTX
	}{{"seam", store}, {"pgx", store.Pool()}} {
		b.Run("via="+via.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := queries.PostGet(b.Context(), via.on, key); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
