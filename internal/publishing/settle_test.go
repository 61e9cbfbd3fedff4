package publishing

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// An attempt was given up for lost; then its process reports that LinkedIn left it in doubt as well. That settles nothing.
func TestAnAnswerInDoubtThatComesLateSettlesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post, job := w.approved(t, "Perhaps there")
	lost := w.claimed(t, job)
	require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "createPost", Mode: sandbox.AcceptThenDrop, Times: 1}))
	answer := decision.Answered(w.send(t.Context(), lost))
	require.Equal(t, decision.InDoubt, answer.Answer.Result)
	require.NoError(t, w.Work(w.workContext(), takeJob(t, w, PublicationArgs{}, post.ID)), "another process takes the job up")

	_, err := w.record(w.workContext(), job, lost, answer)

	require.NoError(t, err)
	attempts := w.attempts(t, post.ID)
	require.Len(t, attempts, 1)
	require.Equal(t, decision.InDoubt, attempts[0].Outcome)
	require.Empty(t, attempts[0].Settlement)
	post, err = w.posts.Get(t.Context(), w.owner, post.ID)
	require.NoError(t, err)
	require.Equal(t, posts.StateUnconfirmed, post.State)
}

// An attempt was given up for lost; then LinkedIn turns out to have refused it. What helps against that refusal is told, as if it
// had come in time: to publish the same again does not help against a duplicate.
func TestARefusalThatComesLateIsToldWithItsOwnRemedy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		does sandbox.Fault
		want string
	}{
		"a duplicate":         {sandbox.Fault{Mode: sandbox.Duplicate}, "Change the text"},
		"a permission":        {sandbox.Fault{Mode: sandbox.Status, Value: "403"}, "Connect the account again"},
		"a limit, that waits": {sandbox.Fault{Mode: sandbox.RetryAfter, Value: "30"}, "Nothing is on LinkedIn. Publish the post again."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			post, job := w.approved(t, "Refused late")
			lost := w.claimed(t, job)
			require.NoError(t, w.Work(w.workContext(), takeJob(t, w, PublicationArgs{}, post.ID)), "another process takes the job up")
			c.does.Vendor, c.does.Operation, c.does.Times = "linkedin", "createPost", 1
			require.NoError(t, w.vendors.Arm(c.does))
			created, refused := w.send(t.Context(), lost)
			answer := rules.Postpone(decision.Answered(created, refused), fault.Of(refused), lost.publication.DueAt, w.clock)

			_, err := w.record(w.workContext(), job, lost, answer)

			require.NoError(t, err)
			post, err = w.posts.Get(t.Context(), w.owner, post.ID)
			require.NoError(t, err)
			require.Equal(t, posts.StateFailed, post.State)
			require.Contains(t, post.FailureRemedy, c.want)
		})
	}
}

