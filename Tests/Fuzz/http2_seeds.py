"""What HTTP2Fuzzer starts from: whole sessions of both sides, the conformance cases, and records of frames.

The first byte picks the side (1: against the client), records instead of the wire's bytes (2), and how the bytes
are cut (4 and 8).
"""

import gzip
import pathlib
import sys
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))

from http2_cases import CASES, MESSAGE  # noqa: E402
from raw_frames import (ACK, CHAT, DATA, END_HEADERS, END_STREAM, GET, GOAWAY, INITIAL_WINDOW_SIZE,  # noqa: E402
                        SETTINGS, block, frame, headers, ping, request_fields, rst_stream, settings, window_update)

HELLO = settings() + frame(SETTINGS, ACK, 0, b"")
EXPAND = "/martlet.test.v1.EchoService/Expand"
COLLECT = "/martlet.test.v1.EchoService/Collect"
ANSWER = block([(":status", "200"), ("content-type", "application/grpc")])
TRAILERS = block([("grpc-status", "0")])
FAILURE = block([(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "5"),
                 ("grpc-message", "no%20boat"), ("x-bin", "AAEC,!!")])


def call(stream, path, *extra, body=MESSAGE):
    return headers(stream, request_fields(path, *extra), END_HEADERS) + frame(DATA, END_STREAM, stream, body)


def answer(stream, body=MESSAGE):
    return headers(stream, ANSWER, END_HEADERS) + frame(DATA, 0, stream, body) + headers(stream, TRAILERS)


def server_sessions():
    yield HELLO + call(1, GET)
    yield HELLO + call(1, EXPAND, body=b"\0\0\0\0\x06\x0a\x02hi\x10\x14") + ping()
    yield HELLO + call(1, COLLECT, body=MESSAGE * 3) + call(3, CHAT, body=MESSAGE * 5)
    yield HELLO + headers(1, request_fields(CHAT), END_HEADERS) + frame(DATA, 0, 1, MESSAGE) + rst_stream(1)
    yield HELLO + call(1, GET, ("grpc-timeout", "1n"), ("x-echo-bin", "AAEC,AA==,!"), ("x-echo-a", "b"))
    yield HELLO + call(1, GET, ("grpc-encoding", "gzip"), body=b"\x01" + MESSAGE[1:])
    yield HELLO + settings((INITIAL_WINDOW_SIZE, 1)) + call(1, EXPAND, body=b"\0\0\0\0\x06\x0a\x02hi\x10\x14") \
        + window_update(1, 3) * 20
    yield HELLO + call(1, GET) + frame(GOAWAY, 0, 0, bytes(8)) + call(3, GET)
    yield HELLO + call(1, "/no/such") + headers(3, [(":method", "GET"), (":scheme", "http"), (":path", "/"),
                                                    (":authority", "x")])


def client_sessions():
    yield HELLO + answer(1) + answer(3) + answer(5)
    yield HELLO + headers(1, FAILURE) + headers(3, FAILURE) + rst_stream(5, 7)
    yield HELLO + headers(1, block([(":status", "103")]), END_HEADERS) + answer(1) + frame(GOAWAY, 0, 0, bytes(8))
    yield HELLO + headers(1, ANSWER, END_HEADERS) + frame(DATA, 0, 1, b"\0\xff\xff\xff\xff") + answer(3, MESSAGE * 4)
    yield HELLO + frame(GOAWAY, 0, 0, b"\0\0\0\1\0\0\0\0") + answer(1)
    yield HELLO + headers(1, block([(":status", "503")])) + window_update(3, 5) + settings((3, 0))
    yield b"HTTP/1.1 400 Bad Request\r\n\r\n"


def records(session):
    """A session's frames as records of type, flags, stream, length and payload; longer payloads are left out."""
    out, rest = b"", session
    while len(rest) >= 9:
        size = int.from_bytes(rest[:3], "big")
        if size < 256:
            out += bytes([rest[3], rest[4], rest[8], size]) + rest[9:9 + size]
        rest = rest[9 + size:]
    return out


def sessions():
    for number, session in enumerate(server_sessions()):
        yield f"server-{number}", 0, session
    for number, session in enumerate(client_sessions()):
        yield f"client-{number}", 1, session
    for number, case in enumerate(CASES):
        steps = case.send if isinstance(case.send, list) else [case.send]
        if case.send != "many":
            sent = b"".join(step for step in steps if isinstance(step, bytes))
            yield f"case-{number}", 0, HELLO + settings(*case.settings) + sent


def write_envelopes(folder, write):
    """A limit, then steps of EnvelopeFuzzer: append (the count times 2), take, take in place."""
    bodies = [b"", b"hi", bytes(60), gzip.compress(bytes(500)), zlib.compress(b"x" * 90), b"\x1f\x8b\x08"]
    for number, body in enumerate(bodies):
        whole = bytes([number & 1]) + len(body).to_bytes(4, "big") + body
        steps = bytes([255])
        for start in range(0, len(whole), 20):
            chunk = whole[start:start + 20]
            steps += bytes([len(chunk) << 1 & 0xFC | 1]) + chunk + b"\x02"
        write(folder / "EnvelopeFuzzer", f"split-{number}", steps + b"\x03")
        write(folder / "EnvelopeFuzzer", f"limit-{number}", bytes([1]) + bytes([40 << 1]) + whole[:40] + b"\x02\x03")


def write_http2(folder, write):
    for number, (name, side, session) in enumerate(sessions()):
        if len(session) < 4_000:
            write(folder / "HTTP2Fuzzer", name, bytes([side | number % 4 << 2]) + session)
            write(folder / "HTTP2Fuzzer", f"{name}-records", bytes([side | 2]) + records(session))
