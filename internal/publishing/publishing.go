// Package publishing brings posts to LinkedIn: the approval, the job, the ledger of attempts, and what each answer means
// for the post.
//
// LinkedIn has no idempotency key, and most tokens may not read posts back. So at most one create per approval may reach
// LinkedIn: its attempt is committed before the call, what surely did not arrive may be tried again by the rules of
// wait.go, and an answer that leaves doubt makes the post unconfirmed; it is never sent again by itself.
//
// The package must not know what follows a publication: it is handed who names the jobs that do.
package publishing

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/idempotency"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/origin"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// Attempt is one create sent, or about to be sent, to LinkedIn, and what came of it.
type Attempt = db.PublishAttempt

// LinkedIn is what this package needs of LinkedIn.
type LinkedIn interface {
	CreatePost(ctx context.Context, token string, post linkedin.NewPost) (linkedin.Created, error)
	CreateBody(post linkedin.NewPost) ([]byte, error)
	PostsByAuthor(ctx context.Context, token string, author linkedin.URN, count int) (posts []linkedin.Post, complete bool, err error)
}

// Follow names the jobs that follow when a post has come to rest in its state, or, with a warning, when one that is scheduled
// is in danger. They are inserted in the transaction that finds it so.
type Follow func(post posts.Post, warning string) []river.JobArgs

// Service approves and carries out publications. It is safe for concurrent use.
type Service struct {
	store    *postgres.Store
	queries  *db.Queries
	jobs     *jobs.Client
	posts    *posts.Service
	accounts *accounts.Service
	linkedIn LinkedIn
	origin   *origin.Service
	follow   Follow
	rules    Rules
	now      func() time.Time
}

// Rules say how long, and how many at once.
type Rules struct {
	// OverdueWindow is how late a post may still go out.
	OverdueWindow time.Duration
	// RetryWait is the least wait before a create that surely did not reach LinkedIn is tried again.
	RetryWait time.Duration
	// AccountConcurrency is how many posts of one account are sent at once, over all processes.
	AccountConcurrency int
	// DuplicateWindow is for how long LinkedIn is taken to refuse the same text again. Its help pages say ten minutes; one
	// report says a day or two. So the shorter one bounds what may be sent again by itself.
	DuplicateWindow time.Duration
	// ReadBackAfter is how long after a lost answer LinkedIn's posts are read the last time.
	ReadBackAfter time.Duration
	// Version is the LinkedIn version that is asked for, whose end may come before a schedule's time.
	Version string
}

// New returns a Service. Its workers still have to be registered: see Register.
func New(
	store *postgres.Store, client *jobs.Client, posts *posts.Service, accounts *accounts.Service, linkedIn LinkedIn, origin *origin.Service,
	follow Follow, rules Rules, now func() time.Time,
) *Service {
	return &Service{
		store:    store,
		queries:  db.New(),
		jobs:     client,
		posts:    posts,
		accounts: accounts,
		linkedIn: linkedIn,
		origin:   origin,
		follow:   follow,
		rules:    rules,
		now:      now,
	}
}

// Register adds the package's workers to a client that works jobs.
func (s *Service) Register(client *jobs.Client) {
	workers := client.Workers()
	river.AddWorker(workers, &worker{service: s})
	river.AddWorker(workers, &dueWorker{service: s})
	river.AddWorker(workers, &accountChangedWorker{service: s})
	river.AddWorker(workers, &readBackWorker{service: s})
	river.AddWorker(workers, &scheduleWarningWorker{service: s})
}

// PublishInput approves one send of a post.
type PublishInput struct {
	OwnerID uuid.UUID
	ID      uuid.UUID
	Request idempotency.Request // optional: makes the call repeatable
	// Resend approves one more send of a post in doubt; Looked says that its author did not find it on LinkedIn.
	Resend, Looked bool
}

// Validate lists every fault of the input.
func (in PublishInput) Validate() error {
	faults := in.Request.Faults()
	if in.Looked && !in.Resend {
		faults = append(faults, fault.Field{Path: "looked", Problem: "only says something about a resend: set resend too, or leave it out"})
	}
	return fault.Fields(faults...)
}

// Queued is a post that was approved, and what may not be meant about that.
type Queued struct {
	Post     posts.Post
	Warnings []string
}

