"""What only a hand-made client does to our server: odd splits, lies, its own deadlines. The server answers and lives."""

import gzip
import os
import socket
import threading
import zlib

import pytest

from echo_fixtures import PeerServer
from raw_http2 import RawCall, connect, message, read_to_end

GET = "/martlet.test.v1.EchoService/Get"
CHAT = "/martlet.test.v1.EchoService/Chat"
DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL = 4, 8, 12, 13


@pytest.fixture(scope="module")
def server(echo_peer, certificate):
    server = PeerServer(echo_peer, certificate)
    yield server
    assert server.stop()


@pytest.fixture
def bystander(server, echo_stubs):
    """A stream open from before a test until after it, which the test must not touch."""
    messages, services = echo_stubs
    with server.channel() as channel:
        may_end = threading.Event()

        def requests():
            yield messages.EchoRequest(text="before")
            may_end.wait(50)
            yield messages.EchoRequest(text="after")

        call = services.EchoServiceStub(channel).Chat(requests(), timeout=60)
        assert next(call).text == "before"
        yield messages
        may_end.set()
        assert [response.text for response in call] == ["after"]


def test_a_call_sent_byte_by_byte(bystander, server):
    call = RawCall(server, GET)
    for byte in message(bystander.EchoRequest(text="slow").SerializeToString()):
        call.send(bytes([byte]))
    call.send(b"", end=True)
    assert call.finish() == (0, "")
    assert bystander.EchoResponse.FromString(call.body[5:]).text == "slow"


def test_a_trailing_half_message_is_an_error(bystander, server):
    call = RawCall(server, CHAT)
    good = message(bystander.EchoRequest(text="good").SerializeToString())
    call.send(good + good[:-2], end=True)
    status, text = call.finish()
    assert status == INTERNAL and "ended inside a message" in text
    assert bystander.EchoResponse.FromString(call.body[5:]).text == "good"


@pytest.mark.parametrize("path", [GET, CHAT])
def test_a_prefix_that_lies_costs_nothing_and_fails_at_once(bystander, server, path):
    call = RawCall(server, path)
    call.send(b"\x00\xff\xff\xff\xff")
    status, text = call.finish()
    assert status == RESOURCE_EXHAUSTED and str(0xFFFFFFFF) in text


@pytest.mark.parametrize("flags", [1, 2, 255])
def test_flags_without_an_encoding(bystander, server, flags):
    call = RawCall(server, CHAT)
    call.send(message(b"", compressed=flags))
    assert call.finish()[0] == INTERNAL


def test_a_compression_that_is_not_here_is_refused_with_what_is(bystander, server):
    call = RawCall(server, GET, ("grpc-encoding", "zstd"))
    call.send(message(b"\x28\xb5\x2f\xfd", compressed=1), end=True)
    status, text = call.finish()
    assert status == UNIMPLEMENTED
    assert call.headers["grpc-accept-encoding"] == "identity, deflate, gzip"
    assert "identity, deflate, gzip" in text


def test_a_client_that_compresses_is_told_what_is_accepted(bystander, server):
    request = bystander.EchoRequest(text="x" * 1000).SerializeToString()
    call = RawCall(server, GET, ("grpc-encoding", "gzip"), ("grpc-accept-encoding", "identity"))
    call.send(message(gzip.compress(request), compressed=1), end=True)
    assert call.finish() == (0, "")
    assert call.headers["grpc-accept-encoding"] == "identity, deflate, gzip"
    assert "grpc-encoding" not in call.headers
    assert call.body[0] == 0
    assert bystander.EchoResponse.FromString(call.body[5:]).text == "x" * 1000


def test_several_members_of_gzip_are_one_message(bystander, server):
    request = bystander.EchoRequest(text="x" * 1000).SerializeToString()
    call = RawCall(server, GET, ("grpc-encoding", "gzip"))
    call.send(message(gzip.compress(request[:100]) + gzip.compress(request[100:]), compressed=1), end=True)
    assert call.finish() == (0, "")
    assert bystander.EchoResponse.FromString(call.body[5:]).text == "x" * 1000


