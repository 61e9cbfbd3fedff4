package main

import (
	"bufio"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/sandbox"
	"github.com/postwright/postwright/internal/testbed/loopback"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

const root = "../.."

// Every line of the README's shell blocks is run, in order, in one shell. What depends on the reader's machine is
// replaced: the database, the port, the token's file. `go test ./...` is what runs this.
func TestEveryLineOfTheREADMEWorks(t *testing.T) {
	t.Parallel()
	vendors := sandbox.New(sandbox.Options{
		Clock: time.Now, Log: slog.New(slog.DiscardHandler), Members: []sandbox.Member{sandboxMember("token-from-linkedin", demoScopes)},
	})
	vendorsHTTP := httptest.NewServer(vendors.Handler())
	t.Cleanup(vendorsHTTP.Close)
	address := freeAddress(t)
	token := filepath.Join(t.TempDir(), "token.txt")
	require.NoError(t, os.WriteFile(token, []byte("token-from-linkedin\n"), 0o600))
	server := dbtest.NewEmpty(t)
	database, err := url.Parse(server)
	require.NoError(t, err)
	database.Path = "/readme"
	onThisMachine := strings.NewReplacer(
		"createdb postwright", "createdb --maintenance-db='"+server+"' readme",
		"postgres:///postwright", database.String(),
		"http://127.0.0.1:8080", "http://"+address,
		"< token.txt", "< '"+token+"'",
	)
	script := []string{"set -euo pipefail", "trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT"}
	run := 0
	for _, line := range shellLines(t) {
		switch line = onThisMachine.Replace(line); line {
		case "go test ./...":
			continue
		case "bin/postwright serve":
			line = "bin/postwright serve &\ncurl -s -o /dev/null --retry 100 --retry-delay 1 --retry-connrefused http://" + address + "/healthz"
		}
		run++
		script = append(script, fmt.Sprintf("echo '+ line %d' >&2", run), line)
	}
	require.Greater(t, run, 28)

	cmd := exec.CommandContext(t.Context(), "bash", "-c", strings.Join(script, "\n"))
	cmd.Dir = root
	cmd.Env = append(os.Environ(),
		"POSTWRIGHT_LISTEN="+address, "POSTWRIGHT_LINKEDIN_API_URL="+vendorsHTTP.URL, "POSTWRIGHT_LINKEDIN_AUTH_URL="+vendorsHTTP.URL,
		"POSTWRIGHT_NOTIFICATION_URL="+vendorsHTTP.URL,
		"POSTWRIGHT_DEMO_DIR="+demoDir(t), "POSTWRIGHT_DEMO_LISTEN=127.0.0.1:0", "POSTWRIGHT_DEMO_EXIT=true")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, want := range []string{
		"The main job is done", "applied 00001", "created user", "added account", `"content":"Hello, LinkedIn"`,
		`"content":"Hello again, LinkedIn"`, `"state":"POST_STATE_SCHEDULED"`, `"state":"POST_STATE_QUEUED"`, `"state":"POST_STATE_PUBLISHED"`,
		`"label":"SENTIMENT_LABEL_POSITIVE"`, `"engine":"builtin"`, `"database":"ok"`, "db_operation_duration_seconds", "revoked pw_",
	} {
		require.Contains(t, string(out), want)
	}
}

// shellLines are the lines of the README's shell blocks.
func shellLines(t *testing.T) []string {
	t.Helper()
	readme, err := os.Open(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	defer func() { require.NoError(t, readme.Close()) }()
	var lines []string
	inside := false
	for scanner := bufio.NewScanner(readme); scanner.Scan(); {
		switch line := scanner.Text(); {
		case strings.HasPrefix(line, "```"):
			inside = line == "```sh"
		case inside && line != "":
			command, _, _ := strings.Cut(line, "    # ")
			lines = append(lines, command)
		}
	}
	return lines
}

// demoDir is a folder that the account of the demo's PostgreSQL can enter, also when root runs the tests.
func demoDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, open := range []string{dir, filepath.Dir(dir)} {
		require.NoError(t, os.Chmod(open, 0o755))
	}
	return dir
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := loopback.FreeAddress(t.Context())
	require.NoError(t, err)
	return address
}

// docs/operations has every operation: what is added to a query file or a vendor's OpenAPI file is added there.
func TestThePageOnOperationsListsEveryOperation(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root, "docs", "operations", "README.md"))
	require.NoError(t, err)
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile(`operation="(\w+)"`).FindAllStringSubmatch(string(page), -1) {
		listed[m[1]] = true
	}
	there := map[string]bool{}
	for pattern, form := range map[string]string{
		"sql/queries/*.sql": `(?m)^-- name: (\w+)`, "specs/vendors/*.yaml": `operationId: (\w+)`,
	} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, m := range regexp.MustCompile(form).FindAllStringSubmatch(string(content), -1) {
				there[m[1]] = true
			}
		}
	}
	require.Equal(t, there, listed)
}
