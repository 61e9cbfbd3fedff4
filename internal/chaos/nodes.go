package chaos

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/postwright/postwright/internal/testbed"
)

// nodes is how many processes serve: two do everything, the third only works jobs. Each works so many jobs at once: fewer
// than by default, so that a short run's posts have to wait for each other, too.
const (
	nodes   = 3
	workers = 2
)

// Limits of the nodes, as short as the configuration allows, so that a run does not wait for minutes.
const (
	attemptTimeout = 2 * time.Second
	settleTimeout  = 20 * time.Second // how long a process tries to write an answer down; a constant of publishing
	jobTimeout     = attemptTimeout + 25*time.Second
	rescueAfter    = jobTimeout + 5*time.Second
	restartAfter   = 300 * time.Millisecond // the wait before a killed node is started again
)

// node is one process of Postwright, started again whenever it has ended, as a supervisor does.
type node struct {
	number int
	binary string
	env    []string
	log    string // file
	now    func() time.Time
	// excused reports whether a process may end by itself at this moment: it does when it finds no database at its start.
	excused func() bool

	mu      sync.Mutex
	process *testbed.Process // nil while there is none
	killed  bool
	kills   []kill
}

// run keeps the process up until ctx ends, then ends it. A process that ends without having been killed or excused is an
// error.
func (n *node) run(ctx context.Context) error {
	for ctx.Err() == nil {
		process, err := testbed.Serve(ctx, n.binary, n.env, n.log)
		if err != nil {
			return err
		}
		n.mu.Lock()
		n.process, n.killed = process, false
		n.mu.Unlock()
		<-process.Gone()
		n.mu.Lock()
		n.process = nil
		killed := n.killed
		n.mu.Unlock()
		if ctx.Err() == nil && !killed && !n.excused() {
			return fmt.Errorf("node %d ended by itself, see %s: %w", n.number, filepath.Base(n.log), process.Err())
		}
		select {
		case <-ctx.Done():
		case <-time.After(restartAfter):
		}
	}
	return nil
}

// kill ends the process at once, as nothing that it could handle, and returns when it is gone; false when there is none.
func (n *node) kill() bool {
	n.mu.Lock()
	process := n.process
	if process == nil || n.killed {
		n.mu.Unlock()
		return false
	}
	n.killed = true
	n.kills = append(n.kills, kill{Node: n.number, At: n.now()})
	process.Signal(os.Kill)
	n.mu.Unlock()
	<-process.Gone()
	return true
}

func (n *node) report() []kill {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]kill(nil), n.kills...)
}
