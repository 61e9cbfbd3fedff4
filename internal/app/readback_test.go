package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/app/apptest"
	"github.com/postwright/postwright/internal/sandbox"
)

// readers is a Postwright whose member's token may read the member's posts, as a page's token may the page's; the last look
// comes soon.
func readers(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, func(c *app.Config) { c.Publishing.ReadBackAfter.Value = time.Second })
	w.Vendors.AddMember(
		sandbox.Member{
			ID:         "tester",
			GivenName:  "Tess",
			FamilyName: "Ter",
			Token:      apptest.MemberToken,
			Scopes:     append([]string{"r_member_social"}, apptest.Scopes...),
		},
	)
	w.connect()
	w.Serve()
	return w
}

// connect gives the first user's account its token anew.
func (w *world) connect() {
	w.T.Helper()
	user, err := w.App.Identity.UserByEmail(w.T.Context(), "tess@example.org")
	require.NoError(w.T, err)
	_, err = w.App.Accounts.Add(w.T.Context(), accounts.AddInput{OwnerID: user.ID, Token: apptest.MemberToken})
	require.NoError(w.T, err)
}

// settled waits until a post in doubt is settled, and returns it with its last attempt.
func (w *world) settled(post *postwrightv1.Post) (*postwrightv1.Post, *postwrightv1.PublishAttempt) {
	w.T.Helper()
	require.Equal(w.T, unconfirmed, post.GetState())
	require.Eventually(w.T, func() bool {
		res, err := w.Posts.GetPost(w.T.Context(), &postwrightv1.GetPostRequest{Id: post.GetId()})
		post = res.GetPost()
		return err == nil && post.GetState() != unconfirmed
	}, apptest.WaitLimit, apptest.WaitStep)
	attempts := w.Attempts(post)
	return post, attempts[len(attempts)-1]
}

func TestAPostThatIsReadBackIsPublished(t *testing.T) {
	t.Parallel()
	w := readers(t)
	require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "findPostsByAuthor", Mode: sandbox.GarbageBody, Times: 1}))
	w.onCreate(sandbox.Fault{Mode: sandbox.AcceptThenDrop, Times: 1})
	doubted, _ := w.Publish(w.Draft("Did you (get) this?"))
	post, attempt := w.settled(doubted)
	require.Equal(t, published, post.GetState())
	require.Equal(t, w.Vendors.Ledger()[0].URN, post.GetLinkedinUrn())
	require.Equal(t, inDoubt, attempt.GetOutcome())
	require.Equal(t, postwrightv1.Settlement_SETTLEMENT_READ_BACK_PUBLISHED, attempt.GetSettlement())
	require.Len(t, w.Vendors.Ledger(), 1)
}

// sentAgain gives a post 150 further attempts that LinkedIn refused.
func (w *world) sentAgain(post *postwrightv1.Post) {
	w.Exec(`INSERT INTO publish_attempts (id, publication_id, post_id, number, started_at, ended_at, outcome)
		SELECT gen_random_uuid(), a.publication_id, a.post_id, a.number + n, a.started_at, a.started_at, 'rejected'
		FROM publish_attempts a, generate_series(1, 150) n WHERE a.post_id = '` + post.GetId() + `'`)
}

func TestAttemptsAreListedByTheHundredTheNewestFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	post, _ := w.Publish(w.Draft("Again and again"))
	w.sentAgain(post)
	list := func(token string) *postwrightv1.ListPublishAttemptsResponse {
		res, err := w.Posts.ListPublishAttempts(t.Context(), &postwrightv1.ListPublishAttemptsRequest{Id: post.GetId(), PageToken: token})
		require.NoError(t, err)
		return res
	}
	newest := list("")
	require.Len(t, newest.GetAttempts(), 100)
	before := list(newest.GetNextPageToken())
	require.Len(t, before.GetAttempts(), 51)
	require.Empty(t, before.GetNextPageToken())
	for i, attempt := range slices.Concat(before.GetAttempts(), newest.GetAttempts()) {
		require.EqualValues(t, 1+i, attempt.GetNumber(), "in the order they were made")
	}

	other := w.Draft("Another")
	for name, token := range map[string]string{
		"of another post": newest.GetNextPageToken(), "cut short": newest.GetNextPageToken()[:9], "made up": "page 2",
	} {
		e := w.Curl(w.Key, "PostService/ListPublishAttempts", []byte(`{"id":"`+other.GetId()+`","pageToken":"`+token+`"}`)).Failure(t)
		require.Equal(t, "invalid_argument", e.Code, name)
		require.Contains(t, e.Fields(t), "pageToken", name)
	}
}

