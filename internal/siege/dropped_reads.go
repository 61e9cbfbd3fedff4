package siege

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
)

// Bounds of a caller's patience with a read that they drop: an answer takes a few milliseconds.
const (
	droppedEarliest = 500 * time.Microsecond
	droppedLatest   = 10 * time.Millisecond
	droppers        = 8
	// droppersPause leaves the machine some room: it is the leaving that is tried, not how many reads a node can do.
	droppersPause = 10 * time.Millisecond
	droppedPosts  = 100 // that there are to read: a full page
)

// dropReads asks for pages and leaves before they come. Whatever the leaving meets, the node keeps nothing.
func dropReads(ctx context.Context, s *stage) error {
	batch := &postwrightv1.BatchCreatePostsRequest{}
	for i := range droppedPosts {
		batch.Posts = append(batch.Posts, &postwrightv1.Post{Content: fmt.Sprintf("Post %d: %s", i, strings.Repeat("read me ", 300))})
	}
	made, err := s.posts(s.people.greedy, from(attackersAddress)).BatchCreatePosts(ctx, batch)
	if err != nil {
		return err
	}
	reads := []struct{ procedure, body string }{
		{"ListPosts", `{"pageSize":100}`},
		{"GetPost", `{"id":"` + made.GetPosts()[0].GetId() + `"}`},
		{"SearchPosts", `{"query":"read","pageSize":100}`},
	}
	client := &http.Client{Transport: from(attackersAddress)}
	var dropped atomic.Int64
	bounded(ctx, droppers, s.Size.DroppedReads, func(ctx context.Context, i int) {
		patience := droppedEarliest + time.Duration(rand.Int64N(int64(droppedLatest-droppedEarliest)))
		reading, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		read := reads[i%len(reads)]
		var headers []string
		if i%2 == 0 { // half of the callers say when they will leave
			headers = []string{"Connect-Timeout-Ms", fmt.Sprint(max(patience.Milliseconds(), 1))}
		}
		if _, err := s.post(reading, client, pathPosts+read.procedure, s.people.greedy.Key, []byte(read.body), headers...); err != nil {
			dropped.Add(1)
		}
		wait(ctx, droppersPause)
	})
	s.reach(fmt.Sprintf("of %d reads, dropped before their answer", s.Size.DroppedReads), int(dropped.Load()), s.Size.DroppedReads/10)
	return nil
}
