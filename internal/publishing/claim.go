package publishing

import (
	"context"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/origin"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

// locked are the rows of a publication, locked in a transaction.
type locked struct {
	post        posts.Post
	publication publication
	account     accounts.Account
}

// credentials are in whose name a create is made, and by which token.
type credentials struct {
	author linkedin.URN
	token  string
}

// claimed is a publication that was taken for sending, with what the call needs.
type claimed struct {
	locked
	credentials
	attempt Attempt // by its id, and when it started
}

// taken is what came of taking up a publication: it was claimed, or its job rests.
type taken struct {
	claimed *claimed // nil when nothing is to be sent now
	rest    rest     // how the job goes on then
}

// resting is a publication that was taken up and not claimed.
func resting(r rest, err error) (taken, error) { return taken{rest: r}, err }

// claim takes a queued publication for sending: the attempt is committed before claim returns. Nothing is to be sent when the
// post was deleted, the publication has ended, has to wait, or, after a crash, has just been settled as in doubt.
func (w *publicationWorker) claim(ctx context.Context, job *river.Job[PublicationArgs]) (taken, error) {
	attemptID, err := uuid.NewV7()
	if err != nil {
		return taken{}, err
	}
	var t taken
	for {
		err := w.store.InTx(ctx, func(tx *postgres.Tx) (err error) {
			t, err = w.take(ctx, tx, job, attemptID)
			return err
		})
		if err == nil {
			return t, nil
		}
		if fault.Of(err).Reason != postgres.ReasonCommitInDoubt {
			return taken{}, err
		}
	}
}

// take is claim in a transaction. It may have been committed before: then attemptID is the open attempt.
func (w *publicationWorker) take(ctx context.Context, tx *postgres.Tx, job *river.Job[PublicationArgs], attemptID uuid.UUID) (taken, error) {
	rows, err := w.lock(ctx, tx, job.Args)
	if fault.Is(err, fault.NotFound) {
		return taken{}, w.giveTurnOfDeleted(ctx, tx, job.Args)
	}
	if err != nil {
		return taken{}, err
	}
	now := w.now() // once the locks are held: waiting for them may have taken a while
	switch rows.publication.State {
	case posts.StateQueued:
	case posts.StatePublishing:
		return w.takeOpen(ctx, tx, job, rows, attemptID, now)
	default: // it ended without its job, which may have been given a turn for it
		return taken{}, w.giveTurn(ctx, tx, rows.account)
	}
	ready, err := w.check(ctx, tx, rows, now)
	switch obstacle := ready.obstacle; {
	case err != nil:
		return taken{}, err
	case obstacle == nil:
	case obstacle.InDoubt():
		begun, err := w.beginInDoubt(ctx, tx, rows, attemptID, rows.publication.CreatedAt, now)
		if err != nil {
			return taken{}, err
		}
		return resting(w.endAttempt(ctx, tx, job, begun.locked, begun.attempt, obstacle.Outcome))
	default:
		return resting(w.settleUnsent(ctx, tx, job, rows, obstacle.Outcome))
	}
	if expired, err := w.resendExpired(ctx, tx, rows, now); err != nil {
		return taken{}, err
	} else if expired {
		return resting(w.settleUnsent(ctx, tx, job, rows, decision.ResentTooLate().Outcome))
	}
	begun, err := w.begin(ctx, tx, rows, attemptID, now, now, int64(w.rules.AccountConcurrency))
	switch {
	case err != nil:
		return taken{}, err
	case begun == nil:
		return resting(w.awaitTurn(ctx, tx, rows.publication, now))
	}
	return taken{claimed: &claimed{begun.locked, ready.credentials, begun.attempt}}, nil
}

// takeOpen takes up a publication that has an open attempt: of this very claim, which was saved though its commit was not
// answered, so that nothing has been sent; or of a process that died.
func (w *publicationWorker) takeOpen(
	ctx context.Context, tx *postgres.Tx, job *river.Job[PublicationArgs], rows locked, attemptID uuid.UUID, now time.Time,
) (taken, error) {
	open, err := attemptFromRow(w.queries.AttemptGetOpen(ctx, tx, db.AttemptGetOpenParams{
		PublicationID: job.Args.PublicationID, OwnerID: job.Args.OwnerID,
	}))
	if err != nil {
		return taken{}, err
	}
	if open.ID != attemptID {
		return resting(w.endAttempt(ctx, tx, job, rows, open, decision.ProcessDied))
	}
	ready, err := w.check(ctx, tx, rows, now)
	if err != nil {
		return taken{}, err
	}
	if ready.obstacle != nil {
		return resting(w.endAttempt(ctx, tx, job, rows, open, ready.obstacle.Outcome))
	}
	return taken{claimed: &claimed{rows, ready.credentials, open}}, nil
}

// readiness is whether a publication can be sent now: with the credentials, unless there is an obstacle.
type readiness struct {
	credentials
	obstacle *decision.Obstacle // nil when nothing stands in the way
}

// check reads whether everything is held, and checks a publication.
func (w *publicationWorker) check(ctx context.Context, tx *postgres.Tx, rows locked, now time.Time) (readiness, error) {
	standing, err := w.origin.Inspect(ctx, tx)
	if err != nil {
		return readiness{}, err
	}
	return w.checkAgainst(standing, rows, now), nil
}

// checkAgainst checks whether a publication can be sent now.
func (s *Service) checkAgainst(standing origin.Standing, rows locked, now time.Time) readiness {
	if obstacle := s.rules.Obstacle(decision.Pending{
		Held: standing.Hold != nil, ReviewedBefore: standing.Review.ApprovedBefore,
		ApprovedAt: rows.publication.CreatedAt, DueAt: rows.publication.DueAt, WaitedFor: toldBy(rows.post),
		AccountName: rows.account.DisplayName, Account: s.accounts.Standing(rows.account, now),
	}, now); obstacle != nil {
		return readiness{obstacle: obstacle}
	}
	author, err := linkedin.ParseURN(rows.account.URN)
	if err != nil {
		return readiness{obstacle: decision.NoAuthor(err)}
	}
	token, err := s.accounts.Token(rows.account)
	if err != nil {
		return readiness{obstacle: s.rules.NoToken(err, rows.publication.DueAt, now)}
	}
	return readiness{credentials: credentials{author, token}}
}

// toldBy is what a post says of why it failed or for what it waits.
func toldBy(post posts.Post) decision.Failure {
	return decision.Failure{Code: post.FailureCode, Message: post.FailureMessage, Remedy: post.FailureRemedy}
}

// resendExpired reports whether one more send comes too late for LinkedIn to recognise the first.
func (w *publicationWorker) resendExpired(ctx context.Context, tx *postgres.Tx, rows locked, now time.Time) (bool, error) {
	approvedAt := rows.publication.CreatedAt
	if w.rules.Prompt(approvedAt, now) {
		return false, nil
	}
	doubts, err := w.doubts(ctx, tx, rows.post)
	if err != nil || doubts.Open == 0 {
		return false, err
	}
	return w.rules.ResendExpired(approvedAt, doubts.OpenSince, now), nil
}

// lock takes the rows of a publication, always in this order: post, publication, account.
func (s *Service) lock(ctx context.Context, tx *postgres.Tx, args PublicationArgs) (locked, error) {
	s.posts.MayChange(tx, args.OwnerID, args.PostID)
	row, err := s.queries.PublicationLock(ctx, tx, db.PublicationLockParams{ID: args.PublicationID, PostID: args.PostID, OwnerID: args.OwnerID})
	if err != nil {
		return locked{}, err
	}
	post, _ := posts.FromRow(row.Post, nil)
	publication, _ := publicationFromRow(row.Publication, nil)
	account, _ := accounts.FromRow(row.LinkedInAccount, nil)
	return locked{post, publication, account}, nil
}

// begun is an attempt that is written down, with the rows as they are from then on.
type begun struct {
	locked
	attempt Attempt
}

// begin writes down that an attempt is about to be made, or may have been made by somebody else since a time. It returns nil, and
// has done nothing, when no turn is free: as many of the account's as turns are being sent.
func (s *Service) begin(
	ctx context.Context, tx *postgres.Tx, rows locked, attemptID uuid.UUID, started, now time.Time, turns int64,
) (*begun, error) {
	begins, err := s.queries.PublicationBegin(ctx, tx, db.PublicationBeginParams{
		ID: rows.publication.ID, OwnerID: rows.post.OwnerID, AccountID: rows.account.ID, AllTurns: turns,
		AttemptID: attemptID, StartedAt: started, Now: now,
	})
	if err != nil || len(begins) == 0 {
		return nil, err
	}
	if err := s.accounts.CountRequest(ctx, tx, rows.account); err != nil {
		return nil, err
	}
	rows.post, _ = posts.FromRow(begins[0], nil)
	rows.publication.State, rows.publication.Turn = posts.StatePublishing, ""
	return &begun{rows, Attempt{ID: attemptID, StartedAt: started}}, nil
}

// beginInDoubt is begin for an attempt that somebody else may have made since a time. It takes no turn: nothing is sent.
func (s *Service) beginInDoubt(
	ctx context.Context, tx *postgres.Tx, rows locked, attemptID uuid.UUID, since, now time.Time,
) (*begun, error) {
	begun, err := s.begin(ctx, tx, rows, attemptID, since, now, math.MaxInt64)
	if err == nil && begun == nil {
		err = fault.Newf(fault.Internal, "The publication %s, or its post, is not queued.", rows.publication.ID)
	}
	return begun, err
}
