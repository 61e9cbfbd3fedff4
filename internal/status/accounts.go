package status

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postwright/postwright/internal/accounts"
	"github.com/postwright/postwright/internal/fault"
)

// Apps know how an account stands, and what its LinkedIn app asks members for: see accounts.Service.
type Apps interface {
	WantedScopes(account accounts.Account) []string
	Standing(account accounts.Account, at time.Time) accounts.Standing
}

// tokenSoon is how long before its end a token that nobody renews is a warning.
const tokenSoon = 14 * 24 * time.Hour

// Accounts checks connected accounts: whether their tokens are accepted and for how much longer, whether they may do what is
// needed, and whether LinkedIn takes more of them today. daily is how many requests LinkedIn takes of an account in a day, 0
// when nobody knows.
func Accounts(list func(context.Context) ([]accounts.Account, error), apps Apps, daily int, now func() time.Time) Checker {
	const name = "accounts"
	return Checker{Name: name, Run: func(ctx context.Context) []Check {
		connected, err := list(ctx)
		switch {
		case err != nil:
			return single(name, Unknown, "The accounts can't be read from the database.", "")
		case len(connected) == 0:
			return single(
				name,
				Warning,
				"No LinkedIn account is connected: nothing can be published.",
				"Connect one with ConnectAccount, or `postwright account add`.",
			)
		}
		var checks []Check
		for _, account := range connected {
			at := now()
			standing := apps.Standing(account, at)
			wanted := apps.WantedScopes(account)
			checks = append(checks, token(account, standing, at), granted(account, standing, wanted), quota(account, standing, daily, at))
		}
		return checks
	}}
}

// label tells accounts of the same member with two apps apart.
func label(account accounts.Account) string {
	if account.App == accounts.DefaultApp {
		return account.DisplayName
	}
	return account.DisplayName + " (LinkedIn app " + account.App + ")"
}

// suffix names an app other than the default one.
func suffix(app string) string {
	if app == accounts.DefaultApp {
		return ""
	}
	return fmt.Sprintf(" %q", app)
}

const connectAgain = "Connect the account again, with ConnectAccount."

// askLinkedIn is what lets LinkedIn be asked about an account's token.
func askLinkedIn(account accounts.Account) string {
	return "Set " + accounts.SettingsOf(account.App).App + ", so that LinkedIn can be asked."
}

func token(account accounts.Account, standing accounts.Standing, now time.Time) Check {
	c := Check{Name: "token of " + label(account), State: OK}
	ends := standing.Ends
	switch {
	case standing.Paused != "":
		c.State, c.Detail, c.Remedy = Failed, "LinkedIn refuses it ("+standing.Paused+"): its posts wait.", connectAgain
	case ends == nil:
		c.State, c.Detail = Unknown, "Nobody knows when it ends: LinkedIn was not asked."
		c.Remedy = askLinkedIn(account)
	case standing.EndsAssumed:
		c.State, c.Detail = Unknown, fmt.Sprintf("It is assumed to end at %s, %s.", ends.UTC().Format(time.RFC3339), accounts.WhyAssumed)
		c.Remedy = askLinkedIn(account)
		if ends.Sub(now) <= tokenSoon {
			c.State, c.Remedy = Warning, connectAgain
		}
	case standing.Ended(now):
		c.State, c.Detail, c.Remedy = Failed, "It ended at "+ends.UTC().Format(time.RFC3339)+".", connectAgain
	case standing.RenewalFailed:
		c.State, c.Remedy = Warning, connectAgain
		c.Detail = fmt.Sprintf("It ends in %d days, at %s, though it should have been renewed by itself: LinkedIn refuses that, or could not be asked.",
			int(ends.Sub(now)/(24*time.Hour)), ends.UTC().Format(time.RFC3339))
	case standing.RenewedUntil != nil:
		c.Detail = "It is renewed by itself until " + standing.RenewedUntil.UTC().Format(time.RFC3339) + "."
	default:
		c.Detail = fmt.Sprintf("It ends in %d days, at %s.", int(ends.Sub(now)/(24*time.Hour)), ends.UTC().Format(time.RFC3339))
		if ends.Sub(now) <= tokenSoon {
			c.State, c.Remedy = Warning, connectAgain
		}
	}
	if standing.RefreshUnused && c.State != Failed {
		c.Detail += " Nothing renews it, though it has a refresh token: that takes the id and secret of its LinkedIn app, and the token keyset."
	}
	if standing.Silent && c.State != Failed {
		c.State = Warning
		c.Detail += " LinkedIn has not said for more than a day what it is worth: it refuses the app, or the token is not this app's, or dead."
		c.Remedy = "If the LinkedIn app" + suffix(
			account.App,
		) + " is accepted (see there) and posts with the account fail, connect it again, with ConnectAccount."
	}
	return c
}

