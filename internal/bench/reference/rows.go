package reference

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Row is a post that is written many at a time.
type Row struct{ Content, Folded string }

// InsertRows writes an owner's posts in one transaction, with one INSERT each.
func InsertRows(ctx context.Context, conn *pgx.Conn, owner uuid.UUID, rows []Row) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		now := time.Now()
		for _, row := range rows {
			id, err := uuid.NewV7()
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, insertPost, id, row.Folded, owner, row.Content, []string{}, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// CopyRows writes an owner's posts in one transaction, with COPY: the fastest way that PostgreSQL knows. What each row starts, as
// triggers do, is started by this too.
func CopyRows(ctx context.Context, conn *pgx.Conn, owner uuid.UUID, rows []Row) error {
	posts, search, now := make([][]any, len(rows)), make([][]any, len(rows)), time.Now()
	for i, row := range rows {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		posts[i] = []any{id, owner, row.Content, "unspecified", "unspecified", "", "public", []string{}, "draft", now, now}
		search[i] = []any{id, row.Folded}
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		for _, table := range []struct {
			name    string
			columns []string
			rows    [][]any
		}{
			{"posts", []string{"id", "owner_id", "content", "post_type", "tone", "target_audience", "visibility", "hashtags", "state",
				"created_at", "updated_at"}, posts},
			{"post_search", []string{"post_id", "folded"}, search},
		} {
			if _, err := tx.CopyFrom(ctx, pgx.Identifier{table.name}, table.columns, pgx.CopyFromRows(table.rows)); err != nil {
				return fmt.Errorf("copy %s: %w", table.name, err)
			}
		}
		return nil
	})
}