// A doubt that is too old to be listed is none the less one.
func TestADoubtThatIsNotListedIsReadBack(t *testing.T) {
	t.Parallel()
	w := readers(t)
	w.onCreate(sandbox.Fault{Mode: sandbox.AcceptThenDrop, Times: 1})
	doubted, _ := w.Publish(w.Draft("Long ago"))
	w.sentAgain(doubted)
	post, last := w.settled(doubted)
	require.Equal(t, published, post.GetState())
	require.Equal(t, w.Vendors.Ledger()[0].URN, post.GetLinkedinUrn())
	require.EqualValues(t, 151, last.GetNumber())
}

func TestAPostThatIsNotThereAGoodWhileAfterHasFailed(t *testing.T) {
	t.Parallel()
	w := readers(t)
	_, _ = w.Publish(w.Draft("It is known to be there, and is listed"))
	w.onCreate(sandbox.Fault{Mode: sandbox.Drop, Times: 1})
	doubted, _ := w.Publish(w.Draft("It never arrived"))
	post, attempt := w.settled(doubted)
	require.Equal(t, failed, post.GetState())
	require.Equal(t, "NOT_PUBLISHED", post.GetFailure().GetCode())
	require.Equal(t, postwrightv1.Settlement_SETTLEMENT_READ_BACK_ABSENT, attempt.GetSettlement())
	require.GreaterOrEqual(t, attempt.GetSettleTime().AsTime().Sub(attempt.GetEndTime().AsTime()), time.Second, "not before the last look")
}

func TestATwinOfAPostIsNotTakenForIt(t *testing.T) {
	t.Parallel()
	w := readers(t)
	twin, _ := w.Publish(w.Draft("The same words"))
	require.Equal(t, published, twin.GetState())
	w.onCreate(sandbox.Fault{Mode: sandbox.Drop, Times: 1})
	doubted, _ := w.Publish(w.Draft("The same words"))
	post, _ := w.settled(doubted)
	require.Equal(t, failed, post.GetState())
}

func TestATokenThatMayNotReadLeavesTheDoubtToAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Serve()
	w.onCreate(sandbox.Fault{Mode: sandbox.AcceptThenDrop, Times: 1})
	post, _ := w.Publish(w.Draft("Nobody can look"))
	require.Equal(t, unconfirmed, post.GetState())
	w.Idle()
	require.Zero(t, w.Count(`SELECT count(*) FROM river.river_job WHERE kind = 'publish_read_back'`))
}

