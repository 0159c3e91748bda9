"""Peers that are slow, silent, gone or many: every wait has its end, and descriptors come back."""

import functools
import os
import resource
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

import pytest

from hard_peer import Bystander, HardServer
from raw_frames import (CHAT, CONTINUATION, DATA, END_HEADERS, END_STREAM, GET, GOAWAY, HEADERS, PING,
                        RawConnection, block, frame, headers, request_fields, settings)
from raw_http2 import PREFACE, message, read_to_end

OPEN = END_HEADERS


@functools.cache
def hello_bytes():
    """What a TLS client says first."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.set_alpn_protocols(["h2"])
    session = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        session.do_handshake()
    return outgoing.read()


def eventually(holds, seconds=10):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def trickle(connection, data, seconds, step=0.05):
    """Sends a byte now and then; returns after how long the peer had closed, or None."""
    start = time.monotonic()
    connection.settimeout(step)
    for number in range(int(seconds / step)):
        try:
            connection.sendall(data[number % len(data):][:1])
            if connection.recv(65536) == b"":
                return time.monotonic() - start
        except TimeoutError:
            continue
        except (ConnectionError, ssl.SSLError):
            return time.monotonic() - start
    return None


def ends_within(connection, seconds):
    """Reads until the peer closes."""
    connection.settimeout(seconds)
    try:
        while connection.recv(65536):
            pass
    except (ConnectionError, ssl.SSLError):
        pass


@pytest.fixture(scope="module")
def tls_server(binaries, certificate):
    server = HardServer(binaries, certificate, handshakeTimeout=1_000, keepaliveInterval=600, keepaliveTimeout=500,
                        connectionIdleTimeout=60_000, requestTimeout=1_500)
    yield server
    assert "stopped" in server.stop()


@pytest.fixture(scope="module")
def plain_server(binaries):
    server = HardServer(binaries, handshakeTimeout=1_000, keepaliveInterval=600, keepaliveTimeout=500,
                        connectionIdleTimeout=900, maxConnectionsPerLoop=60, requestTimeout=1_500)
    yield server
    assert "stopped" in server.stop()


@pytest.fixture
def beside(echo_stubs):
    """Makes bystanders, which end with the test whatever becomes of it."""
    made = []

    def make(server):
        made.append(Bystander(server, echo_stubs))
        return made[-1]

    yield make
    for bystander in made:
        bystander.ends.set()
        bystander.thread.join(20)
        bystander.channel.close()


def only_the_bystander(server, bystander):
    """Nothing of the attack is left."""
    assert bystander.finish() < 5
    eventually(lambda: server.census()[0] <= 1)


# -- slow writers

@pytest.mark.parametrize("length", [1, 5, 60])
def test_a_handshake_that_never_ends(tls_server, beside, length):
    bystander = beside(tls_server)
    descriptors = tls_server.descriptors
    connections = [socket.create_connection(("127.0.0.1", tls_server.port)) for _ in range(40)]
    for connection in connections:
        connection.sendall(hello_bytes()[:length])
    eventually(lambda: tls_server.descriptors >= descriptors + 40)
    start = time.monotonic()
    for connection in connections:
        ends_within(connection, 5)
    assert time.monotonic() - start < 4
    only_the_bystander(tls_server, bystander)


def test_a_handshake_of_a_byte_now_and_then(tls_server, beside):
    bystander = beside(tls_server)
    with socket.create_connection(("127.0.0.1", tls_server.port)) as connection:
        assert 0.5 < trickle(connection, hello_bytes(), 4) < 3
    only_the_bystander(tls_server, bystander)


@pytest.mark.parametrize("announced", [0x1FFF0, 0x4001, 0x4000])
def test_a_client_hello_that_announces_much(tls_server, beside, announced):
    """OpenSSL takes memory for what the length says as soon as it has the head: so it does not get a long one."""
    bystander = beside(tls_server)
    head = b"\x16\x03\x01\x00\x42\x01" + announced.to_bytes(3, "big") + b"\x03\x03" + bytes(60)
    count, before = 200, tls_server.rss_kb
    connections = [socket.create_connection(("127.0.0.1", tls_server.port)) for _ in range(count)]
    tls_server.forget_peak()
    for connection in connections:
        connection.sendall(head)
    if announced > 0x4000:
        for connection in connections:
            ends_within(connection, 0.8)
    else:
        time.sleep(0.3)
    # OpenSSL's own state is some 45 KB; 128 KiB more would be what a ClientHello may announce.
    assert (tls_server.peak_kb - before) / count < 70
    for connection in connections:
        ends_within(connection, 5)
    only_the_bystander(tls_server, bystander)
    tls_server.census()
    assert tls_server.rss_kb - before < 4_000


@pytest.mark.parametrize("data", [PREFACE, b"GET / HTTP/1.1\r\nHost: x\r\nA: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"])
def test_a_first_request_of_a_byte_now_and_then(plain_server, beside, data):
    bystander = beside(plain_server)
    with socket.create_connection(("127.0.0.1", plain_server.port)) as connection:
        assert 0.5 < trickle(connection, data[:-1] + b"x" * 999, 4) < 3.5
    only_the_bystander(plain_server, bystander)


def test_a_preface_that_never_comes(tls_server, beside):
    bystander = beside(tls_server)
    with RawConnection(tls_server.port, tls_server.certificate) as connection:
        ends_within(connection.socket, 4)
    only_the_bystander(tls_server, bystander)


def test_settings_that_are_never_acknowledged(plain_server, beside):
    bystander = beside(plain_server)
    with RawConnection(plain_server.port) as connection:
        connection.send(PREFACE + settings() + headers(1, request_fields(CHAT), OPEN))
        assert connection.goaway(5) == "SETTINGS_TIMEOUT"
    only_the_bystander(plain_server, bystander)


@pytest.mark.parametrize("start", [
    frame(HEADERS, END_HEADERS | END_STREAM, 1, block(request_fields()))[:30],
    frame(HEADERS, END_STREAM, 1, block(request_fields())) + b"\0\x10\0" + bytes([CONTINUATION, 0, 0, 0, 0, 1]),
], ids=["a HEADERS frame", "a CONTINUATION frame"])
def test_a_header_block_of_a_byte_now_and_then(plain_server, beside, start):
    bystander = beside(plain_server)
    with RawConnection(plain_server.port) as connection:
        connection.handshake()
        connection.send(start)
        ended = trickle(connection.socket, b"\x00\x01x\x01y", 6)
        assert ended is not None and ended < 4.5
    only_the_bystander(plain_server, bystander)


@pytest.mark.parametrize("path", [GET, "/martlet.test.v1.EchoService/Expand"])
def test_a_request_of_a_byte_now_and_then(plain_server, beside, path):
    """A call with one request has a time for it to come; one with many lives as long as it likes."""
    bystander = beside(plain_server)
    with RawConnection(plain_server.port) as connection:
        connection.handshake()
        connection.send(headers(1, request_fields(path), OPEN) + headers(3, request_fields(CHAT), OPEN))
        deadline, status = time.monotonic() + 6, None
        body = message(bytes(1_000))
        while status is None and time.monotonic() < deadline:
            connection.send(frame(DATA, 0, 1, body[:1]))
            body = body[1:]
            got = connection.read(0.05)
            if got is None:
                continue
            if got.kind == PING and not got.flags & 1:
                connection.send(frame(PING, 1, 0, got.payload))
            if got.kind == HEADERS and got.stream == 1:
                status = got.fields["grpc-status"]
        assert status == "4"
        connection.send(frame(DATA, END_STREAM, 3, message(b"\x0a\x02hi")))
        assert connection.status(3) == 0
    only_the_bystander(plain_server, bystander)


# -- silent and vanished peers

@pytest.mark.parametrize("stream", [False, True], ids=["idle", "in a call"])
def test_a_peer_that_answers_no_ping(tls_server, beside, stream):
    bystander = beside(tls_server)
    with RawConnection(tls_server.port, tls_server.certificate) as connection:
        connection.handshake()
        if stream:
            connection.send(headers(1, request_fields(CHAT), OPEN))
        start = time.monotonic()
        ends_within(connection.socket, 6)
        assert time.monotonic() - start < 5
    only_the_bystander(tls_server, bystander)
    eventually(lambda: tls_server.census()[1] == 0)


CLIENT = """
import sys, time
sys.path.insert(0, sys.argv[3])
from raw_frames import *
connection = RawConnection(int(sys.argv[1]), sys.argv[2])
connection.handshake()
connection.send(headers(1, request_fields(CHAT), END_HEADERS))
assert connection.answers()
print("open", flush=True)
time.sleep(60)
"""


def client_process(server):
    here = os.path.dirname(__file__)
    process = subprocess.Popen([sys.executable, "-c", CLIENT, str(server.port), str(server.certificate), here],
                               stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "open\n"
    return process


def test_a_client_that_vanishes_without_a_word(tls_server, beside):
    """Stopped, it says nothing more although its connection stands: as when a phone leaves the network."""
    bystander = beside(tls_server)
    process = client_process(tls_server)
    eventually(lambda: tls_server.census() == (2, 1) or tls_server.census()[1] == 2)
    os.kill(process.pid, signal.SIGSTOP)
    try:
        eventually(lambda: tls_server.census()[0] == 1, 8)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
    only_the_bystander(tls_server, bystander)


def test_a_client_that_is_killed(tls_server, beside):
    bystander = beside(tls_server)
    process = client_process(tls_server)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    eventually(lambda: tls_server.census()[0] == 1, 2)
    only_the_bystander(tls_server, bystander)


def test_a_client_that_ends_its_side_and_stays(plain_server, beside):
    """Half-open: it has said all, and never closes."""
    bystander = beside(plain_server)
    with RawConnection(plain_server.port) as connection:
        connection.handshake()
        connection.send(headers(1, request_fields(CHAT), OPEN))
        connection.socket.shutdown(socket.SHUT_WR)
        eventually(lambda: plain_server.census()[0] == 1)
    only_the_bystander(plain_server, bystander)


def test_an_idle_connection_is_sent_away(plain_server, beside):
    bystander = beside(plain_server)
    with RawConnection(plain_server.port) as connection:
        connection.handshake()
        assert connection.read_until(lambda got: got.kind == GOAWAY, 5).code == "NO_ERROR"
        eventually(lambda: plain_server.census()[0] == 1, 8)
    only_the_bystander(plain_server, bystander)


# -- too many of them

def test_a_flood_of_handshakes(tls_server, beside):
    bystander = beside(tls_server)
    end = time.monotonic() + 3
    done = [0] * 6

    def attack(number):
        while time.monotonic() < end:
            try:
                RawConnection(tls_server.port, tls_server.certificate, timeout=5).socket.close()
            except OSError:
                continue
            done[number] += 1

    threads = [threading.Thread(target=attack, args=(number,)) for number in range(len(done))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    slowest = bystander.finish()
    print(f"\n{sum(done)} handshakes, the bystander's slowest call {slowest * 1000:.0f} ms")
    assert sum(done) > 100 and slowest < 2
    eventually(lambda: tls_server.census()[0] <= 1)


def test_connections_over_the_limit_are_closed_at_once(plain_server, beside):
    bystander = beside(plain_server)
    connections = [socket.create_connection(("127.0.0.1", plain_server.port)) for _ in range(120)]
    eventually(lambda: plain_server.census()[0] <= 60)
    closed = 0
    for connection in connections:
        connection.settimeout(0.01)
        try:
            closed += connection.recv(1) == b""
        except ConnectionError:
            closed += 1
        except TimeoutError:
            pass
    assert closed >= 55
    for connection in connections:
        connection.close()
    eventually(lambda: plain_server.census()[0] == 1)
    with RawConnection(plain_server.port) as connection:
        connection.handshake()
    only_the_bystander(plain_server, bystander)


def test_no_descriptor_left(binaries, certificate, beside):
    """Accepting rests, without spinning, and goes on when there are descriptors again."""
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    server = HardServer(binaries, certificate, before=few, handshakeTimeout=30_000)
    bystander = beside(server)
    connections = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(120)]
    eventually(lambda: server.descriptors >= 63)
    calls, cpu = len(bystander.seconds), server.cpu_seconds
    time.sleep(1.5)
    assert server.cpu_seconds - cpu < 1
    assert len(bystander.seconds) > calls + 10
    for connection in connections:
        connection.close()
    eventually(lambda: server.descriptors < 20)
    with RawConnection(server.port, server.certificate) as connection:
        connection.handshake()
    assert bystander.finish() < 5
    assert "stopped" in server.stop()


# -- the wrong language

@pytest.mark.parametrize("noise", [
    bytes(1_000), b"\x16\x03\x01\x02\x00" + os.urandom(512), b"\x17\x03\x03\x40\x00" + os.urandom(500),
    b"\x15\x03\x03\x00\x02\x02\x28", b"\x80\x2e\x01\x00\x02" + bytes(60), PREFACE + settings(),
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
], ids=["zeros", "a broken hello", "data first", "an alert", "SSL 2", "plaintext HTTP/2", "plaintext HTTP/1.1"])
def test_what_is_no_tls_on_a_tls_port(tls_server, beside, noise):
    bystander = beside(tls_server)
    with socket.create_connection(("127.0.0.1", tls_server.port), timeout=10) as connection:
        connection.sendall(noise)
        read_to_end(connection)
    only_the_bystander(tls_server, bystander)


def test_tls_on_a_plaintext_port(plain_server, beside):
    bystander = beside(plain_server)
    with socket.create_connection(("127.0.0.1", plain_server.port), timeout=10) as connection:
        connection.sendall(hello_bytes())
        assert read_to_end(connection).startswith(b"HTTP/1.1 400 ")
    only_the_bystander(plain_server, bystander)


def test_garbage_within_tls(tls_server, beside):
    bystander = beside(tls_server)
    for _ in range(20):
        with RawConnection(tls_server.port, tls_server.certificate) as connection:
            connection.handshake()
            connection.send(os.urandom(5_000))
            ends_within(connection.socket, 10)
    only_the_bystander(tls_server, bystander)


def test_records_broken_after_the_handshake(tls_server, beside):
    bystander = beside(tls_server)
    with RawConnection(tls_server.port, tls_server.certificate) as connection:
        connection.handshake()
        raw = socket.socket(fileno=os.dup(connection.socket.fileno()))
        raw.sendall(b"\x17\x03\x03\x00\x40" + os.urandom(64))
        ends_within(connection.socket, 10)
        raw.close()
    only_the_bystander(tls_server, bystander)
