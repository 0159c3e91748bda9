"""Our channel against several grpcio servers: balancing, loss and return of servers, retries, a stalled network."""

import collections
import contextlib
import socket
import subprocess
import threading
import time
from concurrent import futures

import grpc
import pytest

from echo_fixtures import EchoServicer

TIMEOUT_SECONDS = 30


class Servers:
    """grpcio servers on ports of this machine, started and killed at will."""

    def __init__(self, messages, services):
        self.messages = messages
        self.services = services
        self.running = {}

    def start(self, port=0, servicer=None):
        server = grpc.server(futures.ThreadPoolExecutor(max_workers=4), options=[("grpc.so_reuseport", 0)])
        self.services.add_EchoServiceServicer_to_server(servicer or EchoServicer(self.messages), server)
        port = server.add_insecure_port(f"127.0.0.1:{port}")
        server.start()
        self.running[port] = server
        return port

    def kill(self, port):
        self.running.pop(port).stop(grace=0).wait()


@pytest.fixture
def servers(echo_stubs):
    servers = Servers(*echo_stubs)
    yield servers
    for port in list(servers.running):
        servers.kill(port)


class Driver:
    """EchoPeer with a channel that obeys line by line."""

    def __init__(self, binary, target, *arguments):
        self.process = subprocess.Popen(
            [str(binary), "drive", target, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def call(self):
        """Makes a call; returns its status, the port that it came to, and its attempts."""
        status, address, attempts = self.ask("call").split()
        return status, int(address.rpartition(":")[2]) if ":" in address else None, int(attempts)

    def close(self):
        self.process.communicate(timeout=TIMEOUT_SECONDS)
        assert self.process.returncode == 0


@contextlib.contextmanager
def driver(binary, ports, *arguments):
    peer = Driver(binary, "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports), *arguments)
    try:
        yield peer
    finally:
        peer.close()


def eventually(condition):
    end = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def test_round_robin_follows_the_servers_that_are_there(echo_peer, servers):
    ports = [servers.start() for _ in range(3)]
    with driver(echo_peer, ports, "round-robin") as channel:
        eventually(lambda: len({channel.call()[1] for _ in range(9)}) == 3)
        met = collections.Counter(channel.call()[1] for _ in range(30))
        assert met == {port: 10 for port in ports}

        servers.kill(ports[0])
        eventually(lambda: ports[0] not in {channel.call()[1] for _ in range(6)})
        after = [channel.call() for _ in range(20)]
        assert {status for status, _, _ in after} == {"OK"}
        assert {port for _, port, _ in after} == set(ports[1:])

        servers.start(ports[0])
        eventually(lambda: ports[0] in {channel.call()[1] for _ in range(6)})
        assert channel.ask("state") == "ready"


def test_pick_first_moves_on_and_stays(echo_peer, servers):
    first, second = servers.start(), servers.start()
    with driver(echo_peer, [first, second], "pick-first") as channel:
        assert {channel.call()[1] for _ in range(10)} == {first}
        servers.kill(first)
        eventually(lambda: channel.call()[:2] == ("OK", second))
        servers.start(first)
        assert {channel.call()[1] for _ in range(10)} == {second}


def test_all_servers_away_and_back(echo_peer, servers):
    port = servers.start()
    with driver(echo_peer, [port], "pick-first") as channel:
        assert channel.call()[0] == "OK"
        for _ in range(3):
            servers.kill(port)
            threading.Timer(0.5, servers.start, (port,)).start()
            eventually(lambda: channel.call()[0] == "OK")


class Unwilling(EchoServicer):
    """Fails the first calls with UNAVAILABLE, and may say when to come again."""

    def __init__(self, messages, failures, pushback=None):
        super().__init__(messages)
        self.failures = failures
        self.pushback = pushback
        self.calls = 0

    def Get(self, request, context):
        self.calls += 1
        if self.calls <= self.failures:
            if self.pushback is not None:
                context.set_trailing_metadata([("grpc-retry-pushback-ms", self.pushback)])
            context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
        return super().Get(request, context)


def test_retries_until_it_works(echo_peer, servers, echo_stubs):
    port = servers.start(servicer=Unwilling(echo_stubs[0], failures=3))
    with driver(echo_peer, [port], "pick-first", "retry") as channel:
        assert channel.call() == ("OK", port, 4)


def test_retries_as_the_server_says(echo_peer, servers, echo_stubs):
    forbidding = Unwilling(echo_stubs[0], failures=1, pushback="-1")
    port = servers.start(servicer=forbidding)
    with driver(echo_peer, [port], "pick-first", "retry") as channel:
        assert channel.call() == ("UNAVAILABLE", port, 1)
    delaying = Unwilling(echo_stubs[0], failures=1, pushback="1500")
    port = servers.start(servicer=delaying)
    with driver(echo_peer, [port], "pick-first", "retry") as channel:
        start = time.monotonic()
        assert channel.call() == ("OK", port, 2)
        assert time.monotonic() - start >= 1.5


def test_without_a_policy_nothing_is_made_again(echo_peer, servers, echo_stubs):
    unwilling = Unwilling(echo_stubs[0], failures=1)
    port = servers.start(servicer=unwilling)
    with driver(echo_peer, [port], "pick-first") as channel:
        assert channel.call() == ("UNAVAILABLE", port, 1)
    assert unwilling.calls == 1


class StoppingProxy:
    """Forwards bytes, then reads nothing more and says nothing, as a network does that a phone has left."""

    def __init__(self, port):
        self.target = port
        self.stopped = threading.Event()
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                self.sockets += [client, server]
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source, sink):
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                if self.stopped.is_set():
                    return
                sink.sendall(chunk)


def test_a_network_that_dies_while_sending_is_noticed_in_the_stated_time(echo_peer, servers):
    proxy = StoppingProxy(servers.start())
    with driver(echo_peer, [proxy.port], "pick-first") as channel:
        threading.Timer(1.0, proxy.stopped.set).start()
        status, _, milliseconds = channel.ask("stall").split()
        assert status == "UNAVAILABLE"
        # A second of silence, a second for the PING's answer, and what a busy machine adds.
        assert 1_500 < float(milliseconds) < 5_000
    proxy.listener.close()
    for end in proxy.sockets:
        end.close()
