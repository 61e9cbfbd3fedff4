package devdb

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// ownerDir, when set, makes this test binary an owner of a server in that folder that waits to be killed.
const ownerDir = "DEVDB_TEST_OWNER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(ownerDir); dir != "" {
		ownUntilKilled(dir)
	}
	goleak.VerifyTestMain(m)
}

func ownUntilKilled(dir string) {
	s, err := Start(context.Background(), Options{Dir: dir, Settings: quick})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println("started")
	<-s.Exited()
	os.Exit(0)
}

// quick gives up durability, which these tests don't look at.
var quick = map[string]string{"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

// newDir is a folder that the server's account can reach: t.TempDir is closed to other users.
func newDir(t *testing.T) string {
	t.Helper()
	parent, err := os.MkdirTemp("/tmp", "devdb-test-") //nolint:usetesting // see above
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(parent)) })
	require.NoError(t, os.Chmod(parent, 0o755))
	return filepath.Join(parent, "db")
}

func startIn(t *testing.T, dir string) *Server {
	t.Helper()
	s, err := Start(t.Context(), Options{Dir: dir, Settings: quick})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Stop(context.Background())) })
	return s
}

func connect(t *testing.T, s *Server, database string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.URL(database))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func ask[T any](t *testing.T, conn *pgx.Conn, sql string) T {
	t.Helper()
	var answer T
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&answer))
	return answer
}

func postmasterPID(t *testing.T, dir string) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, dataName, "postmaster.pid"))
	require.NoError(t, err)
	first, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(first)
	require.NoError(t, err)
	return pid
}

func requireEnded(t *testing.T, pid int) {
	t.Helper()
	program, err := runningProgram(t.Context(), pid)
	require.NoError(t, err)
	require.Empty(t, program)
}

func TestServerIsPrivateAndSpeaksUTF8(t *testing.T) {
	t.Parallel()
	s := startIn(t, "")
	conn := connect(t, s, "postgres")
	require.Empty(t, ask[string](t, conn, "SHOW listen_addresses"), "no TCP port")
	require.Equal(t, "UTF8", ask[string](t, conn, "SHOW server_encoding"))
	require.Equal(t, "grüße, ñandú", ask[string](t, conn, "SELECT lower('GRÜßE, ÑANDÚ')"))
	info, err := os.Stat(s.sockets)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm(), "only the server's user may enter")
}

func TestSettingsReachTheServerButNotWhereItListens(t *testing.T) {
	t.Parallel()
	s, err := Start(t.Context(), Options{Settings: map[string]string{
		"fsync": "off", "timezone": "Asia/Kathmandu", "listen_addresses": "127.0.0.1", "port": "1",
	}})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Stop(context.Background())) })
	conn := connect(t, s, "postgres")
	require.Equal(t, "Asia/Kathmandu", ask[string](t, conn, "SHOW timezone"))
	require.Empty(t, ask[string](t, conn, "SHOW listen_addresses"))
}

func TestTemporaryServerLeavesNothing(t *testing.T) {
	t.Parallel()
	s := startIn(t, "")
	pid := postmasterPID(t, s.dir)
	require.NoError(t, s.Stop(t.Context()))
	require.NoDirExists(t, s.dir)
	require.NoDirExists(t, s.sockets)
	requireEnded(t, pid)
	require.NoError(t, s.Err(), "a stop is no failure")
	require.NoError(t, s.Stop(t.Context()), "a second stop does nothing")
}

func TestDataSurvivesARestartUntilFresh(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	s := startIn(t, dir)
	require.NoError(t, s.EnsureDatabase(t.Context(), "post wright"))
	conn := connect(t, s, "post wright")
	_, err := conn.Exec(t.Context(), "CREATE TABLE kept AS SELECT 42 AS answer")
	require.NoError(t, err)
	require.NoError(t, s.Stop(t.Context()), "with a connection open")

	s = startIn(t, dir)
	require.NoError(t, s.EnsureDatabase(t.Context(), "post wright"), "it is there already")
	require.Equal(t, 42, ask[int](t, connect(t, s, "post wright"), "SELECT answer FROM kept"))
	require.NoError(t, s.Stop(t.Context()))

	s, err = Start(t.Context(), Options{Dir: dir, Fresh: true, Settings: quick})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Stop(context.Background())) })
	require.False(t, ask[bool](t, connect(t, s, "postgres"),
		"SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = 'post wright')"))
}

