#!/usr/bin/env python3
"""Measures MartletRPC beside its peers over TLS; see README.md. One line a figure:

    rpc/<case>/<what> <value> <unit> vs <peer> <value> ratio <r>

The ratio is above 1 where we are better. Servers run on one core and their load on another; the
peers take turns, and a figure is the median of its turns. CPU time is the process's own accounting.
"""

import argparse
import functools
import os
import pathlib
import statistics
import tempfile

import artifacts
import build
import loads
import servers

OURS = "martlet"
PEERS = ["grpc-swift-2", "grpc-cpp", "grpc-go", "nghttpd"]
IDLE_CONNECTIONS = 10_000
LARGE_BYTES = 4_000_000
CLIENTS = {OURS: build.MARTLET_CLIENT, "grpc-swift-2": build.GRPC_SWIFT_CLIENT}


def cpu_us(figures):
    return figures["server_cpu_seconds"] / figures["operations"] * 1e6


def client_cpu_us(figures):
    return figures["client_cpu_seconds"] / figures["operations"] * 1e6


def megabytes_per_second(figures):
    return figures["operations"] * LARGE_BYTES / 1e6 / figures["seconds"]


def cpu_us_per_megabyte(figures):
    return cpu_us(figures) / (LARGE_BYTES / 1e6)


def per_second(figures):
    return figures["operations"] / figures["seconds"]


# What of a load's figures is reported: name, unit, how to get it, whether more is better.
CPU = ("cpu", "us", cpu_us, False)
CLIENT_CPU = ("cpu", "us", client_cpu_us, False)
P50 = ("p50", "us", lambda figures: figures["p50_us"], False)
P99 = ("p99", "us", lambda figures: figures["p99_us"], False)
RATE = ("rate", "MB/s", megabytes_per_second, True)
CPU_PER_MEGABYTE = ("cpu", "us/MB", cpu_us_per_megabyte, False)
RESIDENT = ("resident", "bytes", lambda figures: figures["bytes_per_connection"], False)
OPENING = ("opening", "us", lambda figures: figures["cpu_us_per_connection"], False)
REQUESTS = ("requests", "1/s", per_second, True)


def report(case, figures, metrics):
    """One line for each metric and peer, of contestant -> its turns' figures, ours first."""
    ours, *peers = figures
    for name, unit, get, more_is_better in metrics:
        values = {who: statistics.median(map(get, turns)) for who, turns in figures.items()}
        for peer in peers:
            ratio = values[ours] / values[peer] if more_is_better else values[peer] / values[ours]
            print(
                f"rpc/{case}/{name} {number(values[ours])} {unit}"
                f" vs {peer} {number(values[peer])} ratio {ratio:.2f}",
                flush=True,
            )


def number(value):
    return f"{value:.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.3f}"


