package notify

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
)

// VersionArgs is the job that tells a user through one channel that LinkedIn ends the version of its API that is used.
type VersionArgs struct {
	OwnerID uuid.UUID `json:"owner_id"`
	Channel string    `json:"channel"`
	Version string    `json:"version"`
	Ends    string    `json:"ends"` // the day, YYYY-MM-DD
	Exact   bool      `json:"exact"`
	Dead    bool      `json:"dead"`
}

// Kind names the job in River's tables; it must never change.
func (VersionArgs) Kind() string { return "notify_version" }

// InsertOpts lets the job be tried again when the database fails; a vendor's failure is no reason to.
func (VersionArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 5} }

type versionWorker struct {
	river.WorkerDefaults[VersionArgs]
	service *Service
}

// Work tells the user.
func (w *versionWorker) Work(ctx context.Context, job *river.Job[VersionArgs]) error {
	return w.service.tell(ctx, job.Args.OwnerID, nil, job.Args.Channel, duty, describeVersion(job.Args))
}

func describeVersion(args VersionArgs) Message {
	const remedy = "Have Postwright updated, or --linkedin-version set to a newer one that LinkedIn serves. Posts wait meanwhile, and fail when they become too late."
	if args.Dead {
		return Message{
			Subject: "LinkedIn does not serve version " + args.Version + " any more",
			Content: "Nothing can be published until that is changed.\n\n" + remedy,
		}
	}
	about := "about "
	if args.Exact {
		about = ""
	}
	return Message{
		Subject: fmt.Sprintf("LinkedIn serves version %s until %s%s", args.Version, about, args.Ends),
		Content: "After that nothing can be published with it.\n\n" + remedy,
	}
}
