package devdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
)

// DefaultDir returns the folder in which the data of a private server called name is kept across runs. It is a folder for
// state and not for a cache, which may be cleaned at any time: per user ~/.local/state/postwright/NAME (on macOS
// ~/Library/Application Support/postwright/NAME), and /var/lib/postwright/NAME for root, whose home the server's own
// account can't enter. It creates nothing.
func DefaultDir(name string) (string, error) {
	if os.Geteuid() == 0 {
		return filepath.Join("/var/lib/postwright", name), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for the data of the private PostgreSQL: %w", err)
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support", "postwright", name), nil
	}
	return filepath.Join(home, ".local", "state", "postwright", name), nil
}

// account is the operating system's user that the server runs as.
type account struct {
	name       string
	uid, gid   int
	credential *syscall.Credential // nil: our own user
}

// serverAccount is our own user, except for root, which PostgreSQL refuses to run as: then it is whoever owns the data
// already, else `postgres`, else `nobody`.
func serverAccount(dir string) (account, error) {
	if os.Geteuid() != 0 {
		return account{uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	if info, err := os.Stat(filepath.Join(dir, dataName)); err == nil {
		if owner, ok := info.Sys().(*syscall.Stat_t); ok && owner.Uid != 0 {
			u, err := user.LookupId(strconv.FormatUint(uint64(owner.Uid), 10))
			if err != nil {
				return account{}, fmt.Errorf("the data in %s belongs to a user that is gone: %w", dir, err)
			}
			return newAccount(u)
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			return newAccount(u)
		}
	}
	return account{}, errors.New("PostgreSQL refuses to run as root, and neither user `postgres` nor user `nobody` exists: " +
		"run this as another user")
}

func newAccount(u *user.User) (account, error) {
	groups, err := u.GroupIds()
	if err != nil {
		return account{}, fmt.Errorf("read the groups of user %s: %w", u.Username, err)
	}
	ids := make([]uint32, 0, len(groups)+2)
	for _, text := range append([]string{u.Uid, u.Gid}, groups...) {
		id, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return account{}, fmt.Errorf("read the ids of user %s: %w", u.Username, err)
		}
		ids = append(ids, uint32(id))
	}
	return account{
		name: u.Username, uid: int(ids[0]), gid: int(ids[1]),
		credential: &syscall.Credential{Uid: ids[0], Gid: ids[1], Groups: ids[2:]},
	}, nil
}

// command prepares a program to run as the account, in a process group of its own, so that Ctrl-C in the terminal reaches
// only the owner, who then stops the server in order. The environment is not handed on: it may hold secrets, and PG* and
// LC_* variables would change what the programs do.
func (a account) command(ctx context.Context, dir, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=/usr/bin:/bin:/usr/local/bin", "LC_ALL=C"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: a.credential}
	return cmd
}

// takeOver gives a folder of ours to the account, closed to everybody else.
func (a account) takeOver(folder string) error {
	if a.credential != nil {
		if err := os.Chown(folder, a.uid, a.gid); err != nil {
			return err
		}
	}
	return os.Chmod(folder, 0o700)
}

// reach checks that the account can enter the folder, which takes every folder above it too.
func (a account) reach(ctx context.Context, folder string) error {
	cmd := a.command(ctx, "/", "/bin/sh", "-c", `cd "$1"`, "sh", folder)
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &exit):
		return fmt.Errorf("run a program as user %s: %w", a.name, err)
	case a.credential == nil:
		return fmt.Errorf("the folder %s can't be entered", folder)
	}
	return fmt.Errorf("PostgreSQL refuses to run as root, and user %s can't enter %s: choose a folder all of whose parents "+
		"are open to other users, such as one in /var/lib/postwright", a.name, folder)
}
