package publishing

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
	"github.com/postwright/postwright/internal/sandbox"
)

// line is an account with one turn, which a first post has, and others that await it.
type line struct {
	*world
	first *claimed
	jobs  []*river.Job[PublicationArgs] // the first one's, then of those that wait, in their order
}

func newLine(t *testing.T, waiting int) line {
	t.Helper()
	w := newWorld(t)
	w.rules.AccountConcurrency = 1
	l := line{world: w}
	for n := range 1 + waiting {
		w.clock = noon.Add(time.Duration(n) * time.Second) // so that they were approved one after the other
		_, job := w.approved(t, fmt.Sprintf("Post %d in the line", n))
		l.jobs = append(l.jobs, job)
	}
	l.first = w.claimed(t, l.jobs[0])
	for i := len(l.jobs) - 1; i > 0; i-- { // in whichever order they look
		l.look(t, i)
	}
	require.Empty(t, l.awake(t))
	return l
}

// look runs a job as River does, and lets it sleep when it asks for that.
func (l line) look(t *testing.T, i int) {
	t.Helper()
	id := l.jobs[i].ID
	l.exec(t, `UPDATE river.river_job SET state = 'running' WHERE id = $1`, id)
	err := l.Work(l.workContext(), l.jobs[i])
	var snooze *river.JobSnoozeError
	if errors.As(err, &snooze) {
		l.exec(t, `UPDATE river.river_job SET state = 'scheduled', scheduled_at = now() + interval '1 hour' WHERE id = $1 AND state = 'running'`, id)
		return
	}
	require.NoError(t, err)
	l.exec(t, `UPDATE river.river_job SET state = 'completed', finalized_at = now() WHERE id = $1 AND finalized_at IS NULL`, id)
}

// awake are those that are about to run.
func (l line) awake(t *testing.T) (list []int) {
	t.Helper()
	for i, job := range l.jobs {
		var there bool
		require.NoError(t, l.store.QueryRow(t.Context(),
			`SELECT EXISTS (SELECT FROM river.river_job WHERE id = $1 AND state = 'available')`, job.ID).Scan(&there))
		if there {
			list = append(list, i)
		}
	}
	return list
}

// send ends the turn of the first.
func (l line) send(t *testing.T) {
	t.Helper()
	created, err := l.publicationWorker.send(l.workContext(), l.first)
	outcome := decision.Answered(created, err)
	if err != nil {
		outcome = l.rules.Postpone(outcome, fault.Of(err), l.first.publication.DueAt, l.clock)
	}
	_, err = l.record(l.workContext(), l.jobs[0], l.first, outcome)
	require.NoError(t, err)
}

func (l line) state(t *testing.T, i int) string {
	t.Helper()
	post, err := l.posts.Get(t.Context(), l.owner, l.jobs[i].Args.PostID)
	require.NoError(t, err)
	return post.State
}

func TestWhoeverEndsGivesItsTurnToTheNextInLine(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]sandbox.Fault{
		"it is published":        {},
		"it is refused":          {Mode: sandbox.Status, Value: "403"},
		"it is in doubt":         {Mode: sandbox.Drop},
		"it waits for a limit":   {Mode: sandbox.RetryAfter, Value: "30"},
		"it waits for a version": {Mode: sandbox.VersionSunset},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLine(t, 3)
			if answer.Mode != "" {
				answer.Vendor, answer.Operation, answer.Times = "linkedin", "createPost", 1
				require.NoError(t, l.vendors.Arm(answer))
			}
			l.send(t)
			require.Equal(t, []int{1}, l.awake(t), "the oldest, and it alone")
			l.look(t, 1)
			require.Equal(t, []int{2}, l.awake(t))
			l.look(t, 2)
			require.Equal(t, []int{3}, l.awake(t))
			l.look(t, 3)
			require.Empty(t, l.awake(t), "each looks once, whatever it finds")
		})
	}
}

// Whoever was given the turn and can't use it passes it on, and doesn't come back for it.
func TestATurnThatIsNotUsedGoesToTheNext(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]func(t *testing.T, l line){
		"the account is held meanwhile": func(t *testing.T, l line) {
			l.exec(t, `UPDATE linkedin_accounts SET held_until = $1, held_reason = 'RATE_LIMITED'`, noon.Add(time.Hour))
		},
		"the account is paused meanwhile": func(t *testing.T, l line) {
			l.exec(t, `UPDATE linkedin_accounts SET paused_reason = 'TOKEN_REVOKED'`)
		},
		"its post is deleted meanwhile": func(t *testing.T, l line) {
			require.NoError(t, l.posts.Delete(t.Context(), posts.DeleteInput{OwnerID: l.owner, ID: l.jobs[1].Args.PostID}))
		},
		"it is withdrawn meanwhile": func(t *testing.T, l line) {
			l.exec(t, `UPDATE publications SET state = 'failed', ended_at = now() WHERE id = $1`, l.jobs[1].Args.PublicationID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLine(t, 2)
			l.send(t)
			require.Equal(t, []int{1}, l.awake(t))
			before(t, l)
			l.look(t, 1)
			require.Equal(t, []int{2}, l.awake(t))
		})
	}
}

// A turn that one was given is not given to another, unless it is not taken up in time: its job may be gone.
func TestATurnIsGivenOnce(t *testing.T) {
	t.Parallel()
	l := newLine(t, 3)
	l.send(t)
	give := func() {
		t.Helper()
		require.NoError(t, l.store.InTx(t.Context(), func(tx *postgres.Tx) error {
			account, err := l.accounts.GetForUpdate(t.Context(), tx, l.owner, l.account)
			if err != nil {
				return err
			}
			return l.giveTurn(t.Context(), tx, account)
		}))
	}
	give()
	require.Equal(t, []int{1}, l.awake(t))
	l.clock = l.clock.Add(turnLapse)
	give()
	require.Equal(t, []int{1, 2}, l.awake(t))
	give()
	require.Equal(t, []int{1, 2}, l.awake(t))
	l.look(t, 1) // it comes after all
	require.Equal(t, posts.StatePublished, l.state(t, 1))
	require.Equal(t, []int{2}, l.awake(t), "2 has the turn still")
}

// Whoever comes by itself while a turn is free takes it, and the one that it was given to stands in line again, at its place.
func TestWhoFindsItsTurnTakenStandsInLineAgain(t *testing.T) {
	t.Parallel()
	l := newLine(t, 2)
	l.send(t)
	_, late := l.approved(t, "Comes in between")
	taken := l.claimed(t, late)
	l.look(t, 1)
	require.Empty(t, l.awake(t))
	l.first, l.jobs[0] = taken, late
	l.send(t)
	require.Equal(t, []int{1}, l.awake(t))
}
