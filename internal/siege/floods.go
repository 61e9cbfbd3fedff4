package siege

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	wrongKeyFlooders = 64
	pageFlooders     = 16
	pagesLeast       = 200
	// floodMost bounds the requests of a flood, however fast the machine is.
	floodMost = 200_000
)

// allowance is what a node lets through by default: so many calls at once after a rest, and so many a second from then on.
type allowance struct{ burst, rate float64 }

// The defaults of --server-key-burst and --server-key-rate, and a tenth; and what is generous for keys that are guessed.
var (
	ofOneKey    = allowance{burst: 1_100, rate: 220}
	ofWrongKeys = allowance{burst: 100, rate: 10}
)

// tally is what became of the calls of a flood.
type tally struct{ all, taken, refused, unadvised, broken atomic.Int64 }

func (t *tally) count(a answer, err error) {
	t.all.Add(1)
	switch {
	case err != nil:
		t.broken.Add(1)
	case a.status == http.StatusTooManyRequests:
		t.refused.Add(1)
		if !a.retryAfter || a.code != "resource_exhausted" {
			t.unadvised.Add(1)
		}
	default:
		t.taken.Add(1)
	}
}

// flood calls as fast as it gets answers.
func (s *stage) flood(ctx context.Context, flooders int, call func(ctx context.Context, i int) (answer, error)) (t *tally, took time.Duration) {
	t = &tally{}
	began := time.Now()
	ctx, end := s.flooding(ctx, s.Size.Flood)
	defer end()
	bounded(ctx, flooders, floodMost, func(ctx context.Context, i int) {
		a, err := call(ctx, i)
		if err != nil && ctx.Err() != nil {
			return // cut off by the end
		}
		t.count(a, err)
	})
	return t, time.Since(began)
}

// limits says whether a flood was limited, and told so.
func (s *stage) limits(t *tally, took time.Duration, most allowance) {
	taken := math.Ceil(most.burst + most.rate*took.Seconds())
	s.reach("calls of the flood", int(t.all.Load()), int(taken)+1) // with fewer nothing would have to be refused
	s.figure("calls of the flood that were taken", float64(t.taken.Load()), taken, "", fmt.Sprintf("of %d", t.all.Load()))
	s.figure("refusals without resource_exhausted and Retry-After", float64(t.unadvised.Load()), 0, "", fmt.Sprintf("of %d", t.refused.Load()))
}

// getPost is the cheapest of calls, for a post that is not there.
func (s *stage) getPost(ctx context.Context, client *http.Client, key string) (answer, error) {
	return s.post(ctx, client, pathPosts+"GetPost", key, []byte(`{"id":"0193a5a0-0000-7000-8000-000000000000"}`))
}

// besideNeighbour attacks while somebody lives at the attacker's address who has a right key of their own, and judges what they
// saw.
func (s *stage) besideNeighbour(ctx context.Context, attack func()) error {
	neighbour, err := newQuiet(ctx, s.people.crowd[0], s.node.URL, attackersAddress)
	if err != nil {
		return err
	}
	living, leave := context.WithCancel(ctx)
	defer leave()
	life := neighbour.begin(living)
	attack()
	leave()
	beside := life.end()
	s.reach("calls with a right key at the attacker's address", len(beside.get), enoughGets)
	s.figure("errors of a right key at the attacker's address", float64(len(beside.errors)), 0, "", first(beside.errors))
	s.add([]figure{bound50.judge("GetPost p50 of a right key at the attacker's address", nil, beside.get, s.aside.soFar().get)})
	return nil
}

// floodWithWrongKeys tries keys. Whoever has a right one is served, at the same address too.
func floodWithWrongKeys(ctx context.Context, s *stage) error {
	client := &http.Client{Transport: from(attackersAddress)}
	prefix := s.people.quiet.Key[:len(s.people.quiet.Key)/2] // of a key that is there: the dearest to refuse
	return s.besideNeighbour(ctx, func() {
		t, took := s.flood(ctx, wrongKeyFlooders, func(ctx context.Context, i int) (answer, error) {
			key := fmt.Sprintf("%s%0*d", prefix, len(s.people.quiet.Key)-len(prefix), i)
			return s.getPost(ctx, client, key)
		})
		s.limits(t, took, ofWrongKeys)
	})
}

// perCall is what a call that waits for its answer may hold in the node, with its connection: buffers and goroutines.
const perCall = 32 << 10

// floodWithOneKey lets one owner call as fast as they can, over many connections.
func floodWithOneKey(ctx context.Context, s *stage) error {
	transport := from(attackersAddress)
	transport.MaxIdleConnsPerHost = s.Size.OneKey // or most would be made anew for each call
	client := &http.Client{Transport: transport}
	defer client.CloseIdleConnections()
	s.holding.Store(int64(s.Size.OneKey) * perCall / memoryTimes)
	t, took := s.flood(ctx, s.Size.OneKey, func(ctx context.Context, _ int) (answer, error) {
		return s.getPost(ctx, client, s.people.greedy.Key)
	})
	s.limits(t, took, ofOneKey)
	return nil
}

// keylessAnswerMost is what one call of reflection may be answered: the node's 2 MiB, and frames.
const keylessAnswerMost = 3 * mebibyte

// askReflection asks for one file as often as 64 KiB hold the question.
func (s *stage) askReflection(ctx context.Context, client *http.Client) (answer, error) {
	question := append([]byte{0, 0, 0, 0, 19, 0x22, 17}, "buf.validate.Rule"...) // file_containing_symbol
	body := bytes.Repeat(question, (64<<10)/len(question))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.node.URL+pathReflection, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/grpc")
	return s.do(client, req)
}

// floodKeylessPages asks for what needs no key: health, metrics, reflection, and the page that consents come back to.
func floodKeylessPages(ctx context.Context, s *stage) error {
	client := &http.Client{Transport: from(attackersAddress)}
	pages := []string{"/readyz", "/metrics", "/oauth/linkedin/callback?code=x&state=y", "/oauth/linkedin/callback?error=access_denied&state=y"}
	reflecting := &http.Client{Transport: overHTTP2(attackersAddress)}
	defer reflecting.CloseIdleConnections()
	var (
		mu      sync.Mutex
		largest float64 // bytes
	)
	t, _ := s.flood(ctx, pageFlooders, func(ctx context.Context, i int) (answer, error) {
		switch i % (len(pages) + 2) {
		case len(pages):
			return s.post(ctx, client, "/grpc.health.v1.Health/Check", "", []byte(`{}`))
		case len(pages) + 1:
			a, err := s.askReflection(ctx, reflecting)
			mu.Lock()
			defer mu.Unlock()
			largest = max(largest, float64(a.bytes))
			return a, err
		}
		return s.get(ctx, client, pages[i%(len(pages)+2)])
	})
	s.reach("requests without a key", int(t.all.Load()), pagesLeast)
	s.figure("largest answer of reflection to 64 KiB", largest/mebibyte, keylessAnswerMost/mebibyte, "MiB", "")
	s.figure("connections broken by the node", float64(t.broken.Load()), 0, "", fmt.Sprintf("of %d requests", t.all.Load()))
	return nil
}
