"""What a server keeps of connections on which nothing happens, and that they go on as if nothing had been."""

import os
import resource
import subprocess
import time

import pytest

from echo_fixtures import PeerServer
from raw_http2 import RawCall, message

CHAT = "/martlet.test.v1.EchoService/Chat"
CONNECTIONS = 250
FOLD_DELAY_MS = 600
# Looks for quiet connections come every half a delay.
QUIET_SECONDS = 1.5
# Opened together: the server gives up on a client that reads none of its first frames for 10 s.
TOGETHER = 20


class FoldingServer(PeerServer):
    """EchoPeer with so many loops, each of which asks for OpenSSL's memory functions."""

    def __init__(self, binary, certificate, loops, fold):
        self.certificate, key = certificate
        self.process = subprocess.Popen(
            [str(binary), "listen", f"certificate={self.certificate},{key}", f"loops={loops}", f"fold={fold}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])


@pytest.fixture(params=[1, 2])
def start(request, echo_peer, certificate):
    """Starts a server that folds after so many milliseconds; -1 for never."""
    servers = []

    def begin(delay):
        servers.append(FoldingServer(echo_peer, certificate, request.param, delay))
        return servers[-1]

    yield begin
    for server in servers:
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
    calls = []
    while len(calls) < count:
        some = [RawCall(server, CHAT) for _ in range(min(TOGETHER, count - len(calls)))]
        for call in some:
            say(call, messages, "first")
        calls += some
    return calls


def open_and_wait(server, messages):
    """Opens calls; returns them and what each has the server hold once they are quiet, in bytes."""
    warm = open_calls(server, messages, TOGETHER)
    time.sleep(QUIET_SECONDS)
    before = resident_bytes(server)
    calls = open_calls(server, messages, CONNECTIONS)
    time.sleep(QUIET_SECONDS)
    return warm + calls, (resident_bytes(server) - before) / CONNECTIONS


def test_quiet_connections_hold_less_than_half_and_go_on(start, echo_stubs):
    messages, _ = echo_stubs
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4 * CONNECTIONS)), hard))
    others, awake = open_and_wait(start(-1), messages)
    for call in others:
        call.socket.close()
    server = start(FOLD_DELAY_MS)
    calls, quiet = open_and_wait(server, messages)
    # 31 and 17 KB in a release build; a debug build's tasks and a few hundred connections blur it.
    assert quiet < 22_000 and quiet < awake - 8_000, f"{awake:.0f} bytes, quiet {quiet:.0f}"
    for text in "second", "third":
        for call in calls:
            say(call, messages, text)
        time.sleep(QUIET_SECONDS)
    # An end in order, and ends without a word.
    for call in calls[:50]:
        call.send(b"", end=True)
        assert call.finish() == (0, "")
    for call in calls[50:]:
        call.socket.close()
    fresh, = open_calls(server, messages, 1)
    fresh.send(b"", end=True)
    assert fresh.finish() == (0, "")


def test_a_folded_connection_takes_new_keys(start):
    """TLS 1.3 changes them without a word to HTTP/2, which stays folded meanwhile; "K" asks for ours too."""
    server = start(100)
    client = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-tls1_3", "-alpn", "h2"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for command in b"K\n", b"k\n", b"K\n":
        time.sleep(0.5)
        client.stdin.write(command)
        client.stdin.flush()
    time.sleep(0.5)
    assert client.poll() is None
    # A preface under the new keys: a folded session hears it, and its SETTINGS are acknowledged.
    client.stdin.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")
    client.stdin.flush()
    time.sleep(0.5)
    client.terminate()
    out, _ = client.communicate(timeout=20)
    assert out.count(b"KEYUPDATE") == 3
    assert out.endswith(b"\0\0\0\4\1\0\0\0\0"), out[-200:]
