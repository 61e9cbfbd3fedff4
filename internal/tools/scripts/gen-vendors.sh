#!/usr/bin/env bash
# Writes one client and server per OpenAPI file; whatever else is in gen beside db, proto and console belongs to no file and goes.
set -euo pipefail
mkdir -p gen
fresh=$(mktemp -d gen/.vendors.XXXXXX) # beside its goal, so that the move is a rename
trap 'rm -rf "$fresh"' EXIT
for spec in specs/vendors/*.yaml; do
    name=$(basename "$spec" .yaml)
    mkdir "$fresh/$name"
    go tool -modfile=internal/tools/go.mod oapi-codegen -config oapi.yaml -package "$name" -o "$fresh/$name/$name.gen.go" "$spec"
done
find gen -mindepth 1 -maxdepth 1 ! -name db ! -name proto ! -name console ! -name '.vendors.*' -exec rm -rf {} +
mv "$fresh"/* gen/
