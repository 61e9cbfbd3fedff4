// Package devdb runs a private PostgreSQL for the demo and for tests, from the programs that are installed.
//
// It owns the server's whole life: finding the programs, making the data folder, starting, and stopping, also when the
// process that owns it is killed. Nobody else can connect: the server listens on no TCP port, only on a socket in a folder
// that is closed to other users.
//
// It must not know what the databases are for: it knows no table and no migration. It is not for production, which brings
// its own PostgreSQL.
package devdb

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

//go:embed watchdog.sh
var watchdog string

// superuser is the one role of a private server.
const superuser = "postwright"

// startWait bounds a start. It is long because a server that was killed replays its log first.
const startWait = 2 * time.Minute

// Options say what server to run. The zero value is a temporary server with PostgreSQL's own settings.
type Options struct {
	// Dir is the folder that keeps the data across starts; it is made when it is not there. Empty means a temporary one
	// that is removed when the server stops, however it stops. One server at a time can use a Dir.
	Dir string
	// TempIn is the folder in which a temporary Dir is made; empty means the system's folder for temporary files.
	TempIn string
	// Fresh throws away what Dir holds before the start.
	Fresh bool
	// Seed is the Dir of a stopped server whose data a new Dir begins with. Empty means an empty cluster.
	Seed string
	// Settings are PostgreSQL's, such as "fsync": "off". They go before the package's own, except for those that say
	// where the server listens.
	Settings map[string]string
	// Log hears about starts, stops and an early death; nil means nobody does.
	Log *slog.Logger
}

// Server is a running PostgreSQL. Stop it after use.
type Server struct {
	dir       string
	sockets   string
	temporary bool
	log       *slog.Logger
	lock      *os.File
	said      *os.File // the server's log: open, because a temporary server's goes with its folder
	pipe      *os.File // the watchdog ends the server when this closes
	group     int      // process group of the watchdog and the server
	exited    chan struct{}
	stop      sync.Once

	mu       sync.Mutex
	stopping bool
	died     error
}

// Start starts a server and returns when it answers. The first start in a Dir takes about a second more, for initdb.
// ctx bounds the start only. The error says what to do: which package to install when PostgreSQL's programs are missing,
// whom to stop when Dir is in use; when the server does not come up it quotes the end of its log.
func Start(ctx context.Context, opts Options) (*Server, error) {
	return start(ctx, opts, programFolders(ctx))
}

func start(ctx context.Context, opts Options, folders []string) (_ *Server, err error) {
	found, err := findPrograms(ctx, folders)
	if err != nil {
		return nil, err
	}
	s := &Server{dir: opts.Dir, log: opts.Log, exited: make(chan struct{})}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.dir == "" {
		s.temporary = true
		if s.dir, err = os.MkdirTemp(opts.TempIn, "postwright-db-"); err != nil {
			return nil, err
		}
	}
	if s.dir, err = filepath.Abs(s.dir); err != nil {
		return nil, err
	}
	if s.lock, err = openDir(ctx, s.dir); err != nil {
		s.cleanUp()
		return nil, fmt.Errorf("start a private PostgreSQL: %w", err)
	}
	if err := s.bringUp(ctx, opts, found); err != nil {
		s.cleanUp()
		return nil, fmt.Errorf("start a private PostgreSQL: %w", err)
	}
	return s, nil
}

func (s *Server) bringUp(ctx context.Context, opts Options, found []programs) error {
	who, err := serverAccount(s.dir)
	if err != nil {
		return err
	}
	if err := who.takeOver(s.dir); err != nil {
		return err
	}
	if err := who.reach(ctx, s.dir); err != nil {
		return err
	}
	use, err := s.prepareData(ctx, who, opts, found)
	if err != nil {
		return err
	}
	if s.sockets, err = makeSocketFolder(); err != nil {
		return err
	}
	if err := who.takeOver(s.sockets); err != nil {
		return err
	}
	began := time.Now()
	if err := s.launch(who, use, opts.Settings); err != nil { //nolint:contextcheck // the server outlives its start
		return err
	}
	if err := s.waitUntilReady(ctx); err != nil {
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return errors.Join(err, s.Stop(stopCtx))
	}
	s.log.DebugContext(ctx, "private PostgreSQL started", "dir", s.dir, "version", use.version, "took", time.Since(began))
	return nil
}

