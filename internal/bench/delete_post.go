package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

var deletePublished = goal{name: "delete_ms", what: "DeletePost of a published post, beside one attempt for each of all posts, p99", unit: "ms",
	atLeast: 5, stretch: 2, less: true}

// deletePatience bounds a round, which is over once its posts are gone.
const deletePatience = time.Minute

func measureDelete(ctx context.Context, s *stage) error {
	node, stop, err := s.serve(ctx, "delete")
	if err != nil {
		return err
	}
	defer stop()
	owner := s.ground.owners[deleter]
	ids, err := (&publishing{stage: s, node: node}).draft(ctx, owner, s.Size.Deletes)
	if err != nil {
		return err
	}
	attempts, err := s.attempt(ctx)
	if err != nil {
		return err
	}
	var deletes []call
	for _, id := range ids {
		deletes = append(deletes, call{pathDelete, owner.Key, encode(map[string]string{"id": id})})
	}
	// An equal part of the posts in each round, the one to warm up with included.
	each := newCalls(node.Address, 1, deletes).once(len(deletes)/(s.Size.Rounds+1), deletePatience)
	measures, err := s.measure(ctx, subject{"DeletePost of a published post", node, each})
	if err != nil {
		return err
	}
	m := measures[0]
	s.reach(deletePublished, milliseconds(m.latency(99)), "p50 %s, beside %d attempts", number(milliseconds(m.latency(50)), "ms"), attempts)
	return nil
}

// attempt makes, in SQL, a publication and an attempt of every post, and the deleter's posts published.
func (s *stage) attempt(ctx context.Context) (attempts int, err error) {
	conn, err := s.ground.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer hangUp(ctx, conn)
	owner := s.ground.owners[deleter]
	account, err := uuid.Parse(owner.Accounts[0])
	if err != nil {
		return 0, err
	}
	return makeAttempts(ctx, conn, s.ground.ownerID(deleter), account)
}

// makeAttempts writes what publishing would have written, without what each row starts: nobody waits for these.
func makeAttempts(ctx context.Context, conn *pgx.Conn, owner, account uuid.UUID) (attempts int, err error) {
	if _, err := conn.Exec(ctx, "SET session_replication_role = replica"); err != nil {
		return 0, err
	}
	for _, statement := range []struct {
		text string
		args []any
	}{
		{`INSERT INTO publications (id, post_id, owner_id, account_id, state, created_at, ended_at, due_at)
			SELECT gen_random_uuid(), p.id, p.owner_id, $1, 'published', now(), now(), now()
			FROM posts p WHERE NOT EXISTS (SELECT 1 FROM publications has WHERE has.post_id = p.id)`, []any{account}},
		{`ANALYZE posts, publications`, nil}, // autovacuum is off: what was just written is not known to the planner
		{`INSERT INTO publish_attempts (id, publication_id, post_id, number, started_at, ended_at, outcome, status)
			SELECT gen_random_uuid(), p.id, p.post_id, 1, now(), now(), 'accepted', 201
			FROM publications p WHERE NOT EXISTS (SELECT 1 FROM publish_attempts has WHERE has.post_id = p.post_id)`, nil},
		{`UPDATE posts SET state = 'published', published_at = now(), account_id = $2, linkedin_urn = 'urn:li:share:' || id, revision = revision + 1
			WHERE owner_id = $1 AND state = 'draft'`, []any{owner, account}},
		{`ANALYZE publications, publish_attempts`, nil},
	} {
		if _, err := conn.Exec(ctx, statement.text, statement.args...); err != nil {
			return 0, fmt.Errorf("make attempts: %w", err)
		}
	}
	return attempts, conn.QueryRow(ctx, `SELECT count(*) FROM publish_attempts`).Scan(&attempts)
}
