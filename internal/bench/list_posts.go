package bench

import (
	"context"
	"fmt"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
	"github.com/postwright/postwright/internal/bench/reference"
	"github.com/postwright/postwright/internal/testbed"
)

var listDeep = goal{name: "list_deep", what: "ListPosts, the last page of the big owner (page 10,000 of a million posts) against page 1, p50",
	unit: "×", atLeast: 1.2, stretch: 1.05, less: true}

// widePage is the most posts that a page has: it is how the last page of ten is reached soon.
const widePage = 100

func measureList(ctx context.Context, s *stage) error {
	node, stop, err := s.serve(ctx, "list")
	if err != nil {
		return err
	}
	defer stop()
	before := s.loaded.big - pageSize // posts before the last page
	token, err := s.tokenAfter(ctx, node, before)
	if err != nil {
		return err
	}
	conn, err := s.ground.connect(ctx)
	if err != nil {
		return err
	}
	defer hangUp(ctx, conn)
	page := before/pageSize + 1
	list := func(name string, request any) subject {
		query := call{pathList, s.ground.owners[bigOwner].Key, encode(request)}
		return subject{name, node, newCalls(node.Address, 1, []call{query}).again}
	}
	measures, err := s.measure(ctx,
		list("ListPosts, page 1", struct{}{}),
		list(fmt.Sprintf("ListPosts, page %d", page), map[string]string{"pageToken": token}),
		subject{name: fmt.Sprintf("OFFSET %d", before), run: repeat(func(ctx context.Context) error {
			found, err := reference.ListByOffset(ctx, conn, s.ground.ownerID(bigOwner), before, pageSize)
			return wrongCount(err, found, pageSize)
		})},
	)
	if err != nil {
		return err
	}
	first, last, offset := milliseconds(measures[0].latency(50)), milliseconds(measures[1].latency(50)), milliseconds(measures[2].latency(50))
	times, err := ratio(last, first)
	if err != nil {
		return err
	}
	s.reach(listDeep, times, "page %d: %s; page 1: %s; by OFFSET: %s", page, number(last, "ms"), number(first, "ms"), number(offset, "ms"))
	return nil
}

// tokenAfter walks an owner's posts, and returns the token of the page after so many.
func (s *stage) tokenAfter(ctx context.Context, node *testbed.Node, before int) (token string, err error) {
	api, hangUp := s.posts(node, s.ground.owners[bigOwner])
	defer hangUp()
	for seen := 0; seen < before; {
		size := min(widePage, before-seen)
		page, err := api.ListPosts(ctx, &postwrightv1.ListPostsRequest{PageSize: int32(size), PageToken: token}) //nolint:gosec // at most widePage
		if err := wrongCount(err, len(page.GetPosts()), size); err != nil {
			return "", err
		}
		token, seen = page.GetNextPageToken(), seen+size
	}
	return token, nil
}