func TestSeedIsCopiedAndStaysAsItWas(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	seed := startIn(t, dir)
	_, err := connect(t, seed, "postgres").Exec(t.Context(), "CREATE TABLE sown AS SELECT 1 AS seeds")
	require.NoError(t, err)
	require.NoError(t, seed.Stop(t.Context()))

	s, err := Start(t.Context(), Options{Seed: dir, Settings: quick})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Stop(context.Background())) })
	conn := connect(t, s, "postgres")
	require.Equal(t, 1, ask[int](t, conn, "SELECT seeds FROM sown"))
	_, err = conn.Exec(t.Context(), "DROP TABLE sown")
	require.NoError(t, err)

	seed = startIn(t, dir)
	require.Equal(t, 1, ask[int](t, connect(t, seed, "postgres"), "SELECT seeds FROM sown"))
}

func TestSecondStartInUseSaysWhomToStop(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	startIn(t, dir)
	_, err := Start(t.Context(), Options{Dir: dir})
	require.ErrorContains(t, err, "is in use by process "+strconv.Itoa(os.Getpid()))
	require.ErrorContains(t, err, "or use another folder")
}

func TestFolderOfSomethingElseIsRefusedAndLeftAlone(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	require.NoError(t, os.Mkdir(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "thesis.txt"), nil, 0o600))
	_, err := Start(t.Context(), Options{Dir: dir, Fresh: true})
	require.ErrorContains(t, err, `holds "thesis.txt"`)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o755), info.Mode().Perm())
}

func TestInterruptedInitdbIsRedone(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, unborn, "base"), 0o700))
	startIn(t, dir)
	require.NoDirExists(t, filepath.Join(dir, unborn))
}

func TestServerThatDoesNotComeUpTellsItsLog(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{"temporary": "", "kept": newDir(t)} {
		_, err := Start(t.Context(), Options{Dir: dir, Settings: map[string]string{"shared_buffers": "plenty"}})
		require.ErrorContains(t, err, `invalid value for parameter "shared_buffers": "plenty"`, name)
	}
}

func TestStartEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Start(ctx, Options{})
	require.Error(t, err)
}

func TestOwnerLearnsOfAnEarlyDeath(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	dir := newDir(t)
	s, err := Start(t.Context(), Options{Dir: dir, Settings: quick, Log: slog.New(slog.NewTextHandler(&logged, nil))})
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(postmasterPID(t, dir), syscall.SIGQUIT))
	<-s.Exited()
	require.ErrorContains(t, s.Err(), "received immediate shutdown request")
	require.NoError(t, s.Stop(t.Context()))
	require.Contains(t, logged.String(), "private PostgreSQL ended")
}

func TestStopKillsAServerThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	s := startIn(t, dir)
	pid := postmasterPID(t, dir)
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, s.Stop(ctx), "was killed")
	require.NoDirExists(t, s.sockets)
	startIn(t, dir) // the folder is free, and what was killed recovers
}

// TestKilledOwnerLeavesNoProcess kills an owner that can do nothing about it, and starts anew in its folder at once.
func TestKilledOwnerLeavesNoProcess(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	owner := exec.CommandContext(t.Context(), os.Args[0])
	owner.Env = append(os.Environ(), ownerDir+"="+dir)
	out, err := owner.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, owner.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "started\n", line)
	old := postmasterPID(t, dir)
	sockets := socketFolder(t, dir)

	require.NoError(t, owner.Process.Kill())
	require.Error(t, owner.Wait())

	startIn(t, dir)
	requireEnded(t, old)
	require.NoDirExists(t, sockets)
}

