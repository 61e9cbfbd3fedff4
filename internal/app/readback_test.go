package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/sandbox"
)

// readers is a Postwright whose member's token may read the member's posts, as a page's token may the page's; the last look
// comes soon.
func readers(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, func(c *app.Config) { c.Publishing.ReadBackAfter.Value = time.Second })
	w.vendors.AddMember(sandbox.Member{ID: "tester", GivenName: "Tess", FamilyName: "Ter", Token: memberToken, Scopes: append([]string{"r_member_social"}, scopes...)})
	w.connect()
	w.serve()
	return w
}

// connect gives the first user's account its token anew.
func (w *world) connect() {
	w.t.Helper()
	user, err := w.app.Identity.UserByEmail(w.t.Context(), "tess@example.org")
	require.NoError(w.t, err)
	_, err = w.app.Accounts.Add(w.t.Context(), accounts.AddInput{OwnerID: user.ID, Token: memberToken, Introspect: true})
	require.NoError(w.t, err)
}

// settled waits until a post in doubt is settled, and returns it with its last attempt.
func (w *world) settled(post *postwrightv1.Post) (*postwrightv1.Post, *postwrightv1.PublishAttempt) {
	w.t.Helper()
	require.Equal(w.t, unconfirmed, post.GetState())
	require.Eventually(w.t, func() bool {
		res, err := w.posts.GetPost(w.t.Context(), &postwrightv1.GetPostRequest{Id: post.GetId()})
		post = res.GetPost()
		return err == nil && post.GetState() != unconfirmed
	}, waitLimit, waitStep)
	attempts := w.attempts(post)
	return post, attempts[len(attempts)-1]
}

func TestAPostThatIsReadBackIsPublished(t *testing.T) {
	t.Parallel()
	w := readers(t)
	require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "findPostsByAuthor", Mode: sandbox.GarbageBody, Times: 1}))
	w.onCreate(sandbox.Fault{Mode: sandbox.AcceptThenDrop, Times: 1})
	doubted, _ := w.publish(w.draft("Did you (get) this?"))
	post, attempt := w.settled(doubted)
	require.Equal(t, published, post.GetState())
	require.Equal(t, w.vendors.Ledger()[0].URN, post.GetLinkedinUrn())
	require.Equal(t, inDoubt, attempt.GetOutcome())
	require.Equal(t, postwrightv1.Settlement_SETTLEMENT_READ_BACK_PUBLISHED, attempt.GetSettlement())
	require.Len(t, w.vendors.Ledger(), 1)
}

func TestAPostThatIsNotThereAGoodWhileAfterHasFailed(t *testing.T) {
	t.Parallel()
	w := readers(t)
	w.onCreate(sandbox.Fault{Mode: sandbox.Drop, Times: 1})
	doubted, _ := w.publish(w.draft("It never arrived"))
	post, attempt := w.settled(doubted)
	require.Equal(t, failed, post.GetState())
	require.Equal(t, "NOT_PUBLISHED", post.GetFailure().GetCode())
	require.Equal(t, postwrightv1.Settlement_SETTLEMENT_READ_BACK_ABSENT, attempt.GetSettlement())
	require.GreaterOrEqual(t, attempt.GetSettleTime().AsTime().Sub(attempt.GetEndTime().AsTime()), time.Second, "not before the last look")
}

func TestATwinOfAPostIsNotTakenForIt(t *testing.T) {
	t.Parallel()
	w := readers(t)
	twin, _ := w.publish(w.draft("The same words"))
	require.Equal(t, published, twin.GetState())
	w.onCreate(sandbox.Fault{Mode: sandbox.Drop, Times: 1})
	doubted, _ := w.publish(w.draft("The same words"))
	post, _ := w.settled(doubted)
	require.Equal(t, failed, post.GetState())
}

func TestATokenThatMayNotReadLeavesTheDoubtToAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve()
	w.onCreate(sandbox.Fault{Mode: sandbox.AcceptThenDrop, Times: 1})
	post, _ := w.publish(w.draft("Nobody can look"))
	require.Equal(t, unconfirmed, post.GetState())
	w.idle()
	require.Zero(t, w.count(`SELECT count(*) FROM river.river_job WHERE kind = 'publish_read_back'`))
}
