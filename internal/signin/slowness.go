package signin

import (
	"context"
	"net/netip"
	"time"

	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/limit"
)

// How often somebody may try, right or wrong: from one address, and for one account from all of them together. Nobody is ever locked
// out: whoever has used up their tries waits for the next one.
var (
	addressRate = limit.Rate{PerMinute: 20, Burst: 30}
	accountRate = limit.Rate{PerMinute: 6, Burst: 10}
)

// tryRoom bounds what is tried at once: of one address one password at a time, and a few that wait for it.
var tryRoom = limit.Room{Slots: 1, Queue: 7, Total: 256}

// slowness is what is left to those who try.
type slowness struct {
	addresses *limit.Addresses
	accounts  *limit.Names
	familiar  *limit.Names // of an account and an address where its user has a session
}

func newSlowness(clock func() time.Time) slowness {
	return slowness{
		addresses: limit.NewAddresses(addressRate, clock), accounts: limit.NewNames(accountRate, clock), familiar: limit.NewNames(accountRate, clock),
	}
}

// mayTryFrom takes a try from an address.
func (s *Service) mayTryFrom(from netip.Addr) error {
	if wait := s.slow.addresses.Take(from); wait > 0 {
		return tooOften("Too many came from your address to sign in", wait)
	}
	return nil
}

// mayTry takes a try of the account of an e-mail address, which may be nobody's, from an address.
func (s *Service) mayTry(ctx context.Context, emailKey string, from netip.Addr) error {
	if err := s.mayTryFrom(from); err != nil {
		return err
	}
	wait := s.slow.accounts.Take(emailKey)
	if wait == 0 {
		return nil
	}
	// While strangers use up all tries of an account, its user still signs in from where they are signed in already.
	known, err := s.byEmail(ctx, emailKey)
	if err != nil {
		return err
	}
	familiar, err := s.Sessions.IsFrom(ctx, known.ID, from)
	if err != nil {
		return err
	}
	if familiar {
		wait = s.slow.familiar.Take(emailKey + " " + limit.Network(from).String())
	}
	if wait == 0 {
		return nil
	}
	return tooManyPasswords(wait)
}

func tooManyPasswords(wait time.Duration) error {
	return tooOften("Too many passwords were tried for this account", wait)
}

func tooOften(what string, wait time.Duration) error {
	f := fault.Newf(fault.OverLimit, "%s: wait %s, then try again.", what, max(wait.Round(time.Second), time.Second)).WithReason(limit.ReasonSignIns)
	f.RetryAfter = wait
	return f
}

// enter waits for the turn of an address.
func (s *Service) enter(ctx context.Context, from netip.Addr) (release func(), err error) {
	release, err = s.tries.Acquire(ctx, limit.Network(from))
	if err != nil && ctx.Err() == nil {
		f := fault.New(fault.OverLimit, "Too many are signing in at once: try again in a moment.").WithReason(limit.ReasonSignIns)
		f.RetryAfter = time.Second
		return nil, f
	}
	return release, err
}
