package app

import (
	"context"
	"log/slog"

	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
)

// FoldPosts makes searchable what is not yet, in a database that is migrated; see posts.Service.FoldAll.
func FoldPosts(ctx context.Context, cfg DatabaseConfig, log *slog.Logger) (folded int, err error) {
	store, err := postgres.Open(ctx, cfg.Store(), postgres.Unobserved{}, log)
	if err != nil {
		return 0, err
	}
	defer store.Close()
	return posts.New(store, nil, Now).FoldAll(ctx)
}
