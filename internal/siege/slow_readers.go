package siege

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
)

const (
	slowReaders = 60
	// slowAnswer is about what each of them asks for, in bytes.
	slowAnswer = 400 << 10
)

// readSlowly asks for pages of large posts and does not read them. What is written waits; what others need is free.
func readSlowly(ctx context.Context, s *stage) error {
	batch := &postwrightv1.BatchCreatePostsRequest{}
	for i := range droppedPosts {
		batch.Posts = append(batch.Posts, &postwrightv1.Post{Content: fmt.Sprintf("Post %d: %s", i, strings.Repeat("read me ", 360))})
	}
	if _, err := s.posts(s.people.greedy, from(attackersAddress)).BatchCreatePosts(ctx, batch); err != nil {
		return err
	}
	s.holding.Store(slowReaders * slowAnswer)
	ctx, cancel := context.WithTimeout(ctx, s.Size.Flood)
	defer cancel()
	const body = `{"pageSize":100}`
	request := fmt.Sprintf("POST %sListPosts HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s",
		pathPosts, s.node.address, s.people.greedy.Key, len(body), body)
	var readers sync.WaitGroup
	for range slowReaders {
		s.sent.Add(1)
		readers.Go(func() {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.node.address)
			if err != nil {
				return
			}
			defer func() { _ = conn.Close() }()
			if tcp, is := conn.(*net.TCPConn); is {
				_ = tcp.SetReadBuffer(4 << 10) // the rest stays with the node
			}
			if _, err := fmt.Fprint(conn, request); err != nil {
				return
			}
			<-ctx.Done()
		})
	}
	readers.Wait()
	return nil
}
