#!/usr/bin/env bash
# Looks for known vulnerabilities in what the code calls; says so where the database of them can't be reached.
set -uo pipefail
said=$(mktemp)
trap 'rm -f "$said"' EXIT
go tool -modfile=internal/tools/go.mod govulncheck ./... 2> "$said"
status=$?
cat "$said" >&2
# Only this one failure is excused: no answer at all from the vulnerability database.
if [ "$status" -eq 1 ] && grep -q '^govulncheck: fetching vulnerabilities: Get ' "$said"; then
    echo 'NOT CHECKED for known vulnerabilities: the vulnerability database (https://vuln.go.dev) can not be reached from here.'
    exit 0
fi
exit "$status"
