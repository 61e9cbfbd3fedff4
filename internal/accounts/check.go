package accounts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

const (
	// SweepEvery is how often every account is looked at.
	SweepEvery = time.Hour
	// checkEvery is how often LinkedIn is asked what a token is worth. It is counted from the row and not from a process's
	// start, which may come more often.
	checkEvery = 24 * time.Hour
	// renewBefore is how long before its end a token is renewed: a week of failures leaves it alive.
	renewBefore = 7 * 24 * time.Hour
	// renewalFailed is how much a token has left when its renewal has failed for a day.
	renewalFailed = renewBefore - day
	// renewalLease is how long one process may take to renew a token before another may try.
	renewalLease = 2 * time.Minute
	// longestLife is more than any token of LinkedIn's has.
	longestLife = 10 * 366 * day
	// sweepPage is how many accounts are read at a time.
	sweepPage = 500
)

const day = 24 * time.Hour

// warnings are the days before a token's end on which its owner is warned, the last first. docs/accounts.md names them, which a test
// holds, and docs/operations/alerts.yaml calls the operator on the same ones.
var warnings = []int32{1, 7, 14}

// SweepAccountsArgs is the job that has every account looked at.
type SweepAccountsArgs struct{}

// Kind names the job in River's tables; it must never change.
func (SweepAccountsArgs) Kind() string { return "sweep_accounts" }

// InsertOpts bounds how often the job is tried: the next one comes within the hour.
func (SweepAccountsArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 3} }

type sweepWorker struct {
	river.WorkerDefaults[SweepAccountsArgs]
	service *Service
}

// Work inserts a job for each account, so that one's failure stops no other, and forgets consents that did not come back.
func (w *sweepWorker) Work(ctx context.Context, _ *river.Job[SweepAccountsArgs]) error {
	s := w.service
	if _, err := s.queries.ConsentDeleteExpired(ctx, s.store, s.now()); err != nil {
		return err
	}
	return s.eachPage(ctx, func(page []Account) error {
		checks := make([]river.JobArgs, len(page))
		for i, account := range page {
			checks[i] = CheckArgs{OwnerID: account.OwnerID, AccountID: account.ID}
		}
		return s.store.InTx(ctx, func(tx *postgres.Tx) error { return s.jobs.Insert(ctx, tx, checks...) })
	})
}

// CheckArgs is the job that looks at one account: renews its token, asks what it is worth, warns of its end.
type CheckArgs struct {
	OwnerID   uuid.UUID `json:"owner_id"`
	AccountID uuid.UUID `json:"account_id"`
}

// Kind names the job in River's tables; it must never change.
func (CheckArgs) Kind() string { return "check_account" }

// InsertOpts bounds how often the job is tried: the next one comes within the hour.
func (CheckArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 3} }

type checkWorker struct {
	river.WorkerDefaults[CheckArgs]
	service *Service
}

// Work does what is due for the account.
func (w *checkWorker) Work(ctx context.Context, job *river.Job[CheckArgs]) error {
	return w.service.Check(ctx, job.Args.OwnerID, job.Args.AccountID)
}

// Check renews an account's token where it can be, asks LinkedIn about it once a day, pauses the account when its token is
// dead, and warns of the end of one that lives, also when renewing or asking fails, which it reports. Called again, it does only
// what has become due since.
func (s *Service) Check(ctx context.Context, ownerID, id uuid.UUID) error {
	account, err := FromRow(s.queries.AccountGet(ctx, s.store, db.AccountGetParams{ID: id, OwnerID: ownerID}))
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil || account.disconnectedAt != nil {
		return err
	}
	// What can't be renewed or asked about ends all the same: no failure keeps the owner from being warned.
	var failed error
	if s.vault != nil {
		var renewed bool
		if renewed, failed = s.renew(ctx, account); renewed {
			return failed
		}
		if account.pausedReason == "" {
			account, err = s.introspect(ctx, account)
			failed = errors.Join(failed, err)
		}
	}
	if account.pausedReason != "" {
		return failed // its owner knows
	}
	return errors.Join(failed, s.warn(ctx, account))
}

