package app_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/app"
)

// The key of the tokens changes while posts go out, and one of two nodes has the earlier keyset alone: no post is lost, failed
// or sent twice, and no account is paused.
func TestPostsGoOutWhileTheKeyChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, soon)
	w.serve() // with the earlier keyset
	after := w.cfg
	both, err := accounts.RotateKeyset(w.cfg.LinkedIn.TokenKeyset.Reveal())
	require.NoError(t, err)
	after.LinkedIn.TokenKeyset = app.Secret(both)
	node := w.node(after)
	const posts = 12
	for i := range posts {
		_, err := w.posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: w.draft(fmt.Sprintf("Under a new key, %d", i)).GetId()})
		require.NoError(t, err)
		if i == posts/2 {
			done, err := node.Accounts.RotateKey(t.Context()) // as `postwright key-rotate` does
			require.NoError(t, err)
			require.Equal(t, accounts.Rotation{Accounts: 1, Sealed: 1}, done)
			_, _ = w.run(node)
		}
	}
	require.Eventually(t, func() bool {
		return w.count(`SELECT count(*) FROM posts WHERE state = 'published'`) == posts
	}, waitLimit, waitStep)
	require.Len(t, w.vendors.Ledger(), posts, "each exactly once")
	require.Zero(t, w.count(`SELECT count(*) FROM linkedin_accounts WHERE paused_reason <> ''`))
}
