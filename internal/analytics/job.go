package analytics

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/jobs"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

const (
	// leaseTime is how long one asks for an account's numbers at most, all in all; a process that dies then is waited for.
	leaseTime = 2 * time.Minute
	// refusedWait is the wait after LinkedIn refused for a limit without saying for how long.
	refusedWait = time.Hour
	// spread is added to every wait at random, and nightSpread to one for the next day of LinkedIn's quotas: those who wait for
	// the same moment need not all come at it.
	spread      = 30 * time.Second
	nightSpread = 30 * time.Minute
	// uncountedFor is for how long after its time has come a post's numbers are asked for together with those of another.
	uncountedFor = day
	// triesPerTime is how often LinkedIn is asked at a time of the plan, where it does not answer.
	triesPerTime = 3
)

// RefreshArgs is the job that asks LinkedIn for a post's numbers at a time of the plan.
type RefreshArgs struct {
	OwnerID uuid.UUID `json:"owner_id"`
	PostID  uuid.UUID `json:"post_id"`

	at time.Time // when it is first run; zero for at once
}

// Kind names the job in River's tables; it must never change.
func (RefreshArgs) Kind() string { return "refresh_analytics" }

// InsertOpts keeps the job from being given up for want of the database: see givesUp.
func (a RefreshArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: jobs.MaxAttempts, ScheduledAt: a.at}
}

// AfterPublication names the job that follows a publication which ended on LinkedIn, where numbers can be had: at the first time of
// the plan.
func AfterPublication(post posts.Post, plan Plan) []river.JobArgs {
	if _, err := counted(post); err != nil || len(plan) == 0 {
		return nil
	}
	args := RefreshArgs{OwnerID: post.OwnerID, PostID: post.ID}
	if plan[0] > 0 {
		args.at = post.PublishedAt.Add(plan[0])
	}
	return []river.JobArgs{args}
}

// Register adds the package's workers, and the look for whose time has come, to a client that works jobs.
func (s *Service) Register(client *jobs.Client) {
	river.AddWorker(client.Workers(), &worker{service: s})
	river.AddWorker(client.Workers(), &dueWorker{service: s})
	client.Every(dueEvery, DueArgs{})
}

type worker struct {
	river.WorkerDefaults[RefreshArgs]
	service *Service
}

// Work asks for a post's numbers, or waits until they may be asked for. Then the plan goes on to its next time, as it does where only
// that may find what was not to be had.
func (w *worker) Work(ctx context.Context, job *river.Job[RefreshArgs]) error {
	s := w.service
	at, until, err := s.planned(ctx, job.Args.OwnerID, job.Args.PostID)
	switch {
	case err != nil && !givesUp(err, len(job.Errors)+1):
		return err
	case err == nil && !until.IsZero():
		return river.JobSnooze(max(until.Sub(s.now()), 0) + rand.N(spread))
	}
	if !at.next.IsZero() {
		if _, err := s.queries.AnalyticsPutDue(ctx, s.store, db.AnalyticsPutDueParams{
			PostID: job.Args.PostID, OwnerID: job.Args.OwnerID, DueAt: at.next,
		}); err != nil {
			return err
		}
	}
	if err != nil {
		return river.JobCancel(err)
	}
	return nil
}

// givesUp reports whether a failure is the end of a time of the plan: what holds for long, and a LinkedIn that did not answer for some
// tries. What has nothing to do with LinkedIn, as a database that is away, is waited for.
func givesUp(err error, tries int) bool {
	for _, lasting := range []fault.Kind{fault.NotFound, fault.Precondition, fault.VendorAuth, fault.VendorRejected} {
		if fault.Is(err, lasting) {
			return true
		}
	}
	return fault.Is(err, fault.VendorUnavailable) && tries >= triesPerTime
}

