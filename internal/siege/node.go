package siege

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

	"github.com/prometheus/procfs"

	"github.com/postwright/postwright/internal/testbed"
)

// Patience with a node.
const (
	startTimeout = 30 * time.Second
	// defaultGrace is how long a node that is told to stop has by default.
	defaultGrace = 25 * time.Second
	// exitMargin is what a busy machine needs beyond the grace.
	exitMargin = 5 * time.Second
)

// node is the process under attack.
type node struct {
	process *testbed.Process
	proc    procfs.Proc
	url     string
	log     string // file
	address string // host:port
}

// startNode returns when the node is ready.
func startNode(ctx context.Context, binary, dir, name string, wiring testbed.Wiring, settings []string) (*node, error) {
	var err error
	n := &node{url: "http://" + wiring.Listen, address: wiring.Listen, log: filepath.Join(dir, name+".log")}
	if n.process, err = testbed.Serve(
		ctx,
		binary,
		wiring.Environment(append([]string{"POSTWRIGHT_DATABASE_MIN_CONNECTIONS=2"}, settings...)...),
		n.log,
	); err != nil {
		return nil, err
	}
	if n.proc, err = procfs.NewProc(n.process.PID()); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		if status, err := n.ready(ctx); err == nil && status == http.StatusOK {
			return n, nil
		}
		select {
		case <-n.process.Gone():
			return nil, fmt.Errorf("the node ended at its start, see %s: %w", n.log, n.process.Err())
		case <-ctx.Done():
			return nil, fmt.Errorf("the node was not ready after %s, see %s", startTimeout, n.log)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// ready is the status of /readyz, asked for over a connection of its own.
func (n *node) ready(ctx context.Context) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.url+"/readyz", http.NoBody)
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

func (n *node) alive() bool {
	select {
	case <-n.process.Gone():
		return false
	default:
		return true
	}
}

// memory is what the process holds, and the most that it held since the last forgetPeak, in bytes; 0 of a process that is gone.
func (n *node) memory() (resident, peak uint64) {
	status, err := n.proc.NewStatus()
	if err != nil {
		return 0, 0
	}
	return status.VmRSS, status.VmHWM
}

// forgetPeak makes the kernel measure the peak of the memory from now on.
func (n *node) forgetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", n.process.PID()), []byte("5"), 0o200)
}

// cpu is the time that the process has run; 0 of one that is gone.
func (n *node) cpu() time.Duration {
	stat, err := n.proc.Stat()
	if err != nil {
		return 0
	}
	return time.Duration(stat.CPUTime() * float64(time.Second))
}

func (n *node) logBytes() int64 {
	info, err := os.Stat(n.log)
	if err != nil {
		return 0
	}
	return info.Size()
}

// metrics reads /metrics.
func (n *node) metrics(ctx context.Context) (metrics, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.url+"/metrics", http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	return readMetrics(res.Body)
}

// exit is how a node ended.
type exit struct {
	took time.Duration
	code int // -1 when it had to be killed, or a signal ended it
}

// stop sends SIGTERM and waits until the process is gone; one that takes longer than its grace and the margin is killed.
func (n *node) stop(grace time.Duration) exit {
	began := time.Now()
	n.process.Signal(syscall.SIGTERM)
	select {
	case <-n.process.Gone():
		return exit{took: time.Since(began), code: exitCode(n.process.Err())}
	case <-time.After(grace + exitMargin + time.Second): // late enough for the figure to be broken
		n.process.Signal(os.Kill)
		<-n.process.Gone()
		return exit{took: time.Since(began), code: -1}
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
