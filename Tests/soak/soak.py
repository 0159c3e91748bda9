#!/usr/bin/env python3
"""Opens, streams, cancels, times out, floods and kills at random, and finds what the server then still holds.

    soak.py BINARIES [--seconds 600] [--seed N]

A server with TLS serves, at the same time: our own load (RPCSoak load, whose own memory and descriptors are held to
the same), clients that are killed in the middle, grpcio's client, and raw connections that send anything. After a
warm-up everybody leaves, and what the server holds then is the measure: after the soak it must hold no call and no
connection, as many descriptors, and as much memory but for TOLERANCE_KB. Fails, and says why, otherwise.
"""

import argparse
import contextlib
import os
import pathlib
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "interop"))

import grpc  # noqa: E402

from echo_fixtures import load_stubs, make_certificate  # noqa: E402
from hard_peer import HardServer  # noqa: E402
from http2_cases import CASES  # noqa: E402
from raw_frames import (CHAT, END_HEADERS, END_STREAM, GET, RawConnection, frame, headers, ping,  # noqa: E402
                        request_fields, rst_stream, settings, window_update)
from raw_http2 import PREFACE, message  # noqa: E402

# The allocator's scatter between two states that hold the same. A leak of 100 bytes a call is ten times this within
# a minute.
TOLERANCE_KB = 12_000
LEAVING_SECONDS = 30


