#!/usr/bin/env bash
# Runs the coverage-guided fuzzers of Tests/Fuzz (libFuzzer with AddressSanitizer), each for
# FUZZ_SECONDS (20). Fails when one finds an input that crashes, hangs, or breaks what must hold.
#
#   scripts/fuzz.sh                     every fuzzer
#   scripts/fuzz.sh WireFuzzer ...      those
#   scripts/fuzz.sh --replay FUZZER FILE
set -euo pipefail
cd "$(dirname "$0")/.."

all=(WireFuzzer JSONFuzzer SchemaFuzzer HTTP2Fuzzer EnvelopeFuzzer)
seconds=${FUZZ_SECONDS:-20}
work=.build/fuzz
# SwiftPM leaves `main` to libFuzzer on --sanitize=fuzzer; the compiler heeds the last -sanitize.
# HTTP2Fuzzer reaches into the modules that it tests; DEBUG makes folded pages inaccessible.
flags=(-c release --sanitize=fuzzer -Xswiftc "-sanitize=fuzzer,address" -Xswiftc -enable-testing -Xswiftc -DDEBUG
  --scratch-path "$work")
# Symbolizing a crash may take minutes, and Swift's backtraces trip AddressSanitizer; the input is
# what matters. Leaks are not looked for: MartletJSON's tables of names live for ever by intent.
export SWIFT_BACKTRACE=enable=no
export ASAN_OPTIONS=symbolize=0:detect_leaks=0:allocator_may_return_null=1

build() {
  echo "fuzz: building $1"
  MARTLET_FUZZ=1 swift build "${flags[@]}" --product "$1" >"$work-build.log" 2>&1 ||
    { cat "$work-build.log" >&2; exit 1; }
}

if [ "${1:-}" = --replay ]; then
  build "$2"
  exec "$work/release/$2" "$3"
fi

mkdir -p "$work"
for fuzzer in "${@:-${all[@]}}"; do build "$fuzzer"; done
rm -rf "$work/seeds"
.venv/bin/python Tests/Fuzz/make_seeds.py "$work/seeds"

failed=0
for fuzzer in "${@:-${all[@]}}"; do
  corpus=$work/corpus/$fuzzer findings=$work/findings log=$work/$fuzzer.log
  mkdir -p "$corpus" "$findings"
  status=0
  # Long inputs only slow it down: what depends on length has tests of its own.
  "$work/release/$fuzzer" -max_total_time="$seconds" -max_len=4096 -timeout=20 -rss_limit_mb=4096 \
    -print_final_stats=1 -artifact_prefix="$findings/$fuzzer-" \
    "$corpus" "$work/seeds/$fuzzer" >"$log" 2>&1 || status=$?
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -1)
  coverage=$(grep -o 'cov: [0-9]* ft: [0-9]*' "$log" | tail -1 || true)
  echo "fuzz/$fuzzer ${executions:-?} executions in $seconds s, ${coverage:-no coverage}"
  if [ "$status" -ne 0 ]; then
    failed=1
    grep -a -E 'Fatal error|Precondition failed|ERROR|SUMMARY|Test unit written' "$log" >&2 || tail "$log" >&2
    echo "fuzz: replay it with: scripts/fuzz.sh --replay $fuzzer <the file above>" >&2
  fi
done
exit "$failed"
