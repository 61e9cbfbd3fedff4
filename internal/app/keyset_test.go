package app_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
)

// The key of the tokens changes while posts go out, and one of two nodes has the earlier keyset alone until it is replaced, as nodes
// are one by one: no post is lost, failed or sent twice, and no account is paused.
func TestPostsGoOutWhileTheKeyChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, soon)
	stopEarlier := w.Serve() // with the earlier keyset
	after := w.Config
	both, err := accounts.RotateKeyset(w.Config.LinkedIn.TokenKeyset.Reveal())
	require.NoError(t, err)
	after.LinkedIn.TokenKeyset = app.Secret(both)
	node := w.Node(after)
	const posts = 12
	for i := range posts {
		_, err := w.Posts.PublishPost(t.Context(), &postwrightv1.PublishPostRequest{Id: w.Draft(fmt.Sprintf("Under a new key, %d", i)).GetId()})
		require.NoError(t, err)
		if i == posts/2 {
			done, err := node.Accounts.RotateKey(t.Context()) // as `postwright key-rotate` does
			require.NoError(t, err)
			require.Equal(t, accounts.Rotation{Accounts: 1, Sealed: 1}, done)
			_, _ = w.Run(node)
		}
	}
	require.NoError(t, stopEarlier())
	require.Eventually(t, func() bool {
		return w.Count(`SELECT count(*) FROM posts WHERE state = 'published'`) == posts
	}, apptest.WaitLimit, apptest.WaitStep)
	require.Len(t, w.Vendors.Ledger(), posts, "each exactly once")
	require.Zero(t, w.Count(`SELECT count(*) FROM linkedin_accounts WHERE paused_reason <> ''`))
}
