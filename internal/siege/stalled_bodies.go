package siege

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	stalledOfEach = 5
	// headMost is what a request's head may take.
	headMost = 11 * time.Second
	// keylessMost is what a call without a key may last: it needs no body to be refused.
	keylessMost = 5 * time.Second
	// bodyMost is what a message may take to arrive, and what a stream of somebody unknown may last.
	bodyMost = time.Minute
	// keylessStreams is how many streams strangers open at once, from so many addresses, so that no limit of an address helps;
	// and keylessOpenMost how many the node may hold.
	keylessStreams   = 500
	keylessAddresses = 100
	keylessOpenMost  = 250
	// keylessOpenLeast is how many there have to be for a stop to be tried with them.
	keylessOpenLeast = 25
	// stallsBegin is by when a request that is stalled has come to the node.
	stallsBegin = 500 * time.Millisecond
	// shutdownDelay is for how long /readyz says that the node is stopping.
	shutdownDelay = time.Second
	secondMost    = 3 * time.Second // from the second signal to the exit
)

// stalled is a request whose rest never comes.
type stalled struct {
	name string
	// head is what is sent of it over HTTP/1.1; "" for a call over HTTP/2 to path.
	head, path string
	most       time.Duration
	// waits says that the node can't but wait for the rest; the others it may refuse at once.
	waits bool
}

func (s *stage) stalls() []stalled {
	head := func(path, contentType, key string) string {
		if key != "" {
			key = "Authorization: Bearer " + key + "\r\n"
		}
		// A chunk is announced and only begun.
		return "POST " + path + " HTTP/1.1\r\nHost: " + s.node.Address + "\r\nContent-Type: " + contentType + "\r\n" + key +
			"Transfer-Encoding: chunked\r\n\r\n20\r\n\x00"
	}
	greedy := s.people.greedy.Key
	return []stalled{
		{name: "a head that does not end", head: "POST / HTTP/1.1\r\nHost: " + s.node.Address + "\r\nX-Slow: ", most: headMost, waits: true},
		{name: "WatchPost without a key", head: head(pathPosts+"WatchPost", "application/connect+json", ""), most: keylessMost},
		{name: "BatchPublishPosts without a key", head: head(pathPosts+"BatchPublishPosts", "application/connect+json", ""), most: keylessMost},
		{name: "CreatePost without a key", head: head(pathPosts+"CreatePost", "application/json", ""), most: keylessMost},
		{name: "CreatePost with a key", head: head(pathPosts+"CreatePost", "application/json", greedy), most: bodyMost, waits: true},
		{name: "WatchPost with a key", head: head(pathPosts+"WatchPost", "application/connect+json", greedy), most: bodyMost, waits: true},
		{name: "health's Watch over HTTP/1.1", head: head("/grpc.health.v1.Health/Watch", "application/connect+proto", ""), most: bodyMost, waits: true},
		{name: "health's Watch", path: "/grpc.health.v1.Health/Watch", most: bodyMost, waits: true},
		{name: "reflection", path: pathReflection, most: bodyMost, waits: true},
	}
}

// strangersAddress is one of the many that nobody has called from.
func strangersAddress(i int) string { return fmt.Sprintf("127.1.%d.%d", i/250, 1+i%250) }

// crowdOfStalls are requests of all kinds that are stalled, and streams without a key, each from one of many addresses.
type crowdOfStalls struct {
	stage *stage
	kinds []stalled
	open  sync.WaitGroup

	mu      sync.Mutex
	callers int             // that began something so far: each has an address
	lasted  []time.Duration // the longest of each kind
	going   []int           // how many of each kind are open
	streams int             // that are open
	most    int             // that were
}

// stall begins a few requests of each kind.
func (c *crowdOfStalls) stall(ctx context.Context) {
	for i, kind := range c.kinds {
		for range stalledOfEach {
			c.stage.sent.Add(1)
			c.mu.Lock()
			c.callers++
			address := strangersAddress(c.callers)
			c.going[i]++
			c.mu.Unlock()
			c.open.Go(func() {
				began := time.Now()
				err := c.stage.stall(ctx, kind, address)
				if ctx.Err() == nil && err != nil {
					c.stage.miss("%s: %v", kind.name, err)
				}
				c.mu.Lock()
				defer c.mu.Unlock()
				c.going[i]--
				c.lasted[i] = max(c.lasted[i], time.Since(began))
			})
		}
	}
}

// openKeyless opens streams of reflection, each with one question asked and answered, and returns once each is open or refused.
func (c *crowdOfStalls) openKeyless(ctx context.Context) {
	question := append([]byte{0, 0, 0, 0, 2}, 0x3a, 0) // list_services: ""
	var begun sync.WaitGroup
	transports := make([]*http.Transport, keylessAddresses)
	c.mu.Lock()
	for i := range transports {
		c.callers++
		transports[i] = overHTTP2(strangersAddress(c.callers))
	}
	c.mu.Unlock()
	for i := range keylessStreams {
		c.stage.sent.Add(1)
		begun.Add(1)
		c.open.Go(func() {
			began := sync.OnceFunc(begun.Done)
			defer began()
			body, writer := io.Pipe()
			defer func() { _ = writer.Close() }()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.stage.node.URL+pathReflection, body)
			if err != nil {
				return
			}
			req.Header.Set("Content-Type", "application/grpc")
			go func() { _, _ = writer.Write(question) }() // ends with the body, which Do closes
			res, err := (&http.Client{Transport: transports[i%len(transports)]}).Do(req)
			if err != nil {
				return
			}
			defer func() { _ = res.Body.Close() }()
			if n, err := io.ReadFull(res.Body, make([]byte, 5)); n < 5 || err != nil {
				return // refused
			}
			c.count(1)
			defer c.count(-1)
			began()
			_, _ = io.Copy(io.Discard, res.Body)
		})
	}
	begun.Wait()
}

