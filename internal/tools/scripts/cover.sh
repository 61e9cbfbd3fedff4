#!/usr/bin/env bash
# Runs all tests and prints how much of the hand-written code they run; takes flags of go test.
set -euo pipefail
profile=$(mktemp)
trap 'rm -f "$profile"' EXIT
written=$(go list ./... | grep -v '/gen/' | paste -sd, -)
# The summary counts every package's code for every package's tests, so the per-package percentages mean little.
go test "$@" -coverprofile="$profile" -coverpkg="$written" ./... | sed -E 's/[[:space:]]+coverage: .*//'
go tool cover -func="$profile" | awk '/^total:/ { print "coverage of hand-written code: " $NF }'