// TestFolderIsTakenUntilTheServerHasEnded is what the start after a kill relies on.
func TestFolderIsTakenUntilTheServerHasEnded(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	s := startIn(t, dir)
	ended := exec.CommandContext(t.Context(), "true")
	require.NoError(t, ended.Run())
	_, err := s.lock.WriteAt([]byte(strconv.Itoa(ended.Process.Pid)+"\n       "), 0)
	require.NoError(t, err)
	require.NoError(t, s.lock.Close(), "as if the owner had died: only the watchdog and the server have it open now")

	// A busy machine may need longer than the shortest limit until it comes to the folder, and says then that its time is over.
	err = context.DeadlineExceeded
	for limit := 200 * time.Millisecond; errors.Is(err, context.DeadlineExceeded) && limit < time.Minute; limit *= 2 {
		soon, cancel := context.WithTimeout(t.Context(), limit)
		_, err = Start(soon, Options{Dir: dir, Settings: quick})
		cancel()
	}
	require.ErrorContains(t, err, "is still shutting down")

	require.NoError(t, s.Stop(t.Context()))
	startIn(t, dir)
}

// socketFolder is line 5 of postmaster.pid.
func socketFolder(t *testing.T, dir string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, dataName, "postmaster.pid"))
	require.NoError(t, err)
	return strings.Split(string(content), "\n")[4]
}

// TestStalePIDOfAnotherProgram is what a container leaves when it is started anew: the process id of the old server is
// now that of some other program.
func TestStalePIDOfAnotherProgram(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	s := startIn(t, dir)
	require.NoError(t, s.Stop(t.Context()))
	who, err := serverAccount(dir)
	require.NoError(t, err)
	// A program of the server's own account, as PostgreSQL takes others' for harmless by itself.
	other := who.command(t.Context(), "/", "sleep", "600")
	require.NoError(t, other.Start())
	t.Cleanup(func() {
		_ = other.Process.Kill()
		_ = other.Wait()
	})
	data := filepath.Join(dir, dataName)
	stale := fmt.Sprintf("%d\n%s\n1700000000\n5432\n/tmp\n\n", other.Process.Pid, data)
	path := filepath.Join(data, "postmaster.pid")
	require.NoError(t, os.WriteFile(path, []byte(stale), 0o600))
	require.NoError(t, os.Chown(path, who.uid, who.gid))
	startIn(t, dir)
}

func TestDataOfAnotherMajorVersion(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, dataName), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, dataName, "PG_VERSION"), []byte("9.6\n"), 0o600))
	_, err := Start(t.Context(), Options{Dir: dir})
	require.ErrorContains(t, err, "was written by PostgreSQL 9.6")
	require.ErrorContains(t, err, "install version 9.6 beside it, or remove that folder")
}

func TestRootDropsToAnotherUser(t *testing.T) {
	t.Parallel()
	s := startIn(t, "")
	info, err := os.Stat(filepath.Join(s.dir, dataName))
	require.NoError(t, err)
	owner := int(info.Sys().(*syscall.Stat_t).Uid)
	if os.Geteuid() != 0 {
		require.Equal(t, os.Geteuid(), owner, "without root the server is our own user's")
		return
	}
	require.NotZero(t, owner)
	status, err := exec.CommandContext(t.Context(), "ps", "-o", "uid=", "-p", strconv.Itoa(postmasterPID(t, s.dir))).Output()
	require.NoError(t, err)
	require.Equal(t, strconv.Itoa(owner), strings.TrimSpace(string(status)))
}

func TestFolderThatTheServersUserCantEnter(t *testing.T) {
	t.Parallel()
	closed := newDir(t)
	require.NoError(t, os.Mkdir(closed, 0o700))
	dir := filepath.Join(closed, "db")
	s, err := Start(t.Context(), Options{Dir: dir, Settings: quick})
	if os.Geteuid() != 0 {
		require.NoError(t, err, "our own folder is open to us")
		require.NoError(t, s.Stop(t.Context()))
		return
	}
	require.ErrorContains(t, err, "can't enter "+dir)
	require.ErrorContains(t, err, "/var/lib/postwright")
}

func TestDefaultDirIsNamed(t *testing.T) {
	t.Parallel()
	dir, err := DefaultDir("demo")
	require.NoError(t, err)
	require.Equal(t, "demo", filepath.Base(dir))
	require.Equal(t, "postwright", filepath.Base(filepath.Dir(dir)))
	if os.Geteuid() == 0 {
		require.Equal(t, "/var/lib/postwright/demo", dir)
	}
}
