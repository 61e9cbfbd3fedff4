package devdb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// minMajor is the oldest PostgreSQL that is still supported by its makers and by River.
const minMajor = 14

// programs are the executables of one PostgreSQL installation.
type programs struct {
	bin     string // the folder that holds initdb and postgres
	version string // "15.14"
	major   int
}

func (p programs) path(name string) string { return filepath.Join(p.bin, name) }

// Version returns the version of the PostgreSQL that Start would use for a new Dir, such as "15.14".
func Version(ctx context.Context) (string, error) {
	found, err := findPrograms(ctx, programFolders(ctx))
	if err != nil {
		return "", err
	}
	return found[0].version, nil
}

// programFolders lists where PostgreSQL's programs may be, the preferred place first. Debian keeps initdb and postgres
// out of PATH, and so do Homebrew's versioned formulas.
func programFolders(ctx context.Context) []string {
	var folders []string
	if path, err := exec.LookPath("postgres"); err == nil {
		folders = append(folders, filepath.Dir(path))
		if target, err := filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(target))
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
		"/usr/pgsql-*/bin",                                   // the PostgreSQL project's RPMs
		"/usr/libexec/postgresql*",                           // Alpine
		"/opt/homebrew/opt/postgresql*/bin",                  // Homebrew on Apple silicon
		"/usr/local/opt/postgresql*/bin",                     // Homebrew on Intel
		"/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
	} {
		matches, _ := filepath.Glob(pattern) // fails only on a malformed pattern
		slices.SortFunc(matches, func(a, b string) int { return cmp.Compare(folderVersion(b), folderVersion(a)) })
		folders = append(folders, matches...)
	}
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		folders = append(folders, strings.TrimSpace(string(out)))
	}
	return folders
}

var digits = regexp.MustCompile(`\d+`)

// folderVersion is the number in a folder's name: 9 for /usr/lib/postgresql/9.6/bin, 17 for …/postgresql@17/bin.
func folderVersion(folder string) int {
	n, _ := strconv.Atoi(digits.FindString(folder)) // no number: 0, the last choice
	return n
}

// findPrograms returns the usable installations among the folders, in their order, and an error that says what to
// install when there is none.
func findPrograms(ctx context.Context, folders []string) ([]programs, error) {
	var found []programs
	var unfit []string
	for i, folder := range folders {
		p := programs{bin: folder}
		if slices.Contains(folders[:i], folder) || !executable(p.path("initdb")) || !executable(p.path("postgres")) {
			continue
		}
		var err error
		p.version, p.major, err = programVersion(ctx, p.path("postgres"))
		if ctx.Err() != nil { // which says nothing about what is installed
			return nil, fmt.Errorf("look for PostgreSQL's programs: %w", context.Cause(ctx))
		}
		if err != nil {
			unfit = append(unfit, fmt.Sprintf("%s does not run: %v", folder, err))
			continue
		}
		if p.major < minMajor {
			unfit = append(unfit, fmt.Sprintf("%s has version %s", folder, p.version))
			continue
		}
		found = append(found, p)
	}
	if len(found) > 0 {
		return found, nil
	}
	return nil, errors.New(installAdvice(unfit))
}

func installAdvice(unfit []string) string {
	text := fmt.Sprintf("PostgreSQL's programs (initdb, postgres), version %d or newer, were not found", minMajor)
	if len(unfit) > 0 {
		text += " (" + strings.Join(unfit, "; ") + ")"
	}
	return text + `. Install them:
  Debian, Ubuntu:  sudo apt-get install postgresql
  Fedora, RHEL:    sudo dnf install postgresql-server
  Alpine:          sudo apk add postgresql
  Arch:            sudo pacman -S postgresql
  macOS:           brew install postgresql@17
No server needs to be set up or running: a private one is started from them. Programs elsewhere are found through PATH.`
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// postgresVersion reads what `postgres --version` prints: "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)", or a
// pre-release as "… 18rc1".
var postgresVersion = regexp.MustCompile(`\(PostgreSQL\) ((\d+)\S*)`)

func programVersion(ctx context.Context, postgres string) (version string, major int, err error) {
	out, err := exec.CommandContext(ctx, postgres, "--version").Output()
	if err != nil {
		return "", 0, err
	}
	match := postgresVersion.FindStringSubmatch(string(out))
	if match == nil {
		return "", 0, fmt.Errorf("it printed %q for a version", out)
	}
	major, err = strconv.Atoi(match[2])
	return match[1], major, err
}

// forData picks the installation that can serve an existing data folder: a data folder belongs to one major version.
func forData(found []programs, dataFolder string) (programs, error) {
	content, err := os.ReadFile(filepath.Join(dataFolder, "PG_VERSION"))
	if err != nil {
		return programs{}, fmt.Errorf("%s is not a PostgreSQL data folder: %w", dataFolder, err)
	}
	major := strings.TrimSpace(string(content))
	for _, p := range found {
		if strconv.Itoa(p.major) == major {
			return p, nil
		}
	}
	return programs{}, fmt.Errorf("the data in %s was written by PostgreSQL %s, and the one installed is %s: "+
		"install version %s beside it, or remove that folder to begin anew", dataFolder, major, found[0].version, major)
}

// Program returns where one of PostgreSQL's programs is, such as pg_dump: beside the newest server that has it.
func Program(ctx context.Context, name string) (string, error) {
	found, err := findPrograms(ctx, programFolders(ctx))
	if err != nil {
		return "", err
	}
	for _, p := range found {
		if path := p.path(name); executable(path) {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not among PostgreSQL's programs: %s", name, installAdvice(nil))
}
