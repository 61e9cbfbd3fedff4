package dbtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/testbed/loopback"
)

// poolerWait bounds the start of PgBouncer.
const poolerWait = 30 * time.Second

// Pooler returns the URL of a database through a PgBouncer of the test's own, with settings such as "pool_mode=transaction". It
// ends with the test.
func Pooler(t testing.TB, databaseURL string, settings ...string) string {
	t.Helper()
	program := poolerProgram(t)
	at, err := url.Parse(databaseURL)
	require.NoError(t, err)
	query := at.Query()
	port := freePort(t)
	config := []string{
		"[databases]",
		fmt.Sprintf("* = host=%s port=%s user=%s", query.Get("host"), query.Get("port"), query.Get("user")),
		"[pgbouncer]",
		"listen_addr = 127.0.0.1", "listen_port = " + port, "unix_socket_dir =", "auth_type = any",
		"default_pool_size = 5", "max_client_conn = 500", "logfile =", "pidfile =",
	}
	config = append(config, settings...)
	if os.Geteuid() == 0 { // as which it refuses to run
		config = append(config, "user = "+plainUser(t))
	}
	// Read before the account changes.
	path := filepath.Join(t.TempDir(), "pgbouncer.ini")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(config, "\n")+"\n"), 0o600))
	// Its shell ends it when the pipe is closed: by us, or because this process is gone.
	cmd := exec.CommandContext(
		context.WithoutCancel(t.Context()),
		"/bin/sh",
		"-c",
		`exec 3<&0; "$@" </dev/null & read -r _ <&3; kill -TERM $!; wait $!`,
		"sh",
		program,
		"--quiet",
		path,
	)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	pipe, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		assert.NoError(t, pipe.Close())
		t.Log("the pooler ended:", <-ended) // by the signal
	})
	query = url.Values{"host": {"127.0.0.1"}, "port": {port}, "user": {query.Get("user")}, "sslmode": {"disable"}}
	at.RawQuery = query.Encode()
	waitForPooler(t, at.String(), ended, &said)
	return at.String()
}

func waitForPooler(t testing.TB, databaseURL string, ended chan error, said *strings.Builder) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), poolerWait)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, databaseURL)
		if err == nil {
			require.NoError(t, conn.Close(ctx))
			return
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("PgBouncer ended: %v\n%s", err, said)
		case <-ctx.Done():
			t.Fatalf("PgBouncer did not answer: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// poolerProgram finds PgBouncer, which Debian keeps out of users' PATH.
func poolerProgram(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer", "/usr/local/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer"} {
		path, err := exec.LookPath(name)
		if err == nil {
			return path
		}
		require.True(t, errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist), "%v", err)
	}
	t.Fatal("This test needs PgBouncer: apt-get install pgbouncer, dnf install pgbouncer, or brew install pgbouncer. No service of it needs to run.")
	return ""
}

func plainUser(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"postgres", "nobody"} { // as devdb chooses the server's: its socket is closed to others
		if _, err := user.Lookup(name); err == nil {
			return name
		}
	}
	t.Fatal("PgBouncer refuses to run as root, and neither user postgres nor user nobody exists: run this as another user")
	return ""
}

func freePort(t testing.TB) string {
	t.Helper()
	address, err := loopback.FreeAddress(t.Context())
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	return port
}
