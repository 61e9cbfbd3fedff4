package devdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// What a server's folder holds.
const (
	dataName   = "data"       // PostgreSQL's data folder, complete or absent
	unborn     = "data.new"   // what becomes it by a rename; left-overs of an interrupted start are thrown away
	lockName   = "lock"       // locked by the owner, the watchdog and the server; holds the owner's process id
	logName    = "server.log" // what the server said since its last start
	maxTail    = 4 << 10      // bytes of it that an error quotes
	socketName = ".s.PGSQL.5432"
	// maxSocketPath is the shortest limit of a socket's path among the systems we run on: macOS, 104 with a zero byte.
	maxSocketPath = 103
)

// lockWait bounds the wait for a server whose owner is dead and which is on its way down.
const lockWait = 30 * time.Second

// openDir makes the folder if need be and locks it, so that one server at a time lives in it. The lock belongs to the
// open file, and the watchdog and the server inherit that file: the folder is free when the last of them has ended.
func openDir(ctx context.Context, dir string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	if err := checkOurs(dir); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := takeLock(ctx, dir, lock); err != nil {
		_ = lock.Close() // the error in hand is the one to tell
		return nil, err
	}
	return lock, nil
}

// checkOurs keeps us from taking over, and closing to others, a folder that is used for something else.
func checkOurs(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		switch entry.Name() {
		case dataName, unborn, lockName, logName:
		default:
			return fmt.Errorf("%s holds %q, which is not a private PostgreSQL's: choose an empty or a new folder",
				dir, entry.Name())
		}
	}
	return nil
}

func takeLock(ctx context.Context, dir string, lock *os.File) error {
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return writeOwner(lock)
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			return fmt.Errorf("lock %s: %w", dir, err)
		}
		owner := readOwner(lock)
		program, err := runningProgram(ctx, owner)
		if err != nil {
			return err
		}
		if program != "" {
			return fmt.Errorf("the private PostgreSQL in %s is in use by process %d: stop that one first (kill %d), "+
				"or use another folder", dir, owner, owner)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the private PostgreSQL in %s is still shutting down, or a left-over of it hangs: "+
				"end the processes that have %s open, or use another folder", dir, lock.Name())
		}
	}
}

func writeOwner(lock *os.File) error {
	if err := lock.Truncate(0); err != nil {
		return err
	}
	_, err := lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// readOwner returns the process id in the lock file, 0 when it is not written yet.
func readOwner(lock *os.File) int {
	content := make([]byte, 20)
	n, _ := lock.ReadAt(content, 0) // a short file is the normal case
	pid, _ := strconv.Atoi(strings.TrimSpace(string(content[:n])))
	return pid
}

// runningProgram returns the name of the program that a process runs, and "" when there is no such process or it has
// ended and only waits for its parent to notice: an ended server can stay so for long where nothing reaps orphans, as in
// many containers.
func runningProgram(ctx context.Context, pid int) (string, error) {
	if pid <= 0 || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return "", nil
	}
	out, err := exec.CommandContext(ctx, "ps", "-o", "stat=,comm=", "-p", strconv.Itoa(pid)).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", nil // it ended meanwhile
	}
	if err != nil {
		return "", fmt.Errorf("look for process %d: %w", pid, err)
	}
	state, name, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if strings.HasPrefix(state, "Z") {
		return "", nil
	}
	return filepath.Base(strings.TrimSpace(name)), nil
}

// removeStalePID removes a crashed server's postmaster.pid, unless the process it names runs PostgreSQL. When a container
// or a machine starts anew, that process id soon belongs to another program, which PostgreSQL itself would take for a
// server and refuse to start. The caller holds the folder's lock, so no server of ours is alive.
func removeStalePID(ctx context.Context, data string) error {
	path := filepath.Join(data, "postmaster.pid")
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return nil // PostgreSQL's to judge
	}
	name, err := runningProgram(ctx, pid)
	if err != nil {
		return err
	}
	if name == "postgres" || name == "postmaster" {
		return nil // started by hand on our data: PostgreSQL refuses, rightly
	}
	return os.Remove(path)
}

// tail returns the end of a server's log.
func tail(log *os.File) string {
	size, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return "(it can't be read: " + err.Error() + ")"
	}
	from := max(0, size-maxTail)
	content, err := io.ReadAll(io.NewSectionReader(log, from, size-from))
	if err != nil {
		return "(it can't be read: " + err.Error() + ")"
	}
	if text := strings.TrimSpace(string(content)); text != "" {
		return text
	}
	return "(it is empty)"
}
