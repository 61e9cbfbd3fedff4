package accounts

import "time"

// Standing is how an account stands at a moment. Whoever acts on it, or tells of it, asks for it, so that all say the same.
type Standing struct {
	// Disconnected is whether its tokens are gone.
	Disconnected bool
	// Paused is why nothing goes out until it has a new token, by LinkedIn's code; "" when it does.
	Paused string
	// Held is until when nothing goes out because of a limit of LinkedIn's, and HeldFor its code; nil when nothing is held.
	Held    *time.Time
	HeldFor string
	// Holds is how many holds of the day have followed each other, the one that lasts included.
	Holds int
	// NumbersHeld is until when nobody asks for its posts' numbers by themselves; nil when it may be done.
	NumbersHeld *time.Time
	// Ends is when its token ends; nil when nobody knows. EndsAssumed is whether nobody but Postwright says so.
	Ends        *time.Time
	EndsAssumed bool
	// RenewedUntil is until when its token is renewed by itself; nil when it is not, and a person has to connect the account
	// again by the token's end.
	RenewedUntil *time.Time
	// RenewalFailed is whether its token could be renewed by itself, was due to be a day ago and more, and was not.
	RenewalFailed bool
	// RefreshUnused is whether it has a refresh token that outlasts its token and that nothing here can use.
	RefreshUnused bool
	// Silent is whether LinkedIn should have said for more than a day what its token is worth, and has not.
	Silent bool
	// CannotPublish says that its token is known to lack the scope to publish; nil when it has it, or when nobody knows what the
	// token may.
	CannotPublish *Problem
	// MayRead is whether its token may read the account's posts, as far as is known.
	MayRead bool
}

// Problem is what is wrong with an account, and what to do about it.
type Problem struct{ Message, Remedy string }

// String is both in one text.
func (p Problem) String() string { return p.Message + " " + p.Remedy }

// StandingNow is Standing by the service's own clock, for callers that have none.
func (s *Service) StandingNow(account Account) Standing { return s.Standing(account, s.now()) }

// Standing works out how an account stands at a time.
func (s *Service) Standing(account Account, at time.Time) Standing {
	future := func(until *time.Time) *time.Time {
		if until == nil || !at.Before(*until) {
			return nil
		}
		return until
	}
	standing := Standing{
		Disconnected: account.disconnectedAt != nil, Paused: account.pausedReason,
		Held: future(account.heldUntil), NumbersHeld: future(account.numbersHeldUntil),
		Ends: account.tokenExpiresAt, EndsAssumed: account.tokenExpiryAssumed,
		Silent: s.silent(account, at), CannotPublish: cannotPublish(account), MayRead: mayRead(account),
	}
	if standing.Held != nil {
		standing.HeldFor = account.heldReason
	}
	if account.heldUntil != nil && account.heldUntil.After(Today(at)) {
		standing.Holds = int(account.holdStreak)
	}
	ends, refreshEnds := account.tokenExpiresAt, account.refreshTokenExpiresAt
	if ends != nil && refreshEnds != nil && refreshEnds.After(*ends) {
		// A refresh token that ends with the access token renews nothing.
		switch {
		case !s.renews(account):
			standing.RefreshUnused = true
		case ends.Sub(at) <= renewalFailed:
			standing.RenewalFailed = true
		default:
			standing.RenewedUntil = refreshEnds
		}
	}
	return standing
}

// renews reports whether there is what a renewal takes, besides the refresh token: the keyset, and the id and secret of the
// LinkedIn app that gave it, which may be gone from the configuration.
func (s *Service) renews(account Account) bool {
	app, err := s.app(account.App)
	return err == nil && app.Configured && s.vault != nil
}

// silent is Standing's Silent.
func (s *Service) silent(account Account, at time.Time) bool {
	app, err := s.app(account.App)
	if err != nil || !app.Configured || account.disconnectedAt != nil || account.pausedReason != "" {
		return false
	}
	heard := account.UpdatedAt
	if account.checkedAt != nil {
		heard = *account.checkedAt
	}
	return at.Sub(heard) > checkEvery+2*SweepEvery // the sweep that is due, and one that failed
}

// UsableUntil is until when the account can be used without a person: while its token is renewed by itself, until that ends, and
// else until the token does; nil when nobody knows.
func (s Standing) UsableUntil() *time.Time {
	if s.RenewedUntil != nil {
		return s.RenewedUntil
	}
	return s.Ends
}

// Ended reports whether the token has ended at a time, by LinkedIn's word. When an end that is assumed has come, LinkedIn says.
func (s Standing) Ended(at time.Time) bool {
	return s.Ends != nil && !s.EndsAssumed && !at.Before(*s.Ends)
}
