package reference

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// SearchByILike finds an owner's newest posts that hold a word, as one does who has no index for it. The session must have bitmap
// scans off (WithoutTextIndexes): the owner's posts are found by index, and each of their texts is read.
func SearchByILike(ctx context.Context, conn *pgx.Conn, owner uuid.UUID, word string, most int) (found int, err error) {
	return count(ctx, conn, `SELECT `+columns+` FROM posts WHERE owner_id = $1 AND content ILIKE '%' || $2 || '%'
		ORDER BY created_at DESC, id DESC LIMIT $3`, owner, word, most)
}

// WithoutTextIndexes keeps a session from using an index of texts: those of trigrams are read by bitmap scans alone.
func WithoutTextIndexes(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SET enable_bitmapscan = off`)
	return err
}

// ListByOffset reads a page of an owner's posts, newest first, as one does who counts the rows before it.
func ListByOffset(ctx context.Context, conn *pgx.Conn, owner uuid.UUID, before, most int) (found int, err error) {
	return count(ctx, conn, `SELECT `+columns+` FROM posts WHERE owner_id = $1 ORDER BY created_at DESC, id DESC LIMIT $3 OFFSET $2`,
		owner, before, most)
}

// count reads the posts that a statement selects to the end.
func count(ctx context.Context, conn *pgx.Conn, statement string, args ...any) (found int, err error) {
	rows, err := conn.Query(ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		if _, err := scan(rows); err != nil {
			return 0, err
		}
		found++
	}
	return found, rows.Err()
}
