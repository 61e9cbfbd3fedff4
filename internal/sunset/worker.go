package sunset

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/postgres"
)

// CheckEvery is how often LinkedIn is asked whether it serves the configured version.
const CheckEvery = 24 * time.Hour

// WarnAhead is how long before the end of a version the first warning comes.
const WarnAhead = 60 * 24 * time.Hour

// warnDays are the numbers of days before the end of a version on which a warning is given, once each; the largest is WarnAhead,
// and 0 is for a version that is dead.
var warnDays = []int32{0, 1, 7, 14, 30, 60}

// CheckVersionArgs is the job that checks the LinkedIn version, and warns ahead of its end.
type CheckVersionArgs struct{}

// Kind names the job in River's tables; it must never change.
func (CheckVersionArgs) Kind() string { return "look_at_linkedin_version" }

// InsertOpts bounds how often the job is tried: the next one comes within the day.
func (CheckVersionArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 5} }

// Worker warns everybody who has a connected account.
type Worker struct {
	river.WorkerDefaults[CheckVersionArgs]

	Store   *postgres.Store
	Jobs    *jobs.Client
	Version string
	Probe   Probe
	// Owners are those whom a warning concerns: everybody who has a connected account, once each.
	Owners func(ctx context.Context, on db.DBTX) ([]uuid.UUID, error)
	// Follow names the jobs that tell a user.
	Follow func(owner uuid.UUID, ending Ending) []river.JobArgs
	Now    func() time.Time
	Log    *slog.Logger
}

// Register adds the worker, and its daily run, to a client that works jobs.
func (w *Worker) Register(client *jobs.Client) {
	river.AddWorker(client.Workers(), w)
	client.Every(CheckEvery, CheckVersionArgs{})
}

// Work gives the warning that is due, if it has not been given before: one for each of warnDays.
func (w *Worker) Work(ctx context.Context, _ *river.Job[CheckVersionArgs]) error {
	ending := Of(w.Version)
	ending.Dead = w.Probe(ctx) == Unsupported
	days, due := dueWarning(ending, w.Now())
	if !due {
		return nil
	}
	queries := db.New()
	given := false
	err := w.Store.InTx(ctx, func(tx *postgres.Tx) error {
		given = false
		fresh, err := queries.VersionWarningInsert(ctx, tx, db.VersionWarningInsertParams{Version: w.Version, DaysBefore: days, WarnedAt: w.Now()})
		if err != nil || fresh == 0 {
			return err
		}
		owners, err := w.Owners(ctx, tx)
		if err != nil {
			return err
		}
		for _, owner := range owners {
			if err := w.Jobs.Insert(ctx, tx, w.Follow(owner, ending)...); err != nil {
				return err
			}
		}
		given = true
		return nil
	})
	if err == nil && given {
		w.Log.WarnContext(
			ctx,
			"the LinkedIn version ends",
			"version",
			w.Version,
			"ends",
			ending.Ends.Format(time.DateOnly),
			"announced",
			ending.Exact,
			"dead",
			ending.Dead,
		)
	}
	return err
}

// dueWarning is the latest warning that the time has come for.
func dueWarning(e Ending, now time.Time) (days int32, due bool) {
	if e.Dead {
		return 0, true
	}
	left := e.Ends.Sub(now)
	for _, days := range warnDays[1:] {
		if left <= time.Duration(days)*24*time.Hour {
			return days, true
		}
	}
	return 0, false
}
