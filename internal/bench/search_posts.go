package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/postwright/postwright/internal/bench/reference"
	"github.com/postwright/postwright/internal/testbed"

	postwrightv1 "github.com/postwright/postwright/gen/proto/postwright/v1"
)

var (
	searchRare = goal{name: "search_rare", what: "SearchPosts, a rare word of the big owner, against ILIKE without an index, p50",
		unit: "×", atLeast: 100, stretch: 500}
	searchCommon = goal{name: "search_common_ms", what: "SearchPosts, a word in every post, p99", unit: "ms", atLeast: 20, stretch: 5, less: true}
	searchNone   = goal{name: "search_none_ms", what: "SearchPosts, nothing found, p99", unit: "ms", atLeast: 20, stretch: 5, less: true}
)

// pageSize is how many posts a page has by default; one more tells whether there is a next.
const pageSize = 10

func measureSearch(ctx context.Context, s *stage) error {
	node, stop, err := s.serve(ctx, "search")
	if err != nil {
		return err
	}
	defer stop()
	if err := s.awaitSearch(ctx, node); err != nil {
		return err
	}
	conn, err := s.ground.connect(ctx)
	if err != nil {
		return err
	}
	defer hangUp(ctx, conn)
	if err := reference.WithoutTextIndexes(ctx, conn); err != nil {
		return err
	}
	search := func(word string) subject {
		query := call{pathSearch, s.ground.owners[bigOwner].Key, encode(map[string]string{"query": word})}
		return subject{fmt.Sprintf("SearchPosts %q", word), node, newCalls(node.Address, 1, []call{query}).again}
	}
	measures, err := s.measure(ctx, search(rareWord), search(commonWord), search(absentWord),
		subject{name: fmt.Sprintf("ILIKE %q", rareWord), run: repeat(func(ctx context.Context) error {
			found, err := reference.SearchByILike(ctx, conn, s.ground.ownerID(bigOwner), rareWord, pageSize+1)
			return wrongCount(err, found, rarePosts)
		})})
	if err != nil {
		return err
	}
	rare, naive := measures[0].latency(50), measures[3].latency(50)
	times, err := ratio(milliseconds(naive), milliseconds(rare))
	if err != nil {
		return err
	}
	s.reach(searchRare, times, "%s against %s, of %d posts", number(milliseconds(rare), "ms"), number(milliseconds(naive), "ms"), s.loaded.big)
	for i, g := range []goal{searchCommon, searchNone} {
		m := measures[1+i]
		s.reach(g, milliseconds(m.latency(99)), "p50 %s", number(milliseconds(m.latency(50)), "ms"))
	}
	return nil
}

// Patience with the index of a search, which a node makes once an owner searches through many posts.
const (
	searchPatience = 10 * time.Minute
	searchEvery    = 100 * time.Millisecond
)

// awaitSearch waits until each word finds what it should, and tells how long that took.
func (s *stage) awaitSearch(ctx context.Context, node *testbed.Node) error {
	began := time.Now()
	for {
		err := s.checkSearch(ctx, node)
		if err == nil {
			s.tell("search: its index was there after %s", time.Since(began).Round(searchEvery))
			return nil
		}
		if time.Since(began) > searchPatience || wait(ctx, searchEvery) != nil {
			return err
		}
	}
}

// checkSearch sees that each word finds what it should: who finds nothing is fast.
func (s *stage) checkSearch(ctx context.Context, node *testbed.Node) error {
	api, hangUp := s.posts(node, s.ground.owners[bigOwner])
	defer hangUp()
	for word, want := range map[string]int{rareWord: rarePosts, commonWord: pageSize, absentWord: 0} {
		found, err := api.SearchPosts(ctx, &postwrightv1.SearchPostsRequest{Query: word})
		if err := wrongCount(err, len(found.GetPosts()), want); err != nil {
			return fmt.Errorf("search for %s: %w", word, err)
		}
	}
	return nil
}

func wrongCount(err error, found, want int) error {
	if err == nil && found != want {
		return fmt.Errorf("%d posts were found, not %d", found, want)
	}
	return err
}
