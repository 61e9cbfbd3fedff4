// Package redistest gives a test a Redis of its own: a real one, on a Unix socket in a folder that goes when the test ends.
//
// It owns the process and its files. It must not know what the tests are about.
package redistest

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// startTimeout is how long a server may take to answer, on a loaded machine too.
const startTimeout = time.Minute

// Server is a Redis that can be killed and comes back with what it saved. Its methods are called one at a time.
type Server struct {
	t       testing.TB
	folder  string
	process *exec.Cmd
	stdin   io.Closer
}

// New starts a Redis, which is killed when the test ends. The test fails where there is none: Debian's package is redis-server.
func New(t testing.TB) *Server {
	t.Helper()
	folder, err := os.MkdirTemp("", "redis") //nolint:usetesting // t.TempDir may be longer than the path of a socket can be
	require.NoError(t, err)
	s := &Server{t: t, folder: folder}
	t.Cleanup(func() {
		s.Kill()
		assert.NoError(t, os.RemoveAll(folder))
	})
	s.Start(t.Context())
	return s
}

// URL leads to the server.
func (s *Server) URL() string { return "unix://" + s.socket() }

func (s *Server) socket() string { return filepath.Join(s.folder, "socket") }

// Start starts the server again, with what it saved last, and returns when it answers.
func (s *Server) Start(ctx context.Context) {
	s.t.Helper()
	program, err := exec.LookPath("redis-server")
	require.NoError(s.t, err, "this test needs redis-server: apt-get install redis-server")
	// The shell kills the server when its input ends: also when the test's process is killed.
	process := exec.Command("sh", "-c", `"$@" >/dev/null & cat; kill -9 $!`, "sh", //nolint:gosec,noctx // what PATH has; see Kill
		program, "--port", "0", "--unixsocket", s.socket(), "--dir", s.folder, "--save", "", "--appendonly", "no")
	process.Stderr = os.Stderr
	stdin, err := process.StdinPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, process.Start())
	s.process, s.stdin = process, stdin
	require.Eventually(s.t, func() bool {
		return s.do(ctx, func(c rueidis.Client) rueidis.Completed { return c.B().Ping().Build() }) == nil
	},
		startTimeout, time.Millisecond)
}

// Kill ends the server without a chance to save anything.
func (s *Server) Kill() {
	if s.process == nil {
		return
	}
	_ = s.stdin.Close()
	_ = s.process.Wait() // its exit says that it was killed
	s.process = nil
	_ = os.Remove(s.socket())
}

// Save keeps what the server has for the next Start.
func (s *Server) Save(ctx context.Context) {
	s.t.Helper()
	require.NoError(s.t, s.do(ctx, func(c rueidis.Client) rueidis.Completed { return c.B().Save().Build() }))
}

// do carries out a command.
func (s *Server) do(ctx context.Context, command func(rueidis.Client) rueidis.Completed) error {
	option, err := rueidis.ParseURL(s.URL())
	if err != nil {
		return err
	}
	option.ForceSingleClient, option.DisableCache = true, true
	client, err := rueidis.NewClient(option)
	if err != nil {
		return err
	}
	defer client.Close()
	return client.Do(ctx, command(client)).Error()
}
