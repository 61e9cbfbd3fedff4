// Package publishing brings posts to LinkedIn: the approval, the job, the ledger of attempts, and what each answer means
// for the post.
//
// LinkedIn has no idempotency key, and most tokens may not read posts back. So a create is sent at most once per
// approval, its attempt is committed before the call, and an answer that leaves doubt makes the post unconfirmed; it is
// never sent again by itself.
//
// The package must not know what follows a publication: internal/app says which jobs do.
package publishing

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/requests"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// Attempt is one create sent, or about to be sent, to LinkedIn, and what came of it.
type Attempt = db.PublishAttempt

// LinkedIn is what this package needs of LinkedIn.
type LinkedIn interface {
	CreatePost(ctx context.Context, token string, post linkedin.NewPost) (linkedin.Created, error)
}

// Follow names the jobs that follow when a post has come to rest in its state. They are inserted in the transaction that
// writes the outcome.
type Follow func(post posts.Post) []river.JobArgs

// Service approves and carries out publications. It is safe for concurrent use.
type Service struct {
	store    *postgres.Store
	queries  *db.Queries
	jobs     *jobs.Client
	accounts *accounts.Service
	linkedIn LinkedIn
	follow   Follow
	// overdueWindow is how late a scheduled post may still go out.
	overdueWindow time.Duration
	now           func() time.Time
}

// New returns a Service. Its workers still have to be registered: see Worker and DueWorker. overdueWindow is how late a
// scheduled post may still go out, when nothing was running at its time.
func New(
	store *postgres.Store, client *jobs.Client, accounts *accounts.Service, linkedIn LinkedIn, follow Follow,
	overdueWindow time.Duration, now func() time.Time,
) *Service {
	return &Service{
		store: store, queries: db.New(), jobs: client, accounts: accounts, linkedIn: linkedIn, follow: follow,
		overdueWindow: overdueWindow, now: now,
	}
}

// PublishInput approves one send of a post.
type PublishInput struct {
	OwnerID   uuid.UUID
	ID        uuid.UUID
	RequestID string // optional: makes the call repeatable
	// Resend approves one more send of a post in doubt.
	Resend bool
}

// Validate lists every fault of the input.
func (in PublishInput) Validate() error { return fault.Fields(requests.Faults(in.RequestID)...) }

// Publish queues a post and returns it in state queued: state, publication and job are committed together. The same
// request id again returns the post as it stands and approves nothing more.
func (s *Service) Publish(ctx context.Context, in PublishInput) (posts.Post, error) {
	if err := in.Validate(); err != nil {
		return posts.Post{}, err
	}
	publicationID, err := uuid.NewV7()
	if err != nil {
		return posts.Post{}, err
	}
	var post posts.Post
	err = s.store.InTx(ctx, func(tx *postgres.Tx) error {
		now := s.now()
		current, err := s.queries.PostGetForUpdate(ctx, tx, db.PostGetForUpdateParams{ID: in.ID, OwnerID: in.OwnerID})
		if err != nil {
			return noSuchPost(err)
		}
		call := requests.Key{OwnerID: in.OwnerID, Operation: "PublishPost", RequestID: in.RequestID}
		earlier, err := requests.Claim(ctx, tx, call, []any{in.ID, in.Resend}, []uuid.UUID{in.ID}, now)
		if err != nil {
			return err
		}
		if earlier != nil {
			post = current
			return nil
		}
		if err := publishable(current.State, in.Resend); err != nil {
			return err
		}
		account, err := s.accounts.Find(ctx, tx, in.OwnerID, current.AccountID)
		if err != nil {
			return err
		}
		post, err = s.queries.PostMarkQueued(ctx, tx, db.PostMarkQueuedParams{
			ID: in.ID, OwnerID: in.OwnerID, AccountID: account.ID, Resend: in.Resend, Now: now,
		})
		if err != nil {
			return err
		}
		return s.approve(ctx, tx, post, publicationID, account.ID, now)
	})
	return post, err
}

// approve keeps the approval of one send, and inserts the job that carries it out.
func (s *Service) approve(ctx context.Context, tx *postgres.Tx, post posts.Post, publicationID, accountID uuid.UUID, now time.Time) error {
	if _, err := s.queries.PublicationInsert(ctx, tx, db.PublicationInsertParams{
		ID: publicationID, PostID: post.ID, OwnerID: post.OwnerID, AccountID: accountID, CreatedAt: now, DueAt: now,
	}); err != nil {
		return err
	}
	return s.jobs.Insert(ctx, tx, Args{OwnerID: post.OwnerID, PostID: post.ID, PublicationID: publicationID})
}

func noSuchPost(err error) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "There is no such post.").WithCause(err)
	}
	return err
}

// publishable says why a post in this state can't be published, or nil.
func publishable(state string, resend bool) error {
	switch state {
	case posts.StateDraft, posts.StateFailed:
		return nil
	case posts.StateQueued, posts.StatePublishing:
		return fault.New(fault.Precondition, "The post is being published already: WatchPost tells how it goes.").WithReason("ALREADY_PUBLISHING")
	case posts.StatePublished:
		return fault.New(fault.Precondition, "The post is published already: create another to publish again.").WithReason("ALREADY_PUBLISHED")
	case posts.StateUnconfirmed:
		if resend {
			return nil
		}
		return fault.New(fault.Precondition,
			"It is not known whether LinkedIn has the post: look there and say what you saw with ResolvePost, or approve one more send with resend, which could publish it twice.").WithReason("UNCONFIRMED")
	}
	return fault.Newf(fault.Precondition, "The post is %s: cancel its schedule first.", state).WithReason("SCHEDULED")
}

