package publishing

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/text"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

const (
	// readBackCount is how many of the account's latest posts are read: 100 long ones could exceed what is read of an answer.
	readBackCount = 50
	// clockTolerance is how far LinkedIn's clock may be behind for a post to be surely the one in doubt, and clockTrouble for it
	// to be it perhaps: a machine that nobody keeps on time is minutes off.
	clockTolerance = 2 * time.Minute
	clockTrouble   = 30 * time.Minute
	// readBackTrouble is the wait after LinkedIn could not be asked, and readBackGiveUp when that is left to a person.
	readBackTrouble = time.Minute
	readBackGiveUp  = 24 * time.Hour
	// firstLooks is the share of Rules.ReadBackAfter after which the posts are read first; each wait doubles.
	firstLooks = 90
)

// ReadBackArgs is the job that settles the doubt about a post by reading the account's posts, where its token may.
type ReadBackArgs struct {
	OwnerID uuid.UUID `json:"owner_id"`
	PostID  uuid.UUID `json:"post_id"`
}

// Kind names the job in River's tables; it must never change.
func (ReadBackArgs) Kind() string { return "publish_read_back" }

// readBackSoon lets the account's posts be read, when its token may, to settle a doubt that has just come up.
func (s *Service) readBackSoon(ctx context.Context, tx *postgres.Tx, rows locked, now time.Time) error {
	if !s.accounts.Standing(rows.account, now).MayRead {
		return nil
	}
	return s.jobs.InsertAt(ctx, tx, now.Add(s.rules.ReadBackAfter/firstLooks), ReadBackArgs{OwnerID: rows.post.OwnerID, PostID: rows.post.ID})
}

type readBackWorker struct {
	river.WorkerDefaults[ReadBackArgs]
	*Service
}

// Work reads the account's latest posts. A post that is there, by its text and time, was published. One of which nothing
// like it is there a good while after was not, if the list reaches back far enough; before that it is looked for again.
// Whatever is less certain is left to a person.
func (w *readBackWorker) Work(ctx context.Context, job *river.Job[ReadBackArgs]) error {
	s, args := w.Service, job.Args
	post, err := s.posts.Get(ctx, args.OwnerID, args.PostID)
	if fault.Is(err, fault.NotFound) || (err == nil && post.State != posts.StateUnconfirmed) {
		return nil
	}
	if err != nil {
		return err
	}
	from, until, elsewhere, err := s.doubtful(ctx, post)
	if err != nil || from.IsZero() {
		return err
	}
	account, listed, complete, err := s.read(ctx, post)
	waited := s.now().Sub(until)
	switch {
	case err != nil && permanent(err), err != nil && waited > readBackGiveUp:
		return nil // for a person to settle
	case err != nil:
		// The wait doubles, and is what LinkedIn asks, or what publishing needs of the day's requests, where that is longer.
		return river.JobSnooze(max(min(readBackTrouble, s.rules.ReadBackAfter), waited, fault.Of(err).RetryAfter))
	}
	seen, err := s.find(ctx, post, account, listed, from, until)
	if err != nil {
		return err
	}
	if urn, certain := seen.published(); certain {
		return s.settleReadBack(ctx, post, func(tx *postgres.Tx, current posts.Post, now time.Time) error {
			return s.arrived(ctx, tx, current, urn, settledReadBack, now)
		})
	}
	if waited < s.rules.ReadBackAfter {
		return river.JobSnooze(min(max(waited, s.rules.ReadBackAfter/firstLooks), s.rules.ReadBackAfter-waited))
	}
	if elsewhere {
		return nil // its text may have been another one, in the database that is gone: that it is missing says nothing
	}
	if len(seen) > 0 {
		return s.settleReadBack(ctx, post, func(tx *postgres.Tx, current posts.Post, now time.Time) error {
			return s.tellSeen(ctx, tx, current, seen, now)
		})
	}
	if !complete && !reachesBack(listed, from.Add(-clockTrouble)) {
		return nil // the list may not hold all that appeared since the attempt
	}
	if whole, err := s.holdsWhatIsKnown(ctx, post, account, listed); err != nil || !whole {
		return err
	}
	return s.settleReadBack(ctx, post, func(tx *postgres.Tx, current posts.Post, now time.Time) error {
		return s.absent(ctx, tx, current, now)
	})
}

