#!/usr/bin/env bash
# Fails when the checked-in generated code is not what martletc makes of the schema now.
#
#   scripts/check-generated.sh GENERATED-DIRECTORY SCHEMA-FILE...
set -euo pipefail
cd "$(dirname "$0")/.."

generated=$1
shift
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
swift run -q martletc generate -I schema --out "$fresh" "$@" >/dev/null
if ! diff -r -u "$generated" "$fresh"; then
  echo "check: $generated is stale: run 'make generate' and commit the result" >&2
  exit 1
fi
