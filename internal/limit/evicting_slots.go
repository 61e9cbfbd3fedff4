package limit

import (
	"slices"
	"sync"
)

// EvictingSlots give a slot to everybody who comes: when there are too many, whoever has held theirs longest is evicted. They are
// for what takes moments unless somebody draws it out, so that those who draw it out keep nobody from it. They are safe for
// concurrent use.
type EvictingSlots struct {
	most int

	mu    sync.Mutex
	taken []*slot // in the order in which they came
}

type slot struct{ cut func() }

// NewEvictingSlots returns so many slots.
func NewEvictingSlots(most int) *EvictingSlots { return &EvictingSlots{most: most} }

// Enter takes a slot and returns what gives it back, to be called once. evict is called when the slot goes to somebody else
// before that; it must not block.
func (n *EvictingSlots) Enter(cut func()) (leave func()) {
	mine := &slot{cut: cut}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.taken) >= n.most {
		n.taken[0].cut()
		n.taken = slices.Delete(n.taken, 0, 1)
	}
	n.taken = append(n.taken, mine)
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		if at := slices.Index(n.taken, mine); at >= 0 {
			n.taken = slices.Delete(n.taken, at, at+1)
		}
	}
}

// Count returns how many slots are taken.
func (n *EvictingSlots) Count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.taken)
}
