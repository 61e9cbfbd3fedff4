package dbtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/postwright/postwright/internal/devdb"
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/sql/migrations"
)

const (
	// migrated is the database that tests get clones of.
	migrated = "migrated"
	// layout changes when this file makes seeds differently, so that older ones are not taken for new ones.
	layout = "1"
	// unusedFor is how old a seed may get without being used; other checkouts and branches share the folder.
	unusedFor = 7 * 24 * time.Hour
)

// ensureSeed returns the folder of a stopped server with the migrated database, as devdb's Seed. It is made once for each
// state of the migrations and each PostgreSQL; of several test binaries that need it at once, one makes it and the others
// wait for it.
func ensureSeed(ctx context.Context) (string, error) {
	key, err := seedKey(ctx)
	if err != nil {
		return "", err
	}
	root, err := seedRoot()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", err
	}
	lock, err := os.OpenFile(filepath.Join(root, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", err
	}
	defer func() { _ = lock.Close() }() // lets the lock go
	if err := flock(lock); err != nil {
		return "", fmt.Errorf("lock %s: %w", root, err)
	}
	seed := filepath.Join(root, key)
	now := time.Now()
	switch err := os.Chtimes(seed, now, now); {
	case err == nil:
		return seed, nil
	case !errors.Is(err, os.ErrNotExist):
		return "", err
	}
	prune(root, now)
	return seed, buildSeed(ctx, seed)
}

// seedRoot is in the user's cache folder; root's is closed to the account that the server runs as.
func seedRoot() (string, error) {
	cache := "/var/cache"
	if os.Geteuid() != 0 {
		var err error
		if cache, err = os.UserCacheDir(); err != nil {
			return "", fmt.Errorf("find a folder for the test database: %w", err)
		}
	}
	return filepath.Join(cache, "postwright", "dbtest"), nil
}

// seedKey names everything that a seed is made from.
func seedKey(ctx context.Context) (string, error) {
	version, err := devdb.Version(ctx)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	fmt.Fprintln(sum, layout, version)
	names, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		return "", err
	}
	for _, name := range names {
		content, err := migrations.FS.ReadFile(name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(content), content)
	}
	if err := addRiver(sum); err != nil {
		return "", err
	}
	return "pg" + version + "-" + hex.EncodeToString(sum.Sum(nil)[:8]), nil
}

// addRiver adds River's own migrations, which come with its version.
func addRiver(sum io.Writer) error {
	river, err := rivermigrate.New(riverpgxv5.New(nil), &rivermigrate.Config{Schema: postgres.JobSchema})
	if err != nil {
		return err
	}
	for _, m := range river.AllVersions() {
		fmt.Fprintln(sum, m.Version, m.SQLUp)
	}
	return nil
}

// buildSeed makes the seed beside its place and moves it there in one step: a build that is killed leaves no half of one.
func buildSeed(ctx context.Context, seed string) error {
	building, err := os.MkdirTemp(filepath.Dir(seed), "building-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(building) }() // prune takes what stays behind
	if err := os.Chmod(building, 0o755); err != nil {
		return err
	}
	dir := filepath.Join(building, "server")
	db, err := devdb.Start(ctx, devdb.Options{Dir: dir, Settings: settings})
	if err != nil {
		return err
	}
	err = migrate(ctx, db)
	if err := errors.Join(err, db.Stop(ctx)); err != nil {
		return err
	}
	return os.Rename(dir, seed)
}

func migrate(ctx context.Context, db *devdb.Server) error {
	if err := db.EnsureDatabase(ctx, migrated); err != nil {
		return err
	}
	if err := postgres.Migrate(ctx, db.URL(migrated), slog.New(slog.DiscardHandler)); err != nil {
		return fmt.Errorf("migrate the test database: %w", err)
	}
	conn, err := pgx.Connect(ctx, db.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	// Nobody may connect to it any more, by mistake or otherwise: a clone needs it undisturbed.
	_, err = conn.Exec(ctx, "ALTER DATABASE "+migrated+" WITH ALLOW_CONNECTIONS false IS_TEMPLATE true")
	return err
}

// prune removes seeds that nobody has used for long. What can't be removed stays for the next time.
func prune(root string, now time.Time) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return
	}
	old := slices.DeleteFunc(entries, func(entry os.DirEntry) bool {
		info, err := entry.Info()
		return err != nil || !entry.IsDir() || now.Sub(info.ModTime()) < unusedFor
	})
	for _, entry := range old {
		_ = os.RemoveAll(filepath.Join(root, entry.Name()))
	}
}

// flock waits until the file is ours. The lock goes when the file is closed or the process ends.
func flock(file *os.File) error {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
