package siege

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
)

const (
	approvers    = 100 // loops at once
	approvedSize = 100 // posts of each batch
	// scheduledOfBatch is how many posts of a batch are scheduled, one by one: there is no call for all.
	scheduledOfBatch = 10
	// approvalsLeast is how many posts there have to be: more than the node works on at once.
	approvalsLeast = 20 * approvedSize
	// refusalComes is by when a stream says that it is refused, if it is.
	refusalComes = 500 * time.Millisecond
)

// approveBatches lets one owner make, schedule and approve batches of posts, in many loops at once: work that takes the
// database long. Others' calls find connections to it all the same.
func approveBatches(ctx context.Context, s *stage) error {
	api := s.posts(s.people.greedy, from(attackersAddress))
	client := &http.Client{Transport: from(attackersAddress)}
	defer client.CloseIdleConnections()
	attacking, end := s.flooding(ctx, s.Size.Flood)
	defer end()
	var done atomic.Int64
	bounded(attacking, approvers, floodMost, func(ctx context.Context, i int) {
		s.sent.Add(approvedSize) // every post may be logged
		if i%2 == 0 {
			if s.approveNew(ctx, client, i) {
				done.Add(approvedSize)
			}
			return
		}
		batch := &postwrightv1.BatchCreatePostsRequest{}
		for n := range approvedSize {
			batch.Posts = append(batch.Posts, &postwrightv1.Post{Content: approvedText(i, n)})
		}
		made, err := api.BatchCreatePosts(ctx, batch)
		if err != nil {
			return // refused, or cut off by the end
		}
		done.Add(approvedSize)
		someDay := timestamppb.New(s.Now().Add(300 * 24 * time.Hour))
		for _, post := range made.GetPosts()[:scheduledOfBatch] {
			s.sent.Add(1)
			_, _ = api.SchedulePost(ctx, &postwrightv1.SchedulePostRequest{Id: post.GetId(), ScheduledTime: someDay}) // refused or not
		}
	})
	s.reach("posts made and approved in batches", int(done.Load()), approvalsLeast)
	return nil
}

func approvedText(loop, n int) string { return fmt.Sprintf("Loop %d, post %d", loop, n) }

// approveNew approves a batch of new posts, and leaves once it is approved.
func (s *stage) approveNew(ctx context.Context, client *http.Client, loop int) (approved bool) {
	var batch struct {
		Posts []map[string]string `json:"posts"`
	}
	for n := range approvedSize {
		batch.Posts = append(batch.Posts, map[string]string{"content": approvedText(loop, n)})
	}
	body, err := json.Marshal(batch)
	if err != nil {
		return false
	}
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	to := s.node.URL + pathPosts + "BatchPublishPosts"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(envelope(body)))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/connect+json")
	req.Header.Set("Authorization", "Bearer "+s.people.greedy.Key)
	res, err := client.Do(req) // its headers come when the batch is approved, or refused
	if err != nil {
		return false
	}
	defer func() { _ = res.Body.Close() }()
	defer time.AfterFunc(refusalComes, leave).Stop()
	const endOfStream = 2
	var flags [1]byte
	n, _ := res.Body.Read(flags[:]) // nothing, where no post rests yet
	return res.StatusCode == http.StatusOK && (n == 0 || flags[0]&endOfStream == 0)
}
