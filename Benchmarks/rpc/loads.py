"""What is put on a server, and what it cost. A wrong or missing answer ends the benchmark."""

import json
import re
import subprocess
import threading

import build
import servers

WARMUP_SECONDS = 0.5
# How long a load may take beyond its warm-up and measurement before it counts as stuck.
SLACK_SECONDS = 300
H2LOAD_SLACK_SECONDS = 30


def json_of(command, core, seconds):
    """Runs a load on the core; it prints one line of JSON, or fails."""
    process = servers.start_pinned(
        command, core, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        out, errors = process.communicate(timeout=seconds + SLACK_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise SystemExit(f"stuck: {' '.join(map(str, command))}")
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\n{out}{errors}")
    return json.loads(out)


def load(server, mode, core, seconds=0, **options):
    """Runs the load of load/load.cc; see there for what it prints."""
    words = [part for name, value in options.items() for part in (f"--{name}", value)]
    command = [
        build.LOAD, mode, "--port", server.port, "--pid", server.pid,
        "--warmup", WARMUP_SECONDS, "--seconds", seconds, *words,
    ]
    figures = json_of(command, core, seconds)
    server.check()
    return figures


def client(program, server, roots, mode, core, tasks, window, seconds):
    """Runs a client program against the server; its own CPU time is what counts."""
    words = [mode, server.port, roots, tasks, window, WARMUP_SECONDS, seconds]
    figures = json_of([program, *words], core, seconds)
    server.check()
    return figures


class H2Load:
    """h2load with SayHello's frame, for so many seconds after a warm-up."""

    def __init__(self, folder):
        self.folder = folder
        self.body = folder / "hello.bin"

    def run(self, server, cores, clients, streams, seconds, threads=1, with_latency=False, gzip=False):
        self.body.write_bytes(servers.GZIP_HELLO if gzip else servers.HELLO)
        log = self.folder / "latency.log"
        log.unlink(missing_ok=True)
        whole = max(1, round(seconds))
        command = [
            "h2load", "--duration", whole, "--warm-up-time", "1", "--clients", clients,
            "--max-concurrent-streams", streams, "--threads", threads, "--data", self.body,
            "--header", "content-type: application/grpc", "--header", "te: trailers",
            *(["--header", "grpc-encoding: gzip"] if gzip else []),
            *(["--log-file", log] if with_latency else []),
            f"https://127.0.0.1:{server.port}/{servers.SAY_HELLO}",
        ]
        out, spent = self._watched(command, cores, server)
        requests = self._checked(out, command)
        latencies = sorted(self._latencies(log)) if with_latency else []
        return {
            "operations": requests,
            "seconds": whole,
            "server_cpu_seconds": spent,
            "p50_us": latencies[len(latencies) // 2] if latencies else 0,
            "p99_us": latencies[len(latencies) * 99 // 100] if latencies else 0,
        }

    def _watched(self, command, cores, server):
        """What h2load printed, and the server's CPU time between its marks of begin and end."""
        process = servers.start_pinned(
            command, cores, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        watchdog = threading.Timer(int(command[2]) + H2LOAD_SLACK_SECONDS, process.kill)
        watchdog.start()
        lines, begin, end = [], None, None
        for line in process.stdout:
            lines.append(line)
            # With two threads the marks come twice, together.
            if "Main benchmark duration is started" in line and begin is None:
                begin = servers.cpu_seconds(server.pid)
            elif "Main benchmark duration is over" in line and end is None:
                end = servers.cpu_seconds(server.pid)
        process.wait()
        watchdog.cancel()
        server.check()
        if process.returncode != 0 or begin is None or end is None:
            raise SystemExit(f"{' '.join(map(str, command))}\n{''.join(lines)}")
        return "".join(lines), end - begin

    @staticmethod
    def _checked(out, command):
        """The requests that succeeded; fails unless all did, each with the answer's bytes."""

        def number(pattern):
            return int(re.search(pattern, out)[1])

        succeeded = number(r"(\d+) succeeded")
        # The bytes count the warm-up's answers too, which are as long. An error has none.
        data = number(r"\((\d+)\) data")
        lost = number(r"(\d+) failed") + number(r"(\d+) errored") + number(r"(\d+) timeout")
        size = len(servers.ANSWER)
        if succeeded == 0 or lost or data % size or data < succeeded * size:
            raise SystemExit(f"{' '.join(map(str, command))}\n{out}")
        return succeeded

    @staticmethod
    def _latencies(log):
        """Microseconds of each request, from h2load's log: start, status, duration."""
        with open(log) as lines:
            return [int(line.rsplit("\t", 1)[1]) for line in lines]
