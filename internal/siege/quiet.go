package siege

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
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
	probePause   = time.Second           // between two probes of /metrics and /readyz
	pollPause    = 40 * time.Millisecond // between two reads of a post that is on its way
	// quietTimeout is the quiet owner's patience with a call.
	quietTimeout = 10 * time.Second
	// probeTimeout is Prometheus's patience with a page, by default.
	probeTimeout = 10 * time.Second
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

// quiet is an owner who does little and wants it done: reads a post, writes drafts, publishes one post after the other. Beside
// them somebody watches the node, as Prometheus and a load balancer do.
type quiet struct {
	api     postwrightv1connect.PostServiceClient
	post    string // the one that is read
	url     string
	watcher *http.Client

	mu      sync.Mutex
	written int // texts made so far: no two are the same
}

func newQuiet(ctx context.Context, owner *testbed.Owner, url, address string) (*quiet, error) {
	q := &quiet{
		api: postwrightv1connect.NewPostServiceClient(testbed.NewClient(&http.Client{Transport: from(address)}, url, owner.Key)),
		url: url, watcher: &http.Client{Transport: from(address)},
	}
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

// seen is what the quiet owner saw during a time, and who watches the node.
type seen struct {
	get, create, published, probed []time.Duration
	errors                         []string // of the owner's calls
	unserved                       []string // probes without an answer, or with another status than 200
}

// So many calls there must be for a figure of them to say anything.
const (
	enoughGets      = 15
	enoughCreates   = 4
	enoughPublished = 3
	enoughProbes    = 2
)

// callsToPublish is about how many calls it takes to publish a post and look until it is there.
const callsToPublish = 6

// calls is about how many they made.
func (s seen) calls() int64 {
	return int64(len(s.get) + len(s.create) + len(s.probed) + callsToPublish*len(s.published) + len(s.errors) + len(s.unserved))
}

// enough reports whether there was enough of everything for figures to say something.
func (s seen) enough() bool {
	return len(s.get) >= enoughGets && len(s.create) >= enoughCreates && len(s.published) >= enoughPublished &&
		len(s.probed) >= enoughProbes
}

// life is a time of the quiet owner's.
type life struct {
	lanes sync.WaitGroup

	mu   sync.Mutex
	seen seen
}

// begin begins a life that does all of it until ctx ends, and what has been begun to its end.
func (q *quiet) begin(ctx context.Context) *life {
	l := &life{}
	do := func(samples *[]time.Duration, failures *[]string, pause, patience time.Duration, call func(ctx context.Context) error) {
		l.lanes.Go(func() {
			for ctx.Err() == nil {
				began := time.Now()
				calling, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
				err := call(calling)
				cancel()
				l.mu.Lock()
				if err != nil {
					*failures = append(*failures, err.Error())
				} else {
					*samples = append(*samples, time.Since(began))
				}
				l.mu.Unlock()
				wait(ctx, pause)
			}
		})
	}
	do(&l.seen.get, &l.seen.errors, getPause, quietTimeout, func(ctx context.Context) error {
		_, err := q.api.GetPost(ctx, &postwrightv1.GetPostRequest{Id: q.post})
		return err
	})
	do(&l.seen.create, &l.seen.errors, createPause, quietTimeout, func(ctx context.Context) error {
		_, err := q.create(ctx)
		return err
	})
	do(&l.seen.published, &l.seen.errors, publishPause, publishTimeout, q.publish)
	for _, page := range []string{"/metrics", "/readyz"} {
		do(&l.seen.probed, &l.seen.unserved, probePause, probeTimeout, func(ctx context.Context) error { return q.probe(ctx, page) })
	}
	return l
}

// soFar is what was seen until now.
func (l *life) soFar() seen {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen
}

// end waits for the end of a life whose context has ended.
func (l *life) end() seen {
	l.lanes.Wait()
	return l.seen
}

// persist waits for a while, and until a life has seen enough for figures to say something.
func (l *life) persist(ctx context.Context, least time.Duration) {
	wait(ctx, least)
	for began := time.Now(); !l.soFar().enough() && time.Since(began) < persistMost; {
		if !wait(ctx, 20*time.Millisecond) {
			return
		}
	}
}

// persistMost bounds how long is waited for that: a node that answers so slowly has broken other figures.
const persistMost = 20 * time.Second

// probe reads a page to its end, whose status must be 200.
func (q *quiet) probe(ctx context.Context, page string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, q.url+page, http.NoBody)
	if err != nil {
		return err
	}
	res, err := q.watcher.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", page, res.Status)
	}
	return nil
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
		if !wait(ctx, pollPause) {
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

// bound is how slow an attack may make the quiet owner's calls: so many times as slow as in the calm, or as on the bystander at
// the same moment, whichever was slower; and never less than the floor.
type bound struct {
	p, times float64
	floor    time.Duration
	// overload is when the machine has so much else to do that a node with an attacker's work can't keep up, whatever it does: a
	// call that costs some milliseconds alone takes longer than this on the bystander, too. Then timesOverloaded holds. 0 for
	// never.
	overload        time.Duration
	timesOverloaded float64
}

var (
	bound50             = bound{p: 50, times: 10, floor: 40 * time.Millisecond, overload: 10 * time.Millisecond, timesOverloaded: 30}
	bound99             = bound{p: 99, times: 20, floor: 500 * time.Millisecond}
	boundPublished50    = bound{p: 50, times: 10, floor: 1500 * time.Millisecond}
	boundPublishedWorst = bound{p: 100, times: 10, floor: 2500 * time.Millisecond}
)

// judge is the figure of some calls.
func (b bound) judge(name string, calm, attacked, beside []time.Duration) figure {
	was, meanwhile := testbed.Percentile(calm, b.p), testbed.Percentile(beside, b.p)
	reference, times := max(was, meanwhile), b.times
	if b.overload > 0 && reference > b.overload {
		times = b.timesOverloaded
	}
	most := max(time.Duration(times*float64(reference)), b.floor)
	return figure{Name: name, Value: milliseconds(testbed.Percentile(attacked, b.p)), Most: milliseconds(most), Unit: "ms",
		Note: fmt.Sprintf("calm: %s, bystander: %s, %d calls", number(milliseconds(was), "ms"), number(milliseconds(meanwhile), "ms"), len(attacked))}
}

// compare says what an attack did to what the quiet owner sees, compared with the calm before it and with the bystander at
// the same time; and what can't be said.
func compare(calm, attacked, beside seen) (figures []figure, missed []string) {
	few := func(name string, calls, enough int) {
		if calls < enough {
			missed = append(missed, fmt.Sprintf("%s: %d calls say nothing, %d would", name, calls, enough))
		}
	}
	few("GetPost", len(attacked.get), enoughGets)
	few("CreatePost", len(attacked.create), enoughCreates)
	few("PublishPost", len(attacked.published), enoughPublished)
	few("/metrics and /readyz", len(attacked.probed)+len(attacked.unserved), enoughProbes)
	return []figure{
		{Name: nameErrors, Value: float64(len(attacked.errors)), Note: first(attacked.errors)},
		{Name: nameUnserved, Value: float64(len(attacked.unserved)),
			Note: cmp.Or(first(attacked.unserved), fmt.Sprintf("of %d", len(attacked.probed)))},
		bound50.judge(nameGet50, calm.get, attacked.get, beside.get),
		bound99.judge(nameGet99, calm.get, attacked.get, beside.get),
		bound50.judge(nameCreate50, calm.create, attacked.create, beside.create),
		bound99.judge(nameCreate99, calm.create, attacked.create, beside.create),
		boundPublished50.judge(namePublished50, calm.published, attacked.published, beside.published),
		boundPublishedWorst.judge(namePublishedWorst, calm.published, attacked.published, beside.published),
	}, missed
}

// first is the first of a list; "" of none.
func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
