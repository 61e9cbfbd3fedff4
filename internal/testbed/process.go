package testbed

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
)

// Wiring is where a node listens and whom it talks to.
type Wiring struct {
	Listen      string // host:port
	DatabaseURL string
	VendorsURL  string // all vendors'
	Keyset      string
}

// Environment is that of a node: this process's own, PATH and HOME among it, then the wiring, then the settings, each as
// NAME=value.
func (w Wiring) Environment(settings ...string) []string {
	env := append(os.Environ(), //nolint:forbidigo // handed on, not read
		"POSTWRIGHT_LISTEN="+w.Listen, "POSTWRIGHT_DATABASE_URL="+w.DatabaseURL, "POSTWRIGHT_TOKEN_KEYSET="+w.Keyset,
		"POSTWRIGHT_LINKEDIN_API_URL="+w.VendorsURL, "POSTWRIGHT_LINKEDIN_AUTH_URL="+w.VendorsURL,
		"POSTWRIGHT_ANALYSIS_URL="+w.VendorsURL, "POSTWRIGHT_NOTIFICATION_URL="+w.VendorsURL)
	return append(env, settings...)
}

// Process is a program that runs, and is measured. Measuring needs Linux, for /proc.
type Process struct {
	cmd  *exec.Cmd
	gone chan struct{}
	err  error // set before gone is closed
}

// Serve starts `postwright serve` with an environment; it appends what it logs to a file. It is killed when ctx ends.
func Serve(ctx context.Context, binary string, env []string, logFile string) (*Process, error) {
	cmd := exec.CommandContext(ctx, binary, "serve")
	cmd.Env = env
	return Start(cmd, logFile)
}

// Start starts a command that appends what it says to a file.
func Start(cmd *exec.Cmd, logFile string) (*Process, error) {
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the process has its own copy
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the harness to handle
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, gone: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.gone)
	}()
	return p, nil
}

// Gone is closed when the process has ended.
func (p *Process) Gone() <-chan struct{} { return p.gone }

// Err says how the process ended: nil for exit code 0. Ask once Gone is closed.
func (p *Process) Err() error { return p.err }

// Signal sends a signal; a process that has just ended gets none.
func (p *Process) Signal(signal os.Signal) { _ = p.cmd.Process.Signal(signal) }

// PID is the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Memory is what the process holds, and the most that it held since the last ForgetPeak, in bytes; 0 of a process that is gone.
func (p *Process) Memory() (resident, peak uint64) {
	proc, err := procfs.NewProc(p.PID())
	if err != nil {
		return 0, 0
	}
	status, err := proc.NewStatus()
	if err != nil {
		return 0, 0
	}
	return status.VmRSS, status.VmHWM
}

// ForgetPeak makes the kernel measure the peak of the memory from now on.
func (p *Process) ForgetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.PID()), []byte("5"), 0o200)
}

// CPU is the time that the process has run; 0 of one that is gone.
func (p *Process) CPU() time.Duration {
	proc, err := procfs.NewProc(p.PID())
	if err != nil {
		return 0
	}
	stat, err := proc.Stat()
	if err != nil {
		return 0
	}
	return time.Duration(stat.CPUTime() * float64(time.Second))
}
