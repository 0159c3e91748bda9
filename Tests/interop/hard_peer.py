"""RPCSoak's server and client in processes of their own, watched from outside: memory, descriptors, CPU."""

import os
import pathlib
import subprocess
import threading
import time

import grpc

TICKS = os.sysconf("SC_CLK_TCK")
PAGE_KB = os.sysconf("SC_PAGESIZE") // 1024


class WatchedProcess:
    """A child process whose costs can be asked for."""

    def __init__(self, *command, before=None):
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, preexec_fn=before)
        self.errors = []
        threading.Thread(target=self._drain, daemon=True).start()

    def _drain(self):
        for line in self.process.stderr:
            self.errors.append(line)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def say(self):
        line = self.process.stdout.readline()
        assert line, f"the process ended: {self.process.wait(10)} {''.join(self.errors)[-2000:]}"
        return line.rstrip("\n")

    @property
    def rss_kb(self):
        return int((self._proc / "statm").read_text().split()[1]) * PAGE_KB

    @property
    def peak_kb(self):
        """The most it was resident with since it began, or since `forget_peak`."""
        for line in (self._proc / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
        raise AssertionError("no VmHWM")

    def forget_peak(self):
        (self._proc / "clear_refs").write_text("5")

    @property
    def cpu_seconds(self):
        fields = (self._proc / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    @property
    def descriptors(self):
        return len(list((self._proc / "fd").iterdir()))

    @property
    def _proc(self):
        return pathlib.Path(f"/proc/{self.process.pid}")

    def stop(self):
        """Ends it in order; returns what it still said."""
        out, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, out + "".join(self.errors)[-4000:]
        return out

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class HardServer(WatchedProcess):
    """The echo service with limits of the test's choice."""

    def __init__(self, binaries, certificate=None, before=None, **limits):
        words = [f"{name}={value}" for name, value in limits.items()]
        if certificate:
            words += [f"certificate={certificate[0]}", f"key={certificate[1]}"]
        super().__init__(binaries / "RPCSoak", "serve", *words, before=before)
        self.certificate = certificate[0] if certificate else None
        self.port = int(self.say().removeprefix("port "))

    def census(self):
        """(connections, calls) that it holds; gives its free memory back, too."""
        self.ask("census")
        words = self.say().split()
        return int(words[1]), int(words[3])

    def channel(self):
        address, settings = f"localhost:{self.port}", [("grpc.use_local_subchannel_pool", 1)]
        if self.certificate is None:
            return grpc.insecure_channel(address, settings)
        roots = grpc.ssl_channel_credentials(self.certificate.read_bytes())
        return grpc.secure_channel(address, roots, settings)


class Bystander:
    """A well-behaved client of grpcio's that calls all the while; its slowest and failed calls are counted."""

    def __init__(self, server, echo_stubs, pause=0.02):
        self.messages, self.services = echo_stubs
        self.channel = server.channel()
        self.stub = self.services.EchoServiceStub(self.channel)
        self.pause, self.seconds, self.failures = pause, [], []
        self.call()
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def call(self):
        start = time.monotonic()
        try:
            assert self.stub.Get(self.messages.EchoRequest(text="here"), timeout=10).text == "here"
        except (grpc.RpcError, AssertionError) as error:
            self.failures.append(repr(error))
        self.seconds.append(time.monotonic() - start)

    def _run(self):
        while not self.ends.wait(self.pause):
            self.call()

    def finish(self):
        self.ends.set()
        self.thread.join(20)
        self.call()
        self.channel.close()
        assert not self.failures, self.failures[:3]
        return max(self.seconds)
