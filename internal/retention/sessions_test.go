package retention

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatSignsInGoesOnceItsTimeIsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`INSERT INTO sessions (id, owner_id, token_hash, user_agent, address, created_at, last_used_at, expires_at, ends_at)
		SELECT gen_random_uuid(), $1, 'old' || i, '', '', $2, $2, $2, $2 FROM generate_series(1, 1001) i`, w.ada, noon.Add(-microsecond))
	w.exec(`INSERT INTO sessions (id, owner_id, token_hash, user_agent, address, created_at, last_used_at, expires_at, ends_at)
		VALUES (gen_random_uuid(), $1, 'new', '', '', $2, $2, $2, $2)`, w.ada, noon)
	w.exec(`INSERT INTO sign_in_links VALUES ('old', $1, $2), ('older', NULL, $2), ('new', NULL, $3)`, w.ada, noon.Add(-microsecond), noon)
	w.sweep(0)
	require.Equal(t, 1, w.count(`SELECT count(*) FROM sessions WHERE token_hash = 'new'`))
	require.Equal(t, 1, w.count(`SELECT count(*) FROM sessions`))
	require.Equal(t, 1, w.count(`SELECT count(*) FROM sign_in_links WHERE token_hash = 'new'`))
	require.Equal(t, 1, w.count(`SELECT count(*) FROM sign_in_links`))
}
