#!/usr/bin/env bash
# Writes the Swift that martletc makes of every schema here, or checks that it is up to date.
#
#   scripts/generate.sh          writes
#   scripts/generate.sh --check  fails when what is checked in differs from what would be written
set -euo pipefail
cd "$(dirname "$0")/.."

check=false
[ "${1:-}" = --check ] && check=true
if $check; then
  fresh=$(mktemp -d)
  trap 'rm -rf "$fresh"' EXIT
fi

swift build -q --product martletc
martletc=$(swift build --show-bin-path)/martletc

# generate SCHEMA-FOLDER OUTPUT-FOLDER OPTIONS...
generate() {
  local schema=$1 generated=$2
  shift 2
  local files
  files=$(cd "$schema" && find . -name '*.proto' | sed 's|^\./||' | LC_ALL=C sort)
  generate_files "$files" "$generated" -I "$schema" "$@"
}

# generate_files FILES OUTPUT-FOLDER OPTIONS...
generate_files() {
  local files=$1 generated=$2 out=$2
  shift 2
  if $check; then
    out=$fresh/$generated
    mkdir -p "$out"
  fi
  # The schemas' paths hold no spaces.
  # shellcheck disable=SC2086
  "$martletc" generate --out "$out" "$@" $files >/dev/null
  if $check && ! diff -r -u "$generated" "$out"; then
    echo "generate: $generated is stale: run 'make generate' and commit the result" >&2
    exit 1
  fi
}

# The compiler has these built in; descriptor.proto is proto2 and has no Swift.
well_known=$(printf 'google/protobuf/%s.proto ' any api duration empty field_mask source_context \
  struct timestamp type wrappers)

generate_files "$well_known" Sources/MartletWellKnown/Generated --messages-only
# Those whose JSON is that of their fields; the others have it by hand.
plain_json=$(printf 'google/protobuf/%s.proto ' api source_context type)
generate_files "$plain_json" Sources/MartletJSON/Generated --messages-only --json-only
generate Sources/MartletServices/Schema Sources/MartletServices/Generated
generate Sources/MartletServices/DescriptorIndex Sources/MartletServices/DescriptorIndex/Generated \
  --visibility internal
generate schema Sources/WorkoutSchema/Generated
generate Tests/Support/WireTestSchema Tests/Support/WireTestSchema/Generated --messages-only \
  --json
generate Tests/Support/TortureSchema Tests/Support/TortureSchema/Generated --json
generate Tests/Support/JSONTestSchema Tests/Support/JSONTestSchema/Generated --messages-only \
  --json
generate Tests/Support/EchoSchema Tests/Support/EchoSchema/Generated --visibility package
generate Tests/Support/InteropSchema Tests/Support/InteropSchema/Generated --visibility package