// doubtful returns when the first attempt in doubt began, and when the last one ended; from is zero when there is none.
// elsewhere is true when one of them may have been made from a database that is gone.
func (s *Service) doubtful(ctx context.Context, post posts.Post) (from, until time.Time, elsewhere bool, err error) {
	attempts, err := s.queries.AttemptListInDoubt(ctx, s.store, db.AttemptListInDoubtParams{PostID: post.ID, OwnerID: post.OwnerID})
	for _, a := range attempts {
		if from.IsZero() {
			from = a.StartedAt
		}
		until = *a.EndedAt
		elsewhere = elsewhere || a.Code == ReasonRestored
	}
	return from, until, elsewhere, err
}

// read asks LinkedIn for the latest posts of the account that a post went out with.
func (s *Service) read(ctx context.Context, post posts.Post) (account accounts.Account, listed []linkedin.Post, complete bool, err error) {
	if account, err = s.accounts.Get(ctx, post.OwnerID, post.AccountID); err != nil {
		return account, nil, false, err
	}
	author, err := linkedin.ParseURN(account.URN)
	if err != nil {
		return account, nil, false, err
	}
	now := s.now()
	if held := s.accounts.Standing(account, now).Held; held != nil {
		f := fault.New(fault.RateLimited, "LinkedIn takes no more requests of the account for now.")
		f.RetryAfter = held.Sub(now)
		return account, nil, false, f
	}
	asking, token, err := s.accounts.TokenToAsk(ctx, account, 1)
	if err != nil {
		return account, nil, false, err
	}
	listed, complete, err = s.linkedIn.PostsByAuthor(asking, token, author, readBackCount)
	return account, listed, complete, err
}

// holdsWhatIsKnown reports whether a list shows what is known to be there: the newest other post of the account. One that lacks
// it is behind, or is not shown whole, and an empty one proves nothing: neither says that a post is absent.
func (s *Service) holdsWhatIsKnown(ctx context.Context, post posts.Post, account accounts.Account, listed []linkedin.Post) (bool, error) {
	known, err := s.queries.PostNewestURN(ctx, s.store, db.PostNewestURNParams{AccountURN: account.URN, ID: post.ID})
	if err != nil {
		return false, err
	}
	if len(known) == 0 {
		return len(listed) > 0, nil
	}
	return slices.ContainsFunc(listed, func(p linkedin.Post) bool { return p.URN.String() == known[0] }), nil
}

// permanent reports whether asking again would be answered the same.
func permanent(err error) bool {
	switch fault.Of(err).Kind {
	case fault.VendorRejected, fault.NotFound, fault.Precondition, fault.Internal, fault.Invalid:
		return true
	}
	return false
}

// sighting is a post on LinkedIn that may be the one in doubt.
type sighting struct {
	urn   string
	alike bool // it reads like the one in doubt; another that appeared at its time may have been edited since
	sure  bool // it reads the same, is there for all to see, and can't be another post of the same text
}

type sightings []sighting

// published is the post's name when one alone reads like it, and surely is it.
func (s sightings) published() (urn string, certain bool) {
	alike := 0
	for _, one := range s {
		if one.alike {
			alike, urn, certain = alike+1, one.urn, one.sure
		}
	}
	return urn, certain && alike == 1
}

// maxNamed is how many posts that may be the one in doubt are named to a person.
const maxNamed = 3

func (s sightings) String() string {
	var urns []string
	for _, one := range s {
		urns = append(urns, one.urn)
	}
	return fault.Names(urns, maxNamed)
}