@pytest.mark.parametrize("encoding, body", [
    ("gzip", b""), ("gzip", b"not gzip"), ("gzip", gzip.compress(b"\x0a\x01a")[:-1]),
    ("gzip", gzip.compress(b"\x0a\x01a") + b"\0"), ("gzip", zlib.compress(b"\x0a\x01a")),
    ("deflate", gzip.compress(b"\x0a\x01a")), ("deflate", zlib.compress(b"\x0a\x01a")[2:-4]),
    ("identity", gzip.compress(b"\x0a\x01a")),
])
def test_what_is_not_of_the_encoding_that_was_named(bystander, server, encoding, body):
    call = RawCall(server, GET, ("grpc-encoding", encoding))
    call.send(message(body, compressed=1), end=True)
    assert call.finish()[0] == INTERNAL


def test_a_bomb_costs_no_more_than_the_limit(bystander, server):
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    # A gigabyte of zeros: the message's first field, padding of as many bytes, and its length.
    bomb = squeeze.compress(b"\x3a\x80\x80\x80\x80\x04")
    for _ in range(1024):
        bomb += squeeze.compress(bytes(1 << 20))
    bomb += squeeze.flush()
    assert len(bomb) < 1 << 20
    before = peak_memory(server.process.pid)
    call = RawCall(server, GET, ("grpc-encoding", "gzip"))
    call.send(message(bomb, compressed=1), end=True)
    status, text = call.finish()
    assert status == RESOURCE_EXHAUSTED and "1048576" in text
    assert peak_memory(server.process.pid) - before < 16 << 20


def peak_memory(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024


def test_the_server_keeps_the_deadline_of_a_client_that_does_not(bystander, server):
    call = RawCall(server, GET, ("grpc-timeout", "200m"))
    call.send(message(bystander.EchoRequest(delay_ms=60_000).SerializeToString()), end=True)
    assert call.finish()[0] == DEADLINE_EXCEEDED


def test_a_deadline_ends_a_call_whose_request_never_comes(bystander, server):
    call = RawCall(server, GET, ("grpc-timeout", "200m"))
    assert call.finish()[0] == DEADLINE_EXCEEDED


@pytest.mark.parametrize("timeout", ["", "5", "-5S", "123456789S", "5s", "S"])
def test_a_malformed_deadline_is_an_error(bystander, server, timeout):
    call = RawCall(server, GET, ("grpc-timeout", timeout))
    status, text = call.finish()
    assert status == INTERNAL and "grpc-timeout" in text


@pytest.mark.parametrize("count", [0, 2])
def test_a_unary_call_has_exactly_one_request(bystander, server, count):
    call = RawCall(server, GET)
    call.send(message(b"") * count, end=True)
    assert call.finish()[0] == UNIMPLEMENTED


@pytest.mark.parametrize("method, path, content_type, status", [
    ("GET", "/", "text/html", "200"),
    ("GET", GET, "application/grpc", "405"),
    ("PUT", GET, "application/grpc", "405"),
    ("POST", GET, "application/json", "415"),
    ("POST", GET, "application/grpcx", "415"),
])
def test_who_does_not_speak_grpc_gets_an_http_answer(
        bystander, server, method, path, content_type, status):
    call = RawCall(server, path, method=method, content_type=content_type)
    call.send(b"", end=True)
    call.finish()
    assert call.headers[":status"] == status
    assert call.body and "grpc-status" not in call.headers


def test_http1_gets_an_ordinary_answer(bystander, server):
    with connect(server, alpn=("http/1.1",)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert read_to_end(connection).startswith(b"HTTP/1.1 200 ")


def test_noise_instead_of_tls_ends_that_connection_only(bystander, server):
    for noise in (os.urandom(1000), b"\x16\x03\x01" + os.urandom(600), b""):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(noise)
            connection.shutdown(socket.SHUT_WR)
            read_to_end(connection)


def test_connections_cut_in_the_middle_of_their_calls(bystander, server):
    for number in range(200):
        call = RawCall(server, GET if number % 2 else CHAT)
        for stream in (3, 5, 7, 9):
            call.h2.send_headers(stream, [
                (":method", "POST"), (":scheme", "https"), (":path", CHAT), (":authority", "localhost"),
                ("content-type", "application/grpc"), ("te", "trailers")])
            call.h2.send_data(stream, message(b"")[: stream % 6])
        call.flush()
        call.socket.close()
