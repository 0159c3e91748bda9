#!/usr/bin/env bash
# Runs protobuf's own conformance suite against MartletWire and MartletJSON.
#
# The suite is in Debian's source package of protobuf, which apt-get fetches; nothing of it is
# kept here. Its runner is built against the protobuf library that is installed, the testee from
# what martletc makes of the suite's schema. Everything lies in .build/conformance and is made
# once; remove that folder to start anew.
#
# The runner tells how many tests succeeded and fails when one did not, recommended ones included.
# It skips what is not of proto3: messages of proto2, the text format.
#
#   Tests/conformance/run.sh [OPTIONS OF THE RUNNER...]
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$PWD/.build/conformance
package=Tests/conformance
generated=$work/generated

# A failure to answer must not hang who waits for the result.
limit_seconds=300

fail() {
  printf 'conformance: %s\n' "$@" >&2
  exit 1
}

# Debian's sources for this machine's release, in a configuration of apt's own: that of the machine
# stays as it is.
fetch_suite() {
  local apt=$work/apt
  mkdir -p "$apt"/{sources,lists/partial,cache/archives/partial}
  local file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
    [ -f "$file" ] || continue
    sed -E 's/^deb /deb-src /; s/^Types:.*/Types: deb-src/' "$file" >"$apt/sources/${file##*/}"
  done
  cat >"$apt/apt.conf" <<EOF
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "$apt/sources";
Dir::State::Lists "$apt/lists";
Dir::Cache "$apt/cache";
Acquire::Languages "none";
APT::Sandbox::User "root";
EOF
  # Of a source that is none of Debian's, apt may find no list; only protobuf's has to be there.
  APT_CONFIG=$apt/apt.conf apt-get update -qq >"$work/apt.log" 2>&1 || true
  local version
  version=$(dpkg-query -W -f='${source:Version}' libprotobuf-dev)
  (cd "$apt" && APT_CONFIG=$apt/apt.conf apt-get source -qq --download-only --only-source \
    "protobuf=$version" >>"$work/apt.log" 2>&1) ||
    fail "apt-get could not fetch the source of protobuf $version; see $work/apt.log"
  rm -rf "$work/suite"
  mkdir "$work/suite"
  tar -xzf "$apt"/protobuf_*.orig.tar.gz -C "$work/suite" --strip-components 1
}

build_runner() {
  local suite=$work/suite objects=$work/objects
  rm -rf "$objects"
  mkdir "$objects"
  protoc -I "$suite/conformance" --cpp_out "$objects" conformance.proto
  protoc -I "$suite/src" --cpp_out "$objects" \
    google/protobuf/test_messages_proto2.proto google/protobuf/test_messages_proto3.proto
  printf '%s\n' "$suite"/conformance/{binary_json_conformance_suite,conformance_test}.cc \
    "$suite"/conformance/{text_format_conformance_suite,conformance_test_main}.cc \
    "$suite"/conformance/{conformance_test_runner.cc,third_party/jsoncpp/jsoncpp.cpp} \
    "$objects"/conformance.pb.cc "$objects"/google/protobuf/*.pb.cc |
    xargs -P 2 -I '{}' sh -c \
      'g++ -std=c++17 -w -I "$1" -I "$2/conformance" -I "$2/src" -I "$2" -c "$3" \
        -o "$1/$(basename "$3").o"' compile "$objects" "$suite" '{}'
  g++ "$objects"/*.o -lprotobuf -lpthread -o "$work/runner"
}

build_testee() {
  swift build -q --product martletc
  local martletc
  martletc=$(swift build --show-bin-path)/martletc
  # Beside the testee by a link alone, which the formatter does not follow.
  mkdir -p "$generated"
  ln -sfn "$generated" "$package/Sources/testee/Generated"
  "$martletc" generate -I "$work/suite/conformance" --out "$generated" --visibility internal \
    --messages-only conformance.proto
  "$martletc" generate -I "$work/suite/src" --out "$generated" --visibility internal \
    --messages-only --json google/protobuf/test_messages_proto3.proto
  # With optimisation, as users have it: what the optimiser gets wrong no other test sees.
  swift build -q -c release --package-path "$package" --scratch-path "$work/testee"
}

scripts/setup.sh conformance
mkdir -p "$work"
[ -d "$work/suite/conformance" ] || fetch_suite
[ -x "$work/runner" ] || build_runner
build_testee
timeout "$limit_seconds" "$work/runner" --enforce_recommended --output_dir "$work/" "$@" \
  "$work/testee/release/testee"
# What newer suites add.
.venv/bin/python -m pytest -q --timeout "$limit_seconds" -p no:cacheprovider "$package"
