package decision_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/posts"
	"github.com/postwright/postwright/internal/publishing/decision"
	"github.com/postwright/postwright/internal/vendors/linkedin"
)

var (
	noon  = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	rules = decision.Rules{OverdueWindow: time.Hour, RetryWait: 4 * time.Second, AccountConcurrency: 5, DuplicateWindow: 365 * 24 * time.Hour}
)

// answered is LinkedIn's answer with a status, as the adapter gives it.
func answered(kind fault.Kind, reason string, status int, wait time.Duration) *fault.Error {
	f := fault.New(kind, "LinkedIn says no.").WithReason(reason)
	f.RetryAfter = wait
	if status != 0 {
		f.Answer = &fault.Answer{Status: status}
	}
	return f
}

func TestEachRefusalWaitsByItsRule(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault   *fault.Error
		late    time.Duration // at the time of the answer
		state   string
		wait    time.Duration
		account decision.Effect
		excused bool
		remedy  string
	}{
		"day's quota waits for midnight UTC, and a little for LinkedIn's clock": {
			fault: answered(fault.RateLimited, linkedin.ReasonDayLimit, 429, 12*time.Hour),
			state: posts.StateQueued, wait: 12*time.Hour + decision.DayMargin, account: decision.Held, excused: true, remedy: "2026-11-23T00:00:00Z",
		},
		"other limit waits as asked": {
			fault: answered(fault.RateLimited, linkedin.ReasonRateLimited, 429, 30*time.Second),
			state: posts.StateQueued, wait: 30 * time.Second, account: decision.Held, excused: true, remedy: "2026-11-22T12:00:30Z",
		},
		"limit without a time waits a minute": {
			fault: answered(fault.RateLimited, linkedin.ReasonRateLimited, 429, 0),
			state: posts.StateQueued, wait: time.Minute, account: decision.Held, excused: true, remedy: "by itself",
		},
		"limit of a month is asked about daily": {
			fault: answered(fault.RateLimited, linkedin.ReasonRateLimited, 429, 30*24*time.Hour),
			state: posts.StateQueued, wait: 24 * time.Hour, account: decision.Held, excused: true, remedy: "by itself",
		},
		"expired token pauses the account": {
			fault: answered(fault.VendorAuth, linkedin.ReasonExpiredToken, 401, 0),
			state: posts.StateQueued, wait: decision.PausedRecheck, account: decision.Paused, excused: true, remedy: "Connect the account again",
		},
		"nothing sent is tried again soon": {
			fault: answered(fault.VendorUnavailable, "UNREACHABLE", 0, 0),
			state: posts.StateQueued, wait: 4 * time.Second, remedy: "2026-11-22T13:00:00Z",
		},
		"a host that is left alone is not tried before": {
			fault: answered(fault.VendorUnavailable, "BREAKER_OPEN", 0, 40*time.Second),
			state: posts.StateQueued, wait: 40 * time.Second, remedy: "by itself",
		},
		"nothing sent for long is tried less often": {
			fault: answered(fault.VendorUnavailable, "UNREACHABLE", 0, 0), late: 10 * time.Minute,
			state: posts.StateQueued, wait: 5 * time.Minute, remedy: "2026-11-22T12:50:00Z",
		},
		"nothing sent within the window fails": {
			fault: answered(fault.VendorUnavailable, "UNREACHABLE", 0, 0), late: 55 * time.Minute,
			state: posts.StateFailed, remedy: "Publish the post again later",
		},
		"shutdown before a byte left is tried again": {
			fault: answered(fault.Canceled, "", 0, 0),
			state: posts.StateQueued, wait: 4 * time.Second, remedy: "by itself",
		},
		"dead version is tried again: an operator may set another": {
			fault: answered(fault.VendorRejected, linkedin.ReasonVersionExpired, 426, 0),
			state: posts.StateQueued, wait: 4 * time.Second, remedy: "by itself",
		},
		"missing permission is for a person": {
			fault: answered(fault.VendorRejected, linkedin.ReasonAccessDenied, 403, 0),
			state: posts.StateFailed, remedy: "Connect the account again with the scope for posting",
		},
		"an author that LinkedIn does not take is for whoever connects": {
			fault: answered(fault.VendorRejected, linkedin.ReasonWrongAuthor, 403, 0),
			state: posts.StateFailed, remedy: "with the app that it is to post with",
		},
		"a denial that names no permission is told in LinkedIn's words": {
			fault: answered(fault.VendorRejected, linkedin.ReasonForbidden, 403, 0),
			state: posts.StateFailed, remedy: "LinkedIn's own words",
		},
		"a denial with a code of its own as well": {
			fault: answered(fault.VendorRejected, "MEMBER_RESTRICTED", 403, 0),
			state: posts.StateFailed, remedy: "LinkedIn's own words",
		},
		"a request that Postwright wrote wrongly is for its operator": {
			fault: answered(fault.VendorRejected, linkedin.ReasonUnpermitted, 403, 0),
			state: posts.StateFailed, remedy: "nothing that you change helps",
		},
		"a refusal of the text is for its author": {
			fault: answered(fault.VendorRejected, "FIELD_LENGTH_TOO_LONG", 400, 0),
			state: posts.StateFailed, remedy: "Change what LinkedIn objects to",
		},
		"duplicate is for a person": {
			fault: answered(fault.VendorRejected, linkedin.ReasonDuplicatePost, 422, 0),
			state: posts.StateFailed, remedy: "Change the text",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := rules.Postpone(decision.Answered(linkedin.Created{}, c.fault), c.fault, noon.Add(-c.late), noon)
			require.Equal(t, c.state, o.State)
			require.Equal(t, c.account, o.Account)
			require.Equal(t, c.excused, o.Wait.Excused)
			require.Contains(t, o.Failure.Remedy, c.remedy)
			if c.wait > 0 {
				require.Equal(t, noon.Add(c.wait), o.Wait.Until)
			}
		})
	}
}