// prepareData makes the data folder if there is none, in one step as others see it: a start that is killed leaves a
// folder that the next one throws away, never half a cluster.
func (s *Server) prepareData(ctx context.Context, who account, opts Options, found []programs) (programs, error) {
	data, fresh := filepath.Join(s.dir, dataName), filepath.Join(s.dir, unborn)
	if err := os.RemoveAll(fresh); err != nil {
		return programs{}, err
	}
	if opts.Fresh {
		// By way of a rename: half-removed data would look like data.
		if err := os.Rename(data, fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
			return programs{}, err
		}
		if err := os.RemoveAll(fresh); err != nil {
			return programs{}, err
		}
	}
	_, err := os.Stat(data)
	switch {
	case err == nil:
		if err := removeStalePID(ctx, data); err != nil {
			return programs{}, err
		}
		return forData(found, data)
	case !errors.Is(err, os.ErrNotExist):
		return programs{}, err
	}
	use := found[0]
	if opts.Seed != "" {
		seed := filepath.Join(opts.Seed, dataName)
		if use, err = forData(found, seed); err != nil {
			return programs{}, err
		}
		err = s.copySeed(ctx, who, seed, fresh)
	} else {
		err = s.initdb(ctx, who, use, fresh)
	}
	if err != nil {
		return programs{}, err
	}
	return use, os.Rename(fresh, data)
}

// copySeed runs as the server's account, so that the copy is its own.
func (s *Server) copySeed(ctx context.Context, who account, seed, fresh string) error {
	cmd := who.command(ctx, s.dir, "cp", "-Rp", seed, fresh)
	cmd.ExtraFiles = []*os.File{s.lock}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("copy %s: %w\n%s", seed, err, out)
	}
	return nil
}

// initdb makes an empty cluster in UTF-8 whose lower() knows letters beyond ASCII, which locale C does not.
func (s *Server) initdb(ctx context.Context, who account, use programs, fresh string) error {
	// PostgreSQL 17 brings such a locale itself; before it, the system's is used, which macOS calls by another name.
	locales := [][]string{{"--locale=C.UTF-8"}, {"--locale=en_US.UTF-8"}}
	if use.major >= 17 {
		locales = [][]string{{"--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"}}
	}
	var failures []error
	for _, locale := range locales {
		args := append([]string{
			"--pgdata", fresh, "--username", superuser, "--encoding=UTF8",
			// Whoever can enter the socket's folder may connect without a password: the folder is closed to all but
			// the server's account (and root), which is what a password on the same machine would be kept behind too.
			"--auth-local=trust", "--auth-host=reject",
			"--wal-segsize=1", // MB; a fresh cluster is 15 MB smaller
		}, locale...)
		cmd := who.command(ctx, s.dir, use.path("initdb"), args...)
		cmd.ExtraFiles = []*os.File{s.lock} // initdb may outlive us: the folder is in use until it ends
		out, err := cmd.CombinedOutput()
		if err == nil {
			return nil
		}
		failures = append(failures, fmt.Errorf("initdb: %w\n%s", err, out))
		if err := os.RemoveAll(fresh); err != nil {
			return err
		}
	}
	return errors.Join(failures...)
}

// makeSocketFolder makes a folder whose path is short enough for a socket's name.
func makeSocketFolder() (string, error) {
	const random = 10 // characters that MkdirTemp adds at most
	parent := os.TempDir()
	if len(filepath.Join(parent, "postwright-", socketName))+random > maxSocketPath {
		parent = "/tmp"
	}
	return os.MkdirTemp(parent, "postwright-")
}

