package devdb

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// install puts programs into a folder that claim to be of a version.
func install(t *testing.T, says string) string {
	t.Helper()
	folder := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\necho '%s'\n", says)
	for _, name := range []string{"initdb", "postgres"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(script), 0o755))
	}
	return folder
}

func TestMissingProgramsSayWhatToInstall(t *testing.T) {
	t.Parallel()
	_, err := start(t.Context(), Options{}, []string{t.TempDir(), "/nowhere"})
	require.ErrorContains(t, err, "version 14 or newer, were not found")
	require.ErrorContains(t, err, "sudo apt-get install postgresql")
	require.ErrorContains(t, err, "brew install postgresql@17")
}

func TestFindPrograms(t *testing.T) {
	t.Parallel()
	old := install(t, "postgres (PostgreSQL) 13.22")
	debian := install(t, "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)")
	candidate := install(t, "postgres (PostgreSQL) 18rc1")
	mute := install(t, "hello")

	found, err := findPrograms(t.Context(), []string{old, debian, debian, candidate, mute})
	require.NoError(t, err)
	require.Equal(t, []programs{
		{bin: debian, version: "15.14", major: 15},
		{bin: candidate, version: "18rc1", major: 18},
	}, found)

	_, err = findPrograms(t.Context(), []string{old, mute})
	require.ErrorContains(t, err, old+" has version 13.22", "what was found, and why it is not enough")
	require.ErrorContains(t, err, mute+` does not run: it printed "hello\n" for a version`)
}

func TestNewestFolderFirst(t *testing.T) {
	t.Parallel()
	require.Equal(t, 9, folderVersion("/usr/lib/postgresql/9.6/bin"))
	require.Equal(t, 17, folderVersion("/opt/homebrew/opt/postgresql@17/bin"))
	require.Zero(t, folderVersion("/opt/homebrew/opt/postgresql/bin"))
}

func TestInstalledVersion(t *testing.T) {
	t.Parallel()
	version, err := Version(t.Context())
	require.NoError(t, err)
	require.Regexp(t, `^\d\d[.\w]*$`, version)
}

// A caller who has no time left is not told to install what is there.
func TestWhoeverLeavesHearsNothingOfWhatIsMissing(t *testing.T) {
	t.Parallel()
	left, leave := context.WithCancel(t.Context())
	leave()
	_, err := findPrograms(left, programFolders(t.Context()))
	require.ErrorIs(t, err, context.Canceled)
}
