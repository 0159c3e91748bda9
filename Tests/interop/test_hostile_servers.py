"""Servers that misbehave, against our client: each call ends with the right status, the client's memory stays
bounded, and its calls to another server, on the same event loop, go on."""

import socket
import struct
import threading

import pytest

from hard_peer import HardServer, WatchedProcess
from raw_frames import (ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, INITIAL_WINDOW_SIZE,
                        MAX_CONCURRENT_STREAMS, PING, PUSH_PROMISE, SETTINGS, block, frame, headers, integer,
                        literal, ping, rst_stream, settings, window_update)
from raw_http2 import PREFACE, message

OK_HEAD = block([(":status", "200"), ("content-type", "application/grpc")])
TRAILERS = block([("grpc-status", "0")])
BODY = message(b"\x0a\x05hello")
MEMORY_KB = 8_000


class FakeServer:
    """Takes connections and, for each request's stream, sends what `answer(connection, stream)` sends."""

    kept = []

    def __init__(self, answer, first=settings(), acknowledges=True):
        self.answer, self.first, self.acknowledges = answer, first, acknowledges
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.requests, self.connections, self.errors = 0, 0, []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """The port stays taken: the client keeps a channel for each, which another server must not inherit."""
        FakeServer.kept.append(self.listener)

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with connection:
                self._speak(connection)
        except (OSError, AssertionError):
            pass

    def _speak(self, connection):
        connection.settimeout(30)
        buffer = b""
        while len(buffer) < len(PREFACE):
            chunk = connection.recv(65536)
            if not chunk:
                return
            buffer += chunk
        assert buffer.startswith(PREFACE)
        buffer = buffer[len(PREFACE):]
        connection.sendall(self.first)
        while True:
            while len(buffer) >= 9 and len(buffer) >= 9 + int.from_bytes(buffer[:3], "big"):
                size = int.from_bytes(buffer[:3], "big")
                head, payload, buffer = buffer[:9], buffer[9:9 + size], buffer[9 + size:]
                self._take(connection, head[3], head[4], int.from_bytes(head[5:9], "big"), payload)
            chunk = connection.recv(65536)
            if not chunk:
                return
            buffer += chunk

    def _take(self, connection, kind, flags, stream, payload):
        if kind == SETTINGS and not flags & ACK and self.acknowledges:
            connection.sendall(frame(SETTINGS, ACK, 0, b""))
        elif kind == PING and not flags & ACK:
            connection.sendall(frame(PING, ACK, 0, payload))
        elif kind == GOAWAY:
            self.errors.append(int.from_bytes(payload[4:8], "big"))
        elif kind == HEADERS:
            self.requests += 1
            self.answer(connection, stream)


class Console(WatchedProcess):
    """Our client; `call` makes one and waits for what came of it."""

    def __init__(self, binaries):
        super().__init__(binaries / "RPCSoak", "console")
        assert self.say() == "ready"
        self.results, self.count = {}, 0

    def begin(self, port, kind="get", timeout_ms=20_000):
        self.count += 1
        self.ask(f"c{self.count} {port} {kind} {timeout_ms}")
        return f"c{self.count}"

    def end(self, name):
        while name not in self.results:
            key, _, rest = self.say().partition(" ")
            self.results[key] = rest
        status, _, text = self.results.pop(name).partition(" ")
        return status, text

    def call(self, port, kind="get", timeout_ms=20_000):
        return self.end(self.begin(port, kind, timeout_ms))

    def trim(self):
        self.ask("trim")
        while (line := self.say()) != "trimmed":
            key, _, rest = line.partition(" ")
            self.results[key] = rest


@pytest.fixture(scope="module")
def good(binaries):
    server = HardServer(binaries)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def console(binaries, good):
    console = Console(binaries)
    assert console.call(good.port) == ("OK", "hello")
    yield console
    console.stop()


@pytest.fixture
def against(console, good):
    """Calls a fake server and the good one; returns the bad call's outcome."""

    def run(answer, kind="get", timeout_ms=10_000, memory_kb=MEMORY_KB, **options):
        with FakeServer(answer, **options) as server:
            console.trim()
            memory, cpu = console.rss_kb, console.cpu_seconds
            console.forget_peak()
            bad = console.begin(server.port, kind, timeout_ms)
            beside = [console.begin(good.port) for _ in range(20)]
            outcome = console.end(bad)
            assert all(console.end(name) == ("OK", "hello") for name in beside)
            grown, spent = console.peak_kb - memory, console.cpu_seconds - cpu
            print(f"\n{outcome}: {grown} KB, {spent:.2f} s CPU")
            assert grown < memory_kb and spent < 8
        return outcome

    return run


def endless(piece, times=20_000):
    """Sends `piece(stream)` until the client has had enough."""

    def answer(connection, stream):
        data = piece(stream)
        for _ in range(times):
            connection.sendall(data)

    return answer