// The law of trying again: only what surely left nothing at LinkedIn, never into the past, and never beyond the window
// unless LinkedIn or the account's owner is waited for.
func TestOnlyWhatSurelyDidNotArriveIsTriedAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := fault.New(fault.Kind(rapid.IntRange(0, int(fault.VendorUnavailable)).Draw(t, "kind")), "A sentence.")
		f.Doubt = rapid.Bool().Draw(t, "doubt")
		f.Reason = rapid.SampledFrom([]string{"", linkedin.ReasonDuplicatePost, linkedin.ReasonVersionExpired, linkedin.ReasonDayLimit}).Draw(t, "reason")
		f.RetryAfter = time.Duration(rapid.Int64Range(0, int64(60*24*time.Hour)).Draw(t, "retry after"))
		if status := rapid.SampledFrom([]int{0, 400, 401, 403, 422, 426, 429, 500}).Draw(t, "status"); rapid.Bool().Draw(t, "answered") {
			f.Answer = &fault.Answer{Status: status}
		}
		late := time.Duration(rapid.Int64Range(0, int64(2*time.Hour)).Draw(t, "late"))
		due := noon.Add(-late)
		before := decision.Answered(linkedin.Created{}, f)
		o := rules.Postpone(before, f, due, noon)
		if f.Doubt {
			require.Equal(t, before, o)
			return
		}
		if o.State != posts.StateQueued {
			require.Equal(t, posts.StateFailed, o.State)
			return
		}
		require.True(t, o.Wait.Until.After(noon))
		require.LessOrEqual(t, o.Wait.Until.Sub(noon), 24*time.Hour+decision.DayMargin)
		require.True(t, o.Wait.Excused || !o.Wait.Until.After(due.Add(rules.OverdueWindow)))
		require.Equal(t, o.Account == decision.Held, !o.Hold.Until.IsZero())
		require.NotEmpty(t, o.Failure.Code)
	})
}

func TestWhatKeepsAnAccountFromSending(t *testing.T) {
	t.Parallel()
	after := noon.Add(time.Minute)
	for name, c := range map[string]struct {
		standing accounts.Standing
		state    string
		code     string
	}{
		"nothing":         {accounts.Standing{}, "", ""},
		"paused":          {accounts.Standing{Paused: "REVOKED_ACCESS_TOKEN"}, posts.StateQueued, "REVOKED_ACCESS_TOKEN"},
		"held":            {accounts.Standing{Held: &after, HeldFor: "RATE_LIMITED"}, posts.StateQueued, "RATE_LIMITED"},
		"disconnected":    {accounts.Standing{Disconnected: true}, posts.StateFailed, accounts.ReasonDisconnected},
		"held and paused": {accounts.Standing{Paused: "EXPIRED_ACCESS_TOKEN", Held: &after}, posts.StateQueued, "EXPIRED_ACCESS_TOKEN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := rules.Obstacle(decision.Pending{ApprovedAt: noon, DueAt: noon, AccountName: "Tess Ter", Account: c.standing}, noon)
			if c.state == "" {
				require.Nil(t, o)
				return
			}
			require.Equal(t, c.state, o.State)
			require.Equal(t, c.code, o.Failure.Code)
			require.Equal(t, decision.Untouched, o.Account, "what is known already is not written again")
		})
	}
}

