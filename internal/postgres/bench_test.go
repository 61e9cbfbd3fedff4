package postgres_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

// What the seam costs beside the database's own time: a read by key through it, and the same past it.
func BenchmarkAReadByKey(b *testing.B) {
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = dbtest.New(b), 0
	store, err := postgres.Open(b.Context(), cfg, postgres.Unobserved{}, quiet)
	require.NoError(b, err)
	b.Cleanup(store.Close)
	key := db.PostGetParams{ID: uuid.New(), OwnerID: uuid.New()}
	for name, through := range map[string]db.DBTX{"through the seam": store, "past it": store.Pool()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := queries.PostGet(b.Context(), through, key); err == nil || fault.Is(err, fault.Unavailable) {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("a list through the seam", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := queries.UserList(b.Context(), store); err != nil {
				b.Fatal(err)
			}
		}
	})
}
