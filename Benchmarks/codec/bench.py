#!/usr/bin/env python3
"""Measures MartletWire beside its peers; see README.md. One line a figure:

    codec/<message>/<operation> <ns> ns <instructions> instr vs <peer> <ns> ns ratio <r>

The ratio is above 1 where we are faster. Every peer reads the very same bytes, on the same core, in
turns of a few milliseconds; the figures are medians over the turns of CPU time for one operation.
"""

import argparse
import os
import pathlib
import re
import statistics
import subprocess

import build
import messages
import sizes

OPERATIONS = ["encode", "decode", "json-encode", "json-decode"]
# What stands beside our figure: the peer's name in the output, its program, what its operation adds.
PEERS = {
    "swift-protobuf": ("swift-protobuf", ""),
    "cpp": ("cpp", ""),
    "cpp-reused": ("cpp", "-reused"),
    # JSON to and from Foundation's own objects, which are no messages yet.
    "json-serialization": ("swift-protobuf", "-foundation"),
}
TURN_NANOSECONDS = 8_000_000


class Program:
    """A peer's running program; see Sources/BenchHarness/Harness.swift for its commands."""

    def __init__(self, path, folder, core):
        self.command = [str(path), str(folder)]
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        os.sched_setaffinity(self.process.pid, {core})

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if not answer:
            raise SystemExit(f"{self.command[0]} ended with {self.process.wait()} at {words}")
        return answer

    def nanoseconds(self, message, operation, count):
        """The time of so many operations; None where the program has no such operation."""
        answer = self.ask("run", message, operation, count)
        return None if answer == "none" else int(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


def check(program, name, message, operation, folder):
    """Fails unless what the peer made of the bytes is the message, by google.protobuf's reading."""
    out = folder / "answer"
    if program.ask("check", name, operation, out) == "none":
        return
    answer = out.read_bytes()
    again = type(message).FromString(answer)
    if again != message or len(answer) != message.ByteSize():
        raise SystemExit(f"{program.command[0]} did not round-trip {name} in {operation}")


def measure(contestants, name, rounds):
    """Peer -> median nanoseconds, of [(peer, program, operation)], in turns."""
    counts, taken = {}, {peer: [] for peer, _, _ in contestants}
    for peer, program, operation in contestants:
        count = 1
        while (spent := program.nanoseconds(name, operation, count)) < TURN_NANOSECONDS / 4:
            count *= 2
        counts[peer] = max(1, round(count * TURN_NANOSECONDS / spent))
    for _ in range(rounds):
        for peer, program, operation in contestants:
            spent = program.nanoseconds(name, operation, counts[peer])
            taken[peer].append(spent / counts[peer])
    return {peer: statistics.median(spent) for peer, spent in taken.items()}


def collected(program, name, operation, count):
    """All instructions of a run by callgrind, which counts the same every time."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    words = ["run", name, operation, str(count)]
    done = subprocess.run(
        command + program.command + words, capture_output=True, text=True, check=True
    )
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])


def instructions(program, name, operation):
    """Instructions of one operation: what 50 more of them cost, without start and set-up."""
    few, many = 50, 100
    return (
        collected(program, name, operation, many) - collected(program, name, operation, few)
    ) // (many - few)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="MESSAGES", help="batch,columns,history,track,plan")
    parser.add_argument("--operations", help=",".join(OPERATIONS) + "; all without it")
    parser.add_argument("--peers", help=",".join(PEERS) + "; all without it")
    parser.add_argument("--rounds", type=int, default=31, help="turns of each peer (31)")
    parser.add_argument("--no-build", action="store_true", help="measure what was built last")
    parser.add_argument("--no-instructions", action="store_true", help="without callgrind")
    parser.add_argument("--no-sizes", action="store_true", help="without the codec/size lines")
    parser.add_argument(
        "--peer-instructions", action="store_true", help="count the peers' instructions too"
    )
    return parser.parse_args()


def split(text, known):
    names = text.split(",") if text else list(known)
    if unknown := set(names) - set(known):
        raise SystemExit(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    return names


def report(options, programs, name, operation, peers):
    ours = programs["martlet"]
    contestants = [("martlet", ours, operation)]
    for peer in peers:
        program, suffix = PEERS[peer]
        if programs[program].nanoseconds(name, operation + suffix, 1) is not None:
            contestants.append((peer, programs[program], operation + suffix))
    if ours.nanoseconds(name, operation, 1) is None or len(contestants) == 1:
        return
    medians = measure(contestants, name, options.rounds)
    count = "-" if options.no_instructions else instructions(ours, name, operation)
    mine = medians["martlet"]
    for peer, program, theirs in contestants[1:]:
        print(
            f"codec/{name}/{operation} {mine:.0f} ns {count} instr"
            f" vs {peer} {medians[peer]:.0f} ns ratio {medians[peer] / mine:.2f}",
            flush=True,
        )
        if options.peer_instructions:
            print(f"codec/{name}/{theirs} {peer} {instructions(program, name, theirs)} instr")


def main():
    options = arguments()
    if not options.no_build:
        build.build_all()
    folder = build.BUILD / "messages"
    folder.mkdir(exist_ok=True)
    made = messages.write_all(build.descriptors(), folder)
    core = max(os.sched_getaffinity(0))
    programs = {
        peer: Program(path, folder, core) for peer, path in build.programs().items()
    }
    names, operations = split(options.only, made), split(options.operations, OPERATIONS)
    for name in names:
        for program in programs.values():
            for operation in OPERATIONS:
                check(program, name, made[name], operation, folder)
    for name in names:
        for operation in operations:
            report(options, programs, name, operation, split(options.peers, PEERS))
    for program in programs.values():
        program.close()
    if not options.no_sizes and not options.only:
        sizes.report()


if __name__ == "__main__":
    main()