// quota says whether LinkedIn takes more of an account today.
func quota(account accounts.Account, standing accounts.Standing, daily int, now time.Time) Check {
	c := Check{Name: "quota of " + label(account), State: OK}
	made := accounts.RequestsToday(account, now)
	c.Detail = fmt.Sprintf("Requests made today (UTC): %d of %d.", made, daily)
	if daily == 0 {
		c.Detail = fmt.Sprintf("Requests made today (UTC): %d; how many LinkedIn takes is not known.", made)
	}
	switch {
	case standing.Held != nil:
		c.State = Warning
		c.Detail = fmt.Sprintf(
			"LinkedIn takes no more of its posts until %s (%s). ",
			standing.Held.UTC().Format(time.RFC3339),
			standing.HeldFor,
		) + c.Detail
		c.Remedy = "What waits goes out by itself after that. If it happens often, publish less in a day, or have the app's quota raised by LinkedIn."
	case daily > 0 && made >= daily:
		c.State = Warning
		c.Detail += " LinkedIn may refuse posts until 00:00 UTC."
		c.Remedy = "If LinkedIn allows the app more, tell --linkedin-daily-requests."
	case standing.NumbersHeld != nil && standing.NumbersHeld.Sub(now) > numbersPause:
		c.Detail += " Numbers are asked for again after " + standing.NumbersHeld.UTC().Format(time.RFC3339) + "."
	}
	return c
}

// numbersPause is what a wait for numbers lasts at most that is no refusal.
const numbersPause = 5 * time.Minute

// granted compares the scopes of an account with what it needs: one to publish, and those that members are asked for.
func granted(account accounts.Account, standing accounts.Standing, wanted []string) Check {
	c := Check{Name: "scopes of " + label(account), State: OK, Detail: "It may do what it is asked to."}
	withheld := accounts.WithheldScopes(account, wanted)
	switch {
	case account.App != accounts.DefaultApp && len(wanted) == 0:
		c.State, c.Detail = Warning, fmt.Sprintf("Its LinkedIn app %q is not set up any more, so its token can't be renewed or asked about.", account.App)
		c.Remedy = "Set the app up again under that name, or connect the account with another."
	case len(account.Scopes) == 0:
		c.State, c.Detail = Unknown, "Nobody knows what its token may do: LinkedIn was not asked."
		c.Remedy = askLinkedIn(account)
	case standing.CannotPublish != nil:
		c.State, c.Detail, c.Remedy = Failed, standing.CannotPublish.Message, standing.CannotPublish.Remedy
	case len(withheld) > 0:
		c.State, c.Remedy = Warning, connectAgain
		c.Detail = "Members are asked for more than it was given: " + strings.Join(withheld, ", ") + "."
	}
	return c
}

// Scopes checks which accounts have tokens for other scopes than those that members are asked for now: with the first consent
// that asks for the new ones, LinkedIn ends the tokens that the same member gave the app before.
func Scopes(list func(context.Context) ([]accounts.Account, error), wanted func(accounts.Account) []string) Checker {
	const name = "changed scopes"
	return Checker{Name: name, Run: func(ctx context.Context) []Check {
		connected, err := list(ctx)
		if err != nil {
			return single(name, Unknown, "The accounts can't be read from the database.", "")
		}
		var others, where []string
		for _, account := range connected {
			if asked := wanted(account); len(asked) > 0 && accounts.ScopesDiffer(account, asked) {
				others = append(others, account.DisplayName)
				if at := accounts.SettingsOf(account.App).Scopes; !slices.Contains(where, at) {
					where = append(where, at)
				}
			}
		}
		if len(others) == 0 {
			return nil
		}
		return single(name, Warning, "Members are asked for other scopes than these accounts have: "+fault.Names(others, fault.MaxNames)+
			". The next consent of such a member ends the tokens that they gave the app before.",
			"If that is not meant, set "+strings.Join(where, " and ")+" as they were; else have each of them connected again.")
	}}
}