func (c *crowdOfStalls) count(stream int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.streams += stream
	c.most = max(c.most, c.streams)
}

// reached says what is open: of each kind that the node can't but wait for, and of the streams.
func (c *crowdOfStalls) reached(when string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, kind := range c.kinds {
		if kind.waits {
			c.stage.reach(when+", stalled: "+kind.name, c.going[i], stalledOfEach)
		}
	}
	c.stage.reach(when+", streams without a key", c.streams, keylessOpenLeast)
}

// judge says how long each kind was open, of those that were watched for long enough to tell.
func (c *crowdOfStalls) judge(watched time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, kind := range c.kinds {
		took, note := c.lasted[i], ""
		if c.going[i] > 0 {
			took, note = watched, "and goes on"
		}
		if watched >= kind.most { // a short run does not wait as long as some may take
			c.stage.figure("stalled: "+kind.name, took.Seconds(), kind.most.Seconds(), "s", note)
		}
	}
}

// stallBodies begins requests and never goes on, then opens streams without a key, all from many addresses; nobody notices.
// Where the node has ended them meanwhile it begins anew, and then tells the node to stop: with all of that open, it does in
// time. A second signal ends it at once.
func stallBodies(ctx context.Context, s *stage) error {
	stalling, end := context.WithCancel(ctx)
	kinds := s.stalls()
	crowd := &crowdOfStalls{stage: s, kinds: kinds, lasted: make([]time.Duration, len(kinds)), going: make([]int, len(kinds))}
	defer crowd.open.Wait()
	defer end()
	begin := func(when string) {
		crowd.stall(stalling) // first, as the streams take all that there is for callers without a key
		wait(ctx, stallsBegin)
		crowd.openKeyless(stalling)
		crowd.reached(when)
	}
	begin("at first")
	s.life.persist(ctx, s.Size.Stall)
	crowd.judge(s.Size.Stall)
	if again := s.Size.Stall > bodyMost; again {
		begin("at the stop")
	} else {
		crowd.reached("at the stop")
	}
	s.dismiss() // a stop is no disturbance
	s.figure("streams without a key that are open at once", float64(crowd.most), keylessOpenMost, "", fmt.Sprintf("of %d", keylessStreams))
	var said atomic.Bool
	s.stop(ctx, func(ctx context.Context) {
		for ctx.Err() == nil {
			if status, err := s.node.Ready(ctx); err == nil && status == http.StatusServiceUnavailable {
				said.Store(true)
				return
			}
			wait(ctx, 20*time.Millisecond)
		}
	})
	silent := 1.0
	if said.Load() {
		silent = 0
	}
	s.figure("stops that /readyz did not tell of", silent, 0, "", "")
	end()
	crowd.open.Wait()
	return s.stopTwice(ctx)
}

// stall begins one request and returns when the node has answered or hung up.
func (s *stage) stall(ctx context.Context, kind stalled, address string) error {
	if kind.head == "" {
		return s.stallStream(ctx, kind.path, address)
	}
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	conn, err := dialer.DialContext(ctx, "tcp", s.node.Address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if _, err := io.WriteString(conn, kind.head); err != nil {
		return err
	}
	_, _ = conn.Read(make([]byte, 1)) // an answer, or the end: either is one
	return nil
}

// stallStream begins a stream over HTTP/2 whose first message never comes.
func (s *stage) stallStream(ctx context.Context, path, address string) error {
	body, writer := io.Pipe()
	defer func() { _ = writer.Close() }()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.node.URL+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/grpc")
	transport := overHTTP2(address)
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return nil // the node hung up
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, res.Body)
	return nil
}

// stopTwice tells another node to stop while it waits for a body, and a moment later again.
func (s *stage) stopTwice(ctx context.Context) error {
	first := s.ended
	if err := s.start(ctx); err != nil {
		return err
	}
	stalling, end := context.WithCancel(ctx)
	var open sync.WaitGroup
	defer open.Wait()
	defer end()
	for _, kind := range s.stalls() {
		if kind.head != "" && strings.Contains(kind.name, "with a key") {
			open.Go(func() { _ = s.stall(stalling, kind, attackersAddress) })
		}
	}
	wait(ctx, 300*time.Millisecond)
	s.node.Signal(syscall.SIGTERM)
	wait(ctx, time.Second)
	if !s.node.Alive() {
		s.miss("the node was gone before the second signal")
	}
	began := time.Now()
	s.node.Signal(syscall.SIGTERM)
	took := secondMost + time.Second
	select {
	case <-s.node.Gone():
		took = time.Since(began)
	case <-time.After(took):
		s.node.Signal(os.Kill)
		<-s.node.Gone()
	}
	s.figure("second SIGTERM to exit", took.Seconds(), secondMost.Seconds(), "s", "")
	s.ended = first
	return nil
}
