#!/usr/bin/env bash
# Fails when gen/ differs from what is committed. Run after `just gen`.
set -euo pipefail
# Status and not diff: a diff misses new files.
changed=$(git status --porcelain -- gen)
if [ -n "$changed" ]; then
    printf '%s\n' "$changed" >&2
    echo 'gen/ is not what is committed: run `just gen` and commit gen/ together with the change it comes from.' >&2
    exit 1
fi
echo 'gen/ is up to date.'
