#!/usr/bin/env bash
# Installs what a build or a test run needs and this machine lacks: system packages by apt-get,
# Python's test requirements in .venv. Does nothing, quickly, when everything is there.
#
#   scripts/setup.sh build   what `swift build` needs
#   scripts/setup.sh test    the same, and the virtual environment for the tests' peers and oracles
#   scripts/setup.sh bench   the same, and the peers that the codec's benchmark builds
#   scripts/setup.sh bench-rpc   what `swift build` needs, and the peers and loads of the RPC benchmark
#   scripts/setup.sh conformance   the same, and what protobuf's conformance suite is built with
set -euo pipefail
cd "$(dirname "$0")/.."

need=${1:-build}
packages=(libnghttp2-dev libssl-dev libsqlite3-dev libexpat1-dev zlib1g-dev pkg-config)
case $need in
  test) packages+=(python3 python3-venv protobuf-compiler iproute2) ;;
  bench) packages+=(python3 python3-venv protobuf-compiler g++ libprotobuf-dev valgrind) ;;
  bench-rpc) packages+=(python3 protobuf-compiler protobuf-compiler-grpc g++ libprotobuf-dev
    libgrpc++-dev golang-go golang-google-grpc-dev golang-goprotobuf-dev protoc-gen-go-1-3
    nghttp2-client nghttp2-server openssl binutils) ;;
  conformance) packages+=(python3 python3-venv protobuf-compiler g++ libprotobuf-dev) ;;
esac

fail() {
  printf 'setup: %s\n' "$@" >&2
  exit 1
}

command -v swift >/dev/null || fail "no Swift toolchain on the PATH" \
  "install Swift 6.3 or newer for Debian 12: https://www.swift.org/install/linux/"

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing+=("$package")
done

if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "these packages are missing: ${missing[*]}" \
      "run as root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  echo "setup: installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get update -qq || fail "apt-get update failed: is there a network?"
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    fail "apt-get could not install: ${missing[*]}"
fi

case $need in build | bench-rpc) exit 0 ;; esac

requirements=Tests/interop/requirements.txt
stamp=.venv/requirements.installed
if ! cmp -s "$requirements" "$stamp"; then
  echo "setup: installing the Python requirements of the tests in .venv"
  rm -rf .venv
  python3 -m venv .venv || fail "python3 -m venv failed: install python3-venv"
  .venv/bin/pip install --quiet --disable-pip-version-check -r "$requirements" ||
    fail "pip could not install $requirements: is there a network?"
  cp "$requirements" "$stamp"
fi
