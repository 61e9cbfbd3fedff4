package publishing

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// PublicationArgs is the job that carries out one publication, from the approval to its end. It names rows and holds no text: the
// worker reads what it sends under lock when it runs.
type PublicationArgs struct {
	OwnerID       uuid.UUID `json:"owner_id"`
	PostID        uuid.UUID `json:"post_id"`
	PublicationID uuid.UUID `json:"publication_id"`
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

const (
	// settleTimeout bounds the writing of an outcome, which goes on after the job's context has ended: what LinkedIn
	// answered must not be lost to a shutdown.
	settleTimeout = 20 * time.Second
	// settleRetry is the wait before the outcome is written again when the database is away.
	settleRetry = 250 * time.Millisecond
)

// Work claims the publication, sends it once, and writes the outcome. An error is the database's: River runs the job
// again, and an attempt whose outcome could not be written is then settled as in doubt.
func (w *publicationWorker) Work(ctx context.Context, job *river.Job[PublicationArgs]) error {
	s := w.Service
	c, until, err := s.claim(ctx, job)
	switch {
	case err != nil:
		return err
	case !until.IsZero():
		return s.sleep(until)
	case c == nil:
		return nil
	}
	created, err := s.send(ctx, c)
	now := s.now()
	result := judge(created, err)
	if err != nil {
		result = s.rules.postpone(result, fault.Of(err), c.publication.DueAt, now)
	}
	until, err = s.write(ctx, job, c, result)
	if err == nil && !until.IsZero() {
		return s.sleep(until)
	}
	return err
}

// send makes the one call. There is no transaction open, and it must not be called twice for one attempt.
func (s *Service) send(ctx context.Context, c *claimed) (linkedin.Created, error) {
	return s.linkedIn.CreatePost(ctx, c.token, c.newPost())
}

// newPost is what LinkedIn gets.
func (c *claimed) newPost() linkedin.NewPost {
	visibility := linkedin.VisibilityPublic
	if c.post.Visibility == posts.VisibilityConnections {
		visibility = linkedin.VisibilityConnections
	}
	return linkedin.NewPost{Author: c.author, Text: posts.Text(c.post), Visibility: visibility}
}

// write settles the outcome, and returns until when the publication waits, if it does. While the database is away it tries
// on: the answer is in no other place.
func (s *Service) write(ctx context.Context, job *river.Job[PublicationArgs], c *claimed, result outcome) (until time.Time, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	for {
		err := s.store.InTx(ctx, func(tx *postgres.Tx) error {
			rows, err := s.lock(ctx, tx, job.Args)
			switch {
			case fault.Is(err, fault.NotFound) && rows.post.ID == uuid.Nil:
				return lostPost(job.Args, result, err)
			case fault.Is(err, fault.NotFound): // the database lost the approval, and the attempt with it
				rows.account, err = s.accounts.GetForUpdate(ctx, tx, job.Args.OwnerID, c.account.ID)
				if err != nil && !fault.Is(err, fault.NotFound) {
					return err
				}
				return s.keepLost(ctx, tx, rows, job.Args.PublicationID, c.attempt, s.knownOf(rows.account, c.account, result))
			}
			if err != nil {
				return err
			}
			until, err = s.settle(ctx, tx, job, rows, c.attempt, s.knownOf(rows.account, c.account, result))
			return err
		})
		if !fault.Is(err, fault.Unavailable) && !fault.Is(err, fault.Deadline) && !fault.Is(err, fault.Busy) {
			return until, err
		}
		select {
		case <-ctx.Done():
			return until, err
		case <-time.After(settleRetry):
		}
	}
}

// knownOf is what an outcome means for an account as it is now, which may have got another token since the attempt was made.
func (s *Service) knownOf(account, then accounts.Account, o outcome) outcome {
	if o.account == accountPaused && !account.SameToken(then) {
		// LinkedIn refused the token of then; one that came since is tried at once.
		o.account, o.until = accountUntouched, s.now()
	}
	return heldFor(o, s.accounts.Standing(account, s.now()), s.now())
}
