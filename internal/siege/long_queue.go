package siege

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
)

// createTime is how long LinkedIn takes to take a post.
const createTime = 100 * time.Millisecond

// fillQueue lets one owner approve two large batches. Another owner's single post goes out as if they were not there.
func fillQueue(ctx context.Context, s *stage) error {
	// Without a deadline: the node would be told of one, and its answer to it looks like a refusal.
	attacking, end := s.flooding(ctx, 2*s.Size.Flood)
	defer end()
	var (
		group  sync.WaitGroup
		queued atomic.Int64
	)
	for n := range 2 {
		group.Go(func() {
			batch := &postwrightv1.BatchPublishPostsRequest{}
			for i := range s.Size.Batch {
				batch.Posts = append(batch.Posts, &postwrightv1.Post{Content: fmt.Sprintf("Batch %d, post %d", n, i)})
			}
			s.sent.Add(int64(s.Size.Batch)) // every post is a job, which may be logged
			stream, err := s.posts(s.people.greedy, from(attackersAddress)).BatchPublishPosts(attacking, batch)
			if err != nil {
				if attacking.Err() != nil { // it was approved, and waits behind the other batch for its first outcome
					queued.Add(int64(s.Size.Batch))
				}
				return
			}
			defer func() { _ = stream.Close() }()
			told := 0
			for err == nil {
				if _, err = stream.Receive(); err == nil {
					told++
				}
			}
			if told > 0 || attacking.Err() != nil { // a refusal would have come at once
				queued.Add(int64(s.Size.Batch))
			}
		})
	}
	group.Wait()
	s.reach("posts queued", int(queued.Load()), 2*s.Size.Batch)
	return nil
}
