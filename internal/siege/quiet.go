package siege

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/gen/proto/postwright/v1/postwrightv1connect"
	"github.com/postwright/postwright/internal/testbed"
)

// The quiet owner's pace: far below what an owner may ask for.
const (
	getPause     = 50 * time.Millisecond
	createPause  = 200 * time.Millisecond
	publishPause = 250 * time.Millisecond
	lookPause    = 40 * time.Millisecond // between two looks at a post that is on its way
	// quietTimeout is the quiet owner's patience with a call.
	quietTimeout = 10 * time.Second
	// publishTimeout is their patience with a post on its way to LinkedIn.
	publishTimeout = 30 * time.Second
)

// from returns a transport whose connections come from an address of loopback: all of 127.0.0.0/8 is this machine.
func from(address string) *http.Transport {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}, Timeout: quietTimeout}
	return &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 100}
}

// Addresses of callers. A limit that counts by address must let go on whoever comes from another.
const (
	attackersAddress = "127.0.0.1"
	quietAddress     = "127.0.0.2"
)

// quiet is an owner who does little and wants it done: reads a post, writes drafts, publishes one post after the other.
type quiet struct {
	api  postwrightv1connect.PostServiceClient
	post string // the one that is read

	mu      sync.Mutex
	written int // texts made so far: no two are the same
}

func newQuiet(ctx context.Context, owner *testbed.Owner, url, address string) (*quiet, error) {
	q := &quiet{api: postwrightv1connect.NewPostServiceClient(testbed.NewClient(&http.Client{Transport: from(address)}, url, owner.Key))}
	var err error
	q.post, err = q.create(ctx)
	return q, err
}

func (q *quiet) create(ctx context.Context) (id string, err error) {
	q.mu.Lock()
	q.written++
	text := fmt.Sprintf("A quiet thought, number %d", q.written)
	q.mu.Unlock()
	res, err := q.api.CreatePost(ctx, &postwrightv1.CreatePostRequest{Post: &postwrightv1.Post{Content: text}})
	return res.GetPost().GetId(), err
}

// seen is what the quiet owner saw during a time.
type seen struct {
	get, create, published []time.Duration
	errors                 []string
}

// callsToPublish is about how many calls it takes to publish a post and look until it is there.
const callsToPublish = 6

// calls is about how many they made.
func (s seen) calls() int64 {
	return int64(len(s.get) + len(s.create) + callsToPublish*len(s.published) + len(s.errors))
}

// live does all of it until ctx ends, and what has been begun to its end.
func (q *quiet) live(ctx context.Context) seen {
	var (
		all  seen
		mu   sync.Mutex
		lane sync.WaitGroup
	)
	do := func(samples *[]time.Duration, pause, patience time.Duration, call func(ctx context.Context) error) {
		lane.Go(func() {
			for ctx.Err() == nil {
				began := time.Now()
				calling, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
				err := call(calling)
				cancel()
				mu.Lock()
				if err != nil {
					all.errors = append(all.errors, err.Error())
				} else {
					*samples = append(*samples, time.Since(began))
				}
				mu.Unlock()
				wait(ctx, pause)
			}
		})
	}
	do(&all.get, getPause, quietTimeout, func(ctx context.Context) error {
		_, err := q.api.GetPost(ctx, &postwrightv1.GetPostRequest{Id: q.post})
		return err
	})
	do(&all.create, createPause, quietTimeout, func(ctx context.Context) error {
		_, err := q.create(ctx)
		return err
	})
	do(&all.published, publishPause, publishTimeout, q.publish)
	lane.Wait()
	return all
}

// publish publishes one post and returns when LinkedIn has it.
func (q *quiet) publish(ctx context.Context) error {
	id, err := q.create(ctx)
	if err != nil {
		return err
	}
	if _, err := q.api.PublishPost(ctx, &postwrightv1.PublishPostRequest{Id: id}); err != nil {
		return err
	}
	for {
		res, err := q.api.GetPost(ctx, &postwrightv1.GetPostRequest{Id: id})
		if err != nil {
			return err
		}
		switch state := res.GetPost().GetState(); state {
		case postwrightv1.PostState_POST_STATE_PUBLISHED:
			return nil
		case postwrightv1.PostState_POST_STATE_FAILED, postwrightv1.PostState_POST_STATE_UNCONFIRMED:
			return fmt.Errorf("a post of the quiet owner is %s: %s", state, res.GetPost().GetFailure().GetMessage())
		}
		if !wait(ctx, lookPause) {
			return errors.New("a post of the quiet owner was not published in time")
		}
	}
}

// wait waits, and reports whether ctx still goes on.
func wait(ctx context.Context, pause time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(pause):
		return true
	}
}

// How much slower an attack may make the quiet owner's calls: a multiple of the calm's. Below the floor nobody notices, and a
// small machine that attacks itself needs it.
const (
	slower50, floor50               = 5, 150 * time.Millisecond
	slower99, floor99               = 10, 500 * time.Millisecond
	slowerPublished, floorPublished = 3, 1500 * time.Millisecond
	floorPublishedWorst             = 2500 * time.Millisecond
)

// compare says what an attack did to what the quiet owner sees.
func compare(calm, attacked seen) []figure {
	slow := func(name string, before, during []time.Duration, p, times float64, floor time.Duration) figure {
		was := percentile(before, p)
		most := max(time.Duration(times*float64(was)), floor)
		return figure{Name: name, Value: milliseconds(percentile(during, p)), Most: milliseconds(most), Unit: "ms",
			Note: fmt.Sprintf("calm: %s, %d calls", number(milliseconds(was), "ms"), len(during))}
	}
	note := ""
	if len(attacked.errors) > 0 {
		note = attacked.errors[0]
	}
	return []figure{
		{Name: nameErrors, Value: float64(len(attacked.errors)), Note: note},
		slow(nameGet50, calm.get, attacked.get, 50, slower50, floor50),
		slow(nameGet99, calm.get, attacked.get, 99, slower99, floor99),
		slow(nameCreate50, calm.create, attacked.create, 50, slower50, floor50),
		slow(nameCreate99, calm.create, attacked.create, 99, slower99, floor99),
		slow(namePublished50, calm.published, attacked.published, 50, slowerPublished, floorPublished),
		slow(namePublishedWorst, calm.published, attacked.published, 100, slowerPublished, floorPublishedWorst),
	}
}
