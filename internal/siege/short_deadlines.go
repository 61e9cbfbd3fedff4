package siege

import (
	"context"
	"net/http"
	"time"

	"github.com/postwright/postwright/internal/sandbox"
)

const (
	leaverDeadline = "60" // milliseconds
	// profileTime is how long LinkedIn takes to say who somebody is: longer than those who leave wait.
	profileTime = 200 * time.Millisecond
	// breakerFailures is the default of --outbound-breaker-failures.
	breakerFailures = 5
	// breakerAttack is how long the loops run: several times as long as LinkedIn is left alone.
	breakerAttack = 8 * breakerDelay
	// afterBreaker is what a post may take beyond the time for which LinkedIn is left alone.
	afterBreaker = 3 * time.Second
)

// leaveProbes lets LinkedIn fail until it is left alone, and then asks for profiles with deadlines that end before LinkedIn
// can answer. LinkedIn works again, so a post that waits goes out soon.
func leaveProbes(ctx context.Context, s *stage) error {
	s.dismiss() // their calm life would close the breaker
	client := &http.Client{Transport: from(attackersAddress)}
	path := pathAccounts + "GetProfile"
	if err := s.vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "getUserInfo", Mode: sandbox.Status, Value: "500", Times: breakerFailures}); err != nil {
		return err
	}
	for tries := 0; len(s.vendors.Armed()) > 0 && tries < 2*breakerFailures; tries++ {
		if _, err := s.post(ctx, client, path, s.people.greedy.Key, []byte("{}")); err != nil {
			return err
		}
	}
	if len(s.vendors.Armed()) > 0 {
		s.miss("LinkedIn's failures were not met")
		s.vendors.Disarm()
	}
	if err := s.vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "getUserInfo", Mode: sandbox.Slow, AfterMS: int(profileTime.Milliseconds())}); err != nil {
		return err
	}
	attacking, end := context.WithTimeout(ctx, breakerAttack)
	defer end()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for attacking.Err() == nil { // each of the crowd has a loop of their own
			bounded(attacking, len(s.people.crowd), 100*len(s.people.crowd), func(ctx context.Context, i int) {
				_, _ = s.post(ctx, client, path, s.people.crowd[i%len(s.people.crowd)].Key, []byte("{}"), "Connect-Timeout-Ms", leaverDeadline) // what it comes to is no matter
			})
		}
	}()
	began := time.Now()
	err := s.quiet.publish(attacking)
	took := time.Since(began)
	end()
	<-done
	note := "LinkedIn is left alone for " + breakerDelay.String()
	if err != nil {
		note = err.Error()
	}
	s.figure("PublishPost to PUBLISHED while LinkedIn's breaker is probed", took.Seconds(), (breakerDelay + afterBreaker).Seconds(), "s", note)
	return nil
}
