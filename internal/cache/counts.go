package cache

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// counts are what became of the reads of one kind.
type counts struct {
	hits, misses, loads, shared, bypasses atomic.Uint64
}

// Counts are what became of the reads of one kind since the start.
type Counts struct {
	Kind string
	// Hits were kept in this process; Misses were not, and were taken from Redis, Shared of them, or loaded, Loads of them; others
	// waited for one of these, or the row was not there.
	Hits, Misses, Shared, Loads uint64
	// Bypasses were loaded because nothing is kept while changes are not heard.
	Bypasses uint64
}

// State is how a cache stands.
type State struct {
	Kinds     []Counts // by name
	Evictions uint64   // of rows that were dropped for want of room, or because their life had ended
	Entries   int
	Bytes     uint64 // about
	Hears     bool   // of changes; nothing is kept while it doesn't
	Shares    bool   // rows in a Redis that answers
}

// State tells how the cache stands; a nil one keeps nothing.
func (c *Cache) State() State {
	if c == nil {
		return State{}
	}
	state := State{Evictions: c.evictions.Load()}
	for name, kind := range c.kinds {
		n := &kind.counts
		state.Kinds = append(state.Kinds, Counts{
			Kind: name, Hits: n.hits.Load(), Misses: n.misses.Load(), Shared: n.shared.Load(), Loads: n.loads.Load(), Bypasses: n.bypasses.Load(),
		})
	}
	slices.SortFunc(state.Kinds, func(a, b Counts) int { return strings.Compare(a.Kind, b.Kind) })
	if near := c.near.Load(); near != nil {
		state.Hears, state.Entries, state.Bytes = true, near.EstimatedSize(), near.WeightedSize()
	}
	if c.shared != nil {
		state.Shares = c.shared.trusted()
	}
	return state
}

// evictionCounter is otter's recorder; what it counts otherwise, Rows count by kind.
type evictionCounter struct{ evictions *atomic.Uint64 }

func (c evictionCounter) RecordEviction(uint32)           { c.evictions.Add(1) }
func (c evictionCounter) RecordHits(int)                  {}
func (c evictionCounter) RecordMisses(int)                {}
func (c evictionCounter) RecordLoadSuccess(time.Duration) {}
func (c evictionCounter) RecordLoadFailure(time.Duration) {}
