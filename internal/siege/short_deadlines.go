package siege

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/postwright/postwright/internal/sandbox"
)

const (
	leaverDeadline = "60" // milliseconds
	leaverPause    = 60 * time.Millisecond
	// profileTime is how long LinkedIn takes to say who somebody is: longer than those who leave wait.
	profileTime = 200 * time.Millisecond
	// leftAloneTimeout bounds the wait for LinkedIn to be left alone.
	leftAloneTimeout = 20 * time.Second
	// breakerRefuses is the state of a breaker that refuses calls, as /metrics has it.
	breakerRefuses = 2
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
	if err := s.vendors.Arm(sandbox.Fault{Vendor: "linkedin", Operation: "getUserInfo", Mode: sandbox.Status, Value: "500"}); err != nil {
		return err
	}
	if err := s.untilLeftAlone(ctx, func(ctx context.Context) {
		_, _ = s.post(ctx, client, path, s.people.greedy.Key, []byte("{}")) // it fails
	}); err != nil {
		return err
	}
	s.vendors.Disarm()
	if err := s.vendors.Arm(
		sandbox.Fault{Vendor: "linkedin", Operation: "getUserInfo", Mode: sandbox.Slow, AfterMS: int(profileTime.Milliseconds())},
	); err != nil {
		return err
	}
	attacking, end := context.WithCancel(ctx)
	defer end()
	var left atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		bounded(attacking, len(s.people.crowd), floodMost, func(ctx context.Context, i int) { // by each of the crowd in turn
			a, err := s.post(ctx, client, path, s.people.crowd[i%len(s.people.crowd)].Key, []byte("{}"), "Connect-Timeout-Ms", leaverDeadline)
			if err == nil && a.code == "deadline_exceeded" {
				left.Add(1)
			}
			wait(ctx, leaverPause)
		})
	}()
	began := time.Now()
	publishing, enough := context.WithTimeout(attacking, breakerAttack)
	err := s.quiet.publish(publishing)
	enough()
	took := time.Since(began)
	if err == nil { // the others' life goes on, too
		s.live(ctx)
		s.life.persist(ctx, s.Size.Flood)
	}
	end()
	<-done
	s.reach("callers who left before LinkedIn's answer", int(left.Load()), len(s.people.crowd))
	note := "LinkedIn is left alone for " + breakerDelay.String()
	if err != nil {
		note = err.Error()
	}
	s.figure("PublishPost to PUBLISHED while LinkedIn's breaker is probed", took.Seconds(), (breakerDelay + afterBreaker).Seconds(), "s", note)
	return nil
}

// untilLeftAlone lets calls to LinkedIn fail until the node makes none any more.
func (s *stage) untilLeftAlone(ctx context.Context, fail func(ctx context.Context)) error {
	failing, end := context.WithTimeout(ctx, leftAloneTimeout)
	defer end()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for failing.Err() == nil {
			fail(failing)
		}
	}()
	defer func() {
		end()
		<-done
	}()
	for {
		m, err := s.node.Metrics(ctx)
		if err != nil {
			return err
		}
		// Until LinkedIn is asked for the first time nothing is told of it. Its API and its OAuth are one host here.
		if state, err := m.Sum("api_breaker_state", "vendor", "linkedin"); err == nil && state == breakerRefuses {
			return nil
		}
		if !wait(failing, 20*time.Millisecond) {
			s.miss("LinkedIn was not left alone, however often it failed")
			return nil
		}
	}
}