// renew uses the refresh token when the access token is about to end, or dead. Of several processes one does. It reports
// whether the account has a new token, or another process is getting one at this moment. A refresh token that LinkedIn refuses is
// tried once a day all the same: what the LinkedIn app may do can be mended.
func (s *Service) renew(ctx context.Context, account Account) (bool, error) {
	now := s.now()
	due := account.pausedReason != "" || (account.tokenExpiresAt != nil && account.tokenExpiresAt.Sub(now) < renewBefore)
	if account.sealedRefreshToken == nil || !due || !now.Before(*account.refreshTokenExpiresAt) {
		return false, nil
	}
	refused := account.renewalRefusedAt
	if refused != nil && now.Sub(*refused) < checkEvery {
		return false, nil
	}
	app, err := s.app(account.App)
	if err != nil || !app.Configured {
		return false, nil // its app is not set up any more: the owner is warned of the end as others are
	}
	// Opened before the lease is taken: a process that has not the keyset of now must not keep those that have it waiting.
	refreshToken, err := s.vault.open(account.sealedRefreshToken, account.OwnerID, account.URN)
	if err != nil {
		return false, err
	}
	leased, err := s.queries.AccountLeaseRenewal(ctx, s.store, db.AccountLeaseRenewalParams{
		ID: account.ID, OwnerID: account.OwnerID, TokenRevision: account.tokenRevision, RenewingUntil: now.Add(renewalLease), Now: now,
	})
	if err != nil || leased == 0 {
		return err == nil, err
	}
	token, err := app.API.RefreshToken(ctx, refreshToken)
	if fault.Is(err, fault.VendorRejected) {
		// The owner is warned of the end as others are. The log is told once.
		if _, kept := s.queries.AccountRenewalRefused(ctx, s.store, db.AccountRenewalRefusedParams{
			ID: account.ID, OwnerID: account.OwnerID, TokenRevision: account.tokenRevision, Now: now,
		}); kept != nil || refused == nil {
			return false, errors.Join(kept, notRenewed(account, fault.Of(err)))
		}
		return false, nil
	}
	if err != nil {
		return false, err
	}
	g := s.granted(app, token)
	sealed, sealedRefresh, err := s.sealGrant(g, account.OwnerID, account.URN)
	if err != nil {
		return false, err
	}
	row := db.AccountRenewParams{
		ID: account.ID, OwnerID: account.OwnerID, TokenRevision: account.tokenRevision, TokenExpiresAt: *g.expiresAt, TokenExpiryAssumed: g.assumed,
		SealedToken: sealed, SealedRefreshToken: sealedRefresh, RefreshTokenExpiresAt: g.refreshExpiresAt, Now: now,
	}
	err = s.persist(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		renewed, err := FromRow(s.queries.AccountRenew(ctx, tx, row))
		if fault.Is(err, fault.NotFound) {
			return nil // connected again meanwhile, or disconnected
		}
		if err != nil {
			return err
		}
		return s.jobs.Insert(ctx, tx, s.follow(Renewed, renewed)...)
	})
	return err == nil, err
}

// notRenewed is the fault of a refresh token that LinkedIn refuses, with LinkedIn's code and words.
func notRenewed(account Account, refusal *fault.Error) error {
	said := cmp.Or(refusal.Answer.Code, "no code")
	if refusal.Answer.Message != "" {
		said += " (" + refusal.Answer.Message + ")"
	}
	f := *refusal
	f.Message = fmt.Sprintf("LinkedIn does not renew the token of %s: %s. %s", account.DisplayName, said, refusal.Message)
	return &f
}

