package notify

import (
	"context"

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

// InsertOpts keeps the job from being given up: what it has to tell would be lost without a trace.
func (PublicationNoticeArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: jobs.MaxAttempts}
}

// Register adds the package's workers to a client that works jobs.
func (s *Service) Register(client *jobs.Client) {
	workers := client.Workers()
	river.AddWorker(workers, &publicationWorker{service: s})
	river.AddWorker(workers, &accountWorker{service: s})
	river.AddWorker(workers, &versionWorker{service: s})
	river.AddWorker(workers, &webhookWorker{service: s})
	river.AddWorker(workers, &deliveryWorker{service: s})
}

type publicationWorker struct {
	river.WorkerDefaults[PublicationNoticeArgs]
	service *Service
}

// Work tells the owner. A post or user deleted since is no reason to tell anybody anything, nor is a post that has moved on, while
// nobody was to be told: what became of it is told by itself.
func (w *publicationWorker) Work(ctx context.Context, job *river.Job[PublicationNoticeArgs]) error {
	s, args := w.service, job.Args
	post, err := s.sources.Posts.Get(ctx, args.OwnerID, args.PostID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if post.State != args.State {
		return nil
	}
	event, about := describe(post, args)
	return s.tell(ctx, job.ID, notice{ownerID: args.OwnerID, postID: &post.ID, channel: args.Channel, event: event, words: about})
}

// describe says how a publication ended, or what endangers one: which event that is, and what there is to say of it.
func describe(post posts.Post, args PublicationNoticeArgs) (Event, words) {
	w := words{
		Opening: shorten(post.Content, 60),
		Link:    post.Permalink(),
		PostID:  post.ID.String(),
		Problem: post.FailureMessage,
		Remedy:  post.FailureRemedy,
	}
	switch args.State {
	case posts.StateScheduled:
		w.Problem = args.Warning
		return Waiting, w
	case posts.StatePublished:
		return Published, w
	case posts.StateUnconfirmed:
		return Unconfirmed, w
	}
	return Failed, w
}
