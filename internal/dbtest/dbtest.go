// Package dbtest gives each test a database of its own, on a real PostgreSQL.
//
// It owns the test server of a test binary and the databases on it. Each binary runs its own server, begun from a copy of a
// migrated cluster that all binaries share, and each test gets a clone of the migrated database in it.
//
// It must not know what the tests are about: rows are for the tests to make.
//
//	func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }
//
//	func TestSomething(t *testing.T) {
//		t.Parallel()
//		store, err := postgres.Open(t.Context(), postgres.Config{URL: dbtest.New(t), …
package dbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/devdb"
)

// settings suit databases that nobody misses. The time zone is one with an odd offset (+05:45), so that code which mixes
// up local time and UTC shows it.
var settings = map[string]string{
	"fsync":              "off",
	"synchronous_commit": "off",
	"full_page_writes":   "off",
	"autovacuum":         "off", // it would hold the template while a test clones it
	"max_connections":    "200", // pools of several parallel tests
	"shared_buffers":     "32MB",
	"wal_level":          "minimal",
	"max_wal_senders":    "0",
	"max_wal_size":       "64MB", // the data may be in memory, see tempFolder
	"timezone":           "Asia/Kathmandu",
}

// dropTimeout bounds the end of one test's database.
const dropTimeout = 2 * time.Minute

// objectInUse is the SQLSTATE of a database that somebody is still connected to.
const objectInUse = "55006"

// server is the one server of this test binary, started by the first test that asks for a database.
var server = struct {
	sync.Mutex
	owned   bool // Main runs and will stop it
	tried   bool
	err     error
	running *devdb.Server
	admin   *pgxpool.Pool // on database postgres, to make and drop the others
}{}

var count atomic.Int64 // databases made so far

// Main runs the tests of a package and stops its server afterwards. It returns the exit code, for TestMain to pass on.
func Main(m *testing.M) int {
	server.Lock()
	server.owned = true
	server.Unlock()
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, "dbtest:", err)
		code = max(code, 1)
	}
	return code
}

func stop() error {
	server.Lock()
	defer server.Unlock()
	if server.running == nil {
		return nil
	}
	server.admin.Close()
	ctx, cancel := context.WithTimeout(context.Background(), dropTimeout)
	defer cancel()
	return server.running.Stop(ctx)
}

// New returns the URL of a migrated database without rows of its own. It goes when the test ends, whoever is still connected.
// The test fails when there is no PostgreSQL.
func New(t testing.TB) string {
	t.Helper()
	return create(t, migrated)
}

// NewEmpty returns the URL of a database without any table, for tests of the migrations themselves. It goes when the test
// ends.
func NewEmpty(t testing.TB) string {
	t.Helper()
	return create(t, "template0")
}

// NewEmptyIn is NewEmpty with a locale of the C library, such as C, whose lower() knows no letters beyond ASCII.
func NewEmptyIn(t testing.TB, locale string) string {
	t.Helper()
	return create(t, fmt.Sprintf("template0 LC_COLLATE '%s' LC_CTYPE '%s'", locale, locale))
}

func create(t testing.TB, template string) string {
	t.Helper()
	running, admin := started(t)
	name := fmt.Sprintf("test_%d", count.Add(1))
	_, err := admin.Exec(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+template)
	require.NoError(t, err, "clone a database")
	t.Cleanup(func() {
		// assert: a FailNow in a cleanup of a test with subtests keeps the test's name from being printed.
		assert.NoError(t, drop(context.WithoutCancel(t.Context()), admin, name), "drop the test's database")
	})
	return running.URL(name)
}

// drop drops a database. PostgreSQL ends its connections and gives them 5 seconds to be gone, which is too little for a machine
// that is busy with something else.
func drop(ctx context.Context, admin *pgxpool.Pool, name string) error {
	ctx, cancel := context.WithTimeout(ctx, dropTimeout)
	defer cancel()
	for {
		_, err := admin.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
		var refused *pgconn.PgError
		if errors.As(err, &refused) && refused.Code == objectInUse && ctx.Err() == nil {
			continue
		}
		return err
	}
}

func started(t testing.TB) (*devdb.Server, *pgxpool.Pool) {
	t.Helper()
	server.Lock()
	defer server.Unlock()
	if !server.owned {
		t.Fatal("dbtest: this package needs `func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }`")
	}
	if !server.tried {
		server.tried = true
		server.running, server.admin, server.err = startServer()
	}
	require.NoError(t, server.err, "a test database needs PostgreSQL")
	return server.running, server.admin
}

// startServer has its own context: the server outlives the test that happens to be the first.
func startServer() (*devdb.Server, *pgxpool.Pool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	seed, err := ensureSeed(ctx)
	if err != nil {
		return nil, nil, err
	}
	running, err := devdb.Start(ctx, devdb.Options{Seed: seed, TempIn: tempFolder(), Settings: settings})
	if err != nil {
		return nil, nil, err
	}
	admin, err := pgxpool.New(ctx, running.URL("postgres"))
	if err != nil {
		_ = running.Stop(ctx) // the error in hand is the one to tell
		return nil, nil, err
	}
	return running, admin, nil
}

// tempFolder is where the server's data go. A clone is some 400 small files, which takes about 10 ms in memory and 100 ms
// and more on many disks. Memory is used where Linux offers it and there is room: a container's /dev/shm is often only
// 64 MiB, and one binary's server takes some 50 MiB and each database another 8.
func tempFolder() string {
	const memory, room = "/dev/shm", 2 << 30
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memory, &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < room { //nolint:gosec // G115: a block's size is positive
		return "" // the system's folder for temporary files
	}
	return memory
}
