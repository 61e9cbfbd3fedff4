# The tools' versions stand in internal/tools/go.mod, those of the two protoc plugins in go.mod, and nowhere else.

set shell := ["bash", "-euo", "pipefail", "-c"]

tool := "go tool -modfile=internal/tools/go.mod"

# List the recipes.
_default:
    @just --list --unsorted

# Write every generated folder anew, from sql/, specs/api/ and specs/vendors/.
gen: _gen-db _gen-proto _gen-vendors

# Take over the time zones of the Go that builds the program; zone.Release and the tests of internal/zone tell when they are old.
zones:
    cp "$(go env GOROOT)/lib/time/zoneinfo.zip" internal/zone/zoneinfo.zip
    sed -i.bak -E "s/^(const Release = ).*/\1\"$(sed -n 's/^DATA=//p' "$(go env GOROOT)/lib/time/update.bash")\"/" internal/zone/zone.go
    rm internal/zone/zone.go.bak

# Fail when gen/ is not what `just gen` writes, or is not committed.
gen-check: gen
    #!/usr/bin/env bash
    set -euo pipefail
    # Status and not diff: a diff misses new files.
    changed=$(git status --porcelain -- gen)
    if [ -n "$changed" ]; then
        printf '%s\n' "$changed" >&2
        echo 'gen/ is not what is committed: run `just gen` and commit gen/ together with the change it comes from.' >&2
        exit 1
    fi
    echo 'gen/ is up to date.'

# Run the tests: `just test`, `just test -race -run Publish ./internal/rpc`.
test *args='./...':
    go test {{ args }}

# Run all tests and print how much of the hand-written code they run; takes flags of go test, such as -race.
cover *flags:
    #!/usr/bin/env bash
    set -euo pipefail
    profile=$(mktemp)
    trap 'rm -f "$profile"' EXIT
    written=$(go list ./... | grep -v '/gen/' | paste -sd, -)
    # The summary counts every package's code for every package's tests, so the per-package percentages mean little.
    go test {{ flags }} -coverprofile="$profile" -coverpkg="$written" ./... | sed -E 's/[[:space:]]+coverage: .*//'
    go tool cover -func="$profile" | awk '/^total:/ { print "coverage of hand-written code: " $NF }'

# Check the Go code and the protobuf files against the project's rules.
lint: _api-imports
    {{ tool }} golangci-lint run
    {{ tool }} buf lint specs/api

# Try the loop of a change: a column and a field are added to a copy of the tree, generated and built.
loop:
    go test -C internal/tools -count=1 ./loop

# Publish 1,000 posts while nodes are killed, PostgreSQL is restarted and LinkedIn fails; write the figures into docs/chaos.md.
chaos *flags='--report docs/chaos.md':
    go run ./cmd/chaos {{ flags }}

# The same with 90 posts and 15 kills; the last line is the verdict.
chaos-short *flags:
    go run ./cmd/chaos --posts 90 --kills 15 --restarts 2 --faults-of-each 3 --deadline 10m {{ flags }}

# Show that the proof can fail: with the attempt written down after the call, doubles must be found.
chaos-broken *flags:
    #!/usr/bin/env bash
    set -euo pipefail
    tree=$(mktemp -d)
    trap 'rm -rf "$tree"' EXIT
    git ls-files --cached --others --exclude-standard | tar -cf - -T - | tar -xf - -C "$tree"
    git -C "$tree" init --quiet
    git -C "$tree" apply "$PWD/internal/chaos/testdata/attempt-after-call.patch"
    go run ./cmd/chaos --source "$tree" --expect-doubles --posts 60 --kills 15 --restarts 0 --faults-of-each 0 --deadline 10m {{ flags }}

# Attack nodes and measure what a quiet owner sees of it; write the figures into docs/siege.md.
siege *flags='--report docs/siege.md':
    go run ./cmd/siege {{ flags }}

# The same with less of everything; the last line is the verdict.
siege-short *flags:
    go run ./cmd/siege --short {{ flags }}

# Fail when the API would break its callers, compared with a commit.
breaking base='HEAD': _api-imports
    #!/usr/bin/env bash
    set -euo pipefail
    before=$(mktemp -d)
    trap 'rm -rf "$before"' EXIT
    git archive '{{ base }}' specs/api | tar -x -C "$before"
    cp -R specs/api/third_party "$before/specs/api/" # not committed, and not ours to break
    {{ tool }} buf breaking specs/api --against "$before/specs/api"

# Check the alert rules, and that each fires when it should; needs promtool (Debian's package prometheus).
alerts:
    promtool check rules docs/operations/alerts.yaml
    promtool test rules docs/operations/alerts.test.yaml

# Look for known vulnerabilities in what the code calls; says so where the database of them can't be reached.
vuln:
    #!/usr/bin/env bash
    set -uo pipefail
    said=$(mktemp)
    trap 'rm -f "$said"' EXIT
    {{ tool }} govulncheck ./... 2> "$said"
    status=$?
    cat "$said" >&2
    # Only this one failure is excused: no answer at all from the vulnerability database.
    if [ "$status" -eq 1 ] && grep -q '^govulncheck: fetching vulnerabilities: Get ' "$said"; then
        echo 'NOT CHECKED for known vulnerabilities: the vulnerability database (https://vuln.go.dev) can not be reached from here.'
        exit 0
    fi
    exit "$status"

# Wiped only once the SQL is known to compile, so that a typing error leaves the code that builds.
_gen-db:
    {{ tool }} sqlc compile
    rm -rf gen/db
    {{ tool }} sqlc generate

# buf empties gen/proto itself (clean: true), after the files have compiled.
_gen-proto: _api-imports
    {{ tool }} buf generate specs/api --template specs/api/buf.gen.yaml --path specs/api/postwright

# One client and server per OpenAPI file; whatever else is in gen beside db and proto belongs to no file and goes.
_gen-vendors:
    #!/usr/bin/env bash
    set -euo pipefail
    mkdir -p gen
    fresh=$(mktemp -d gen/.vendors.XXXXXX) # beside its goal, so that the move is a rename
    trap 'rm -rf "$fresh"' EXIT
    for spec in specs/vendors/*.yaml; do
        name=$(basename "$spec" .yaml)
        mkdir "$fresh/$name"
        {{ tool }} oapi-codegen -config oapi.yaml -package "$name" -o "$fresh/$name/$name.gen.go" "$spec"
    done
    find gen -mindepth 1 -maxdepth 1 ! -name db ! -name proto ! -name '.vendors.*' -exec rm -rf {} +
    mv "$fresh"/* gen/

# What our protobuf files import, written from the modules that internal/tools/go.mod pins.
_api-imports:
    go run -C internal/tools ./protodeps ../../specs/api/third_party
