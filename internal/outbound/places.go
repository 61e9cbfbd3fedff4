package outbound

import (
	"context"
	"crypto/sha256"
	"net/http"
	"sync"

	"golang.org/x/sync/semaphore"
)

// class is a sort of calls that has its own breaker and its own share of the places among the calls under way.
type class uint8

const (
	creates class = iota // what is never sent twice: nothing else may keep it waiting
	inJobs
	callers // somebody waits for them, and may leave
	classes
)

// String is how logs call it.
func (c class) String() string {
	return [...]string{creates: "creates", inJobs: "jobs", callers: "callers"}[c]
}

func classOf(ctx context.Context, policy Policy) class {
	switch {
	case policy.Repeat == Never:
		return creates
	case ctx.Value(jobKey{}) != nil:
		return inJobs
	}
	return callers
}

// ownerOf says whose call it is: the caller's, where the configuration knows them; else whoever's token it carries, of which
// only a digest is kept; "" for a call that is nobody's.
func (s *Seam) ownerOf(req *http.Request) string {
	if s.owner != nil {
		if owner := s.owner(req.Context()); owner != "" {
			return owner
		}
	}
	token := req.Header.Get("Authorization")
	if token == "" {
		return ""
	}
	digest := sha256.Sum256([]byte(token))
	return string(digest[:])
}

// places bounds the calls under way. All of them are there for creates; three quarters for everything else, of which callers
// may have two thirds: a half of all.
type places struct{ all, exceptCreates, callers *semaphore.Weighted }

func newPlaces(n int) places {
	return places{
		all: semaphore.NewWeighted(int64(n)), exceptCreates: semaphore.NewWeighted(share(n, 3, 4)), callers: semaphore.NewWeighted(share(n, 1, 2)),
	}
}

// share is a part of n places, but never none.
func share(n, of, parts int) int64 { return int64(max(n*of/parts, 1)) }

// of are the shares that a call needs a place of, the narrowest first: while it waits for a wider one it holds up nobody but
// its like.
func (p places) of(c class) []*semaphore.Weighted {
	switch c {
	case creates:
		return []*semaphore.Weighted{p.all}
	case inJobs:
		return []*semaphore.Weighted{p.exceptCreates, p.all}
	}
	return []*semaphore.Weighted{p.callers, p.exceptCreates, p.all}
}

// ownerShares bounds each owner's calls to a host. An owner without a call under way or waiting takes no memory.
type ownerShares struct {
	each int64
	mu   sync.Mutex
	of   map[string]*ownerShare
}

type ownerShare struct {
	*semaphore.Weighted
	users int
}

func (o *ownerShares) hold(owner string) *ownerShare {
	o.mu.Lock()
	defer o.mu.Unlock()
	held := o.of[owner]
	if held == nil {
		held = &ownerShare{Weighted: semaphore.NewWeighted(o.each)}
		o.of[owner] = held
	}
	held.users++
	return held
}

func (o *ownerShares) drop(owner string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if held := o.of[owner]; held != nil {
		if held.users--; held.users == 0 {
			delete(o.of, owner)
		}
	}
}

// enter waits for a place among the calls under way: its owner's share first, then its host, then what all hosts share; else
// the calls queueing for one slow vendor would hold up those to the others.
func (s *Seam) enter(ctx context.Context, host *host, c class, owner string) (leave func(), err error) {
	wanted := append(host.places.of(c), s.places.of(c)...)
	mine := c != creates && owner != ""
	if mine {
		wanted = append([]*semaphore.Weighted{host.owners.hold(owner).Weighted}, wanted...)
	}
	held := 0
	leave = func() {
		for _, place := range wanted[:held] {
			place.Release(1)
		}
		if mine {
			host.owners.drop(owner)
		}
	}
	for _, place := range wanted {
		if err := place.Acquire(ctx, 1); err != nil {
			leave()
			return nil, err
		}
		held++
	}
	return leave, nil
}