def once(make):
    return lambda connection, stream: connection.sendall(make(stream))


def test_an_ordinary_answer(against):
    assert against(once(lambda id: headers(id, OK_HEAD, END_HEADERS) + frame(DATA, 0, id, BODY)
                        + headers(id, TRAILERS))) == ("OK", "hello")


def test_endless_interim_responses(against):
    status, text = against(endless(lambda id: headers(id, block([(":status", "103"), ("link", "x")]), END_HEADERS) * 20))
    assert status == "UNAVAILABLE" and "idleFramesPerSecond" in text


def test_endless_headers(against):
    def answer(connection, stream):
        connection.sendall(frame(HEADERS, 0, stream, OK_HEAD))
        for _ in range(10_000):
            connection.sendall(frame(CONTINUATION, 0, stream, literal("x", "y" * 1_000)))

    assert against(answer)[0] in ("UNAVAILABLE", "RESOURCE_EXHAUSTED")


def test_a_header_list_over_the_limit(against):
    fields = OK_HEAD + b"\x40\x01x" + integer(4_000, 7) + b"y" * 4_000 + b"\xbe" * 8_000
    status, _ = against(once(lambda id: headers(id, fields, END_HEADERS)))
    assert status == "RESOURCE_EXHAUSTED"


def test_never_ending_trailers(against):
    def answer(connection, stream):
        connection.sendall(headers(stream, OK_HEAD, END_HEADERS) + frame(DATA, 0, stream, BODY))
        connection.sendall(frame(HEADERS, END_STREAM, stream, TRAILERS))
        for _ in range(10_000):
            connection.sendall(frame(CONTINUATION, 0, stream, literal("x", "y" * 1_000)))

    assert against(answer)[0] in ("UNAVAILABLE", "RESOURCE_EXHAUSTED")


def test_trailers_that_do_not_end_the_stream(against):
    assert against(endless(lambda id: headers(id, OK_HEAD, END_HEADERS), 5))[0] in ("INTERNAL", "UNKNOWN")


def test_a_length_of_4_gigabytes(against):
    status, text = against(once(lambda id: headers(id, OK_HEAD, END_HEADERS) + frame(DATA, 0, id, b"\0\xff\xff\xff\xff")))
    assert status == "RESOURCE_EXHAUSTED" and "4294967295" in text


def test_a_message_one_byte_over_the_limit(against):
    size = (1 << 20) + 1
    status, text = against(once(lambda id: headers(id, OK_HEAD, END_HEADERS)
                                + frame(DATA, 0, id, b"\0" + struct.pack(">I", size))))
    assert status == "RESOURCE_EXHAUSTED" and str(size) in text


@pytest.mark.parametrize("body", [BODY[:-1], BODY[:3], BODY + BODY[:7]])
def test_a_body_that_ends_within_a_message(against, body):
    status, _ = against(once(lambda id: headers(id, OK_HEAD, END_HEADERS) + frame(DATA, 0, id, body)
                             + headers(id, TRAILERS)))
    assert status in ("INTERNAL", "UNIMPLEMENTED")


def test_more_than_the_window(against):
    """A server that ignores flow control."""
    assert against(endless(lambda id: headers(id, OK_HEAD, END_HEADERS) + frame(DATA, 0, id, b"\0" * 16_384) * 100, 1),
                   kind="stalled")[0] in ("UNAVAILABLE", "INTERNAL")


def test_a_body_that_nobody_reads(against):
    def answer(connection, stream):
        connection.sendall(headers(stream, OK_HEAD, END_HEADERS) + frame(DATA, 0, stream, bytes(5) * 3_000) * 4)

    assert against(answer, kind="stalled", timeout_ms=700)[0] == "DEADLINE_EXCEEDED"


def test_empty_data_without_end(against):
    status, text = against(endless(lambda id: frame(DATA, 0, id, b"") * 500 if id else b"", 200))
    assert status in ("UNAVAILABLE", "INTERNAL") and text


@pytest.mark.parametrize("name", ["PING", "SETTINGS", "padding", "unknown"])
def test_floods(against, name):
    frames = {"PING": ping(), "SETTINGS": settings((INITIAL_WINDOW_SIZE, 1), (MAX_CONCURRENT_STREAMS, 9)),
              "padding": frame(DATA, 8, 1, b"\x03" + bytes(3)), "unknown": frame(0xBE, 0, 0, b"x")}[name]

    def answer(connection, stream):
        connection.sendall(headers(stream, OK_HEAD, END_HEADERS))
        for _ in range(200):
            connection.sendall(frames * 500)

    assert against(answer)[0] == "UNAVAILABLE"


