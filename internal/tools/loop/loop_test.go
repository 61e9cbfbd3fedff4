// Package loop tries the loop of a change as the README tells it: a column in SQL and a field in the API, generated anew,
// and the compiler satisfied.
package loop

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../../.."

// A column is added to posts and a field to Post, on a copy of the tree: regenerate, map, build.
func TestAColumnIsAddedAndSeenInTheAPI(t *testing.T) {
	tree := copyOfTheTree(t)
	write(t, tree, "sql/migrations/99999_add_campaign.sql",
		"-- +goose Up\nALTER TABLE posts ADD COLUMN campaign text NOT NULL DEFAULT '';\n\n-- +goose Down\nALTER TABLE posts DROP COLUMN campaign;\n")
	replace(t, tree, "specs/api/postwright/v1/post.proto", "message Post {\n", "message Post {\n  string campaign = 1000;\n")
	run(t, tree, "just", "gen")
	replace(t, tree, "internal/rpc/map_post.go", "Etag: posts.Etag(p),", "Etag: posts.Etag(p), Campaign: p.Campaign,")
	run(t, tree, "go", "build", "./...")
}

// copyOfTheTree copies what git would commit, and makes it a repository of its own.
func copyOfTheTree(t *testing.T) string {
	t.Helper()
	list, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatal("list the files:", err)
	}
	tree := t.TempDir()
	for name := range strings.Lines(string(list)) {
		name = strings.TrimSpace(name)
		content, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) { // deleted, and not yet committed
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		write(t, tree, name, string(content))
	}
	return tree
}

func write(t *testing.T, tree, name, content string) {
	t.Helper()
	path := filepath.Join(tree, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// replace fails when the text is not there: the README's three steps would not work as told.
func replace(t *testing.T, tree, name, from, to string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(tree, name))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(content), from) {
		t.Fatalf("%s does not contain %q", name, from)
	}
	write(t, tree, name, strings.Replace(string(content), from, to, 1))
}

func run(t *testing.T, tree, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = tree
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
}
