#!/usr/bin/env bash
# The main job, for real, in a folder that is removed afterwards: a server with empty data, two
# people who become friends, one who records the sample workout and one who watches it live; then
# what the server kept. Everything shown crosses TLS on loopback.
#
#   scripts/demo.sh FOLDER-OF-THE-BINARIES
set -euo pipefail
cd "$(dirname "$0")/.."

binaries=$1
workout=Samples/morning-run.gpx
speed=1500 # 45 minutes in about 2 seconds

folder=$(mktemp -d)
server=
watcher=
finish() {
  status=$?
  [ -z "$watcher" ] || kill "$watcher" 2>/dev/null || true
  if [ -n "$server" ]; then kill -KILL "$server" 2>/dev/null || true; fi
  if [ $status -ne 0 ]; then
    echo "demo: failed; the server's log:" >&2
    tail -n 20 "$folder/server.log" >&2 2>/dev/null || true
  fi
  rm -rf "$folder"
  exit $status
}
trap finish EXIT

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
as() {
  local person=$1
  shift
  MARTLET_HOME=$folder/$person "$binaries/martlet" "$@"
}

say "A server with empty data"
touch "$folder/server.out" # Read below, perhaps before the server's shell has made it.
"$binaries/martletd" --data "$folder/data" --listen 127.0.0.1:0 >"$folder/server.out" 2>"$folder/server.log" &
server=$!
for _ in $(seq 500); do
  address=$(sed -n 's/^listening on //p' "$folder/server.out")
  [ -n "$address" ] && break
  kill -0 "$server" 2>/dev/null || break
  sleep 0.02
done
if [ -z "$address" ]; then
  echo "demo: the server did not start" >&2
  exit 1
fi
export MARTLET_SERVER=localhost:${address##*:}
export MARTLET_CA=$folder/data/tls/certificate.pem
export MARTLET_PASSWORD="demo password of $(date +%s)"
echo "martletd listens on $address"

say "Ann and Bob register and become friends"
as ann register ann --email ann@example.org --name "Ann"
as bob register bob --email bob@example.org --name "Bob"
as bob friends add ann
as ann friends accept bob

say "Ann records, Bob watches"
as bob watch ann --wait >"$folder/watch.out" &
watcher=$!
sleep 0.5 # Bob waits for the next workout, so he has to be there before it is over.
as ann record --from "$workout" --speed "$speed" --title "Morning run" | tee "$folder/record.out"
for _ in $(seq 600); do
  kill -0 "$watcher" 2>/dev/null || break
  sleep 0.1
done
kill "$watcher" 2>/dev/null && echo "demo: Bob still waits for Ann's workout" >&2
wait "$watcher"
watcher=
echo "What Bob saw:"
tail -n 4 "$folder/watch.out"

say "Bob reads Ann's history"
as bob history --user ann
activity=$(as bob history --user ann --json | sed -n 's/.*"id": *"\([^"]*\)".*/\1/p' | head -n 1)

say "The activity, as the server keeps it"
as bob show "$activity"

in_file=$(grep -c '<trkpt' "$workout")
sent=$(sed -n 's/^recorded: \([0-9]*\) points sent.*/\1/p' "$folder/record.out")
durable=$(sed -n 's/^recorded: .* \([0-9]*\) durable.*/\1/p' "$folder/record.out")
read_back=$(as ann show "$activity" --track --json | grep -c '"time_ms"')

say "The server stops"
kill -TERM "$server"
wait "$server"
server=

if [ "$sent" != "$in_file" ] || [ "$durable" != "$sent" ] || [ "$read_back" != "$sent" ]; then
  echo "demo: FAILED: $in_file points in the file, $sent sent, $durable durable, $read_back read back" >&2
  exit 1
fi
echo "demo: ok: $sent points sent, $durable durable, $read_back read back"
