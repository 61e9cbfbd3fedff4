package notify

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/posts"
)

// PublicationNoticeArgs is the job that tells a post's owner through one channel how its publication ended, or that one that is
// scheduled is in danger.
type PublicationNoticeArgs struct {
	OwnerID uuid.UUID `json:"owner_id"`
	PostID  uuid.UUID `json:"post_id"`
	// State is the one that the post came to rest in, or scheduled; it may have moved on since.
	State string `json:"state"`
	// Channel is Email or Push: a job each, so that trying one again does not repeat the other.
	Channel string `json:"channel"`
	// Warning is what may keep a scheduled post from going out.
	Warning string `json:"warning,omitempty"`
}

// Kind names the job in River's tables; it must never change.
func (PublicationNoticeArgs) Kind() string { return "notify_publication" }

// InsertOpts lets the job be tried again when the database fails; a vendor's failure is no reason to.
func (PublicationNoticeArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 5} }

// Register adds the package's workers to a client that works jobs.
func (s *Service) Register(client *jobs.Client) {
	workers := client.Workers()
	river.AddWorker(workers, &publicationWorker{service: s})
	river.AddWorker(workers, &accountWorker{service: s})
	river.AddWorker(workers, &versionWorker{service: s})
	river.AddWorker(workers, &webhookWorker{service: s})
}

type publicationWorker struct {
	river.WorkerDefaults[PublicationNoticeArgs]
	service *Service
}

// Work tells the owner. A post or user deleted since is no reason to tell anybody anything.
func (w *publicationWorker) Work(ctx context.Context, job *river.Job[PublicationNoticeArgs]) error {
	s, args := w.service, job.Args
	post, err := s.sources.Posts.Get(ctx, args.OwnerID, args.PostID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	about := notPublished
	if args.State == posts.StatePublished {
		about = published
	}
	return s.tell(ctx, about, delivery{ownerID: args.OwnerID, postID: &post.ID, channel: args.Channel, message: describe(post, args)})
}

// describe says how a publication ended, or what endangers one, in words for the owner.
func describe(post posts.Post, args PublicationNoticeArgs) Message {
	opening := shorten(post.Content, 60)
	switch args.State {
	case posts.StateScheduled:
		return Message{Subject: "Your scheduled post may not go out", Content: fmt.Sprintf("%q: %s", opening, args.Warning)}
	case posts.StatePublished:
		where := post.Permalink()
		if where == "" {
			where = "LinkedIn did not say under which address."
		}
		return Message{Subject: "Your post is on LinkedIn", Content: fmt.Sprintf("%q was published.\n\n%s", opening, where)}
	case posts.StateUnconfirmed:
		return Message{
			Subject: "It is not known whether your post is on LinkedIn",
			Content: fmt.Sprintf("%q: %s\n\n%s", opening, post.FailureMessage, post.FailureRemedy),
		}
	}
	return Message{
		Subject: "Your post was not published",
		Content: fmt.Sprintf("%q: %s\n\n%s", opening, post.FailureMessage, post.FailureRemedy),
	}
}
