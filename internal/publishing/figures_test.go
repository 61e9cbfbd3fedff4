package publishing

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
)

// draft makes a post.
func (w *world) draft(t *testing.T) uuid.UUID {
	t.Helper()
	id := uuid.New()
	require.NoError(t, w.store.InTx(t.Context(), func(tx *postgres.Tx) error {
		_, err := w.posts.InsertMany(t.Context(), tx, w.owner, []uuid.UUID{id}, []posts.Draft{{Content: "Counted " + id.String()}})
		return err
	}))
	return id
}

// figures are the samples of a figure by its label's value, "" where it has none.
func (w *world) figures(t *testing.T, name string) map[string]float64 {
	t.Helper()
	for _, f := range w.Gauges() {
		if f.Name == name {
			samples, err := f.Read(t.Context())
			require.NoError(t, err)
			return samples
		}
	}
	require.Fail(t, "no such figure", name)
	return nil
}

func (w *world) overdueFor(t *testing.T) time.Duration {
	t.Helper()
	return time.Duration(w.figures(t, "postwright_publication_overdue_seconds")[""] * float64(time.Second))
}

func TestFiguresOfNothingAreZeroAndNotMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(
		t,
		map[string]float64{"queued": 0, "publishing": 0, "unconfirmed": 0},
		w.figures(t, "postwright_publications"),
	)
	require.Equal(t, map[string]float64{"": 0}, w.figures(t, "postwright_publication_overdue_seconds"))
	require.Empty(t, w.figures(t, "postwright_linkedin_creates_today"))
}

func TestWhatShouldHaveGoneOutIsOverdueFromItsTimeOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Schedule(t.Context(), ScheduleInput{OwnerID: w.owner, ID: w.draft(t), Time: w.clock.Add(time.Hour)})
	require.NoError(t, err)
	require.Zero(t, w.overdueFor(t), "its time is to come")
	w.clock = w.clock.Add(3 * time.Hour)
	require.Equal(t, 2*time.Hour, w.overdueFor(t), "a schedule that nobody works")

	_, err = w.Publish(t.Context(), PublishInput{OwnerID: w.owner, ID: w.draft(t)})
	require.NoError(t, err)
	require.Equal(t, 2*time.Hour, w.overdueFor(t), "the oldest counts")
	require.EqualValues(t, 1, w.figures(t, "postwright_publications")["queued"])
	w.exec(t, `DELETE FROM posts WHERE state = 'scheduled'`)
	w.clock = w.clock.Add(time.Minute)
	require.Equal(t, time.Minute, w.overdueFor(t), "an approval that nobody works")
	w.exec(t, `UPDATE publications SET due_at = due_at + interval '1 hour'`)
	require.Zero(t, w.overdueFor(t), "a wait that LinkedIn imposed makes nothing late")
}

func TestCreatesAreCountedByAccountAndUTCDayUnlessNothingWasSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Publish(t.Context(), PublishInput{OwnerID: w.owner, ID: w.draft(t)})
	require.NoError(t, err)
	for i, outcome := range []string{"accepted", "rejected", "not_sent"} {
		w.exec(t, `INSERT INTO publish_attempts (id, publication_id, post_id, number, started_at, ended_at, outcome)
			SELECT gen_random_uuid(), id, post_id, $2, $3, $3, $1 FROM publications`, outcome, i+1, w.clock)
	}
	require.Equal(t, map[string]float64{w.account.String(): 2}, w.figures(t, "postwright_linkedin_creates_today"), "what was refused has counted too")
	w.clock = w.clock.Truncate(24 * time.Hour).Add(24*time.Hour - time.Second)
	require.EqualValues(t, 2, w.figures(t, "postwright_linkedin_creates_today")[w.account.String()])
	w.clock = w.clock.Add(time.Second)
	require.Empty(t, w.figures(t, "postwright_linkedin_creates_today"), "a new day in UTC, whatever the server's zone")
}
