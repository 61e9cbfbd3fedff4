package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/bench/reference"
	"github.com/postwright/postwright/internal/testbed"
	"github.com/postwright/postwright/internal/text"
)

// How posts are loaded: with the binary encoding, which costs both sides least, by as many callers as keep a machine of a few
// cores busy.
const (
	batchSize = 1_000 // the most that BatchCreatePosts takes
	loaders   = 4
	// sampleOfEach is how many posts are remembered of each owner, to be read later.
	sampleOfEach = 20
)

// loaded are the posts that were loaded.
type loaded struct {
	// sample has posts of all owners, so that who reads them in order reads those of another owner each time.
	sample []sampled
	// big is how many the big owner has.
	big int
}

// sampled is a post that is there.
type sampled struct {
	owner *testbed.Owner
	id    string
}

// batch is some posts that are made together.
type batch struct {
	owner       int
	first, size int // numbers of the texts
}

// batches divides posts among owners: a tenth is the big owner's, the others have the same number of the rest.
func batches(size Size) (list []batch, big int) {
	big = size.Posts / 10
	number := 0
	add := func(owner, posts int) {
		for posts > 0 {
			n := min(posts, batchSize)
			list = append(list, batch{owner: owner, first: number, size: n})
			number, posts = number+n, posts-n
		}
	}
	add(bigOwner, big)
	rest, others := size.Posts-big, size.Owners-1
	for i := range others {
		share := rest / others
		if i < rest%others {
			share++
		}
		add(1+i, share)
	}
	return list, big
}

// load makes all posts through the API.
func (s *stage) load(ctx context.Context, node *testbed.Node) (loaded, error) {
	list, big := batches(s.Size)
	var (
		mu sync.Mutex
		of = make([][]string, s.Size.Owners) // ids, by owner
	)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(loaders)
	for _, b := range list {
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			owner := s.ground.owners[b.owner]
			api, hangUp := s.posts(node, owner)
			defer hangUp()
			made, err := api.BatchCreatePosts(ctx, b.request())
			if err != nil {
				return fmt.Errorf("a batch of %s: %w", owner.Email, err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, post := range made.GetPosts() {
				if len(of[b.owner]) < sampleOfEach {
					of[b.owner] = append(of[b.owner], post.GetId())
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return loaded{}, err
	}
	all := loaded{big: big}
	for i := range sampleOfEach {
		for owner, ids := range of {
			if i < len(ids) {
				all.sample = append(all.sample, sampled{owner: s.ground.owners[owner], id: ids[i]})
			}
		}
	}
	return all, nil
}

func (b batch) request() *postwrightv1.BatchCreatePostsRequest {
	request := &postwrightv1.BatchCreatePostsRequest{}
	for i := range b.size {
		rare := b.owner == bigOwner && b.first == 0 && i < rarePosts
		request.Posts = append(request.Posts, &postwrightv1.Post{Content: newText(b.first+i, rare)})
	}
	return request
}

// written is a post in a request.
type written struct {
	Content string `json:"content"`
}

// createCall makes one post.
func createCall(owner *testbed.Owner, number int) call {
	return call{pathCreate, owner.Key, encode(struct {
		Post written `json:"post"`
	}{written{newText(number, false)}})}
}

// batchCall makes a batch of posts.
func batchCall(owner *testbed.Owner, rows []reference.Row) call {
	posts := make([]written, len(rows))
	for i, row := range rows {
		posts[i].Content = row.Content
	}
	return call{pathBatch, owner.Key, encode(map[string][]written{"posts": posts})}
}

// rows are posts as the references write them.
func rows(n int) []reference.Row {
	list := make([]reference.Row, n)
	for i := range list {
		content := newText(i, false)
		list[i] = reference.Row{Content: content, Folded: text.Fold(content)}
	}
	return list
}

// getCall reads a post.
func getCall(post sampled) call {
	return call{pathGet, post.owner.Key, encode(map[string]string{"id": post.id})}
}

// encode writes a request in JSON.
func encode(request any) []byte {
	body, err := json.Marshal(request)
	if err != nil {
		panic(err) // texts, numbers and lists of them: it can't fail
	}
	return body
}
