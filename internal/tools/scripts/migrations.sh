#!/usr/bin/env bash
# Fails when a migration that a commit has was edited, renamed or removed since: databases that have run it would never see that.
set -euo pipefail
changed=$(git diff --no-renames --name-status --diff-filter=a "$1" -- sql/migrations)
if [ -n "$changed" ]; then
    printf '%s\n' "$changed" >&2
    echo "Migrations that $1 has are as they are, for ever: add another." >&2
    exit 1
fi