// planned asks for a post's numbers if a time of the plan has come and they were not asked for since, while publishing does not need
// LinkedIn more; else it returns until when they wait. at is where the plan stands, nowhere if the post has no numbers. Of an account
// one asks at a time, for all posts that one request can be about, and nobody while its posts are held or after a refusal.
func (s *Service) planned(ctx context.Context, ownerID, id uuid.UUID) (at step, until time.Time, err error) {
	post, err := s.posts.Get(ctx, ownerID, id)
	if err != nil {
		return step{}, time.Time{}, err
	}
	one, err := counted(post)
	if err != nil {
		return step{}, time.Time{}, err
	}
	at = s.plan.at(*post.PublishedAt, s.now())
	if at.due.IsZero() {
		return at, time.Time{}, nil
	}
	account, err := s.accounts.Get(ctx, ownerID, post.AccountID)
	if err != nil {
		return at, time.Time{}, err
	}
	newest, err := s.newestNumbers(ctx, ownerID, id)
	if err != nil {
		return at, time.Time{}, err
	}
	by, err := wayOf(account)
	if err != nil {
		return at, time.Time{}, err
	}
	if !newest.CountedAt.Before(at.due) {
		by.had = counts{views: newest.ViewsCount, likes: newest.LikesCount, comments: newest.CommentsCount, shares: newest.SharesCount}
		if by.kind != byMetric || by.requests() == 0 { // else a limit may have cut the asking short
			return at, time.Time{}, nil
		}
	}
	until, err = s.turn(ctx, account, by, one)
	return at, until, err
}

// turn asks for the numbers when nobody else asks for those of the account and it is not held; else it returns until when to wait.
func (s *Service) turn(ctx context.Context, account accounts.Account, by way, one onLinkedIn) (until time.Time, err error) {
	now := s.now()
	standing := s.accounts.Standing(account, now)
	for _, held := range []*time.Time{standing.Held, standing.NumbersHeld} {
		if held != nil {
			return *held, nil
		}
	}
	// Not given when somebody asked since the account was read, whose numbers may be this post's too.
	if leased, err := s.accounts.LeaseNumbers(ctx, account, now.Add(leaseTime)); err != nil || !leased {
		return now.Add(leaseTime), err // somebody was faster
	}
	ctx, cancel := context.WithTimeout(ctx, leaseTime)
	defer cancel()
	free, err := s.round(ctx, account, by, one)
	after := context.WithoutCancel(ctx)
	if held := s.accounts.HoldNumbers(after, account, free); err == nil {
		err = held
	}
	if fault.Is(err, fault.RateLimited) {
		return free, nil
	}
	return time.Time{}, err
}

// round asks for a post, and for others of the account as far as they take no request more each. It returns from when on
// LinkedIn may be asked again, and how it went for the one.
func (s *Service) round(ctx context.Context, account accounts.Account, by way, one onLinkedIn) (free time.Time, err error) {
	batch := []onLinkedIn{one}
	if most := by.together(); most > 1 {
		rows, err := s.queries.AnalyticsListUncounted(ctx, s.store, db.AnalyticsListUncountedParams{
			AccountID: account.ID, OwnerID: account.OwnerID, Since: s.now().Add(-uncountedFor), Until: s.now(),
			AfterSeconds: s.plan.seconds(), Most: int32(most), //nolint:gosec // a few
		})
		if err != nil {
			return s.now(), err
		}
		for _, row := range rows {
			urn, err := linkedin.ParseURN(row.LinkedInURN)
			if err == nil && row.ID != one.id && urn.Kind() == one.urn.Kind() && len(batch) < most {
				batch = append(batch, onLinkedIn{row.ID, urn})
			}
		}
	}
	_, err = s.refresh(ctx, account, by, batch...)
	return s.free(err), err
}

// free is from when on LinkedIn may be asked for numbers again after what it answered.
func (s *Service) free(err error) time.Time {
	now := s.now()
	f := fault.Of(err)
	switch {
	case !fault.Is(err, fault.RateLimited):
		return now
	case f.Reason == linkedin.ReasonDayLimit, f.Reason == accounts.ReasonKeptForPublishing:
		return accounts.Tomorrow(now).Add(rand.N(nightSpread))
	case f.RetryAfter > 0:
		return now.Add(min(f.RetryAfter, 24*time.Hour))
	}
	return now.Add(refusedWait)
}
