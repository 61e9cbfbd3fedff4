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
	// uncountedFor is how far back posts are looked for whose numbers can be asked for together with those of another.
	uncountedFor = 7 * 24 * time.Hour
)

// RefreshArgs is the job that asks LinkedIn for a post's first numbers.
type RefreshArgs struct {
	OwnerID uuid.UUID `json:"owner_id"`
	PostID  uuid.UUID `json:"post_id"`

	at time.Time // when it is first run; zero for at once
}

// Kind names the job in River's tables; it must never change.
func (RefreshArgs) Kind() string { return "refresh_analytics" }

// InsertOpts bounds how often the job is tried: numbers can be had on request at any time.
func (a RefreshArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 3, ScheduledAt: a.at}
}

// AfterPublication names the job that follows a publication which ended on LinkedIn, where numbers can be had: once the post is old
// enough for them to say something.
func AfterPublication(post posts.Post, after time.Duration) []river.JobArgs {
	if _, err := counted(post); err != nil {
		return nil
	}
	args := RefreshArgs{OwnerID: post.OwnerID, PostID: post.ID}
	if after > 0 {
		args.at = post.PublishedAt.Add(after)
	}
	return []river.JobArgs{args}
}

// Register adds the package's worker to a client that works jobs.
func (s *Service) Register(client *jobs.Client) {
	river.AddWorker(client.Workers(), &worker{service: s})
}

type worker struct {
	river.WorkerDefaults[RefreshArgs]
	service *Service
}

// Work refreshes a post's numbers, or waits until that may be done. What trying again can't cure ends the job.
func (w *worker) Work(ctx context.Context, job *river.Job[RefreshArgs]) error {
	until, err := w.service.first(ctx, job.Args.OwnerID, job.Args.PostID)
	if err == nil && !until.IsZero() {
		return river.JobSnooze(max(until.Sub(w.service.now()), 0) + rand.N(spread))
	}
	for _, final := range []fault.Kind{fault.NotFound, fault.Precondition, fault.VendorAuth, fault.VendorRejected} {
		if fault.Is(err, final) {
			return river.JobCancel(err)
		}
	}
	return err
}

// first asks for a post's first numbers, once it is old enough for them to say something and while publishing does not need
// LinkedIn more; else it returns until when they wait. Of an account one asks at a time, for all posts that one request
// can be about, and nobody while its posts are held or after a refusal.
func (s *Service) first(ctx context.Context, ownerID, id uuid.UUID) (until time.Time, err error) {
	post, err := s.posts.Get(ctx, ownerID, id)
	if err != nil {
		return time.Time{}, err
	}
	one, err := counted(post)
	if err != nil {
		return time.Time{}, err
	}
	ripe := post.PublishedAt.Add(s.after)
	if s.now().Before(ripe) {
		return ripe, nil
	}
	account, err := s.accounts.Get(ctx, ownerID, post.AccountID)
	if err != nil {
		return time.Time{}, err
	}
	known, err := s.Get(ctx, ownerID, id)
	if err != nil {
		return time.Time{}, err
	}
	by, err := wayOf(account)
	if err != nil {
		return time.Time{}, err
	}
	if known.RefreshedAt != nil && !known.RefreshedAt.Before(ripe) {
		by.had = counts{views: known.ViewsCount, likes: known.LikesCount, comments: known.CommentsCount, shares: known.SharesCount}
		if by.kind != byMetric || by.requests() == 0 { // else a limit may have cut the asking short
			return time.Time{}, nil
		}
	}
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
			AccountID: account.ID, OwnerID: account.OwnerID, Since: s.now().Add(-uncountedFor), Until: s.now().Add(-s.after),
			AfterSeconds: s.after.Seconds(), Most: int32(most), //nolint:gosec // a few
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