// introspect asks LinkedIn, once a day, what the token may do and when it ends, and pauses the account when LinkedIn says how the
// token died. Of a token that an app never gave LinkedIn says that it is not active, and no more, while it publishes as well as
// any: such an account is not paused.
func (s *Service) introspect(ctx context.Context, account Account) (Account, error) {
	now := s.now()
	for _, asked := range []*time.Time{account.checkedAt, account.notKnownAt} {
		if asked != nil && now.Sub(*asked) < checkEvery {
			return account, nil
		}
	}
	app, err := s.app(account.App)
	if err != nil || !app.Configured {
		return account, nil
	}
	token, err := s.Token(account)
	if err != nil {
		return account, err
	}
	known, err := app.API.Introspect(ctx, token)
	if err != nil {
		return account, err
	}
	if !known.Active && !dead(known.Status) {
		// checked_at stays as it is: Standing tells by it, every time that somebody looks. The log is told once.
		told := account.notKnownAt != nil
		if _, err := s.queries.AccountNotKnown(ctx, s.store, db.AccountNotKnownParams{
			ID: account.ID, OwnerID: account.OwnerID, TokenRevision: account.tokenRevision, Now: now,
		}); err != nil || told {
			return account, err
		}
		return account, fault.Newf(
			fault.VendorAuth,
			"LinkedIn says of the token of %s only that it is not active: it is not of the LinkedIn app %q, or dead.",
			account.DisplayName,
			app.Name,
		).WithReason("TOKEN_NOT_KNOWN")
	}
	if !known.Active {
		return s.pause(ctx, account, deadReason(known.Status))
	}
	account.checkedAt = &now
	if len(known.Scopes) > 0 { // a token without any could do nothing: LinkedIn did not say
		account.Scopes = known.Scopes
	}
	switch {
	case !known.ExpiresAt.IsZero():
		account.tokenExpiresAt, account.tokenExpiryAssumed = &known.ExpiresAt, false
	case account.tokenExpiresAt == nil || account.tokenExpiresAt.Sub(now) > longestLife: // of which nobody would ever be warned
		assumed := now.Add(assumedLife)
		account.tokenExpiresAt, account.tokenExpiryAssumed = &assumed, true
	}
	_, err = s.queries.AccountChecked(ctx, s.store, db.AccountCheckedParams{
		ID: account.ID, OwnerID: account.OwnerID, TokenRevision: account.tokenRevision,
		TokenExpiresAt: account.tokenExpiresAt, TokenExpiryAssumed: account.tokenExpiryAssumed, Scopes: account.Scopes, CheckedAt: now,
	})
	return account, err
}

// dead reports whether a status of introspection says how a token died.
func dead(status string) bool { return status == "expired" || status == "revoked" }

func deadReason(status string) string {
	switch status {
	case "expired":
		return linkedin.ReasonExpiredToken
	case "revoked":
		return linkedin.ReasonRevokedToken
	}
	return linkedin.ReasonInvalidToken
}

func (s *Service) pause(ctx context.Context, account Account, reason string) (Account, error) {
	err := s.store.InTx(ctx, func(tx *postgres.Tx) error { return s.Pause(ctx, tx, account, reason) })
	account.pausedReason = reason
	return account, err
}

// warn tells the owner when the token's end comes near, once for each of the warnings' days, and pauses the account when it
// has come, unless that is only assumed. A token that is renewed by itself needs none until that has failed for a day.
func (s *Service) warn(ctx context.Context, account Account) error {
	now := s.now()
	standing := s.Standing(account, now)
	switch {
	case standing.Ended(now):
		_, err := s.pause(ctx, account, linkedin.ReasonExpiredToken)
		return err
	case standing.Ends == nil, !now.Before(*standing.Ends), standing.RenewedUntil != nil:
		return nil // where its end is assumed, LinkedIn says when it is over
	}
	left := standing.Ends.Sub(now)
	for _, days := range warnings {
		if left > time.Duration(days)*day {
			continue
		}
		return s.store.InTx(ctx, func(tx *postgres.Tx) error {
			warned, err := s.queries.AccountWarned(ctx, tx, db.AccountWarnedParams{
				ID: account.ID, OwnerID: account.OwnerID, TokenRevision: account.tokenRevision, WarnedDays: days,
			})
			if err != nil || warned == 0 {
				return err
			}
			return s.jobs.Insert(ctx, tx, s.follow(Expiring, account)...)
		})
	}
	return nil
}
