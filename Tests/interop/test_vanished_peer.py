"""A peer that is gone without a word: both ends in network namespaces of their own, and the link between them cut.

No FIN, no RST and no ICMP comes, as when a phone leaves its network or a machine loses its power.
"""

import itertools
import os
import subprocess
import time

import pytest

from hard_peer import WatchedProcess

SERVER_ADDRESS, CLIENT_ADDRESS = "10.213.77.1", "10.213.77.2"
# What the tests ask for, milliseconds: stalled after the one, given up after the other.
SILENCE, ANSWER = 2_000, 1_000
# Both, and what this machine may be late.
BOUND = (SILENCE + ANSWER) / 1_000 + 3
NUMBERS = itertools.count()


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Link:
    """Two namespaces with a cable between them."""

    def __init__(self):
        number = f"{os.getpid()}-{next(NUMBERS)}"
        self.server, self.client = f"martlet-s{number}", f"martlet-c{number}"
        for name in (self.server, self.client):
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("link", "add", "cable", "netns", self.server, "type", "veth", "peer", "name", "cable", "netns", self.client)
        for name, address in ((self.server, SERVER_ADDRESS), (self.client, CLIENT_ADDRESS)):
            ip("-n", name, "address", "add", f"{address}/24", "dev", "cable")
        self.mend()

    def mend(self):
        for name in (self.server, self.client):
            ip("-n", name, "link", "set", "cable", "up")

    def cut(self, name):
        ip("-n", name, "link", "set", "cable", "down")

    def close(self):
        for name in (self.server, self.client):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)


class Server(WatchedProcess):
    def __init__(self, binaries, link):
        super().__init__("ip", "netns", "exec", link.server, binaries / "RPCSoak", "serve", f"host={SERVER_ADDRESS}",
                         f"keepaliveInterval={SILENCE}", f"keepaliveTimeout={ANSWER}")
        self.port = int(self.say().removeprefix("port "))

    def census(self):
        self.ask("census")
        words = self.say().split()
        return int(words[1]), int(words[3])


class Client(WatchedProcess):
    def __init__(self, binaries, link, *settings):
        super().__init__("ip", "netns", "exec", link.client, binaries / "RPCSoak", "console", f"host={SERVER_ADDRESS}",
                         f"stallTimeout={SILENCE}", f"keepaliveTimeout={ANSWER}", *settings)
        assert self.say() == "ready"

    def call(self, port, kind="patient", timeout_ms=30_000):
        self.ask(f"call {port} {kind} {timeout_ms}")
        return self.say()


@pytest.fixture
def link():
    if os.geteuid() != 0:
        pytest.skip("namespaces of the network need root")
    try:
        link = Link()
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        pytest.skip(f"no namespaces of the network here: {getattr(error, 'stderr', error)}")
    yield link
    link.close()


@pytest.fixture
def peers(binaries, link):
    server = Server(binaries, link)
    clients = []

    def connect(*settings):
        clients.append(Client(binaries, link, *settings))
        return clients[-1]

    yield server, connect
    for client in clients:
        client.kill()
    assert "stopped" in server.stop()


def eventually(holds, seconds):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("at", ["server", "client"])
@pytest.mark.parametrize("kind, settings", [
    # An answer is owed; nobody owes anything, and the app asked for keepalive.
    ("slow", []), ("quiet", [f"keepaliveInterval={SILENCE}"]),
])
def test_both_sides_notice_and_find_each_other_again(link, peers, at, kind, settings):
    server, connect = peers
    client = connect(*settings)
    assert client.call(server.port) == "call OK hello"
    client.ask(f"open {server.port} {kind} 60000")
    eventually(lambda: server.census() == (1, 1), 5)
    time.sleep(0.2)
    before = client.descriptors, server.descriptors

    link.cut(getattr(link, at))
    start = time.monotonic()
    name, status, _ = client.say().split(" ", 2)
    assert (name, status) == ("open", "UNAVAILABLE")
    assert time.monotonic() - start < BOUND
    eventually(lambda: server.census() == (0, 0), start + BOUND - time.monotonic())

    # Without the link a call fails by its deadline, or by what the kernel says.
    assert client.call(server.port, "get", 500).split()[1] in ("DEADLINE_EXCEEDED", "UNAVAILABLE")
    link.mend()
    assert client.call(server.port) == "call OK hello"
    eventually(lambda: server.census() == (1, 0), 5)
    eventually(lambda: (client.descriptors, server.descriptors) == before, 5)


def test_a_short_loss_is_none(link, peers):
    server, connect = peers
    client = connect()
    assert client.call(server.port) == "call OK hello"
    client.ask(f"open {server.port} chat 60000")
    assert client.say() == "open OK hello"
    link.cut(link.server)
    client.ask(f"late {server.port} get 60000")
    time.sleep(1)
    link.mend()
    assert client.say() == "late OK hello"
    assert server.census() == (1, 0)
