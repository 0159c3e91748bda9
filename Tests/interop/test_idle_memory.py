"""What a server keeps of connections on which nothing happens, and that they go on as if nothing had been."""

import os
import resource
import subprocess
import time

import pytest

from echo_fixtures import PeerServer
from raw_http2 import RawCall, message

CHAT = "/martlet.test.v1.EchoService/Chat"
CONNECTIONS = 400
# After a second of silence OpenSSL's and nghttp2's state is folded; looks come every half second.
QUIET_SECONDS = 2.2


class LoopsServer(PeerServer):
    """EchoPeer with so many loops; each of them asks for OpenSSL's memory functions."""

    def __init__(self, binary, certificate, loops):
        self.certificate, key = certificate
        self.process = subprocess.Popen(
            [str(binary), "listen", f"certificate={self.certificate},{key}", f"loops={loops}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])


@pytest.fixture(params=[1, 2])
def server(request, echo_peer, certificate):
    server = LoopsServer(echo_peer, certificate, request.param)
    yield server
    server.stop()
    assert server.process.returncode == 0


def resident_bytes(server):
    with open(f"/proc/{server.process.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def next_text(call, messages):
    """The text of the next response, which it waits for."""
    while len(call.body) < 5 or len(call.body) < 5 + int.from_bytes(call.body[1:5], "big"):
        call.pump()
        assert not call.closed
    length = int.from_bytes(call.body[1:5], "big")
    body, call.body = call.body[5:5 + length], call.body[5 + length:]
    return messages.EchoResponse.FromString(body).text


def say(call, messages, text):
    call.send(message(messages.EchoRequest(text=text).SerializeToString()))
    assert next_text(call, messages) == text


def open_calls(server, messages, count):
    calls = [RawCall(server, CHAT) for _ in range(count)]
    for call in calls:
        say(call, messages, "first")
    return calls


def test_quiet_connections_hold_less_than_half_and_go_on(server, echo_stubs):
    messages, _ = echo_stubs
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4 * CONNECTIONS)), hard))
    warm = open_calls(server, messages, 20)
    time.sleep(QUIET_SECONDS)
    before = resident_bytes(server)
    calls = open_calls(server, messages, CONNECTIONS)
    awake = (resident_bytes(server) - before) / CONNECTIONS
    time.sleep(QUIET_SECONDS)
    quiet = (resident_bytes(server) - before) / CONNECTIONS
    # 31 and 17 KB in a release build; a debug build's tasks and a few hundred connections blur it.
    assert quiet < 22_000 and quiet < awake - 8_000, f"{awake:.0f} bytes, quiet {quiet:.0f}"
    for text in "second", "third":
        for call in calls:
            say(call, messages, text)
        time.sleep(QUIET_SECONDS)
    # New keys, of which HTTP/2 sees nothing, an end in order, and ends without a word.
    for call in calls[:50]:
        call.send(b"", end=True)
        assert call.finish() == (0, "")
    for call in calls[50:] + warm:
        call.socket.close()
    fresh, = open_calls(server, messages, 1)
    fresh.send(b"", end=True)
    assert fresh.finish() == (0, "")
