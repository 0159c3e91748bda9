"""A real martletd as a child process: started, stopped, killed and started again on one port."""

import pathlib
import signal
import socket
import subprocess
import time

import grpc

START_SECONDS = 30
STOP_SECONDS = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Martletd:
    def __init__(self, binary, data, *options, prefix=()):
        self.command = [*prefix, str(binary), "--data", str(data)]
        self.options = options
        self.data = pathlib.Path(data)
        self.port = free_port()
        self.log = self.data.parent / f"{self.data.name}.log"
        self.process = None

    @property
    def address(self):
        return f"localhost:{self.port}"

    @property
    def certificate(self):
        """The development certificate, which clients are to trust."""
        return self.data / "tls" / "certificate.pem"

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.command, "--listen", f"127.0.0.1:{self.port}", *self.options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"martletd exited with {self.process.returncode}:\n{self.log_text()}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                if time.monotonic() > deadline:
                    self.kill()
                    raise RuntimeError(f"martletd does not answer:\n{self.log_text()}")
                time.sleep(0.02)

    def stop(self):
        """Asks for a clean exit and returns the exit code."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
                raise RuntimeError(f"martletd does not stop:\n{self.log_text()}")
        return self.process.returncode if self.process else None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def is_running(self):
        return self.process.poll() is None

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def channel(self, **options):
        credentials = grpc.ssl_channel_credentials(self.certificate.read_bytes())
        defaults = {
            "grpc.initial_reconnect_backoff_ms": 50,
            "grpc.min_reconnect_backoff_ms": 50,
            "grpc.max_reconnect_backoff_ms": 200,
        }
        return grpc.secure_channel(
            self.address, credentials, options=list((defaults | options).items()))
