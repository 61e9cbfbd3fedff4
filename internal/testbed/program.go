// Package testbed is what chaos, siege and bench stand on: the program built from a tree, nodes of it as processes of
// their own, what they hold and cost, owners with keys and accounts, servers on loopback, and the page for the figures.
//
// It must not know what is proven or compared, nor what a node does: it sees a binary, its settings and the public API. Owners,
// keys and accounts it makes as the commands do, through internal/app.
package testbed

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// Folder makes a temporary folder for the data and the logs of a run. Others may enter it: PostgreSQL's account must be able to.
func Folder(proof string) (string, error) {
	dir, err := os.MkdirTemp("", "postwright-"+proof+"-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755) //nolint:gosec // PostgreSQL's account must be able to enter
}

// Build builds the postwright of a tree into dir and returns the binary's path; out hears what the compiler says.
func Build(ctx context.Context, tree, dir string, out io.Writer) (string, error) {
	binary := filepath.Join(dir, "postwright")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/postwright") //nolint:gosec // the tree that the caller named
	build.Dir, build.Stdout, build.Stderr = tree, out, out
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("build postwright: %w", err)
	}
	return binary, nil
}
