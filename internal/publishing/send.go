package publishing

import (
	"context"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// PublicationArgs is the job that carries out one publication, from the approval to its end. It names rows and holds no text: the
// worker reads what it sends under lock when it runs.
type PublicationArgs struct {
	OwnerID       uuid.UUID `json:"owner_id"`
	PostID        uuid.UUID `json:"post_id"`
	PublicationID uuid.UUID `json:"publication_id"`
	// AccountID is whose turn is passed on when the post is deleted meanwhile; zero in a job that an older build made.
	AccountID uuid.UUID `json:"account_id"`
}

// Kind names the job in River's tables; it must never change.
func (PublicationArgs) Kind() string { return "publish_post" }

// InsertOpts keeps the job from being given up while the publication has not ended.
func (PublicationArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: jobs.MaxAttempts}
}

type publicationWorker struct {
	river.WorkerDefaults[PublicationArgs]
	*Service
}

// Work claims the publication, sends it once, and records the outcome. An error is the database's: River runs the job
// again, and an attempt whose outcome could not be recorded is then settled as in doubt.
func (w *publicationWorker) Work(ctx context.Context, job *river.Job[PublicationArgs]) error {
	t, err := w.claim(ctx, job)
	if err != nil {
		return err
	}
	if t.claimed == nil {
		return t.rest.snooze(w.now())
	}
	created, err := w.send(ctx, t.claimed)
	outcome := decision.Answered(created, err)
	if err != nil {
		outcome = w.rules.Postpone(outcome, fault.Of(err), t.claimed.publication.DueAt, w.now())
	}
	r, err := w.record(ctx, job, t.claimed, outcome)
	if err != nil {
		return err
	}
	return r.snooze(w.now())
}

// send makes the one call. There is no transaction open, and it must not be called twice for one attempt.
func (w *publicationWorker) send(ctx context.Context, c *claimed) (linkedin.Created, error) {
	return w.linkedIn.CreatePost(ctx, c.token, newPost(c.post, c.author))
}

// newPost is what LinkedIn gets.
func newPost(post posts.Post, author linkedin.URN) linkedin.NewPost {
	visibility := linkedin.VisibilityPublic
	if post.Visibility == posts.VisibilityConnections {
		visibility = linkedin.VisibilityConnections
	}
	return linkedin.NewPost{Author: author, Text: post.Text(), Visibility: visibility}
}
