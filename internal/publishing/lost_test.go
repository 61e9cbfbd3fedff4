package publishing

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
	"github.com/postwright/postwright/internal/sandbox"
)

// goesBack takes the database back to the moment before a claim, as a replica that lagged does when it takes over.
func (w *world) goesBack(t *testing.T) {
	t.Helper()
	w.exec(t, `DELETE FROM publish_attempts`)
	w.exec(t, `UPDATE publications SET state = 'queued', ended_at = NULL`)
	w.exec(t, `UPDATE posts SET state = 'queued', revision = revision + 1`)
	w.exec(t, `UPDATE river.river_job SET state = 'available', finalized_at = NULL WHERE kind = 'publish_post'`)
}

// One attempt is lost to the database while LinkedIn is asked, and another is made. Whatever both come to, and in whichever order
// it is written down, LinkedIn has the post once, and nobody is told that it failed.
func TestAnAttemptThatTheDatabaseLostCountsBesideTheOneThatFollowed(t *testing.T) {
	t.Parallel()
	accepts, drops := sandbox.Fault{}, sandbox.Fault{Mode: sandbox.AcceptThenDrop}
	refuses, unnamed := sandbox.Fault{Mode: sandbox.Status, Value: "403"}, sandbox.Fault{Mode: sandbox.NoID}
	for name, c := range map[string]struct {
		first, second sandbox.Fault // what LinkedIn does with each
		secondFirst   bool          // the second is written down before the first
		want          string
	}{
		"accepted, then a duplicate":                {accepts, accepts, false, posts.StatePublished},
		"accepted, then refused":                    {accepts, refuses, false, posts.StatePublished},
		"accepted without a name, then refused":     {unnamed, refuses, false, posts.StatePublished},
		"in doubt, then a duplicate":                {drops, accepts, false, posts.StatePublished},
		"in doubt, then refused":                    {drops, refuses, false, posts.StateUnconfirmed},
		"refused, then accepted":                    {refuses, accepts, false, posts.StatePublished},
		"a duplicate, of one accepted that is late": {accepts, accepts, true, posts.StatePublished},
		"refused, and the first accepted late":      {accepts, refuses, true, posts.StatePublished},
		"refused, and the first in doubt late":      {drops, refuses, true, posts.StateUnconfirmed},
		"in doubt, and the first accepted late":     {accepts, drops, true, posts.StatePublished},
		"refused, and the first refused late":       {refuses, refuses, true, posts.StateFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			send := func(c *claimed, does sandbox.Fault) decision.Outcome {
				w.vendors.Disarm()
				if does.Mode != "" {
					does.Vendor, does.Operation, does.Times = "linkedin", "createPost", 1
					require.NoError(t, w.vendors.Arm(does))
				}
				return decision.Answered(w.send(t.Context(), c))
			}
			post, job := w.approved(t, "Twice on its way")
			lost := w.claimed(t, job)
			first := send(lost, c.first)
			w.goesBack(t)
			job = takeJob(t, w, PublicationArgs{}, post.ID)
			again := w.claimed(t, job)
			second := send(again, c.second)

			writes := []func() error{
				func() error { _, err := w.record(w.workContext(), job, lost, first); return err },
				func() error { _, err := w.record(w.workContext(), job, again, second); return err },
			}
			if c.secondFirst {
				writes[0], writes[1] = writes[1], writes[0]
			}
			for _, write := range writes {
				require.NoError(t, write())
				require.NoError(t, write(), "written once more, as after a commit that was not answered")
			}

			post, err := w.posts.Get(t.Context(), w.owner, post.ID)
			require.NoError(t, err)
			require.Equal(t, c.want, post.State)
			if c.want == posts.StatePublished {
				require.Len(t, w.vendors.Ledger(), 1)
			}
			if c.want == posts.StatePublished && c.first.Mode != sandbox.NoID {
				require.Equal(t, w.vendors.Ledger()[0].URN, post.LinkedInURN)
			}
			attempts := w.attempts(t, post.ID)
			kept := 1
			if first.Answer.Result != decision.Rejected {
				kept = 2
			}
			require.Len(t, attempts, kept)
			for _, a := range attempts {
				if a.ID == lost.attempt.ID {
					require.WithinDuration(t, lost.attempt.StartedAt, a.StartedAt, 0)
				}
			}
		})
	}
}