class Soak:
    def __init__(self, binaries, server, certificate, stubs, seed):
        self.binaries, self.server, self.certificate = binaries, server, certificate
        self.messages, self.services = stubs
        self.seed, self.ends, self.failures, self.counts = seed, threading.Event(), [], {}

    def run(self, seconds):
        """All actors for so long."""
        self.ends.clear()
        actors = [self.own_load, self.killed_clients, self.grpcio, self.grpcio, self.garbage, self.garbage,
                  self.vanishing, self.half_handshakes]
        threads = [threading.Thread(target=self.guard, args=(actor, number, seconds), daemon=True)
                   for number, actor in enumerate(actors)]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        self.ends.set()
        for thread in threads:
            thread.join(120)
            if thread.is_alive():
                self.failures.append("an actor does not end")
        self.seed += 1

    def guard(self, actor, number, seconds):
        try:
            actor(random.Random(f"{self.seed}/{number}"), seconds)
        except Exception as error:  # noqa: BLE001 - whatever it is, the soak has failed
            self.failures.append(f"{actor.__name__}: {error!r}")

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    # -- actors: each goes on until `ends`

    def load_process(self, seconds, seed):
        return subprocess.Popen(
            [self.binaries / "RPCSoak", "load", f"port={self.server.port}", f"seconds={seconds}", f"seed={seed}",
             f"roots={self.certificate}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def own_load(self, rng, seconds):
        process = self.load_process(max(1, int(seconds) - 8), rng.randrange(1 << 30))
        out, _ = process.communicate(timeout=seconds + 60)
        print("soak:", out.strip().splitlines()[-1] if out.strip() else "no report", flush=True)
        if process.returncode:
            raise AssertionError(out)

    def killed_clients(self, rng, seconds):
        while not self.ends.wait(0.05):
            process = self.load_process(60, rng.randrange(1 << 30))
            self.ends.wait(rng.uniform(0.1, 2))
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            process.stdout.close()
            self.count("clients killed")

    def grpcio(self, rng, seconds):
        while not self.ends.is_set():
            with self.server.channel() as channel:
                stub = self.services.EchoServiceStub(channel)
                for _ in range(rng.randrange(1, 60)):
                    if self.ends.is_set():
                        break
                    with contextlib.suppress(grpc.RpcError):
                        self.one_call(rng, stub)
                    self.count("calls of grpcio")

    def one_call(self, rng, stub):
        request = self.messages.EchoRequest(
            text="x" * rng.randrange(200), padding_bytes=rng.randrange(3_000), delay_ms=rng.randrange(30),
            status=rng.choice([0, 0, 0, 5]), count=rng.randrange(30))
        timeout = rng.choice([0.003, 0.02, 5])
        match rng.randrange(4):
            case 0:
                stub.Get(request, timeout=timeout)
            case 1:
                call = stub.Expand(request, timeout=timeout)
                for number, _ in enumerate(call):
                    if number == rng.randrange(30):
                        call.cancel()
            case 2:
                stub.Collect(iter([request] * rng.randrange(20)), timeout=timeout)
            case 3:
                call = stub.Chat(iter([request] * rng.randrange(20)), timeout=timeout)
                for _ in call:
                    if rng.random() < 0.2:
                        call.cancel()

    def garbage(self, rng, seconds):
        while not self.ends.wait(0.01):
            with contextlib.suppress(OSError, AssertionError):
                with RawConnection(self.server.port, self.certificate, timeout=5) as connection:
                    connection.handshake()
                    for _ in range(rng.randrange(1, 5)):
                        connection.send(self.anything(rng))
                    for _ in range(20):
                        if connection.read(0.02) is None:
                            break
                    self.count("connections of garbage")

    def anything(self, rng):
        body = message(self.messages.EchoRequest(text="hi", count=rng.randrange(9)).SerializeToString())
        match rng.randrange(8):
            case 0:
                return rng.randbytes(rng.randrange(2_000))
            case 1:
                case = rng.choice([case for case in CASES if isinstance(case.send, bytes)])
                return settings(*case.settings) + case.send
            case 2:
                return frame(rng.randrange(12), rng.randrange(256), rng.randrange(9), rng.randbytes(rng.randrange(99)))
            case 3:
                return b"".join(headers(id, request_fields(CHAT), END_HEADERS) + rst_stream(id)
                                for id in range(1, 2 * rng.randrange(1, 800), 2))
            case 4:
                return b"".join(headers(id, request_fields(GET), END_HEADERS) + frame(0, END_STREAM, id, body)
                                for id in range(1, 2 * rng.randrange(1, 200), 2))
            case 5:
                return ping() * rng.randrange(200) + settings((4, rng.randrange(70_000))) * rng.randrange(50)
            case 6:
                return headers(1, request_fields(CHAT), END_HEADERS) + frame(0, 0, 1, body[:rng.randrange(9)]) \
                    + window_update(1, rng.randrange(1, 1 << 31))
            case _:
                return headers(1, request_fields("/" + "x" * rng.randrange(20_000)))

    def vanishing(self, rng, seconds):
        """Streams left open by a connection that is reset."""
        while not self.ends.wait(0.02):
            with contextlib.suppress(OSError, AssertionError):
                with RawConnection(self.server.port, self.certificate, timeout=5) as connection:
                    connection.handshake((4, rng.choice([0, 1, 65_535])))
                    for id in range(1, 2 * rng.randrange(1, 60), 2):
                        request = self.messages.EchoRequest(text="x" * 500, count=500, delay_ms=rng.randrange(2_000))
                        path = rng.choice([GET, CHAT, "/martlet.test.v1.EchoService/Expand"])
                        connection.send(headers(id, request_fields(path), END_HEADERS)
                                        + frame(0, rng.choice([0, END_STREAM]), id,
                                                message(request.SerializeToString())))
                    connection.read(rng.uniform(0, 0.3))
                    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.count("connections reset")

    def half_handshakes(self, rng, seconds):
        while not self.ends.wait(0.05):
            with contextlib.suppress(OSError):
                with socket.create_connection(("127.0.0.1", self.server.port), timeout=5) as connection:
                    start = rng.choice([b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", PREFACE, b""])
                    connection.sendall(start + rng.randbytes(rng.randrange(600)))
                    connection.settimeout(rng.uniform(0.01, 0.5))
                    connection.recv(1)
                    self.count("handshakes broken off")


def footprint(server):
    """(KB, descriptors) once nobody is there any more; fails when somebody stays."""
    deadline = time.monotonic() + LEAVING_SECONDS
    while (census := server.census()) != (0, 0):
        if time.monotonic() > deadline:
            raise AssertionError(f"{census[0]} connections and {census[1]} calls stay after everybody has left")
        time.sleep(0.2)
    time.sleep(1)
    server.census()
    return server.rss_kb, server.descriptors


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binaries", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=float(os.environ.get("SOAK_SECONDS", 600)))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SOAK_SEED", random.randrange(1 << 30))))
    arguments = parser.parse_args()
    print(f"soak: {arguments.seconds:.0f} s, seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "stubs").mkdir()
        stubs = load_stubs(folder / "stubs")
        certificate = make_certificate(folder)
        server = HardServer(arguments.binaries, certificate, loops=2, handshakeTimeout=3_000, keepaliveInterval=2_000,
                            keepaliveTimeout=2_000)
        soak = Soak(arguments.binaries, server, certificate[0], stubs, arguments.seed)
        soak.run(min(60, max(15, arguments.seconds / 6)))
        before = footprint(server)
        print(f"soak: after the warm-up {before[0]} KB, {before[1]} descriptors", flush=True)
        soak.counts = {}
        soak.run(arguments.seconds)
        after = footprint(server)
        print("soak:", ", ".join(f"{number} {what}" for what, number in sorted(soak.counts.items())))
        print(f"soak: server {before[0]} -> {after[0]} KB, {before[1]} -> {after[1]} descriptors, "
              f"peak {server.peak_kb} KB, {server.cpu_seconds:.0f} s CPU, 0 connections, 0 calls")
        failures = soak.failures
        if after[1] > before[1]:
            failures.append(f"{after[1] - before[1]} descriptors stay open")
        if after[0] > before[0] + TOLERANCE_KB:
            failures.append(f"the server's memory grew by {after[0] - before[0]} KB, over {TOLERANCE_KB}")
        if "stopped" not in server.stop():
            failures.append("the server did not stop in order")
    for failure in failures:
        print("soak: FAILED:", failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
