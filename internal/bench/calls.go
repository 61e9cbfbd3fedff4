package bench

import (
	"context"
	"sync/atomic"
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

// calls is a subject that makes calls in turn, over so many connections at once.
type calls struct {
	load
	address     string
	connections int
	requests    [][]byte

	next atomic.Int64
}

func newCalls(l load, address string, connections int, list []call) *calls {
	c := &calls{load: l, address: address, connections: connections}
	for _, each := range list {
		c.requests = append(c.requests, writeRequest(address, each.path, each.key, each.body))
	}
	return c
}

func (c *calls) run(ctx context.Context) (round, error) {
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
	return c.drive(ctx, &c.next, callers)
}

// share makes so many of the calls in each round, each of them once.
func (c *calls) share(n int) func(ctx context.Context) (round, error) {
	return func(ctx context.Context) (round, error) {
		c.most = min(int(c.next.Load())+n, len(c.requests))
		return c.run(ctx)
	}
}

// repeat is a subject that does the same again and again, one after the other.
func (l load) repeat(do func(ctx context.Context) error) func(ctx context.Context) (round, error) {
	return func(ctx context.Context) (round, error) {
		return l.drive(ctx, new(atomic.Int64), []calling{func(ctx context.Context, _ int) error { return do(ctx) }})
	}
}
