package publishing

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
)

// The database is lost while a claim is committed: whether it was saved or not, nothing was sent, so the post goes out, and
// with one attempt on record.
func TestAClaimWhoseCommitIsInDoubtLeavesNoDoubtAboutThePost(t *testing.T) {
	t.Parallel()
	for name, saved := range map[string]bool{"it was saved": true, "it was not saved": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var wire *dbtest.Wire
			w := newWorldOn(t, func(databaseURL string) string {
				wire = dbtest.NewWire(t, databaseURL)
				return wire.URL()
			})
			post, job := w.approved(t, "Out all the same")
			wire.CutAt("commit\x00", saved)

			require.NoError(t, w.Work(w.workContext(), job))

			require.Equal(t, 1, wire.Cuts())
			post, err := w.posts.Get(t.Context(), w.owner, post.ID)
			require.NoError(t, err)
			require.Equal(t, posts.StatePublished, post.State)
			attempts := w.attempts(t, post.ID)
			require.Len(t, attempts, 1)
			require.Equal(t, decision.Accepted, attempts[0].Outcome)
			require.Len(t, w.vendors.Ledger(), 1)
		})
	}
}

// The attempt was written down, and the claim took the missing post for a turn that is not free.
func TestNoAttemptBeginsForAPostThatIsNotQueued(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post, job := w.approved(t, "Settled meanwhile")
	_, err := w.store.Exec(t.Context(), "UPDATE posts SET state = 'draft', revision = revision + 1 WHERE id = $1", post.ID)
	require.NoError(t, err)

	_, err = w.claim(w.workContext(), job)

	require.NoError(t, err)
	require.Empty(t, w.attempts(t, post.ID))
	require.Empty(t, w.vendors.Ledger())
}
