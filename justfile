# The tools' versions stand in internal/tools/go.mod, those of the two protoc plugins in go.mod, and nowhere else.

set shell := ["bash", "-euo", "pipefail", "-c"]

tool := "go tool -modfile=internal/tools/go.mod"

# List the recipes.
_default:
    @just --list --unsorted

# Write every generated folder anew, from sql/, specs/api/ and specs/vendors/; gen/console only if what it is built from has changed.
gen: _gen-db _gen-proto _gen-vendors _gen-console

# Take over the time zones of the Go that builds the program; zone.Release and the tests of internal/zone tell when they are old.
zones:
    cp "$(go env GOROOT)/lib/time/zoneinfo.zip" internal/zone/zoneinfo.zip
    sed -i.bak -E "s/^(const Release = ).*/\1\"$(sed -n 's/^DATA=//p' "$(go env GOROOT)/lib/time/update.bash")\"/" internal/zone/zone.go
    rm internal/zone/zone.go.bak

# Fail when gen/ is not what `just gen` writes, or is not committed.
gen-check: gen
    bash internal/tools/scripts/gen-check.sh

# Run the tests: `just test`, `just test -race -run Publish ./internal/rpc`.
test *args='./...':
    go test {{ args }}

# Run all tests and print how much of the hand-written code they run; takes flags of go test, such as -race.
cover *flags:
    bash internal/tools/scripts/cover.sh {{ flags }}

# Check the Go code, the protobuf files and the console's pages against the project's rules.
lint: _api-imports console-lint
    {{ tool }} golangci-lint run
    {{ tool }} buf lint specs/api

# Check the types and the style of the console's pages; needs Node.
console-lint: _console-ready
    npm run --prefix internal/console/web --silent check

# Run the unit tests of the console's pages; needs Node.
console-test *args: _console-ready
    npm run --prefix internal/console/web --silent test -- {{ args }}

# Use the console in Chromium against the demo; needs Node and Debian's package chromium.
console-e2e *args: _console-ready
    npm run --prefix internal/console/web --silent e2e -- {{ args }}

# Build the console's pages whatever was built before, and fail when gen/console is not what comes of it; needs Node.
console-check: _api-imports
    bash internal/tools/scripts/console.sh build
    bash internal/tools/scripts/gen-check.sh

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
    bash internal/tools/scripts/chaos-broken.sh {{ flags }}

# Attack nodes and measure what a quiet owner sees of it; write the figures into docs/siege.md.
siege *flags='--report docs/siege.md':
    go run ./cmd/siege {{ flags }}

# The same with less of everything; the last line is the verdict.
siege-short *flags:
    go run ./cmd/siege --short {{ flags }}

# Measure beside what is written by hand, with a million posts; write the table into docs/benchmarks.md. Takes about 20 minutes.
bench *flags='--report docs/benchmarks.md':
    go run ./cmd/bench {{ flags }}

# The same with 50,000 posts, for a shorter time, to the terminal.
bench-short *flags:
    go run ./cmd/bench --short {{ flags }}

# Fail when the API would break its callers, compared with a commit.
breaking base='HEAD': _api-imports
    bash internal/tools/scripts/breaking.sh '{{ base }}'

# Fail when a migration that a commit has was edited since.
migrations base='HEAD':
    bash internal/tools/scripts/migrations.sh '{{ base }}'

# Check the alert rules, and that each fires when it should; needs promtool (Debian's package prometheus).
alerts:
    promtool check rules docs/operations/alerts.yaml
    promtool test rules docs/operations/alerts.test.yaml

# Look for known vulnerabilities in what the code calls; says so where the database of them can't be reached.
vuln:
    bash internal/tools/scripts/vuln.sh

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
    bash internal/tools/scripts/gen-vendors.sh

# The pages of the console, which take Node to build.
_gen-console: _api-imports
    bash internal/tools/scripts/console.sh gen

_console-ready: _api-imports
    bash internal/tools/scripts/console.sh prepare

# What our protobuf files import, written from the modules that internal/tools/go.mod pins.
_api-imports:
    go run -C internal/tools ./protodeps ../../specs/api/third_party
