package status

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// VersionEvery is how often LinkedIn is asked whether it serves the configured version.
const VersionEvery = 24 * time.Hour

// warnDays are how many days before the end of a version it is warned of it, each once; 0 is for one that is dead.
var warnDays = []int32{0, 1, 7, 14, 30, 60}

// VersionArgs is the job that looks at the LinkedIn version, and warns ahead of its end.
type VersionArgs struct{}

// Kind names the job in River's tables; it must never change.
func (VersionArgs) Kind() string { return "look_at_linkedin_version" }

// InsertOpts bounds how often the job is tried: the next one comes within the day.
func (VersionArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 5} }

// Ending is a version that LinkedIn will serve no more from a day on, or serves no more now.
type Ending struct {
	Version string
	Ends    time.Time // the day, UTC
	Exact   bool      // whether LinkedIn has announced the day
	Dead    bool
}

// VersionWorker warns everybody who has a connected account.
type VersionWorker struct {
	river.WorkerDefaults[VersionArgs]

	Store   *postgres.Store
	Jobs    *jobs.Client
	Version string
	// Probe asks LinkedIn; see Probe.
	Probe func(context.Context) (alive, known bool)
	// Follow says how a user is told.
	Follow func(owner uuid.UUID, ending Ending) []river.JobArgs
	Now    func() time.Time
	Log    *slog.Logger
}

// Work gives the warning that is due, if it has not been given before: one for each of warnDays.
func (w *VersionWorker) Work(ctx context.Context, _ *river.Job[VersionArgs]) error {
	ending := Ending{Version: w.Version}
	ending.Ends, ending.Exact = linkedin.VersionEnds(w.Version)
	alive, known := w.Probe(ctx)
	ending.Dead = known && !alive
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
		owners, err := queries.VersionWarningListOwners(ctx, tx)
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
		w.Log.WarnContext(ctx, "the LinkedIn version ends", "version", w.Version, "ends", ending.Ends.Format(time.DateOnly), "announced", ending.Exact, "dead", ending.Dead)
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
