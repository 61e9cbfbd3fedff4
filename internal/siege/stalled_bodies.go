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
	// keylessStreams is how many streams nobody in particular opens at once, and keylessOpenMost how many the node may hold.
	keylessStreams  = 500
	keylessOpenMost = 250
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
}

func (s *stage) stalls() []stalled {
	head := func(path, contentType, key string) string {
		if key != "" {
			key = "Authorization: Bearer " + key + "\r\n"
		}
		// A chunk is announced and only begun.
		return "POST " + path + " HTTP/1.1\r\nHost: " + s.node.address + "\r\nContent-Type: " + contentType + "\r\n" + key +
			"Transfer-Encoding: chunked\r\n\r\n20\r\n\x00"
	}
	greedy := s.people.greedy.Key
	return []stalled{
		{name: "a head that does not end", head: "POST / HTTP/1.1\r\nHost: " + s.node.address + "\r\nX-Slow: ", most: headMost},
		{name: "WatchPost without a key", head: head(pathPosts+"WatchPost", "application/connect+json", ""), most: keylessMost},
		{name: "BatchPublishPosts without a key", head: head(pathPosts+"BatchPublishPosts", "application/connect+json", ""), most: keylessMost},
		{name: "CreatePost without a key", head: head(pathPosts+"CreatePost", "application/json", ""), most: keylessMost},
		{name: "CreatePost with a key", head: head(pathPosts+"CreatePost", "application/json", greedy), most: bodyMost},
		{name: "WatchPost with a key", head: head(pathPosts+"WatchPost", "application/connect+json", greedy), most: bodyMost},
		{name: "health's Watch over HTTP/1.1", head: head("/grpc.health.v1.Health/Watch", "application/connect+proto", ""), most: bodyMost},
		{name: "health's Watch", path: "/grpc.health.v1.Health/Watch", most: bodyMost},
		{name: "reflection", path: pathReflection, most: bodyMost},
	}
}

// stallBodies begins requests and never goes on, and then tells the node to stop: with all of that open, it does in time. A
// second signal ends it at once.
func stallBodies(ctx context.Context, s *stage) error {
	stalling, end := context.WithCancel(ctx)
	var open sync.WaitGroup
	defer open.Wait()
	defer end()
	kinds := s.stalls()
	var (
		mu     sync.Mutex
		lasted = make([]time.Duration, len(kinds)) // the longest of each kind
		going  = make([]int, len(kinds))
	)
	mu.Lock() // until all have begun
	for i, kind := range kinds {
		for range stalledOfEach {
			s.sent.Add(1)
			going[i]++
			open.Go(func() {
				began := time.Now()
				err := s.stall(stalling, kind)
				if stalling.Err() == nil && err != nil {
					s.miss("%s: %v", kind.name, err)
				}
				mu.Lock()
				defer mu.Unlock()
				going[i]--
				lasted[i] = max(lasted[i], time.Since(began))
			})
		}
	}
	mu.Unlock()
	held := s.openKeyless(stalling, &open)
	wait(ctx, s.Size.Stall)
	s.dismiss() // a stop is no disturbance
	s.figure("streams without a key that are open at once", float64(held()), keylessOpenMost, "", fmt.Sprintf("of %d", keylessStreams))
	mu.Lock()
	for i, kind := range kinds {
		took, note := lasted[i], ""
		if going[i] > 0 {
			took, note = s.Size.Stall, "and goes on"
		}
		if s.Size.Stall >= kind.most { // a short run does not wait as long as some may take
			s.figure("stalled: "+kind.name, took.Seconds(), kind.most.Seconds(), "s", note)
		}
	}
	mu.Unlock()
	var said atomic.Bool
	s.stop(ctx, func(ctx context.Context) {
		for ctx.Err() == nil {
			if status, err := s.node.ready(ctx); err == nil && status == http.StatusServiceUnavailable {
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
	open.Wait()
	return s.stopTwice(ctx)
}

// stall begins one request and returns when the node has answered or hung up.
func (s *stage) stall(ctx context.Context, kind stalled) error {
	if kind.head == "" {
		return s.stallStream(ctx, kind.path)
	}
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(attackersAddress)}}
	conn, err := dialer.DialContext(ctx, "tcp", s.node.address)
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
func (s *stage) stallStream(ctx context.Context, path string) error {
	body, writer := io.Pipe()
	defer func() { _ = writer.Close() }()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.node.url+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/grpc")
	transport := overHTTP2()
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return nil // the node hung up
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, res.Body)
	return nil
}

// openKeyless opens streams of reflection, each with one question asked and answered. held tells how many are open.
func (s *stage) openKeyless(ctx context.Context, open *sync.WaitGroup) (held func() int64) {
	var count atomic.Int64
	transports := make([]*http.Transport, keylessStreams/streamsPerConnection)
	for i := range transports {
		transports[i] = overHTTP2()
	}
	question := append([]byte{0, 0, 0, 0, 2}, 0x3a, 0) // list_services: ""
	for i := range keylessStreams {
		s.sent.Add(1)
		open.Go(func() {
			body, writer := io.Pipe()
			defer func() { _ = writer.Close() }()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.node.url+pathReflection, body)
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
			count.Add(1)
			defer count.Add(-1)
			_, _ = io.Copy(io.Discard, res.Body)
		})
	}
	return count.Load
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
			open.Go(func() { _ = s.stall(stalling, kind) })
		}
	}
	wait(ctx, 300*time.Millisecond)
	s.node.process.Signal(syscall.SIGTERM)
	wait(ctx, time.Second)
	if !s.node.alive() {
		s.miss("the node was gone before the second signal")
	}
	began := time.Now()
	s.node.process.Signal(syscall.SIGTERM)
	took := secondMost + time.Second
	select {
	case <-s.node.process.Gone():
		took = time.Since(began)
	case <-time.After(took):
		s.node.process.Signal(os.Kill)
		<-s.node.process.Gone()
	}
	s.figure("second SIGTERM to exit", took.Seconds(), secondMost.Seconds(), "s", "")
	s.ended = first
	return nil
}