// An answer that nobody waited for any more neither paused nor held the account: the posts that followed each got one of their
// own.
func TestAnAnswerThatComesLateHoldsOrPausesTheAccount(t *testing.T) {
	t.Parallel()
	givenUp := func(t *testing.T, w *world, post posts.Post) {
		require.NoError(t, w.Work(w.workContext(), takeJob(t, w, PublicationArgs{}, post.ID)), "another process takes the job up")
	}
	lost := func(t *testing.T, w *world, _ posts.Post) {
		w.exec(t, `DELETE FROM publications`)
		w.exec(t, `UPDATE posts SET state = 'draft', revision = revision + 1`)
	}
	arrived := func(t *testing.T, w *world, post posts.Post) {
		givenUp(t, w, post)
		w.exec(t, `UPDATE publish_attempts SET settlement = 'person_published', settled_at = now()`)
	}
	revoked, limited := sandbox.Fault{Mode: sandbox.TokenRevoked}, sandbox.Fault{Mode: sandbox.RetryAfter, Value: "30"}
	day := sandbox.Fault{Mode: sandbox.RateLimitedDay}
	for name, c := range map[string]struct {
		late         func(*testing.T, *world, posts.Post)
		does         sandbox.Fault
		again        bool // the account is connected again before the answer comes
		paused, held string
	}{
		"a dead token, given up":                             {givenUp, revoked, false, "REVOKED_ACCESS_TOKEN", ""},
		"a dead token, given up, and connected again":        {givenUp, revoked, true, "", ""},
		"a dead token, lost":                                 {lost, revoked, false, "REVOKED_ACCESS_TOKEN", ""},
		"a dead token, lost, and connected again":            {lost, revoked, true, "", ""},
		"a dead token, and a person saw the post":            {arrived, revoked, false, "REVOKED_ACCESS_TOKEN", ""},
		"a limit, given up":                                  {givenUp, limited, false, "", "RATE_LIMITED"},
		"a limit, given up, and connected again":             {givenUp, limited, true, "", "RATE_LIMITED"},
		"a limit, lost":                                      {lost, limited, false, "", "RATE_LIMITED"},
		"a day's limit, given up":                            {givenUp, day, false, "", "DAY_LIMIT"},
		"a day's limit, lost":                                {lost, day, false, "", "DAY_LIMIT"},
		"a day's limit, and a person saw that it was posted": {arrived, day, false, "", "DAY_LIMIT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			post, job := w.approved(t, "Refused late")
			sent := w.claimed(t, job)
			c.does.Vendor, c.does.Operation, c.does.Times = "linkedin", "createPost", 1
			require.NoError(t, w.vendors.Arm(c.does))
			created, refused := w.send(t.Context(), sent)
			answer := rules.Postpone(decision.Answered(created, refused), fault.Of(refused), sent.publication.DueAt, w.clock)
			c.late(t, w, post)
			if c.again { // under the same revision, as after a database that went back
				w.exec(t, `UPDATE linkedin_accounts SET sealed_token = sealed_token || '\x00'`)
			}

			for range 2 { // once more, as after a commit that was not answered
				_, err := w.record(w.workContext(), job, sent, answer)
				require.NoError(t, err)
			}

			account, err := w.accounts.Get(t.Context(), w.owner, &sent.account.ID)
			require.NoError(t, err)
			standing := w.accounts.Standing(account, w.clock)
			require.Equal(t, c.paused, standing.Paused)
			require.Equal(t, c.held, standing.HeldFor)
			require.LessOrEqual(t, standing.Holds, 1, "one hold")
		})
	}
}

// While LinkedIn can't be reached a post is tried a dozen times an hour: of many posts that was more than a day's requests, and
// then nobody asked for numbers until midnight, and doctor said that LinkedIn may refuse posts.
func TestWhatDoesNotReachLinkedInIsNoRequestOfTheDay(t *testing.T) {
	t.Parallel()
	unreachable, refused := fault.New(fault.VendorUnavailable, "LinkedIn can't be reached."), fault.New(fault.VendorRejected, "No.")
	refused.Answer = &fault.Answer{Status: 403}
	for name, c := range map[string]struct {
		err   error
		after time.Duration
		made  int
	}{
		"it can't be reached":                  {unreachable, 0, 0},
		"it can't be reached, as the day ends": {unreachable, 24 * time.Hour, 1}, // of the day before
		"it answered":                          {refused, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, job := w.approved(t, "On its way")
			sent := w.claimed(t, job)
			counted := w.clock
			w.clock = w.clock.Add(c.after)
			for range 2 { // once more, as after a commit that was not answered
				_, err := w.record(
					w.workContext(),
					job,
					sent,
					rules.Postpone(decision.Answered(linkedin.Created{}, c.err), fault.Of(c.err), sent.publication.DueAt, w.clock),
				)
				require.NoError(t, err)
			}

			account, err := w.accounts.Get(t.Context(), w.owner, &sent.account.ID)
			require.NoError(t, err)
			require.Equal(t, c.made, accounts.RequestsToday(account, counted))
		})
	}
}

// LinkedIn asked to wait, which was written down; but the database was lost before it said so, and the outcome is written
// again. The job must go on: without it the post would wait for ever.
func TestAnOutcomeThatIsWrittenTwiceDoesNotLoseItsJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post, job := w.approved(t, "Patience")
	c := w.claimed(t, job)
	require.NoError(t, w.vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "createPost", Mode: sandbox.RetryAfter, Value: "30", Times: 1}))
	created, refused := w.send(t.Context(), c)
	asked := rules.Postpone(decision.Answered(created, refused), fault.Of(refused), c.publication.DueAt, w.clock)
	r, err := w.record(w.workContext(), job, c, asked)
	require.NoError(t, err)
	require.Equal(t, rest{w.clock.Add(30 * time.Second)}, r)

	r, err = w.record(w.workContext(), job, c, asked)

	require.NoError(t, err)
	require.False(t, r.over(), "the job is not over")
	post, err = w.posts.Get(t.Context(), w.owner, post.ID)
	require.NoError(t, err)
	require.Equal(t, posts.StateQueued, post.State)
}
