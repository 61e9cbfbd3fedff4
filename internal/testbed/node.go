package testbed

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Patience with a node.
const (
	startTimeout = 30 * time.Second
	readyEvery   = 2 * time.Millisecond // between two looks whether it is ready
	// DefaultGrace is how long a node that is told to stop has by default.
	DefaultGrace = 25 * time.Second
	// ExitMargin is what a busy machine needs beyond the grace.
	ExitMargin = 5 * time.Second
)

// Node is a `postwright serve` that is measured: how long it took to be ready, what it holds and what it costs.
type Node struct {
	*Process
	Address string // host:port
	URL     string
	Log     string // file
	// Start is how long it took from the start of the process until it was ready.
	Start time.Duration
}

// StartNode starts a node that logs into a file of its name in dir, and returns when it is ready. It is killed when ctx ends.
func StartNode(ctx context.Context, binary, dir, name string, wiring Wiring, settings ...string) (*Node, error) {
	n := &Node{Address: wiring.Listen, URL: "http://" + wiring.Listen, Log: filepath.Join(dir, name+".log")}
	began := time.Now()
	var err error
	if n.Process, err = Serve(ctx, binary, wiring.Environment(settings...), n.Log); err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		if status, err := n.Ready(waiting); err == nil && status == http.StatusOK {
			n.Start = time.Since(began)
			return n, nil
		}
		select {
		case <-n.Gone():
			return nil, fmt.Errorf("the node ended at its start, see %s: %w", n.Log, n.Err())
		case <-waiting.Done():
			return nil, n.giveUp(fmt.Errorf("the node was not ready after %s, see %s", startTimeout, n.Log))
		case <-time.After(readyEvery):
		}
	}
}

// giveUp ends the process at once, waits until it is gone, and returns why.
func (n *Node) giveUp(why error) error {
	n.Signal(os.Kill)
	<-n.Gone()
	return why
}

// Ready is the status of /readyz, asked for over a connection of its own.
func (n *Node) Ready(ctx context.Context) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.URL+"/readyz", http.NoBody)
	if err != nil {
		return 0, err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 2 * time.Second}
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

// Alive reports whether the process still runs.
func (n *Node) Alive() bool {
	select {
	case <-n.Gone():
		return false
	default:
		return true
	}
}

// LogBytes is how much it has logged; 0 where nobody can tell.
func (n *Node) LogBytes() int64 {
	info, err := os.Stat(n.Log)
	if err != nil {
		return 0
	}
	return info.Size()
}

// Metrics reads /metrics.
func (n *Node) Metrics(ctx context.Context) (Metrics, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return ScrapeMetrics(ctx, n.URL+"/metrics")
}

// Exit is how a node ended.
type Exit struct {
	Took time.Duration
	Code int // -1 when it had to be killed, or a signal ended it
}

// Stop sends SIGTERM and waits until the process is gone; one that takes longer than its grace and the margin is killed.
func (n *Node) Stop(grace time.Duration) Exit {
	began := time.Now()
	n.Signal(syscall.SIGTERM)
	select {
	case <-n.Gone():
		return Exit{Took: time.Since(began), Code: exitCode(n.Err())}
	case <-time.After(grace + ExitMargin + time.Second): // late enough for a figure of it to be broken
		n.Signal(os.Kill)
		<-n.Gone()
		return Exit{Took: time.Since(began), Code: -1}
	}
}

func exitCode(err error) int {
	var ended *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &ended):
		return ended.ExitCode()
	}
	return -1
}
