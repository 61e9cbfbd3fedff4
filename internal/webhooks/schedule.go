package webhooks

import (
	"math/rand/v2"
	"time"
)

// retries are the waits between the attempts of a delivery. All together they are a day, after which it has failed.
var retries = []time.Duration{
	5 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour, 10 * time.Hour,
}

// giveUpAfter is for how long a delivery is tried.
const giveUpAfter = day

// lastBefore is how long before the end of its day a delivery is tried for the last time: an endpoint that fails rests no longer than that.
const lastBefore = 2 * longestRest

// nextAttempt is when a delivery that failed for the n-th time is tried again, if it is: later where the endpoint asks for that, and
// for the last time shortly before its day ends.
func nextAttempt(tries int32, giveUpAt, now time.Time, asked time.Duration) (at time.Time, again bool) {
	last := giveUpAt.Add(-lastBefore)
	if int(tries) > len(retries) || !now.Before(last) {
		return time.Time{}, false
	}
	wait := retries[tries-1]
	wait += rand.N(wait / 10) // what failed together need not come back together
	at = now.Add(max(wait, asked))
	if at.After(last) {
		at = last
	}
	return at, true
}

// longestRest is for how long an endpoint that fails is left alone at most, whatever waits for it: there may be very much, and none of
// it would come through.
const longestRest = 5 * time.Minute

// rest is for how long an endpoint is left alone that has failed so often in a row.
func rest(failures int32) time.Duration {
	if failures < 1 {
		return 0
	}
	if failures > 9 { // 2^9 seconds are more than five minutes
		return longestRest
	}
	return min(time.Second<<(failures-1), longestRest)
}

// When an endpoint is switched off.
const (
	// failingFor is for how long nothing has reached it.
	failingFor = 3 * day
	// failingTimes is how often it has failed since at least.
	failingTimes = 5
)

// failsForGood reports whether an endpoint is to be switched off.
func (w Webhook) failsForGood(now time.Time) bool {
	return w.FailingSince != nil && now.Sub(*w.FailingSince) >= failingFor && w.failures >= failingTimes
}
