package limit

import (
	"slices"
	"sync"
)

// Newest lets everybody in who comes: when there are too many, the one that has been there longest is cut off. It is for what
// takes moments unless somebody draws it out, so that those who draw it out keep nobody from it. It is safe for concurrent use.
type Newest struct {
	most int

	mu    sync.Mutex
	there []*visit // in the order in which they came
}

type visit struct{ cut func() }

// NewNewest returns a Newest that has room for so many.
func NewNewest(most int) *Newest { return &Newest{most: most} }

// Enter lets one in and returns what lets it out, to be called once. cut is called when it has to make room, if it is still
// there; it must not block.
func (n *Newest) Enter(cut func()) (leave func()) {
	mine := &visit{cut: cut}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.there) >= n.most {
		n.there[0].cut()
		n.there = slices.Delete(n.there, 0, 1)
	}
	n.there = append(n.there, mine)
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		if at := slices.Index(n.there, mine); at >= 0 {
			n.there = slices.Delete(n.there, at, at+1)
		}
	}
}

// Count returns how many are there.
func (n *Newest) Count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.there)
}