// The approval is lost with the attempt: the post is what it was before, and would be approved once more.
func TestAnAnswerWhoseApprovalTheDatabaseLostIsKept(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		does         sandbox.Fault
		before, want string
	}{
		"accepted, and a draft again":      {sandbox.Fault{}, posts.StateDraft, posts.StatePublished},
		"accepted, and scheduled again":    {sandbox.Fault{}, posts.StateScheduled, posts.StatePublished},
		"in doubt, and a draft again":      {sandbox.Fault{Mode: sandbox.AcceptThenDrop}, posts.StateDraft, posts.StateUnconfirmed},
		"in doubt, and scheduled again":    {sandbox.Fault{Mode: sandbox.AcceptThenDrop}, posts.StateScheduled, posts.StateUnconfirmed},
		"refused, and a draft again":       {sandbox.Fault{Mode: sandbox.Status, Value: "403"}, posts.StateDraft, posts.StateDraft},
		"asked to wait, and a draft again": {sandbox.Fault{Mode: sandbox.RetryAfter, Value: "30"}, posts.StateDraft, posts.StateDraft},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			post, job := w.approved(t, "Never approved")
			sent := w.claimed(t, job)
			if c.does.Mode != "" {
				c.does.Vendor, c.does.Operation, c.does.Times = "linkedin", "createPost", 1
				require.NoError(t, w.vendors.Arm(c.does))
			}
			answer := decision.Answered(w.send(t.Context(), sent))
			w.exec(t, `DELETE FROM publications`)
			w.exec(t, `UPDATE posts SET state = $1, account_id = NULL, revision = revision + 1`, c.before)

			for range 2 { // once more, as after a commit that was not answered
				_, err := w.record(w.workContext(), job, sent, answer)
				require.NoError(t, err)
			}

			post, err := w.posts.Get(t.Context(), w.owner, post.ID)
			require.NoError(t, err)
			require.Equal(t, c.want, post.State)
			if c.want == posts.StatePublished {
				require.Equal(t, w.vendors.Ledger()[0].URN, post.LinkedInURN)
			}
			if c.want == c.before {
				require.Nil(t, post.AccountID)
			} else {
				require.Equal(t, &sent.account.ID, post.AccountID, "not the default's of a later day")
			}
			if c.want == posts.StateUnconfirmed {
				require.NotEmpty(t, post.FailureRemedy)
				_, err = w.Publish(t.Context(), PublishInput{OwnerID: w.owner, ID: post.ID, Resend: true})
				require.NoError(t, err, "a doubt like any other")
			}
		})
	}
}

// The account had been connected since the data of the database that took over: what LinkedIn answered was lost with an error of
// the database, and the post a draft that would be sent again. Where the post is lost as well, the log names it.
func TestAnAnswerIsKeptOrToldWhateverElseTheDatabaseLost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		does     sandbox.Fault
		lostPost bool
		want     string
	}{
		"accepted, and no account": {sandbox.Fault{}, false, posts.StatePublished},
		"in doubt, and no account": {sandbox.Fault{Mode: sandbox.AcceptThenDrop}, false, posts.StateUnconfirmed},
		"accepted, and no post":    {sandbox.Fault{}, true, "LinkedIn has it, as urn:li:"},
		"in doubt, and no post":    {sandbox.Fault{Mode: sandbox.AcceptThenDrop}, true, "LinkedIn may have it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			post, job := w.approved(t, "Never approved")
			sent := w.claimed(t, job)
			if c.does.Mode != "" {
				c.does.Vendor, c.does.Operation, c.does.Times = "linkedin", "createPost", 1
				require.NoError(t, w.vendors.Arm(c.does))
			}
			answer := decision.Answered(w.send(t.Context(), sent))
			w.exec(t, `DELETE FROM publications`)
			w.exec(t, `UPDATE posts SET state = 'draft', account_id = NULL, revision = revision + 1`)
			w.exec(t, `DELETE FROM linkedin_accounts`)
			if c.lostPost {
				w.exec(t, `DELETE FROM posts`)
			}

			_, err := w.record(w.workContext(), job, sent, answer)

			if c.lostPost {
				require.ErrorContains(t, err, c.want)
				require.ErrorContains(t, err, post.ID.String())
				return
			}
			require.NoError(t, err)
			post, err = w.posts.Get(t.Context(), w.owner, post.ID)
			require.NoError(t, err)
			require.Equal(t, c.want, post.State)
			if c.want == posts.StatePublished {
				require.Equal(t, w.vendors.Ledger()[0].URN, post.LinkedInURN)
			}
		})
	}
}