// What LinkedIn makes of a text, and what it says of a post, is not what was sent: nothing that a reader would take for the
// post makes it absent, and nothing less than certainty makes it published.
func TestWhatIsReadBackIsComparedAsAReaderWould(t *testing.T) {
	t.Parallel()
	const sent = "First line\r\n\u0041\u030angstrom is a unit of length.  \nThird"
	for name, test := range map[string]struct {
		kept func(sandbox.Entry) sandbox.Entry
		want postwrightv1.PostState
	}{
		"other line ends, no blanks at their ends, composed": {
			func(e sandbox.Entry) sandbox.Entry {
				e.Commentary = "First line\nÅngstrom is a unit of length.\nThird"
				return e
			}, published,
		},
		"cut short": {func(e sandbox.Entry) sandbox.Entry { e.Commentary = "First line"; return e }, unconfirmed},
		"a word changed": {func(e sandbox.Entry) sandbox.Entry {
			e.Commentary = "First line\nÅngstrom is a unit of width.\nThird"
			return e
		}, unconfirmed},
		"another text at the same time": {func(e sandbox.Entry) sandbox.Entry { e.Commentary = "Something else"; return e }, unconfirmed},
		"not published":                 {func(e sandbox.Entry) sandbox.Entry { e.LifecycleState = "PUBLISH_REQUESTED"; return e }, unconfirmed},
		"with characters that show nothing": {func(e sandbox.Entry) sandbox.Entry {
			e.Commentary = "First\u200b line\nÅngstrom\u2060 is a unit of length.\n\ufeffThird"
			return e
		}, published},
		"as a draft": {func(e sandbox.Entry) sandbox.Entry { e.LifecycleState = "DRAFT"; return e }, unconfirmed},
		"under way":  {func(e sandbox.Entry) sandbox.Entry { e.LifecycleState = "PROCESSING"; return e }, unconfirmed},
		"ten minutes later, by a clock that is ahead": {func(e sandbox.Entry) sandbox.Entry {
			e.Time = e.Time.Add(10 * time.Minute)
			e.Edited = e.Time
			return e
		}, published},
		"at its time, told in seconds": {func(e sandbox.Entry) sandbox.Entry {
			e.Time = time.UnixMilli(e.Time.Unix())
			e.Edited = e.Time
			return e
		}, unconfirmed},
		"a little before, by a clock that is behind": {func(e sandbox.Entry) sandbox.Entry {
			e.Time = e.Time.Add(-5 * time.Minute)
			e.Edited = e.Time
			return e
		}, unconfirmed},
		"long ago": {func(e sandbox.Entry) sandbox.Entry {
			e.Time = e.Time.Add(-time.Hour)
			e.Edited = e.Time
			return e
		}, failed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := readers(t)
			w.Vendors.ListAs(test.kept)
			w.onCreate(sandbox.Fault{Mode: sandbox.AcceptThenDrop, Times: 1})
			post, _ := w.Publish(w.Draft(sent))
			require.Equal(t, unconfirmed, post.GetState())
			if test.want != unconfirmed {
				post, _ = w.settled(post)
				require.Equal(t, test.want, post.GetState())
				return
			}
			require.Eventually(t, func() bool {
				res, err := w.Posts.GetPost(t.Context(), &postwrightv1.GetPostRequest{Id: post.GetId()})
				post = res.GetPost()
				return err == nil && strings.Contains(post.GetFailure().GetMessage(), w.Vendors.Ledger()[0].URN)
			}, apptest.WaitLimit, apptest.WaitStep, "the person learns what was seen")
			require.Equal(t, unconfirmed, post.GetState())
			require.Contains(t, post.GetFailure().GetRemedy(), "ResolvePost")
		})
	}
}

func TestTwoPostsThatMayBeTheOneInDoubtAreLeftToAPerson(t *testing.T) {
	t.Parallel()
	w := readers(t)
	w.Vendors.ListAs(func(e sandbox.Entry) sandbox.Entry { e.Commentary = "The very same words, once"; return e })
	w.onCreate(sandbox.Fault{Mode: sandbox.AcceptThenDrop, Times: 2})
	another, _ := w.Publish(w.Draft("The very same words, twice"))
	require.Equal(t, unconfirmed, another.GetState())
	post, _ := w.Publish(w.Draft("The very same words, once"))
	require.Equal(t, unconfirmed, post.GetState())
	ledger := w.Vendors.Ledger()
	require.Len(t, ledger, 2)
	require.Eventually(t, func() bool {
		res, err := w.Posts.GetPost(t.Context(), &postwrightv1.GetPostRequest{Id: post.GetId()})
		post = res.GetPost()
		told := post.GetFailure().GetMessage()
		return err == nil && strings.Contains(told, ledger[0].URN) && strings.Contains(told, ledger[1].URN)
	}, apptest.WaitLimit, apptest.WaitStep)
	require.Equal(t, unconfirmed, post.GetState())
}

// another is a second user, who posts with the same LinkedIn account.
func (w *world) another() *world {
	w.T.Helper()
	other := *w
	other.Key = w.User("max@example.org")
	other.Posts = postwrightv1connect.NewPostServiceClient(w.Client(other.Key))
	_, err := w.App.Accounts.Add(w.T.Context(), accounts.AddInput{OwnerID: uuid.MustParse(w.UserID("max@example.org")), Token: apptest.MemberToken})
	require.NoError(w.T, err)
	return &other
}

func TestAnotherUsersPostIsNotTakenForTheOneInDoubt(t *testing.T) {
	t.Parallel()
	w := readers(t)
	other := w.another()
	theirs, _ := other.Publish(other.Draft("What both of us say"))
	require.Equal(t, published, theirs.GetState())
	w.onCreate(sandbox.Fault{Mode: sandbox.Drop, Times: 1})
	doubted, _ := w.Publish(w.Draft("What both of us say"))
	post, _ := w.settled(doubted)
	require.Equal(t, failed, post.GetState())
}