// find looks for a post among those that LinkedIn lists. Surely it is one that appeared since the attempt began, is
// published, and reads the same: LinkedIn, or whoever writes to it, may have changed what nobody sees. It may be one that
// reads alike, that is not published (yet), that appeared a little before, by clocks that differ, or that appeared while the
// attempts lasted, whatever it says by now. One that is known to be another post is not it, and none is it surely while
// another post of the same text may be there.
func (s *Service) find(
	ctx context.Context, post posts.Post, account accounts.Account, listed []linkedin.Post, from, until time.Time,
) (seen sightings, err error) {
	urns := make([]string, len(listed))
	for i, p := range listed {
		urns[i] = p.URN.String()
	}
	others, err := s.namesOfOthers(ctx, s.store, post.ID, urns...)
	if err != nil {
		return nil, err
	}
	ours := posts.Text(post)
	read := text.AsRead(ours)
	anySure := false
	for i, p := range listed {
		if _, known := others[urns[i]]; known {
			continue
		}
		appeared := p.PublishedAt
		if appeared.IsZero() {
			appeared = p.CreatedAt
		}
		if !appeared.IsZero() && appeared.Before(from.Add(-clockTrouble)) {
			continue
		}
		early := appeared.Before(from.Add(-clockTolerance)) // so is one without a time
		same := text.AsRead(p.Text) == read
		alike := same || text.Alike(p.Text, ours)
		meanwhile := appeared.IsZero() || !early && appeared.Before(until.Add(clockTolerance))
		if !alike && !meanwhile {
			continue
		}
		sure := same && !early && p.LifecycleState == linkedin.LifecyclePublished
		anySure = anySure || sure
		seen = append(seen, sighting{urns[i], alike, sure})
	}
	if !anySure {
		return seen, nil
	}
	twin, err := s.hasTwin(ctx, s.store, post, account.URN, from.Add(-clockTrouble))
	for i := range seen {
		seen[i].sure = seen[i].sure && !twin
	}
	return seen, err
}

// reachesBack reports whether a part of the list, the last modified first, holds everything that was modified since a time:
// its last element is older. A list without times, or in another order, tells nothing.
func reachesBack(listed []linkedin.Post, since time.Time) bool {
	for i, p := range listed {
		if p.LastModifiedAt.IsZero() || i > 0 && p.LastModifiedAt.After(listed[i-1].LastModifiedAt) {
			return false
		}
	}
	return len(listed) > 0 && listed[len(listed)-1].LastModifiedAt.Before(since)
}

// tellSeen leaves a doubt to a person, and tells what was seen.
func (s *Service) tellSeen(ctx context.Context, tx *postgres.Tx, post posts.Post, seen sightings, now time.Time) error {
	_, err := s.queries.PostTellDoubt(ctx, tx, db.PostTellDoubtParams{
		ID: post.ID, OwnerID: post.OwnerID, Now: now,
		FailureMessage: "It is not certain whether LinkedIn has the post. What the account has there that may be it: " + seen.String() + ".",
		FailureRemedy:  remedyDoubt,
	})
	return err
}

// settleReadBack settles a post under its lock, unless somebody was faster.
func (s *Service) settleReadBack(ctx context.Context, post posts.Post, settle func(tx *postgres.Tx, current posts.Post, now time.Time) error) error {
	return s.store.InTx(ctx, func(tx *postgres.Tx) error {
		current, err := s.posts.GetForUpdate(ctx, tx, post.OwnerID, post.ID)
		if fault.Is(err, fault.NotFound) || (err == nil && current.Revision != post.Revision) {
			return nil
		}
		if err != nil {
			return err
		}
		return settle(tx, current, s.now())
	})
}

// absent writes down that a post in doubt is not on LinkedIn.
func (s *Service) absent(ctx context.Context, tx *postgres.Tx, post posts.Post, now time.Time) error {
	if err := s.settleDoubts(ctx, tx, post, posts.StateFailed, settledAbsent, now); err != nil {
		return err
	}
	return s.settlePost(ctx, tx, db.PostSettleParams{
		ID: post.ID, OwnerID: post.OwnerID, Now: now, State: posts.StateFailed, FailureCode: "NOT_PUBLISHED",
		FailureMessage: "LinkedIn does not list the post among the account's latest.", FailureRemedy: "Publish the post again.",
	})
}
