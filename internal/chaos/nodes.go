package chaos

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// nodes is how many processes serve: two do everything, the third only works jobs. Each works so many jobs at once.
const (
	nodes   = 3
	workers = 10
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
	process *os.Process
	gone    chan struct{} // closed when process has ended
	killed  bool
	kills   []kill
}

// run keeps the process up until ctx ends, then ends it. A process that ends without having been killed or excused is an
// error.
func (n *node) run(ctx context.Context) error {
	for ctx.Err() == nil {
		cmd := exec.CommandContext(ctx, n.binary, "serve") //nolint:gosec // the program under test, built by the caller
		cmd.Env = n.env
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the harness to handle
		log, err := os.OpenFile(n.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		cmd.Stdout, cmd.Stderr = log, log
		if err := cmd.Start(); err != nil {
			_ = log.Close()
			return err
		}
		gone := make(chan struct{})
		n.mu.Lock()
		n.process, n.gone, n.killed = cmd.Process, gone, false
		n.mu.Unlock()
		err = cmd.Wait()
		_ = log.Close()
		n.mu.Lock()
		n.process = nil
		killed := n.killed
		n.mu.Unlock()
		close(gone)
		if ctx.Err() == nil && !killed && !n.excused() {
			return fmt.Errorf("node %d ended by itself, see %s: %w", n.number, filepath.Base(n.log), err)
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
	process, gone := n.process, n.gone
	if process == nil || n.killed {
		n.mu.Unlock()
		return false
	}
	n.killed = true
	n.kills = append(n.kills, kill{Node: n.number, At: n.now()})
	_ = process.Kill() // fails only when it ended just now
	n.mu.Unlock()
	<-gone
	return true
}

func (n *node) report() []kill {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]kill(nil), n.kills...)
}
