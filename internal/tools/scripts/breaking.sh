#!/usr/bin/env bash
# Fails when the API would break its callers, compared with a commit.
set -euo pipefail
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
git archive "$1" specs/api | tar -x -C "$before"
cp -R specs/api/third_party "$before/specs/api/" # not committed, and not ours to break
go tool -modfile=internal/tools/go.mod buf breaking specs/api --against "$before/specs/api"
