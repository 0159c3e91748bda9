"""Floods of frames against our server: what each costs it, how it ends, and that a bystander does not notice.

The server runs in a process of its own; the memory and CPU are the kernel's account of it.
"""

import contextlib
import threading
import time

import pytest

from hard_peer import Bystander, HardServer
from raw_frames import (ACK, CHAT, CONTINUATION, DATA, END_HEADERS, END_STREAM, GET, GOAWAY, HEADERS,
                        INITIAL_WINDOW_SIZE, PADDED, PRIORITY, RST_STREAM, SETTINGS, RawConnection, block, frame, headers,
                        integer, literal, ping, request_fields, rst_stream, settings, window_update)
from raw_http2 import PREFACE, message

OPEN = END_HEADERS
# What the server may grow by under an attack on one connection, beside the bystander's work: debug builds and
# the allocator's scatter included.
MEMORY_KB = 6_000
# A frame's cost in CPU, with room for a debug build and a busy machine.
CPU_MICROSECONDS = 60


@pytest.fixture(scope="module")
def server(binaries):
    server = HardServer(binaries)
    yield server
    assert "stopped" in server.stop()


@pytest.fixture
def attack(server, echo_stubs):
    """Measures what stands in its `with`: `attack(frames)`."""

    @contextlib.contextmanager
    def measure(frames, memory_kb=MEMORY_KB, cpu_microseconds=CPU_MICROSECONDS):
        bystander = Bystander(server, echo_stubs)
        server.census()
        memory, cpu, calls = server.rss_kb, server.cpu_seconds, len(bystander.seconds)
        server.forget_peak()
        yield
        slowest = bystander.finish()
        grown = server.peak_kb - memory
        # A bystander's call costs, too.
        spent = server.cpu_seconds - cpu - (len(bystander.seconds) - calls) * 0.0005
        print(f"\n{frames} frames: {grown} KB, {max(spent, 0) / frames * 1e6:.2f} us a frame, "
              f"bystander's slowest call {slowest * 1000:.0f} ms")
        assert grown < memory_kb
        assert spent < 0.2 + frames * cpu_microseconds / 1e6
        assert slowest < 5
        eventually(lambda: server.census()[1] == 0)

    return measure


def eventually(holds, seconds=10):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def flood(server, frames, before=b"", pairs=(), drains=True):
    """Sends on a fresh connection until all is out or the server has had enough; returns the error's name."""
    with RawConnection(server.port, timeout=30) as connection:
        connection.handshake(*pairs)
        connection.send(before)
        error = []
        reader = threading.Thread(target=lambda: error.append(connection.goaway()), daemon=True)
        if drains:
            reader.start()
        connection.send(frames)
        connection.send(ping(b"the end!"))
        if not drains:
            return connection.goaway()
        reader.join(30)
        assert not reader.is_alive(), "no GOAWAY"
        return error[0]


def streams(count, frames, first=1):
    return b"".join(frames(first + 2 * number) for number in range(count))


def test_rapid_reset(server, attack):
    """CVE-2023-44487: opened and reset at once."""
    head = block(request_fields(CHAT))
    with attack(40_000):
        assert flood(server, streams(20_000, lambda id: frame(HEADERS, OPEN, id, head) + rst_stream(id))) \
            == "ENHANCE_YOUR_CALM"


PROVOCATIONS = {
    "a window over 2^31 - 1": lambda id: window_update(id, 0x7FFFFFFF),
    "more than content-length says": lambda id: frame(DATA, END_STREAM, id, b"xy"),
    "a second head": lambda id: headers(id, [("x", "y")], OPEN),
}


@pytest.mark.parametrize("name", PROVOCATIONS)
def test_made_you_reset(server, attack, name):
    """CVE-2025-8671: the server is made to reset what it was asked for, never with too many streams open."""
    head = block(request_fields(CHAT, ("content-length", "1")))
    with attack(2_000), RawConnection(server.port) as connection:
        connection.handshake()
        for start in range(1, 2_001, 200):
            connection.send(streams(100, lambda id: frame(HEADERS, OPEN, id, head) + PROVOCATIONS[name](id), start))
            connection.send(settings())
            got = connection.read_until(lambda got: got.kind in (SETTINGS, GOAWAY))
            if got.kind == GOAWAY:
                break
        assert got.kind == GOAWAY and got.code == "ENHANCE_YOUR_CALM"