class Bench:
    """The cases, and what they share: a folder, a certificate, two cores, and the options."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.servers = servers.Servers(folder)
        self.h2load = loads.H2Load(folder)
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) < 2:
            raise SystemExit("bench-rpc needs two cores: one for a server, one for its load")
        self.server_core, self.load_core = {cores[0]}, {cores[1]}

    def contestants(self, known=PEERS):
        return [OURS, *(peer for peer in self.options.peers if peer in known)]

    def in_turns(self, case, contestants, metrics, turn, start=None):
        """Starts a server for each contestant and gives each its turns of the load."""
        start = start or (lambda who: self.servers.start(who, self.server_core))
        running = {}
        try:
            for who in contestants:
                running[who] = start(who)
            figures = {who: [] for who in contestants}
            for _ in range(self.options.rounds):
                for who in contestants:
                    figures[who].append(turn(who, running[who]))
        finally:
            for server in running.values():
                server.stop()
        report(case, figures, metrics)

    def check(self, who, server):
        """The load of load/load.cc compares each answer, which h2load does not."""
        if who != "nghttpd":
            loads.load(server, "unary", self.load_core, 0.2, connections=4, streams=4)

    def unary(self, case, clients, streams, metrics):
        checked = set()

        def turn(who, server):
            if who not in checked:
                self.check(who, server)
                checked.add(who)
            return self.h2load.run(
                server, self.load_core, clients, streams, self.options.seconds,
                with_latency=len(metrics) > 1,
            )

        self.in_turns(case, self.contestants(), metrics, turn)

    def streams(self, case, metrics, mode, **load):
        def turn(who, server):
            return loads.load(server, mode, self.load_core, self.options.seconds, **load)

        known = [peer for peer in PEERS if peer != "nghttpd"]
        self.in_turns(case, self.contestants(known), metrics, turn)

    def client(self, case, mode, tasks, window):
        """Our client and grpc-swift-2's, one after the other, against the same server of ours."""
        contestants = self.contestants(CLIENTS)
        server = self.servers.start(OURS, self.server_core)

        def turn(who, _):
            return loads.client(
                CLIENTS[who], server, self.servers.certificate, mode, self.load_core,
                tasks, window, self.options.seconds,
            )

        figures = {who: [] for who in contestants}
        try:
            for _ in range(self.options.rounds):
                for who in contestants:
                    figures[who].append(turn(who, server))
        finally:
            server.stop()
        report(case, figures, [CLIENT_CPU])

    def idle(self):
        """A fresh server each: what grew is what the connections hold."""
        figures = {}
        known = [peer for peer in PEERS if peer != "nghttpd"]
        for who in self.contestants(known):
            server = self.servers.start(who, self.server_core)
            try:
                figures[who] = [
                    loads.load(server, "idle", self.load_core, connections=self.options.idle)
                ]
            finally:
                server.stop()
        report("idle", figures, [RESIDENT, OPENING])

    def two_loops(self, case, gzip):
        """Both cores serve and load; the load is the same for two loops as for one.

        A plain request costs h2load more than it costs us, so that one loop never lacks a core of its
        own. Requests to be inflated cost the server most, and show how loops scale.
        """
        cores = self.server_core | self.load_core

        def start(who):
            return self.servers.start(OURS, cores, loops=2 if who == "two-loops" else 1)

        def turn(_, server):
            return self.h2load.run(
                server, cores, 40, 5, self.options.seconds, threads=2, gzip=gzip
            )

        self.in_turns(case, ["two-loops", "one-loop"], [REQUESTS, CPU], turn, start)

    def size(self):
        contestants = self.contestants(["grpc-swift-2", "grpc-go"])
        sizes = {who: [artifacts.stripped_bytes(who, self.folder)] for who in contestants}
        report("size", sizes, [("stripped", "MB", lambda size: size / 1e6, False)])

    def clean_build(self):
        contestants = self.contestants(["grpc-swift-2"])
        spent = {who: [artifacts.clean_build_seconds(who, self.folder)] for who in contestants}
        report("clean-build", spent, [("cpu", "s", lambda seconds: seconds, False)])

    def cases(self):
        return {
            "unary-10x20": lambda: self.unary("unary-10x20", 10, 20, [CPU]),
            "unary-100x1": lambda: self.unary("unary-100x1", 100, 1, [CPU, P50, P99]),
            "unary-1x1": lambda: self.unary("unary-1x1", 1, 1, [CPU, P50, P99]),
            "ping-pong": lambda: self.streams(
                "ping-pong", [CPU, P50, P99], "ping-pong", connections=5, streams=10
            ),
            "pipelined": lambda: self.streams(
                "pipelined", [CPU], "pipelined", connections=5, streams=10, window=64
            ),
            "large": lambda: self.streams(
                "large", [RATE, CPU_PER_MEGABYTE], "large", connections=2, bytes=LARGE_BYTES
            ),
            "client-unary": lambda: self.client("client-unary", "unary", 20, 1),
            "client-ping-pong": lambda: self.client("client-ping-pong", "chat", 10, 1),
            "client-pipelined": lambda: self.client("client-pipelined", "chat", 10, 64),
            **{
                f"{case}-on-loop": functools.partial(self.client, f"{case}-on-loop", *load)
                for case, load in ON_LOOP.items()
            },
            "two-loops": lambda: self.two_loops("two-loops", gzip=False),
            "two-loops-gzip": lambda: self.two_loops("two-loops-gzip", gzip=True),
            "size": self.size,
            "idle": self.idle,
            "clean-build": self.clean_build,
        }


# The clients' cases with their callers on the clients' event loops.
ON_LOOP = {
    "client-unary": ("unary-on-loop", 20, 1),
    "client-ping-pong": ("chat-on-loop", 10, 1),
    "client-pipelined": ("chat-on-loop", 10, 64),
}

# Cases that take many minutes: run only when named.
ON_DEMAND = ["clean-build"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="CASES", help="some cases, such as unary-1x1,idle")
    parser.add_argument("--peers", metavar="PEERS", help=",".join(PEERS) + "; all without it")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contestant (5)")
    parser.add_argument("--seconds", type=float, default=2, help="seconds of a turn (2)")
    parser.add_argument("--quick", action="store_true", help="one turn of 1 s, 1,000 idle connections")
    parser.add_argument("--no-build", action="store_true", help="measure what was built last")
    parser.add_argument("--clean-build", action="store_true",
                        help="also build us and grpc-swift-2 from scratch, over ten minutes of CPU")
    options = parser.parse_args()
    options.idle = 1_000 if options.quick else IDLE_CONNECTIONS
    if options.quick:
        options.rounds, options.seconds = 1, 1
    options.peers = split(options.peers, PEERS)
    return options


def split(text, known):
    names = text.split(",") if text else list(known)
    if unknown := set(names) - set(known):
        raise SystemExit(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    return names


def main():
    options = arguments()
    if not options.no_build:
        build.build_all(options.peers)
    with tempfile.TemporaryDirectory(prefix="bench-rpc-") as folder:
        cases = Bench(options, pathlib.Path(folder)).cases()
        names = split(options.only, cases)
        for name in names:
            if name not in ON_DEMAND or options.only or options.clean_build:
                cases[name]()


if __name__ == "__main__":
    main()
