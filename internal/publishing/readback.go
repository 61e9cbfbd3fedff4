package publishing

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// readBackCount is how many of the account's latest posts are read: 100 long ones could exceed what is read of an answer.
const readBackCount = 50

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
	return s.jobs.InsertAt(ctx, tx, now.Add(s.rules.FirstReading()), ReadBackArgs{OwnerID: rows.post.OwnerID, PostID: rows.post.ID})
}

type readBackWorker struct {
	river.WorkerDefaults[ReadBackArgs]
	*Service
}

// Work reads the account's latest posts. A post that is there, by its text and time, was published. One of which nothing
// like it is there a good while after was not, if the list reaches back far enough; before that it is looked for again.
// Whatever is less certain is left to a person.
func (w *readBackWorker) Work(ctx context.Context, job *river.Job[ReadBackArgs]) error {
	args := job.Args
	post, err := w.posts.Get(ctx, args.OwnerID, args.PostID)
	if fault.Is(err, fault.NotFound) || (err == nil && post.State != posts.StateUnconfirmed) {
		return nil
	}
	if err != nil {
		return err
	}
	doubt, err := w.doubt(ctx, post)
	if err != nil || !doubt.Exists() {
		return err
	}
	account, listed, complete, err := w.read(ctx, post)
	passed := w.now().Sub(doubt.Until)
	if err != nil {
		if wait, again := w.rules.ReadingAfter(err, passed); again {
			return river.JobSnooze(wait)
		}
		return nil // for a person to settle
	}
	seen, err := w.find(ctx, post, account, listed, doubt)
	if err != nil {
		return err
	}
	if urn, certain := seen.Published(); certain {
		return w.underLock(ctx, post, func(tx *postgres.Tx, current posts.Post, now time.Time) error {
			return w.arrived(ctx, tx, current, urn, SettledReadBack, now)
		})
	}
	if wait, again := w.rules.NextReading(passed); again {
		return river.JobSnooze(wait)
	}
	switch {
	case doubt.Elsewhere:
		return nil // its text may have been another one, in the database that is gone: that it is missing says nothing
	case len(seen) > 0:
		return w.underLock(ctx, post, func(tx *postgres.Tx, current posts.Post, now time.Time) error {
			return w.tell(ctx, tx, current, seen.Failure(), now)
		})
	case !doubt.ReachesBack(listed, complete):
		return nil // the list may not hold all that appeared since the attempt
	}
	known, err := w.queries.PostNewestURN(ctx, w.store, db.PostNewestURNParams{AccountURN: account.URN, ID: post.ID})
	if err != nil || !decision.Shows(listed, known) {
		return err
	}
	return w.underLock(ctx, post, func(tx *postgres.Tx, current posts.Post, now time.Time) error {
		return w.notThere(ctx, tx, current, decision.Absent, SettledAbsent, now)
	})
}

// doubt is about the attempts of a post that are in doubt.
func (w *readBackWorker) doubt(ctx context.Context, post posts.Post) (d decision.Doubt, err error) {
	attempts, err := w.queries.AttemptListInDoubt(ctx, w.store, db.AttemptListInDoubtParams{PostID: post.ID, OwnerID: post.OwnerID})
	for _, a := range attempts {
		if !d.Exists() {
			d.From = a.StartedAt
		}
		d.Until = *a.EndedAt
		d.Elsewhere = d.Elsewhere || a.Code == decision.ReasonRestored
	}
	return d, err
}

// read asks LinkedIn for the latest posts of the account that a post went out with.
func (w *readBackWorker) read(ctx context.Context, post posts.Post) (account accounts.Account, listed []linkedin.Post, complete bool, err error) {
	if account, err = w.accounts.Get(ctx, post.OwnerID, post.AccountID); err != nil {
		return account, nil, false, err
	}
	author, err := linkedin.ParseURN(account.URN)
	if err != nil {
		return account, nil, false, err
	}
	now := w.now()
	if held := w.accounts.Standing(account, now).Held; held != nil {
		f := fault.New(fault.RateLimited, "LinkedIn takes no more requests of the account for now.")
		f.RetryAfter = held.Sub(now)
		return account, nil, false, f
	}
	asking, token, err := w.accounts.TokenToAsk(ctx, account, 1)
	if err != nil {
		return account, nil, false, err
	}
	listed, complete, err = w.linkedIn.PostsByAuthor(asking, token, author, readBackCount)
	return account, listed, complete, err
}

// find looks for a post among those that LinkedIn lists. None is it surely while another post of the same text may be there.
func (w *readBackWorker) find(
	ctx context.Context, post posts.Post, account accounts.Account, listed []linkedin.Post, doubt decision.Doubt,
) (decision.Sightings, error) {
	urns := make([]string, len(listed))
	for i, p := range listed {
		urns[i] = p.URN.String()
	}
	others, err := w.namesOfOthers(ctx, w.store, post.ID, urns...)
	if err != nil {
		return nil, err
	}
	seen := doubt.Find(post.Text(), listed, func(urn string) bool {
		_, known := others[urn]
		return known
	})
	if !seen.AnySure() {
		return seen, nil
	}
	twin, err := w.hasTwin(ctx, w.store, post, account.URN, decision.Earliest(doubt.From))
	if err != nil || !twin {
		return seen, err
	}
	return seen.BesideTwin(), nil
}

// tell leaves a doubt to a person, and tells what was seen.
func (w *readBackWorker) tell(ctx context.Context, tx *postgres.Tx, post posts.Post, f decision.Failure, now time.Time) error {
	_, err := w.queries.PostTellDoubt(ctx, tx, db.PostTellDoubtParams{
		ID: post.ID, OwnerID: post.OwnerID, Now: now, FailureMessage: f.Message, FailureRemedy: f.Remedy,
	})
	return err
}

// underLock settles a post under its lock, unless somebody was faster.
func (w *readBackWorker) underLock(ctx context.Context, post posts.Post, by func(tx *postgres.Tx, current posts.Post, now time.Time) error) error {
	return w.store.InTx(ctx, func(tx *postgres.Tx) error {
		current, err := w.posts.GetForUpdate(ctx, tx, post.OwnerID, post.ID)
		if fault.Is(err, fault.NotFound) || (err == nil && current.Revision != post.Revision) {
			return nil
		}
		if err != nil {
			return err
		}
		return by(tx, current, w.now())
	})
}