def test_streams_refused_over_the_limit_count_as_resets(server, attack):
    """A peer that never acknowledges SETTINGS may open more streams than it was told."""
    with attack(20_000), RawConnection(server.port) as connection:
        connection.send(PREFACE + settings())
        connection.send(streams(20_000, lambda id: headers(id, request_fields(CHAT), OPEN)))
        assert connection.goaway() == "ENHANCE_YOUR_CALM"


def test_continuation_flood(server, attack):
    fields = literal("x", "y" * 50)
    with attack(20_000):
        assert flood(server, headers(1, None, END_STREAM) + frame(CONTINUATION, 0, 1, fields) * 20_000) \
            == "ENHANCE_YOUR_CALM"


def test_empty_continuation_flood(server, attack):
    with attack(50_000):
        assert flood(server, headers(1, None, END_STREAM) + frame(CONTINUATION, 0, 1, b"") * 50_000) \
            == "ENHANCE_YOUR_CALM"


FLOODS = {
    "SETTINGS": settings(),
    "SETTINGS that change every window": settings(*((INITIAL_WINDOW_SIZE, 1 + n) for n in range(30))),
    "PING": ping(),
    "PING acknowledgements": frame(6, ACK, 0, b"nobody's"),
    "PRIORITY": frame(PRIORITY, 0, 1, b"\0\0\0\0\x07"),
    "PRIORITY of idle streams": frame(PRIORITY, 0, 9_999_999, b"\0\0\0\0\x07"),
    "RST_STREAM on a closed stream": rst_stream(1),
    "GOAWAY": frame(GOAWAY, 0, 0, bytes(8) + b"x" * 200),
    "unknown frames": frame(0xBE, 0, 0, b"x" * 100),
    "empty DATA": frame(DATA, 0, 3, b""),
    "DATA of padding only": frame(DATA, PADDED, 3, b"\x07" + bytes(7)),
}


@pytest.mark.parametrize("name", FLOODS)
def test_flood_of_frames_without_work(server, attack, name):
    opened = headers(1, request_fields(GET)) + headers(3, request_fields(CHAT), OPEN)
    with attack(60_000):
        assert flood(server, FLOODS[name] * 60_000, before=opened) == "ENHANCE_YOUR_CALM"


def test_settings_flood_with_many_stalled_streams(server, attack):
    """Each change of the initial window touches every stream."""
    stalled = streams(250, lambda id: headers(id, request_fields(GET), OPEN)
                      + frame(DATA, END_STREAM, id, message(b"\x0a\x02hi")))
    many = settings(*((INITIAL_WINDOW_SIZE, number % 2) for number in range(32)))
    with attack(20_000, cpu_microseconds=150):
        assert flood(server, many * 20_000, before=stalled, pairs=[(INITIAL_WINDOW_SIZE, 0)]) == "ENHANCE_YOUR_CALM"


def test_window_updates_are_cheap(server, attack):
    """They cannot be told from honest ones, so each must cost next to nothing."""
    with attack(200_000, cpu_microseconds=5), RawConnection(server.port) as connection:
        connection.handshake()
        connection.send(headers(1, request_fields(CHAT), OPEN))
        connection.send(window_update(1, 1) * 100_000 + window_update(0, 1) * 100_000)
        assert connection.answers()


def test_settings_acknowledged_twice(server, attack):
    with attack(1_000):
        assert flood(server, frame(4, ACK, 0, b"") * 1_000) == "PROTOCOL_ERROR"


def test_rst_stream_on_an_idle_stream(server, attack):
    with attack(1_000):
        assert flood(server, rst_stream(9) * 300) == "PROTOCOL_ERROR"


def test_pings_of_a_peer_that_reads_nothing(server, attack):
    """Answers pile up: the server stops to read instead."""
    with attack(400_000), RawConnection(server.port, timeout=3) as connection:
        connection.handshake()
        with contextlib.suppress(TimeoutError):
            connection.send(ping() * 400_000)