func TestAHoldOfUnknownLengthGrowsWithinTheDay(t *testing.T) {
	t.Parallel()
	refusal := answered(fault.RateLimited, linkedin.ReasonRateLimited, 429, 0)
	at := func(d time.Duration) *time.Time { t := noon.Add(d); return &t }
	for name, c := range map[string]struct {
		standing accounts.Standing
		wait     time.Duration
		streak   int
		effect   decision.Effect
	}{
		"the first":                        {accounts.Standing{}, time.Minute, 1, decision.Held},
		"after one":                        {accounts.Standing{Holds: 1}, 2 * time.Minute, 2, decision.Held},
		"after five":                       {accounts.Standing{Holds: 5}, 32 * time.Minute, 6, decision.Held},
		"at most until midnight":           {accounts.Standing{Holds: 10}, 12 * time.Hour, 11, decision.Held},
		"never beyond any number":          {accounts.Standing{Holds: 1000}, 12 * time.Hour, 1001, decision.Held},
		"while held for another's refusal": {accounts.Standing{Held: at(40 * time.Second), Holds: 1}, 40 * time.Second, 0, decision.Untouched},
	} {
		o := rules.Postpone(decision.Answered(linkedin.Created{}, refusal), refusal, noon, noon).ForAccount(c.standing, true, noon)
		require.Equal(t, noon.Add(c.wait).UTC(), o.Wait.Until, name)
		require.Equal(t, c.streak, o.Hold.Streak, name)
		require.Equal(t, c.effect, o.Account, name)
		require.Contains(t, o.Failure.Remedy, noon.Add(c.wait).UTC().Format(time.RFC3339), name)
	}
}

// LinkedIn may ask for a second, again and again: it gets longer rests all the same, and never shorter ones than it asks.
func TestAHoldThatLinkedInAsksForGrowsToo(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) *time.Time { t := noon.Add(d); return &t }
	for name, c := range map[string]struct {
		asked    time.Duration
		standing accounts.Standing
		wait     time.Duration
		streak   int
		effect   decision.Effect
	}{
		"the first":                            {time.Second, accounts.Standing{}, time.Second, 1, decision.Held},
		"the second":                           {time.Second, accounts.Standing{Holds: 1}, 2 * time.Minute, 2, decision.Held},
		"longer than that":                     {time.Hour, accounts.Standing{Holds: 2}, time.Hour, 3, decision.Held},
		"beyond midnight":                      {14 * time.Hour, accounts.Standing{Holds: 9}, 14 * time.Hour, 10, decision.Held},
		"while held for as long":               {time.Second, accounts.Standing{Held: at(time.Minute), Holds: 3}, time.Minute, 0, decision.Untouched},
		"while held for less than it asks now": {time.Hour, accounts.Standing{Held: at(time.Minute), Holds: 3}, time.Hour, 3, decision.Held},
		"the first, and longer than a day":     {48 * time.Hour, accounts.Standing{}, 24 * time.Hour, 1, decision.Held},
	} {
		refusal := answered(fault.RateLimited, linkedin.ReasonRateLimited, 429, c.asked)
		o := rules.Postpone(decision.Answered(linkedin.Created{}, refusal), refusal, noon, noon).ForAccount(c.standing, true, noon)
		require.Equal(t, noon.Add(c.wait).UTC(), o.Wait.Until, name)
		require.Equal(t, c.streak, o.Hold.Streak, name)
		require.Equal(t, c.effect, o.Account, name)
	}
}

// Nobody depends on it: it is the net under those who wake the next in line.
func TestWhoAwaitsATurnLooksByThemselvesAfterTwoToThreeMinutes(t *testing.T) {
	t.Parallel()
	require.Equal(t, 2*time.Minute, decision.Rules{}.TurnWait(0))
	require.Equal(t, 3*time.Minute, decision.Rules{}.TurnWait(1))
}