// Publish queues a post and returns it in state queued: state, publication and job are committed together. The same
// request id again returns the post as it stands and approves nothing more.
func (s *Service) Publish(ctx context.Context, in PublishInput) (Queued, error) {
	if err := in.Validate(); err != nil {
		return Queued{}, err
	}
	var queued Queued
	err := s.store.InTx(ctx, func(tx *postgres.Tx) error {
		now := s.now()
		current, err := s.posts.GetForUpdate(ctx, tx, in.OwnerID, in.ID)
		if err != nil {
			return err
		}
		call := idempotency.Call{OwnerID: in.OwnerID, Operation: "PublishPost", Request: in.Request}
		earlier, err := idempotency.Claim(ctx, tx, call, []uuid.UUID{in.ID}, now)
		if err != nil {
			return err
		}
		queued = Queued{Post: current}
		if earlier != nil {
			if earlier[0] != in.ID { // an older build's request id: see idempotency.Claim
				queued.Post, err = s.posts.Find(ctx, tx, in.OwnerID, earlier[0])
			}
			return err
		}
		if err := publishable(current.State, in.Resend); err != nil {
			return err
		}
		if in.Resend && !in.Looked {
			if err := s.tooLate(ctx, tx, current, now); err != nil {
				return err
			}
		}
		account, err := s.accounts.Find(ctx, tx, in.OwnerID, current.AccountID)
		if err != nil {
			return err
		}
		same, err := s.sameTexts(ctx, tx, in.OwnerID, []posts.Post{current}, []uuid.UUID{account.ID})
		if err != nil {
			return err
		}
		queued.Warnings = s.warnings(account, now)
		if warning, there := same[in.ID]; there {
			queued.Warnings = append(queued.Warnings, warning)
		}
		queued.Post, err = posts.FromRow(s.queries.PostMarkQueued(ctx, tx, db.PostMarkQueuedParams{
			ID: in.ID, OwnerID: in.OwnerID, AccountID: account.ID, Resend: in.Resend, Now: now,
		}))
		if err != nil {
			return err
		}
		return s.approve(ctx, tx, in.OwnerID, []approval{{in.ID, account.ID}}, now, now)
	})
	return queued, err
}

// resendBy is how long after the first send one more may be approved without a look: the window less what may pass until LinkedIn
// has it, which is not looked at again.
func (r Rules) resendBy() time.Duration {
	return r.DuplicateWindow - min(promptly, r.DuplicateWindow/2)
}

// tooLate says why a post in doubt can't be sent once more now, or nil: LinkedIn may have forgotten its text, and would take
// it a second time.
func (s *Service) tooLate(ctx context.Context, tx *postgres.Tx, post posts.Post, now time.Time) error {
	doubts, err := s.queries.AttemptDoubts(ctx, tx, db.AttemptDoubtsParams{PostID: post.ID, OwnerID: post.OwnerID})
	if err != nil || doubts.Open == 0 || now.Sub(doubts.OpenSince) <= s.rules.resendBy() {
		return err
	}
	return fault.Newf(
		fault.Precondition,
		"The post was sent at %s, and LinkedIn refuses the same text for about %s only: sent again now, it could stand there twice. Look on LinkedIn; if the post is not there, send it again with looked, or say what you saw with ResolvePost.",
		doubts.OpenSince.UTC().Format(time.RFC3339),
		s.rules.DuplicateWindow,
	).WithReason(ReasonResendTooLate)
}

// ReasonResendTooLate marks the refusal, or the end, of one more send that LinkedIn might no longer recognise.
const ReasonResendTooLate = "RESEND_TOO_LATE"

// approval is a person's word that a post may go out, once, with an account.
type approval struct{ postID, accountID uuid.UUID }

// approve keeps approvals, which are late from dueAt on, and inserts the jobs that carry them out, in their order.
func (s *Service) approve(ctx context.Context, tx *postgres.Tx, ownerID uuid.UUID, approvals []approval, dueAt, now time.Time) error {
	rows := db.PublicationInsertManyParams{OwnerID: ownerID, CreatedAt: now, DueAt: dueAt}
	args := make([]river.JobArgs, len(approvals))
	for i, a := range approvals {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		rows.IDs, rows.PostIDs, rows.AccountIDs = append(rows.IDs, id), append(rows.PostIDs, a.postID), append(rows.AccountIDs, a.accountID)
		args[i] = Args{OwnerID: ownerID, PostID: a.postID, PublicationID: id}
	}
	var err error
	if rows.JobIDs, err = s.jobs.InsertNamed(ctx, tx, args...); err != nil {
		return err
	}
	_, err = s.queries.PublicationInsertMany(ctx, tx, rows)
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
		return fault.New(
			fault.Precondition,
			"It is not known whether LinkedIn has the post: look there and say what you saw with ResolvePost, or approve one more send with resend, which could publish it twice.",
		).WithReason("UNCONFIRMED")
	}
	return fault.Newf(fault.Precondition, "The post is %s: cancel its schedule first.", state).WithReason("SCHEDULED")
}