@pytest.mark.parametrize("name, make", {
    "HEADERS on a stream that we never opened": lambda id: headers(id + 2, OK_HEAD, END_HEADERS),
    "DATA on a stream that we never opened": lambda id: frame(DATA, 0, id + 2, b"x"),
    "HEADERS on an even stream": lambda id: headers(2, OK_HEAD, END_HEADERS),
    "a push": lambda id: frame(PUSH_PROMISE, END_HEADERS, id, b"\0\0\0\x02" + OK_HEAD),
    "DATA before HEADERS": lambda id: frame(DATA, 0, id, BODY),
    "DATA on stream 0": lambda id: frame(DATA, 0, 0, BODY),
    "RST_STREAM on an idle stream": lambda id: rst_stream(id + 2),
    "a window over 2^31 - 1": lambda id: window_update(0, 0x7FFFFFFF),
    "a broken header block": lambda id: headers(id, b"\xff\xff\xff\xff\xff\xff"),
    "a frame over the limit": lambda id: frame(DATA, 0, id, bytes(20_000)),
    "no status": lambda id: headers(id, block([("x", "y")]), END_HEADERS),
    "a status twice": lambda id: headers(id, block([(":status", "200")] * 2), END_HEADERS),
    "a status of letters": lambda id: headers(id, block([(":status", "abc")])),
    "a request's field": lambda id: headers(id, block([(":status", "200"), (":path", "/")]), END_HEADERS),
    "noise": lambda id: bytes(range(256)) * 40,
    "HTTP/1.1": lambda id: b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n",
}.items(), ids=lambda value: value if isinstance(value, str) else "")
def test_violations_end_the_call_and_no_more(against, name, make):
    status, text = against(once(make), timeout_ms=3_000)
    assert status in ("UNAVAILABLE", "INTERNAL", "UNKNOWN") and text


def test_goaway_that_takes_back_what_it_allowed(against):
    """Streams above the last one are tried elsewhere, but not for ever."""
    def answer(connection, stream):
        connection.sendall(frame(GOAWAY, 0, 0, struct.pack(">II", 0, 0)))

    status, _ = against(answer)
    assert status == "UNAVAILABLE"


def test_goaway_with_a_growing_last_stream(against):
    def answer(connection, stream):
        for last in (0, 1 << 30, 5, 0x7FFFFFFF):
            connection.sendall(frame(GOAWAY, 0, 0, struct.pack(">II", last, 0)))

    assert against(answer)[0] == "UNAVAILABLE"


def test_goaway_flood(against):
    def answer(connection, stream):
        connection.sendall(headers(stream, OK_HEAD, END_HEADERS))
        goaway = frame(GOAWAY, 0, 0, struct.pack(">II", 0x7FFFFFFF, 0) + b"because " * 20)
        for _ in range(100):
            connection.sendall(goaway * 500)

    assert against(answer)[0] == "UNAVAILABLE"


def test_refusing_every_stream(against):
    status, _ = against(once(lambda id: rst_stream(id, 7)))
    assert status == "UNAVAILABLE"


def test_no_streams_allowed(against):
    """MAX_CONCURRENT_STREAMS of 0: the call waits for its turn, to its deadline."""
    assert against(once(lambda id: b""), first=settings((MAX_CONCURRENT_STREAMS, 0)), timeout_ms=700)[0] \
        == "DEADLINE_EXCEEDED"


def test_a_server_that_never_speaks(console, good):
    """Accepted, then nothing: the attempt has a limit of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        bad = console.begin(listener.getsockname()[1])
        assert console.call(good.port) == ("OK", "hello")
        status, text = console.end(bad)
        assert status == "UNAVAILABLE" and "within" in text


def test_a_server_that_never_acknowledges_settings(console, good):
    """The connection is given up after the time that connecting may take (2 s)."""
    with FakeServer(once(lambda id: headers(id, OK_HEAD, END_HEADERS)), acknowledges=False) as server:
        bad = console.begin(server.port)
        assert console.call(good.port) == ("OK", "hello")
        assert console.end(bad)[0] == "UNAVAILABLE"
        assert 4 in server.errors


def test_a_server_that_closes_every_connection(console, good):
    def answer(connection, stream):
        connection.shutdown(socket.SHUT_RDWR)

    with FakeServer(answer) as server:
        assert console.call(server.port)[0] == "UNAVAILABLE"
        assert console.call(good.port) == ("OK", "hello")


def test_a_decompression_bomb(against):
    """A megabyte of zeros for each kilobyte: the message's limit holds for what comes out."""
    import gzip
    bomb = gzip.compress(bytes(64 << 20))
    head = block([(":status", "200"), ("content-type", "application/grpc"), ("grpc-encoding", "gzip")])

    def answer(connection, stream):
        body = message(bomb, compressed=1)
        connection.sendall(headers(stream, head, END_HEADERS))
        for start in range(0, len(body), 16_000):
            connection.sendall(frame(DATA, 0, stream, body[start:start + 16_000]))

    status, _ = against(answer)
    assert status in ("RESOURCE_EXHAUSTED", "UNIMPLEMENTED", "INTERNAL")
