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

// Work reads the account's latest posts, and settles the doubt by what they show, or has them read again.
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
	next, err := w.next(ctx, post, doubt)
	switch {
	case err != nil:
		return err
	case next.Again:
		return river.JobSnooze(next.Wait)
	case next.Finding == decision.Nothing:
		return nil // for a person to settle
	}
	return w.underLock(ctx, post, func(tx *postgres.Tx, current posts.Post, now time.Time) error {
		return w.resolve(ctx, tx, current, next.Resolution, now)
	})
}

// next reads, and says what follows.
func (w *readBackWorker) next(ctx context.Context, post posts.Post, doubt decision.Doubt) (decision.Next, error) {
	read, err := w.read(ctx, post)
	if err != nil {
		return w.rules.AfterTrouble(doubt, err, w.now()), nil
	}
	evidence, err := w.evidence(ctx, post, doubt, read)
	if err != nil {
		return decision.Next{}, err
	}
	return w.rules.AfterReading(doubt, evidence, w.now()), nil
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

// reading is what LinkedIn lists of the account that a post went out with.
type reading struct {
	account accounts.Account
	decision.Listing
}

// read asks LinkedIn for the latest posts of the account that a post went out with.
func (w *readBackWorker) read(ctx context.Context, post posts.Post) (reading, error) {
	account, err := w.accounts.Get(ctx, post.OwnerID, post.AccountID)
	if err != nil {
		return reading{}, err
	}
	author, err := linkedin.ParseURN(account.URN)
	if err != nil {
		return reading{}, err
	}
	now := w.now()
	if held := w.accounts.Standing(account, now).Held; held != nil {
		f := fault.New(fault.RateLimited, "LinkedIn takes no more requests of the account for now.")
		f.RetryAfter = held.Sub(now)
		return reading{}, f
	}
	asking, token, err := w.accounts.TokenToAsk(ctx, account, 1)
	if err != nil {
		return reading{}, err
	}
	listed, complete, err := w.linkedIn.PostsByAuthor(asking, token, author, readBackCount)
	return reading{account, decision.Listing{Posts: listed, Complete: complete}}, err
}

// evidence is what a reading shows of a post in doubt, beside what is known of others. None that LinkedIn lists surely is the
// post while another of the same text may be there.
func (w *readBackWorker) evidence(ctx context.Context, post posts.Post, doubt decision.Doubt, read reading) (decision.Evidence, error) {
	evidence := decision.Evidence{Listing: read.Listing}
	urns := make([]string, len(read.Posts))
	for i, p := range read.Posts {
		urns[i] = p.URN.String()
	}
	others, err := w.namesOfOthers(ctx, w.store, post.ID, urns...)
	if err != nil {
		return evidence, err
	}
	evidence.Seen = doubt.Find(post.Text(), read.Posts, func(urn string) bool {
		_, known := others[urn]
		return known
	})
	if evidence.Seen.AnySure() {
		twin, err := w.hasTwin(ctx, w.store, post, read.account.URN, decision.Earliest(doubt.From))
		if err != nil {
			return evidence, err
		}
		if twin {
			evidence.Seen = evidence.Seen.BesideTwin()
		}
	}
	if _, certain := evidence.Seen.Published(); certain {
		return evidence, nil
	}
	evidence.Known, err = w.queries.PostNewestURN(ctx, w.store, db.PostNewestURNParams{AccountURN: read.account.URN, ID: post.ID})
	return evidence, err
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
