package bench

import (
	"context"
	"sync/atomic"
	"time"
)

// Procedures of the API, as paths.
const (
	pathGet    = "/postwright.v1.PostService/GetPost"
	pathCreate = "/postwright.v1.PostService/CreatePost"
	pathBatch  = "/postwright.v1.PostService/BatchCreatePosts"
	pathSearch = "/postwright.v1.PostService/SearchPosts"
	pathList   = "/postwright.v1.PostService/ListPosts"
	pathDelete = "/postwright.v1.PostService/DeletePost"
)

// call is one to an API at any address.
type call struct {
	path, key string
	body      []byte
}

// calls makes calls in turn, over so many connections at once.
type calls struct {
	address     string
	connections int
	requests    [][]byte

	next atomic.Int64
}

func newCalls(address string, connections int, list []call) *calls {
	c := &calls{address: address, connections: connections}
	for _, each := range list {
		c.requests = append(c.requests, writeRequest(address, each.path, each.key, each.body))
	}
	return c
}

// again makes the calls again and again.
func (c *calls) again(ctx context.Context, span time.Duration) (round, error) {
	return c.drive(ctx, span, endless)
}

// once makes so many of the calls in a round, and each of them once. The span is only what bounds a round that hangs.
func (c *calls) once(each int, most time.Duration) working {
	return func(ctx context.Context, _ time.Duration) (round, error) {
		return c.drive(ctx, most, min(c.next.Load()+int64(each), int64(len(c.requests))))
	}
}

func (c *calls) drive(ctx context.Context, span time.Duration, end int64) (round, error) {
	callers := make([]calling, c.connections)
	for i := range callers {
		conn, hangUp, err := dial(ctx, c.address)
		if err != nil {
			return round{}, err
		}
		defer hangUp()
		callers[i] = func(_ context.Context, i int) error {
			_, err := conn.call(c.requests[i%len(c.requests)])
			return err
		}
	}
	return drive(ctx, span, &c.next, end, callers)
}