def test_thousands_of_streams_opened_and_cancelled(server, attack):
    """At a rate that an honest client may have: nothing is left of them."""
    with attack(800), RawConnection(server.port) as connection:
        connection.handshake()
        for start in range(1, 801, 200):
            connection.send(streams(100, lambda id: headers(id, request_fields(CHAT), OPEN)
                                    + frame(DATA, 0, id, message(b"\x0a\x02hi")) + rst_stream(id), start))
        assert connection.answers()
        eventually(lambda: server.census()[1] == 0)


# -- header blocks

def test_header_list_over_the_limit(server, attack):
    with attack(100):
        with RawConnection(server.port) as connection:
            connection.handshake()
            connection.send(headers(1, [*request_fields(), ("x", "y" * 15_000)], OPEN | END_STREAM))
            connection.send(headers(3, [*request_fields(), *(("x", "y" * 400) for _ in range(38))]))
            assert connection.read_until(lambda got: got.kind == RST_STREAM).code == "ENHANCE_YOUR_CALM"
            assert connection.answers()


def test_hpack_reference_bomb(server, attack):
    """One entry of 4 KB, then references of one byte each."""
    bomb = block(request_fields()) + b"\x40\x01x" + integer(4_000, 7) + b"y" * 4_000 + b"\xbe" * 11_000
    again = block(request_fields()) + b"\xbe" * 16_000
    frames = headers(1, bomb) + streams(400, lambda id: headers(id, again), 3)
    with attack(400, cpu_microseconds=20_000), RawConnection(server.port) as connection:
        connection.handshake()
        connection.send(frames)
        assert connection.read_until(lambda got: got.kind == RST_STREAM).code == "ENHANCE_YOUR_CALM"
        assert connection.answers()
        connection.send(streams(400, lambda id: headers(id, again), 1_001))
        assert connection.goaway() == "ENHANCE_YOUR_CALM"


def test_huffman_bomb(server, attack):
    """The shortest codes: 5 bits make a byte, and the list is counted decoded."""
    coded = b"\x00\x01x" + integer(10_400, 7, 0x80) + b"\x00" * 10_400
    with attack(100), RawConnection(server.port) as connection:
        connection.handshake()
        connection.send(headers(1, block(request_fields()) + coded))
        assert connection.read_until(lambda got: got.kind == RST_STREAM).code == "ENHANCE_YOUR_CALM"


def test_table_size_games(server, attack):
    """The table is emptied and filled for each block, and the peer asks us for a table of 4 GB."""
    fill = b"".join(b"\x40" + integer(2, 7) + b"x%d" % n + integer(200, 7) + b"y" * 200 for n in range(8))
    games = b"\x20\x3f\xe1\x1f"
    with attack(1_000, cpu_microseconds=3_000), RawConnection(server.port) as connection:
        connection.handshake((1, 0xFFFFFFFF), (6, 0xFFFFFFFF))
        for start in range(1, 1_001, 100):
            connection.send(streams(50, lambda id: headers(id, games + block(request_fields()) + fill), start))
        assert connection.answers()


def test_metadata_of_thousands_of_values(server, attack):
    """A value of commas is as many values; with HPACK's table it costs the client four bytes."""
    field = b"\x40\x05x-bin" + integer(3_900, 7) + b"," * 3_900
    again = block(request_fields(CHAT)) + b"\xbe" * 3
    with attack(250, memory_kb=30_000, cpu_microseconds=5_000), RawConnection(server.port) as connection:
        connection.handshake()
        connection.send(headers(1, block(request_fields(CHAT)) + field + b"\xbe" * 2, OPEN))
        connection.send(streams(240, lambda id: headers(id, again, OPEN), 3))
        assert connection.answers()


def test_an_ordinary_call(server):
    """The helpers speak HTTP/2 at all: an ordinary call passes."""
    with RawConnection(server.port) as connection:
        connection.handshake()
        connection.send(headers(1, request_fields(GET), OPEN) + frame(DATA, END_STREAM, 1, message(b"\x0a\x02hi")))
        assert connection.status(1) == 0