// ListAttempts returns every attempt to publish a post of the owner, in the order they were made.
func (s *Service) ListAttempts(ctx context.Context, ownerID, postID uuid.UUID) ([]Attempt, error) {
	if _, err := s.queries.PostGet(ctx, s.store, db.PostGetParams{ID: postID, OwnerID: ownerID}); err != nil {
		return nil, noSuchPost(err)
	}
	return s.queries.AttemptListByPost(ctx, s.store, db.AttemptListByPostParams{PostID: postID, OwnerID: ownerID})
}

// claim takes a queued publication for sending: the attempt is committed before claim returns. It returns no attempt
// when there is nothing to send: the post was deleted, the publication has ended, or, after a crash, it has just been
// settled as in doubt.
func (s *Service) claim(ctx context.Context, job *river.Job[Args]) (post posts.Post, attempt *Attempt, err error) {
	args := job.Args
	attemptID, err := uuid.NewV7()
	if err != nil {
		return posts.Post{}, nil, err
	}
	err = s.store.InTx(ctx, func(tx *postgres.Tx) error {
		attempt = nil
		post, err = s.queries.PostGetForUpdate(ctx, tx, db.PostGetForUpdateParams{ID: args.PostID, OwnerID: args.OwnerID})
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		publication, err := s.queries.PublicationGetForUpdate(ctx, tx, db.PublicationGetForUpdateParams{ID: args.PublicationID, OwnerID: args.OwnerID})
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		switch publication.State {
		case posts.StatePublishing:
			open, err := s.queries.AttemptGetOpen(ctx, tx, db.AttemptGetOpenParams{PublicationID: publication.ID, OwnerID: args.OwnerID})
			if err != nil {
				return err
			}
			return s.settle(ctx, tx, job, open.ID, diedInBetween)
		case posts.StateQueued:
		default:
			return nil
		}
		started, err := s.queries.AttemptInsert(ctx, tx, db.AttemptInsertParams{
			ID: attemptID, PublicationID: publication.ID, OwnerID: args.OwnerID, StartedAt: s.now(),
		})
		if err != nil {
			return err
		}
		if _, err := s.queries.PublicationMarkPublishing(ctx, tx, db.PublicationMarkPublishingParams{
			ID: publication.ID, OwnerID: args.OwnerID,
		}); err != nil {
			return err
		}
		post, err = s.queries.PostMarkPublishing(ctx, tx, db.PostMarkPublishingParams{ID: post.ID, OwnerID: args.OwnerID, Now: s.now()})
		attempt = &started
		return err
	})
	return post, attempt, err
}

// send makes the one call. There is no transaction open, and it must not be called twice for one attempt.
func (s *Service) send(ctx context.Context, post posts.Post) outcome {
	account, err := s.accounts.Get(ctx, post.OwnerID, post.AccountID)
	if err != nil {
		return notSent(err)
	}
	author, err := linkedin.ParseURN(account.URN)
	if err != nil {
		return notSent(err)
	}
	token, err := s.accounts.Token(account)
	if err != nil {
		return notSent(err)
	}
	visibility := linkedin.VisibilityPublic
	if post.Visibility == posts.VisibilityConnections {
		visibility = linkedin.VisibilityConnections
	}
	created, err := s.linkedIn.CreatePost(ctx, token, linkedin.NewPost{Author: author, Text: posts.Text(post), Visibility: visibility})
	return judge(created, err, s.now())
}

// settle writes an outcome: the attempt, the publication, the post, the job's completion and the jobs that follow.
func (s *Service) settle(ctx context.Context, tx *postgres.Tx, job *river.Job[Args], attemptID uuid.UUID, o outcome) error {
	args, now := job.Args, s.now()
	inDoubt, err := s.queries.AttemptCountInDoubt(ctx, tx, db.AttemptCountInDoubtParams{PostID: args.PostID, OwnerID: args.OwnerID})
	if err != nil {
		return err
	}
	if inDoubt > 0 {
		o = o.afterDoubt()
	}
	if _, err := s.queries.AttemptEnd(ctx, tx, db.AttemptEndParams{
		ID: attemptID, OwnerID: args.OwnerID, EndedAt: now, Outcome: o.attempt, Status: int32(o.status), //nolint:gosec // an HTTP status
		Code: o.code, Message: o.message, RequestID: o.requestID,
	}); err != nil {
		return err
	}
	if _, err := s.queries.PublicationEnd(ctx, tx, db.PublicationEndParams{
		ID: args.PublicationID, OwnerID: args.OwnerID, State: o.state, EndedAt: now,
	}); err != nil {
		return err
	}
	if o.settles {
		if err := s.settleDoubts(ctx, tx, args.OwnerID, args.PostID, o.state, settledByDuplicate, now); err != nil {
			return err
		}
	}
	post, err := s.markPost(ctx, tx, args, o, now)
	if err != nil {
		return err
	}
	if err := s.jobs.Insert(ctx, tx, s.follow(post)...); err != nil {
		return err
	}
	return jobs.Complete(ctx, tx, job)
}

func (s *Service) markPost(ctx context.Context, tx *postgres.Tx, args Args, o outcome, now time.Time) (posts.Post, error) {
	if o.state == posts.StatePublished {
		return s.queries.PostMarkPublished(ctx, tx, db.PostMarkPublishedParams{
			ID: args.PostID, OwnerID: args.OwnerID, LinkedinURN: o.urn, Now: now,
		})
	}
	return s.queries.PostMarkNotPublished(ctx, tx, db.PostMarkNotPublishedParams{
		ID: args.PostID, OwnerID: args.OwnerID, State: o.state, Now: now,
		FailureCode: o.failure.code, FailureMessage: o.failure.message, FailureRemedy: o.failure.remedy,
	})
}
