package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/app"
	"github.com/postwright/postwright/internal/dbtest"
)

// The main job, with two nodes and few sessions between them: calls, batches, jobs and their announcements, streams.
func TestEverythingWorksBehindATransactionPooler(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *app.Config) {
		c.Database.DirectURL = c.Database.URL
		c.Database.URL = app.Secret(dbtest.Pooler(t, c.Database.URL.Reveal(), "pool_mode = transaction", "default_pool_size = 4"))
	})
	w.Serve()
	_, _ = w.Run(w.Node(w.Config))

	group := errgroup.Group{}
	for n := range 8 {
		group.Go(func() error {
			for i := range 5 {
				content := fmt.Sprintf("Pooled %d %d", n, i)
				made, err := w.Posts.CreatePost(
					t.Context(),
					&postwrightv1.CreatePostRequest{Post: &postwrightv1.Post{Content: content, Hashtags: []string{"a", "b"}}},
				)
				if err != nil {
					return err
				}
				if _, err := w.Posts.GetPost(t.Context(), &postwrightv1.GetPostRequest{Id: made.GetPost().GetId()}); err != nil {
					return err
				}
				if _, err := w.Posts.ListPosts(t.Context(), &postwrightv1.ListPostsRequest{PageSize: 5}); err != nil {
					return err
				}
				if _, err := w.Posts.SearchPosts(t.Context(), &postwrightv1.SearchPostsRequest{Query: content}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())

	began := time.Now()
	post, _ := w.Publish(w.Draft("Followed by a stream"))
	require.Equal(t, published, post.GetState())
	require.Less(t, time.Since(began), 10*time.Second)
	batch, err := w.Posts.BatchPublishPosts(
		t.Context(),
		&postwrightv1.BatchPublishPostsRequest{Posts: []*postwrightv1.Post{{Content: "One of two"}, {Content: "Two of two"}}},
	)
	require.NoError(t, err)
	for {
		if _, err := batch.Receive(); err != nil {
			break
		}
	}
	soon := w.schedule(w.Draft("At its time"), 24*time.Hour).GetPost()
	w.due()
	post, _ = w.Watch(soon)
	require.Equal(t, published, post.GetState())
	require.Len(t, w.Vendors.Ledger(), 4)
	require.Equal(t, 200, w.Get(w.URL+"/readyz").Status)
	require.GreaterOrEqual(
		t,
		w.Count(
			`SELECT count(*) FROM pg_stat_activity WHERE application_name = 'postwright all' AND datname = current_database() AND query LIKE 'LISTEN%'`,
		),
		3,
		"streams and jobs of both nodes listen past the pooler",
	)
}
