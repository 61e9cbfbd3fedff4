package cache_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/postwright/postwright/internal/cache"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/redistest"
)

// How long it takes from when a write has been answered on one node until another reads it, while both keep the post.
func BenchmarkAWriteIsSeenByAnotherNode(b *testing.B) {
	for name, cfg := range map[string]cache.Config{
		"announced": {Bytes: 1 << 20, Life: life},
		"redis":     {Bytes: 1 << 20, Life: life, RedisURL: redistest.New(b).URL()},
	} {
		b.Run(name, func(b *testing.B) {
			databaseURL := dbtest.New(b)
			one, two := startNode(b, databaseURL, cfg), startNode(b, databaseURL, cfg)
			for _, n := range []*node{one, two} {
				eventually(b, "it keeps", func() bool {
					return n.cache.State().Hears && (cfg.RedisURL == "" || n.cache.State().Shares)
				})
			}
			ctx := b.Context()
			ada, _ := one.user(ctx, b, "ada")
			post := one.draft(ctx, b, ada, "0")
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				two.content(ctx, b, post)
				post = one.edit(ctx, b, post, strconv.Itoa(i+1))
				for began := time.Now(); ; {
					if two.content(ctx, b, post) == post.Content {
						took = append(took, time.Since(began))
						break
					}
				}
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
		})
	}
}

func BenchmarkAKeptPostIsRead(b *testing.B) {
	n := startNode(b, dbtest.New(b), cache.Config{Bytes: 1 << 20, Life: life})
	eventually(b, "it keeps", func() bool { return n.cache.State().Hears })
	ada, key := n.user(b.Context(), b, "ada")
	post := n.draft(b.Context(), b, ada, "0")
	b.Run("post", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n.content(b.Context(), b, post)
		}
	})
	b.Run("key", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := n.identity.Authenticate(b.Context(), key); err != nil {
				b.Fatal(err)
			}
		}
	})
}
