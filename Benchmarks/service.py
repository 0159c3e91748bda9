#!/usr/bin/env python3
"""What the server costs: CPU per call and batch, memory per connection, size on disk.

Starts a release martletd on loopback, loads it with a stock grpcio client, and reads the server's
own accounting from /proc, so the client's cost does not count. One line a figure:

    service/<case> <value> <unit>
"""

import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
import uuid

import grpc

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Tests" / "interop"))

from conftest import load_api  # noqa: E402
from martletd import Martletd  # noqa: E402
from people import Person, encode  # noqa: E402
from raw_http2 import PREFACE, connect, frame  # noqa: E402
from workouts import made  # noqa: E402

IDLE_CONNECTIONS = 1_000
UNARY_CALLS = 20_000
CALLS_IN_FLIGHT = 64
BATCHES = 5_000
BATCH_SAMPLES = 5
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """User and system time of a process, from its own accounting (proc(5))."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def resident_bytes(pid):
    fields = pathlib.Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


def report(case, value, unit):
    print(f"service/{case} {value:.1f} {unit}", flush=True)


def measure_idle(server):
    pid = server.process.pid
    report("resident, no connection", resident_bytes(pid) / 1e6, "MB")
    warm = [open_idle(server) for _ in range(50)]
    before = resident_bytes(pid)
    connections = [open_idle(server) for _ in range(IDLE_CONNECTIONS)]
    time.sleep(0.5)
    grown = resident_bytes(pid) - before
    report(f"resident per idle TLS connection, of {IDLE_CONNECTIONS}",
           grown / IDLE_CONNECTIONS / 1e3, "KB")
    for connection in warm + connections:
        connection.close()


def open_idle(server):
    connection = connect(server)
    connection.sendall(PREFACE + frame(0x4, 0, 0, b""))
    connection.recv(1024)  # The server's SETTINGS: the session is up.
    return connection


def measure_unary(api, server, person):
    pid = server.process.pid
    request = api.GetProfileRequest()
    for _ in range(200):
        person.accounts.GetProfile(request, metadata=person.token)
    before, started = cpu_seconds(pid), time.monotonic()
    pending = []
    for _ in range(UNARY_CALLS):
        if len(pending) == CALLS_IN_FLIGHT:
            pending.pop(0).result()
        pending.append(person.accounts.GetProfile.future(request, metadata=person.token))
    for call in pending:
        call.result()
    spent, elapsed = cpu_seconds(pid) - before, time.monotonic() - started
    report("unary GetProfile, server CPU per call", spent / UNARY_CALLS * 1e6, "us")
    report("unary GetProfile, calls per second (client-bound)", UNARY_CALLS / elapsed, "1/s")


def measure_track(api, server, person):
    pid = server.process.pid
    samples = made(BATCHES * BATCH_SAMPLES)
    batches = [
        api.TrackRequest(batch=api.TrackBatch(
            first_sequence=first, samples=encode(api, samples[first:first + BATCH_SAMPLES])))
        for first in range(0, len(samples), BATCH_SAMPLES)]

    def requests():
        yield person.open(str(uuid.uuid4()), samples[0]["time_ms"])
        yield from batches

    before, started = cpu_seconds(pid), time.monotonic()
    for response in person.live.Track(requests(), metadata=person.token, timeout=120):
        if response.ack.next_sequence == len(samples):
            break
    spent, elapsed = cpu_seconds(pid) - before, time.monotonic() - started
    report(f"track, {BATCH_SAMPLES} samples a batch, server CPU per durable batch",
           spent / BATCHES * 1e6, "us")
    report("track, durable batches per second on one stream (client-bound)", BATCHES / elapsed, "1/s")


def main():
    binaries = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".build" / "release")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    for name in ("martletd", "martlet", "martletc"):
        with tempfile.NamedTemporaryFile() as stripped:
            subprocess.run(["strip", "-o", stripped.name, binaries / name], check=True)
            report(f"stripped size of {name}", os.path.getsize(stripped.name) / 1e6, "MB")
    with tempfile.TemporaryDirectory() as folder:
        api = load_api(pathlib.Path(folder) / "stubs")
        server = Martletd(binaries / "martletd", pathlib.Path(folder) / "server").start()
        try:
            measure_idle(server)
            with server.channel() as channel:
                person = Person(api, channel)
                measure_unary(api, server, person)
                measure_track(api, server, person)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
