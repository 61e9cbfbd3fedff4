// Package publishing brings posts to LinkedIn. Its files read in the order of a post's way: approve, claim, send, record, settle,
// wake; beside them lie batches, schedules, previews, doubts and how they are settled.
//
// LinkedIn has no idempotency key, and most tokens may not read posts back. So at most one create per approval may reach
// LinkedIn: its attempt is committed before the call, what surely did not arrive may be tried again by the rules of
// package decision, and an answer that leaves doubt makes the post unconfirmed; it is never sent again by itself.
//
// What an answer means and what stands in the way, package decision says; here it is carried out. The package must not know what
// follows a publication: it is handed who names the jobs that do.
package publishing

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/origin"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
	"github.com/postwright/postwright/internal/queue"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

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
	queue    *queue.Service
	linkedIn LinkedIn
	origin   *origin.Service
	follow   Follow
	rules    decision.Rules
	now      func() time.Time
}

// Dependencies are what a Service works with; it needs all of them.
type Dependencies struct {
	Store    *postgres.Store
	Jobs     *jobs.Client
	Posts    *posts.Service
	Accounts *accounts.Service
	Queue    *queue.Service
	LinkedIn LinkedIn
	Origin   *origin.Service
	Follow   Follow
	Rules    decision.Rules
	Now      func() time.Time
}

// New returns a Service. Its workers still have to be registered: see Register.
func New(on Dependencies) *Service {
	return &Service{
		store:    on.Store,
		queries:  db.New(),
		jobs:     on.Jobs,
		posts:    on.Posts,
		accounts: on.Accounts,
		queue:    on.Queue,
		linkedIn: on.LinkedIn,
		origin:   on.Origin,
		follow:   on.Follow,
		rules:    on.Rules,
		now:      on.Now,
	}
}

// Register adds the package's workers to a client that works jobs.
func (s *Service) Register(client *jobs.Client) {
	workers := client.Workers()
	river.AddWorker(workers, &publicationWorker{Service: s})
	river.AddWorker(workers, &dueWorker{Service: s})
	river.AddWorker(workers, &accountChangedWorker{Service: s})
	river.AddWorker(workers, &readBackWorker{Service: s})
	river.AddWorker(workers, &scheduleWarningWorker{Service: s})
}