// One of two posts of the same text arrived, and it can't be known which: neither is said to be there.
func TestTwinsInDoubtAreLeftToAPerson(t *testing.T) {
	t.Parallel()
	for name, twin := range map[string]func(*world) *world{
		"of one user":  func(w *world) *world { return w },
		"of two users": (*world).another,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := readers(t)
			other := twin(w)
			require.NoError(t, w.Vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "findPostsByAuthor", Mode: sandbox.GarbageBody, Times: 1}))
			w.onCreate(sandbox.Fault{Mode: sandbox.AcceptThenDrop, Times: 1})
			first, _ := w.Publish(w.Draft("Twins"))
			w.onCreate(sandbox.Fault{Mode: sandbox.Drop, Times: 1})
			second, _ := other.Publish(other.Draft("Twins"))
			for of, post := range map[*world]*postwrightv1.Post{w: first, other: second} {
				require.Eventually(t, func() bool {
					res, err := of.Posts.GetPost(t.Context(), &postwrightv1.GetPostRequest{Id: post.GetId()})
					post = res.GetPost()
					return err == nil && strings.Contains(post.GetFailure().GetMessage(), w.Vendors.Ledger()[0].URN)
				}, apptest.WaitLimit, apptest.WaitStep)
				require.Equal(t, unconfirmed, post.GetState())
			}
		})
	}
}

// What the account is known to have is not listed, or nothing is: the list is behind, or not all of it is shown.
func TestAListThatLacksWhatIsThereProvesNothing(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]func(w *world){
		"a post that is known to be there": func(w *world) { _, _ = w.Publish(w.Draft("Known to be there")) },
		"nothing is known to be there":     func(*world) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := readers(t)
			before(w)
			require.NoError(
				t,
				w.Vendors.Arm(
					sandbox.Fault{
						Vendor:    "linkedin",
						Operation: "findPostsByAuthor",
						Mode:      sandbox.Answer,
						Value:     `{"elements":[],"paging":{"start":0,"count":50,"links":[]}}`,
					},
				),
			)
			w.onCreate(sandbox.Fault{Mode: sandbox.AcceptThenDrop, Times: 1})
			doubted, _ := w.Publish(w.Draft("Out, and the list is behind"))
			require.Eventually(t, func() bool {
				return w.Count(`SELECT count(*) FROM river.river_job WHERE kind = 'publish_read_back' AND state = 'completed'`) == 1
			}, apptest.WaitLimit, apptest.WaitStep, "the last look is over")
			res, err := w.Posts.GetPost(t.Context(), &postwrightv1.GetPostRequest{Id: doubted.GetId()})
			require.NoError(t, err)
			require.Equal(t, unconfirmed, res.GetPost().GetState())
		})
	}
}

// A list that can't be had is asked for less and less often, and not at all while LinkedIn takes nothing of the account.
func TestReadingBackLeavesTheDaysRequestsToPublishing(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sandbox.Fault{
		"an element without a text": {Mode: sandbox.Answer, Value: `{"elements":[{"id":"urn:li:share:5","author":"urn:li:person:tester"}]}`},
		"the day's quota":           {Mode: sandbox.RateLimitedDay},
		"a token that has ended":    {Mode: sandbox.TokenExpired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := readers(t)
			fault.Vendor, fault.Operation = "linkedin", "findPostsByAuthor"
			require.NoError(t, w.Vendors.Arm(fault))
			w.onCreate(sandbox.Fault{Mode: sandbox.AcceptThenDrop, Times: 1})
			_, _ = w.Publish(w.Draft("x"))
			// The wait is at least as long as what has passed, so it comes to exceed any bound after few looks.
			require.Eventually(t, func() bool {
				return w.Count(
					`SELECT count(*) FROM river.river_job WHERE kind = 'publish_read_back' AND state = 'scheduled' AND scheduled_at > now() + interval '4 `+
						`seconds'`,
				) == 1
			}, apptest.WaitLimit, apptest.WaitStep)
			require.LessOrEqual(t, w.Count(`SELECT requests_made FROM linkedin_accounts`), 8)
		})
	}
}
