package accounts

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/outbound"
)

// ReasonKeptForPublishing marks the fault of a request that can wait, when what is left of the day's requests is kept for posts.
const ReasonKeptForPublishing = "KEPT_FOR_PUBLISHING"

// Quota is how many requests LinkedIn takes in a day, and what of them is kept for publishing. LinkedIn counts a member's
// requests to an app by UTC days and takes 150 (product Share on LinkedIn); what other products allow, the Developer Portal
// shows. Postwright counts for each account, so the pages that a member manages count apart from the member.
type Quota struct {
	// Daily is how many requests there are in a day; 0 when nobody knows, and then nothing is kept back.
	Daily int
	// Reserve is how many of them are kept for posts that nobody has approved yet.
	Reserve int
	// Due says how many posts of an account go out before a time, by what is known now.
	Due func(ctx context.Context, ownerID, accountID uuid.UUID, isDefault bool, before time.Time) (int, error)
}

// Today is when the day of LinkedIn's quotas began, by UTC: Truncate counts from a midnight.
func Today(now time.Time) time.Time { return now.UTC().Truncate(day) }

// Tomorrow is when the next day of LinkedIn's quotas begins.
func Tomorrow(now time.Time) time.Time { return Today(now).Add(day) }

// RequestsToday is how many requests were made today with an account's token, as far as they were counted: those of its consent
// were not.
func RequestsToday(account Account, now time.Time) int {
	if account.requestsDay == nil || account.requestsDay.Before(Today(now)) {
		return 0
	}
	return int(account.requestsMade)
}

// CountRequest counts one request that publishing is about to make with an account's token. Nothing keeps publishing from making
// it: LinkedIn decides.
func (s *Service) CountRequest(ctx context.Context, on db.DBTX, account Account) error {
	_, err := s.countRequests(ctx, on, account, 1, math.MaxInt32)
	return err
}

// UncountRequest takes back one that CountRequest counted at a time and that surely did not reach LinkedIn. One that was counted
// on another day is forgotten with it.
func (s *Service) UncountRequest(ctx context.Context, on db.DBTX, account Account, counted time.Time) error {
	if !Today(counted).Equal(Today(s.now())) {
		return nil
	}
	_, err := s.countRequests(ctx, on, account, -1, math.MaxInt32)
	return err
}

// TokenToAsk opens an account's token for so many requests that can wait, and counts them. It is a RateLimited fault with
// ReasonKeptForPublishing when what is left of the day is kept for posts: ask again on the next day. Make the requests with the
// context asking: it counts those that are repeated, and allows no repeat where none is left.
func (s *Service) TokenToAsk(ctx context.Context, account Account, requests int) (asking context.Context, token string, err error) {
	if token, err = s.Token(account); err != nil {
		return ctx, "", err
	}
	counted, err := s.countThatCanWait(ctx, account, requests)
	switch {
	case err != nil:
		return ctx, "", err
	case !counted:
		return ctx, "", s.keptForPublishing(account, s.now())
	}
	asking = outbound.AllowRepeats(ctx, func(ctx context.Context) bool {
		counted, err := s.countThatCanWait(ctx, account, 1)
		return counted && err == nil // what can't be counted is not sent: the call has an answer already, or why it has none
	})
	return asking, token, nil
}

// WorkingTokenToAsk is TokenToAsk for one request that is not about the account: a token that LinkedIn does not accept any more
// would say nothing, and is a Precondition fault.
func (s *Service) WorkingTokenToAsk(ctx context.Context, account Account) (asking context.Context, token string, err error) {
	if s.StandingNow(account).Paused != "" {
		return ctx, "", fault.New(fault.Precondition, "LinkedIn does not accept the account's token any more.")
	}
	return s.TokenToAsk(ctx, account, 1)
}

// countThatCanWait counts requests, unless what is left of the day is kept for posts.
func (s *Service) countThatCanWait(ctx context.Context, account Account, requests int) (counted bool, err error) {
	most := math.MaxInt32
	if s.settings.Quota.Daily > 0 {
		due, err := s.settings.Quota.Due(ctx, account.OwnerID, account.ID, account.IsDefault, Tomorrow(s.now()))
		if err != nil {
			return false, err
		}
		most = s.settings.Quota.Daily - s.settings.Quota.Reserve - due
	}
	return s.countRequests(ctx, s.store, account, requests, most)
}

func (s *Service) countRequests(ctx context.Context, on db.DBTX, account Account, requests, most int) (bool, error) {
	rows, err := s.queries.AccountCountRequests(ctx, on, db.AccountCountRequestsParams{
		ID: account.ID, OwnerID: account.OwnerID, Day: Today(s.now()), Count: int32(requests), Most: int32(max(most, 0)), //nolint:gosec // hundreds
	})
	return rows > 0, err
}

func (s *Service) keptForPublishing(account Account, now time.Time) error {
	f := fault.Newf(
		fault.RateLimited,
		"LinkedIn takes %d requests of %s in a day (UTC), and what is left of them today is kept for posts: ask again after %s. "+
			"--linkedin-daily-requests and --publishing-reserve say how many there are and how many are kept.",
		s.settings.Quota.Daily,
		account.DisplayName,
		Tomorrow(now).Format(time.RFC3339),
	).WithReason(ReasonKeptForPublishing)
	f.RetryAfter = Tomorrow(now).Sub(now)
	return f
}

// LeaseNumbers takes the right to ask LinkedIn, unasked, for the numbers of an account's posts until a time. It is false when
// somebody else has it, when nobody may have it now, or when somebody has had it since the account was read: so what was read of
// its posts after the account still holds when the right is given.
func (s *Service) LeaseNumbers(ctx context.Context, account Account, until time.Time) (bool, error) {
	rows, err := s.queries.AccountLeaseNumbers(ctx, s.store, db.AccountLeaseNumbersParams{
		ID: account.ID, OwnerID: account.OwnerID, Until: until, Now: s.now(), AsRead: account.numbersHeldUntil,
	})
	return rows > 0, err
}

// HoldNumbers gives the right back: from a time on anybody may take it again.
func (s *Service) HoldNumbers(ctx context.Context, account Account, until time.Time) error {
	if _, err := s.queries.AccountHoldNumbers(
		ctx,
		s.store,
		db.AccountHoldNumbersParams{ID: account.ID, OwnerID: account.OwnerID, Until: until},
	); err != nil {
		return fmt.Errorf("say when numbers may be asked for again: %w", err)
	}
	return nil
}
