package siege

import (
	"bufio"
	"context"
	"errors"
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

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/testbed"
)

const (
	slowOwners  = 6 // of the crowd
	slowOfOwner = 10
	// slowAnswer is about what each of them asks for, in bytes.
	slowAnswer = 400 << 10
	// slowScrapers ask for /metrics, so many pages each that no buffer holds them: more of them than a node may have in mind to
	// serve at once.
	slowScrapers   = 150
	scrapesOfEach  = 40
	slowSegment    = 1460 // bytes, as on the Internet: by it the kernel measures how much it takes from the node at once
	slowWindow     = 4 << 10
	slowLeast      = 20 // answers of which the node has to hold a part
	drainSilence   = 300 * time.Millisecond
	drainMost      = 5 * time.Second
	slowConnecting = 16 // connections that are made at once
)

// slowReader is a connection over which much was asked for, and nothing read.
type slowReader struct{ conn net.Conn }

// readSlowly asks for pages of large posts, and for /metrics, and does not read them. What is written waits; what others need
// is free.
func readSlowly(ctx context.Context, s *stage) error {
	batch := &postwrightv1.BatchCreatePostsRequest{}
	for i := range droppedPosts {
		batch.Posts = append(batch.Posts, &postwrightv1.Post{Content: fmt.Sprintf("Post %d: %s", i, strings.Repeat("read me ", 360))})
	}
	owners := s.people.crowd[:slowOwners]
	if err := each(owners, func(owner *testbed.Owner) error {
		_, err := s.posts(owner, from(attackersAddress)).BatchCreatePosts(ctx, batch)
		return err
	}); err != nil {
		return err
	}
	s.holding.Store(slowOwners*slowOfOwner*slowAnswer + slowOwners*droppedPosts*3<<10)
	attacking, end := s.flooding(ctx, s.Size.Flood)
	defer end()
	const body = `{"pageSize":100}`
	var requests []string
	for _, owner := range owners {
		for range slowOfOwner {
			requests = append(
				requests,
				fmt.Sprintf("POST %sListPosts HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\n"+
					"Content-Length: %d\r\n\r\n%s", pathPosts, s.node.Address, owner.Key, len(body), body),
			)
		}
	}
	lists := len(requests)
	for range slowScrapers {
		requests = append(requests, strings.Repeat("GET /metrics HTTP/1.1\r\nHost: "+s.node.Address+"\r\n\r\n", scrapesOfEach))
	}
	readers := make([]*slowReader, len(requests))
	defer func() {
		for _, r := range readers {
			if r != nil {
				_ = r.conn.Close()
			}
		}
	}()
	bounded(attacking, slowConnecting, len(requests), func(ctx context.Context, i int) {
		s.sent.Add(1)
		readers[i] = s.askSlowly(ctx, requests[i])
	})
	<-attacking.Done()
	s.dismiss() // before the node stands still
	s.reach("lists that nobody reads, in the node", s.held(readers[:lists]), slowLeast)
	s.reach("pages of metrics that nobody reads, in the node", s.held(readers[lists:]), slowLeast)
	return nil
}

// askSlowly asks, over a connection that takes little at once; nil when the node would not have it.
func (s *stage) askSlowly(ctx context.Context, request string) *slowReader {
	dialer := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		var failed error
		err := raw.Control(func(fd uintptr) {
			failed = errors.Join(syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, slowSegment),
				syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, slowWindow))
		})
		return errors.Join(err, failed)
	}}
	conn, err := dialer.DialContext(ctx, "tcp", s.node.Address)
	if err != nil {
		return nil
	}
	if _, err := io.WriteString(conn, request); err != nil {
		_ = conn.Close()
		return nil
	}
	return &slowReader{conn: conn}
}

// held counts the readers of whose answer the node itself holds a part. It lets the node stand still, so that what can be read
// then is what the kernel holds, and whoever gets less than the whole of an answer is one.
func (s *stage) held(readers []*slowReader) int {
	s.node.Signal(syscall.SIGSTOP)
	defer s.node.Signal(syscall.SIGCONT)
	var (
		count atomic.Int64
		all   sync.WaitGroup
	)
	for _, r := range readers {
		if r != nil {
			all.Go(func() {
				if r.cutShort() {
					count.Add(1)
				}
			})
		}
	}
	all.Wait()
	return int(count.Load())
}

// cutShort reads answers until nothing comes any more, and reports whether one was begun and not ended.
func (r *slowReader) cutShort() bool {
	silent := silentConn{Conn: r.conn, until: time.Now().Add(drainMost)}
	reader := bufio.NewReader(silent)
	for {
		res, err := http.ReadResponse(reader, nil)
		if err != nil {
			return false // none has begun
		}
		_, err = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return true
		case err != nil:
			return false // the node hung up
		}
	}
}

// silentConn gives up reading after a silence.
type silentConn struct {
	net.Conn
	until time.Time
}

func (c silentConn) Read(b []byte) (int, error) {
	deadline := time.Now().Add(drainSilence)
	if deadline.After(c.until) {
		deadline = c.until
	}
	if err := c.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}
