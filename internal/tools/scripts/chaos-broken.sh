#!/usr/bin/env bash
# Runs the proof on a copy of the tree that writes the attempt down after the call, and wants it to find doubles; takes flags of cmd/chaos.
set -euo pipefail
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
git ls-files --cached --others --exclude-standard | tar -cf - -T - | tar -xf - -C "$tree"
git -C "$tree" init --quiet
git -C "$tree" apply "$PWD/internal/chaos/testdata/attempt-after-call.patch"
go run ./cmd/chaos --source "$tree" --expect-doubles --posts 60 --kills 15 --restarts 0 --faults-of-each 0 --deadline 10m "$@"
