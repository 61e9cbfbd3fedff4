package bench

import (
	"os"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/dbtest"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// What is deleted must be what publishing leaves behind, as far as the API shows it.
func TestAttemptsMadeInSQLAreThoseOfPublishedPosts(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	w.Serve()
	sent, _ := w.Publish(w.Draft("Published through the sandbox"))
	made := w.Draft("Published in SQL")
	attempts, err := makeAttempts(t.Context(), w.Database(), uuid.MustParse(made.GetOwnerId()), uuid.MustParse(sent.GetAccountId()))
	require.NoError(t, err)
	require.Equal(t, 2, attempts, "the real one, and one more")

	got, err := w.Posts.GetPost(t.Context(), &postwrightv1.GetPostRequest{Id: made.GetId()})
	require.NoError(t, err)
	require.Equal(t, sent.GetState(), got.GetPost().GetState())
	require.Equal(t, sent.GetAccountId(), got.GetPost().GetAccountId())
	require.NotEmpty(t, got.GetPost().GetLinkedinUrn())
	bySandbox, inSQL := w.Attempts(sent), w.Attempts(made)
	require.Len(t, bySandbox, 1)
	require.Len(t, inSQL, 1)
	require.Equal(t, bySandbox[0].GetOutcome(), inSQL[0].GetOutcome())
	_, err = w.Posts.DeletePost(t.Context(), &postwrightv1.DeletePostRequest{Id: made.GetId()})
	require.NoError(t, err)
}