// launch starts the server under its watchdog.
func (s *Server) launch(who account, use programs, settings map[string]string) error {
	all := map[string]string{"timezone": "UTC", "log_timezone": "UTC", "log_checkpoints": "off"}
	maps.Copy(all, settings)
	all["listen_addresses"] = ""
	all["unix_socket_directories"] = s.sockets
	all["unix_socket_permissions"] = "0700"
	all["port"] = "5432" // only part of the socket's name

	temporary := ""
	if s.temporary {
		temporary = s.dir
	}
	args := []string{"-c", watchdog, "postwright-watchdog", s.sockets, temporary, use.path("postgres"),
		"-D", filepath.Join(s.dir, dataName)}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		args = append(args, "-c", name+"="+all[name])
	}

	var err error
	s.said, err = os.OpenFile(filepath.Join(s.dir, logName), os.O_CREATE|os.O_RDWR|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	reading, writing, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = reading.Close() }()

	// Not bound to the start's context: the server outlives it, and Stop ends it.
	cmd := who.command(context.Background(), s.dir, "/bin/sh", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = reading, s.said, s.said
	cmd.ExtraFiles = []*os.File{s.lock}
	if err := cmd.Start(); err != nil {
		_ = writing.Close()
		return fmt.Errorf("run the server: %w", err)
	}
	s.pipe, s.group = writing, cmd.Process.Pid
	go func() {
		defer close(s.exited)
		s.ended(cmd.Wait())
	}()
	return nil
}

// ended notes how the server ended. Its exit status alone does not tell a death from a stop: a fast shutdown that
// somebody else asked for ends with 0 as well.
func (s *Server) ended(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return
	}
	s.died = errors.New("the private PostgreSQL ended by itself")
	if err != nil {
		s.died = fmt.Errorf("%w (%w)", s.died, err)
	}
	s.died = fmt.Errorf("%w; the end of its log:\n%s", s.died, tail(s.said))
	s.log.Error("private PostgreSQL ended", "error", s.died)
}

func (s *Server) waitUntilReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-tick.C:
		case <-s.exited:
			return s.Err()
		case <-ctx.Done():
			return fmt.Errorf("it did not answer in time (%w): %w; the end of its log:\n%s", ctx.Err(), err, tail(s.said))
		}
	}
}

// URL returns the connection string of one database on the server, as pgx and libpq take it. The database is not made;
// "postgres" is always there.
func (s *Server) URL(database string) string {
	u := url.URL{Scheme: "postgres", Path: "/" + database}
	u.RawQuery = url.Values{"host": {s.sockets}, "user": {superuser}, "port": {"5432"}}.Encode()
	return u.String()
}

// EnsureDatabase makes the database if it is not there.
func (s *Server) EnsureDatabase(ctx context.Context, database string) error {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return fmt.Errorf("make database %s: %w", database, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var there bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", database).Scan(&there)
	if err == nil && !there {
		_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{database}.Sanitize())
	}
	if err != nil {
		return fmt.Errorf("make database %s: %w", database, err)
	}
	return nil
}

// Exited is closed when the server has ended, by Stop or by itself. Err tells which.
func (s *Server) Exited() <-chan struct{} { return s.exited }

// Err returns why the server ended by itself, and nil while it runs or when Stop ended it.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.died
}

// Stop ends the connections, shuts the server down and returns when it is gone, along with its socket and, for a temporary
// one, its data. When ctx ends first, the server is killed, which costs a durable one no committed data, and the error
// says so. Further calls do nothing.
func (s *Server) Stop(ctx context.Context) error {
	var err error
	s.stop.Do(func() { err = s.shutDown(ctx) })
	return err
}

func (s *Server) shutDown(ctx context.Context) error {
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	var err error
	if s.pipe != nil {
		_ = s.pipe.Close() // the watchdog sees it and asks the server to end
		select {
		case <-s.exited:
		case <-ctx.Done():
			err = fmt.Errorf("the private PostgreSQL did not stop in time and was killed: %w", ctx.Err())
			_ = syscall.Kill(-s.group, syscall.SIGKILL) // fails only when it ended just now
			<-s.exited
		}
	}
	s.cleanUp()
	return err
}

// cleanUp removes what the watchdog would have removed, for the case that it was never started or was killed.
func (s *Server) cleanUp() {
	if s.sockets != "" {
		_ = os.RemoveAll(s.sockets)
	}
	if s.temporary {
		_ = os.RemoveAll(s.dir)
	}
	for _, file := range []*os.File{s.said, s.lock} {
		_ = file.Close() // nothing is written through them any more; nil is allowed
	}
}
