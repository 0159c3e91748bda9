"""The servers under load: each a process pinned to its cores, ended by its id."""

import ctypes
import gzip
import os
import pathlib
import resource
import signal
import socket
import ssl
import subprocess
import time

import build

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PR_SET_PDEATHSIG = 1
START_SECONDS = 20
LIBC = ctypes.CDLL(None)

# gRPC's frames of SayHello("load") and of its answer, which nghttpd gets as a file.
HELLO = b"\0\0\0\0\x06\x0a\x04load"
ANSWER = b"\0\0\0\0\x0d\x0a\x0bHello, load"
SAY_HELLO = "bench.rpc.v1.Greeter/SayHello"
# The same request with 64 KiB of text in a field that the schema does not name, as gzip: a few hundred
# bytes to send, and some work to take.
_TEXT = b"".join(b"%d beats a minute; " % (90 + i % 97) for i in range(4_000))[: 64 << 10]
_LONG_HELLO = gzip.compress(HELLO[5:] + b"\x7a\x80\x80\x04" + _TEXT, mtime=0)
GZIP_HELLO = b"\1" + len(_LONG_HELLO).to_bytes(4, "big") + _LONG_HELLO


def cpu_seconds(pid):
    """User and system time of a process, from its own accounting (proc(5))."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def make_certificate(folder):
    """An ECDSA P-256 certificate for localhost, its own root; the files of it and of its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True,
    )
    return certificate, key


def start_pinned(command, cores, **streams):
    """Starts a process on these cores only, with all descriptors, that ends when this one does."""

    def prepare():
        os.sched_setaffinity(0, cores)
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    return subprocess.Popen([str(part) for part in command], preexec_fn=prepare, **streams)


class Server:
    """A server that prints its port and serves until its standard input ends."""

    def __init__(self, peer, command, cores):
        self.peer = peer
        self.process = start_pinned(
            command, cores, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.pid = self.process.pid
        self.port = self._wait_for_port()

    def _wait_for_port(self):
        words = self.process.stdout.readline().split()
        if len(words) != 2 or words[0] != "port":
            raise SystemExit(f"{self.peer}: the server did not start")
        return int(words[1])

    def check(self):
        """Fails when the server has ended: what it was measured at would be worth nothing."""
        if self.process.poll() is not None:
            raise SystemExit(f"{self.peer}: the server ended with {self.process.returncode}")

    def stop(self):
        self._end()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _end(self):
        self.process.stdin.close()


class Nghttpd(Server):
    """nghttpd, which answers SayHello's path with a file that holds the answer's frame."""

    def __init__(self, folder, certificate, key, cores):
        file = folder / "files" / SAY_HELLO
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(ANSWER)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        command = ["nghttpd", "-a", "127.0.0.1", self._port, key, certificate]
        super().__init__("nghttpd", [*command, "-d", folder / "files"], cores)

    def _wait_for_port(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            self.check()
            try:
                with socket.create_connection(("127.0.0.1", self._port)) as raw:
                    with context.wrap_socket(raw):
                        return self._port
            except OSError:
                time.sleep(0.05)
        raise SystemExit("nghttpd: it did not start")

    def _end(self):
        self.process.terminate()


class Servers:
    """Starts servers of any peer with one certificate."""

    def __init__(self, folder):
        self.folder = folder
        self.certificate, self.key = make_certificate(folder)

    def start(self, peer, cores, loops=1):
        if peer == "nghttpd":
            return Nghttpd(self.folder, self.certificate, self.key, cores)
        program = {
            "martlet": build.MARTLET_SERVER,
            "grpc-swift-2": build.GRPC_SWIFT_SERVER,
            "grpc-cpp": build.CPP_SERVER,
            "grpc-go": build.GO_SERVER,
        }[peer]
        extra = [loops] if peer == "martlet" else []
        return Server(peer, [program, self.certificate, self.key, *extra], cores)
