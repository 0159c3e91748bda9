"""What RFC 9113 and RFC 7541 ask of a server, a case each: bytes to send after the handshake, and what must come.

Verdicts: `ok` (the connection lives: a PING is answered, no error), `response` (stream 1 is answered in full),
`goaway CODE`, `reset CODE` (of any stream), `closed`. A case may allow several; the first is what we do.
"""

import dataclasses
import struct
from typing import Callable

import hpack

from raw_frames import *  # noqa: F403
from raw_frames import frame

REST = "later"


@dataclasses.dataclass
class Case:
    section: str
    name: str
    send: bytes | Callable
    allowed: tuple
    settings: tuple = ()

    def __str__(self):
        return f"{self.section} {self.name}"


CASES = []


def case(section, name, send, *allowed, settings=()):
    CASES.append(Case(section, name, send, allowed, settings))


def goaway(code):
    return f"goaway {code}"


def reset(code):
    return f"reset {code}"


PROTOCOL = goaway("PROTOCOL_ERROR")
STREAM_PROTOCOL = (reset("PROTOCOL_ERROR"), PROTOCOL)
SIZE = goaway("FRAME_SIZE_ERROR")
COMPRESSION = goaway("COMPRESSION_ERROR")
CLOSED = (goaway("STREAM_CLOSED"), reset("STREAM_CLOSED"))
# What has not been opened and what has been closed look alike to a server that forgets.
AFTER_END = (*CLOSED, PROTOCOL)
MESSAGE = b"\x00\x00\x00\x00\x04\x0a\x02hi"
OPEN = END_HEADERS
STALLED = ((INITIAL_WINDOW_SIZE, 0),)


def data(stream, payload=MESSAGE, flags=END_STREAM):
    return frame(DATA, flags, stream, payload)


def call(stream=1, *extra):
    return headers(stream, request_fields(GET, *extra), OPEN) + data(stream)


def request(fields, body=False):
    """Stream 1 with these fields."""
    if body:
        return headers(1, fields, OPEN) + data(1)
    return headers(1, fields)


def without(name):
    return [field for field in request_fields() if field[0] != name]


def changed(name, value):
    return [(name, value) if field[0] == name else field for field in request_fields()]


def twice(name):
    return [field for field in request_fields() for _ in range(2 if field[0] == name else 1)]


# -- 4: frames

case("4.1", "a frame of an unknown type is ignored", frame(0xFF, 0, 0, b"x" * 8), "ok")
case("4.1", "a frame of an unknown type on a stream is ignored",
     headers(1, None, OPEN) + frame(0x16, 0xFF, 1, b"?") + data(1), "response")
case("4.1", "flags without a meaning are ignored", frame(PING, 0x16, 0, b"flagflag"), "ok")
case("4.1", "flags of HEADERS without a meaning are ignored",
     headers(1, None, END_HEADERS | END_STREAM | 0x40 | 0x80 | 0x10 | 0x02), "response")
case("4.1", "the reserved bit is ignored", frame(PING, 0, 1 << 31, b"reserved"), "ok")
case("4.1", "the reserved bit of a HEADERS frame is ignored", headers(1 | 1 << 31), "response")
case("4.2", "DATA of 2^14 bytes is taken", headers(1, request_fields(GET), OPEN)
     + frame(DATA, END_STREAM, 1, struct.pack(">BI", 0, 16_379) + b"\x3a\xf7\x7f" + b"p" * 16_375 + b"z"), "response",
     reset("NO_ERROR"))
case("4.2", "DATA over the limit", headers(1, None, OPEN) + data(1, b"x" * 16_385), SIZE, reset("FRAME_SIZE_ERROR"))
case("4.2", "HEADERS over the limit", headers(1, block(request_fields()) + literal("x", "y" * 16_384)), SIZE)
case("4.2", "SETTINGS over the limit", frame(SETTINGS, 0, 0, b"\x00\x06\x00\x00\xff\xff" * 2_800), SIZE)
case("4.2", "an unknown frame over the limit", frame(0xEE, 0, 0, b"x" * 16_385), SIZE)
case("4.3", "a broken header block", headers(1, b"\x40\x01\x02"), COMPRESSION)
case("4.3", "an empty header block is a request without anything", headers(1, b""), *STREAM_PROTOCOL)
for name, intruder in {
    "PRIORITY": frame(PRIORITY, 0, 1, b"\x00\x00\x00\x00\x01"), "PING": ping(), "SETTINGS": settings(),
    "DATA": data(1), "RST_STREAM": rst_stream(1), "WINDOW_UPDATE": window_update(0, 1), "GOAWAY": frame(7, 0, 0, bytes(8)),
    "HEADERS of another stream": headers(3), "CONTINUATION of another stream": frame(CONTINUATION, 4, 3, b""),
    "an unknown frame": frame(0xAA, 0, 0, b""),
}.items():
    case("4.3", f"{name} inside a header block", headers(1, None, END_STREAM) + intruder, PROTOCOL)

# -- 5: streams

case("5.1", "DATA on an idle stream", data(1, b"x"), PROTOCOL)
case("5.1", "RST_STREAM on an idle stream", rst_stream(1), PROTOCOL)
case("5.1", "WINDOW_UPDATE on an idle stream", window_update(1, 100), PROTOCOL)
case("5.1", "CONTINUATION on an idle stream", frame(CONTINUATION, END_HEADERS, 1, block(request_fields())), PROTOCOL)
case("5.1", "PRIORITY on an idle stream is taken", frame(PRIORITY, 0, 1, b"\0\0\0\0\x0f"), "ok")
case("5.1", "half-closed: DATA", call() + data(1, b"x"), *CLOSED, settings=STALLED)
case("5.1", "half-closed: HEADERS", call() + headers(1), *CLOSED, settings=STALLED)
case("5.1", "half-closed: CONTINUATION", call() + frame(CONTINUATION, END_HEADERS, 1, b""), PROTOCOL, *CLOSED,
     settings=STALLED)
case("5.1", "half-closed: WINDOW_UPDATE is taken", call() + window_update(1, 1 << 16), "response", settings=STALLED)
case("5.1", "half-closed: PRIORITY is taken", call() + frame(PRIORITY, 0, 1, b"\0\0\0\0\x01"), "ok", settings=STALLED)
case("5.1", "half-closed: RST_STREAM is taken", call() + rst_stream(1), "ok", settings=STALLED)
case("5.1", "reset: DATA", call() + rst_stream(1) + data(1, b"x"), *CLOSED, settings=STALLED)
case("5.1", "reset: HEADERS", call() + rst_stream(1) + headers(1), *AFTER_END, settings=STALLED)
case("5.1", "reset: CONTINUATION", call() + rst_stream(1) + frame(CONTINUATION, END_HEADERS, 1, b""), PROTOCOL,
     *CLOSED, settings=STALLED)
case("5.1", "reset: WINDOW_UPDATE, RST_STREAM and PRIORITY are ignored", call() + rst_stream(1) + window_update(1, 1)
     + rst_stream(1) + frame(PRIORITY, 0, 1, b"\0\0\0\0\x01"), "ok", settings=STALLED)
case("5.1", "closed: DATA", [call(), REST, data(1, b"x")], *CLOSED)
case("5.1", "closed: HEADERS", [call(), REST, headers(1)], *AFTER_END)
case("5.1", "closed: CONTINUATION", [call(), REST, frame(CONTINUATION, END_HEADERS, 1, b"")], PROTOCOL, *CLOSED)
case("5.1", "closed: PRIORITY is ignored", [call(), REST, frame(PRIORITY, 0, 1, b"\0\0\0\0\x01")], "ok")
case("5.1", "closed: WINDOW_UPDATE and RST_STREAM are ignored", [call(), REST, window_update(1, 9) + rst_stream(1)],
     "ok")
case("5.1", "ended, then DATA in one breath", call() + data(1, b"x") + ping(), *CLOSED)
case("5.1.1", "a client's stream with an even number", headers(2), PROTOCOL)
case("5.1.1", "a number below an earlier one", [call(5), "ping", headers(3)], *AFTER_END)
case("5.1.1", "numbers may be left out", headers(7) + headers(101), "ok")
case("5.1.1", "the highest number", headers((1 << 31) - 1), "ok")
case("5.1.2", "streams over the announced limit", "many", PROTOCOL, reset("REFUSED_STREAM"),
     reset("PROTOCOL_ERROR"), goaway("ENHANCE_YOUR_CALM"), settings=STALLED)
case("5.3.1", "HEADERS that depend on themselves", frame(HEADERS, END_HEADERS | END_STREAM | PRIORITIZED, 1,
     b"\x00\x00\x00\x01\x10" + block(request_fields())), PROTOCOL, reset("PROTOCOL_ERROR"), "response")
case("5.3.1", "PRIORITY that depends on itself", frame(PRIORITY, 0, 1, b"\x00\x00\x00\x01\x10"), PROTOCOL,
     "ok", reset("PROTOCOL_ERROR"))
case("5.3.1", "PRIORITY that depends on another stream is ignored", frame(PRIORITY, 0, 1, b"\x80\0\0\x03\x10")
     + call(), "response")
case("5.3.1", "PRIORITY of a stream yet to come, then a request below it",
     frame(PRIORITY, 0, 7, b"\0\0\0\0\xff") + call(5), "response")
case("5.4.1", "after a connection error the connection is closed", frame(PING, 0, 3, bytes(8)) + ping(), PROTOCOL)
case("5.5", "unknown settings, frames and flags together", settings((0xF0F0, 7)) + frame(0xB0, 0x55, 9, b"z"), "ok")

# -- 6: the frames, one by one

case("6.1", "DATA on stream 0", frame(DATA, 0, 0, b"x"), PROTOCOL)
case("6.1", "padding as long as the frame", headers(1, None, OPEN) + frame(DATA, PADDED | END_STREAM, 1, b"\x06hello"),
     PROTOCOL)
case("6.1", "padding longer than the frame", headers(1, None, OPEN) + frame(DATA, PADDED, 1, b"\xffhi"), PROTOCOL)
case("6.1", "the PADDED flag on an empty frame", headers(1, None, OPEN) + frame(DATA, PADDED, 1, b""), PROTOCOL, SIZE)
case("6.1", "padded DATA is taken", headers(1, None, OPEN) + frame(DATA, PADDED | END_STREAM, 1,
     b"\x05" + MESSAGE + bytes(5)), "response")
case("6.1", "DATA of padding only", headers(1, None, OPEN) + frame(DATA, PADDED, 1, b"\x03" + bytes(3)) + data(1),
     "response")
case("6.1", "empty DATA ends a stream", headers(1, None, OPEN) + data(1, MESSAGE, 0) + data(1, b""), "response")
case("6.1", "several DATA frames", headers(1, None, OPEN) + b"".join(data(1, MESSAGE[i:i + 1], 0) for i in range(9))
     + data(1, b""), "response")
case("6.2", "HEADERS on stream 0", headers(0), PROTOCOL)
case("6.2", "padding longer than the block", frame(HEADERS, END_HEADERS | PADDED | END_STREAM, 1,
     b"\xff" + block([(":method", "GET")])), PROTOCOL)
case("6.2", "padded HEADERS are taken", frame(HEADERS, END_HEADERS | PADDED | END_STREAM, 1,
     b"\x04" + block(request_fields()) + bytes(4)), "response")
case("6.2", "HEADERS with priority are taken", frame(HEADERS, END_HEADERS | END_STREAM | PRIORITIZED, 1,
     b"\x80\x00\x00\x00\xff" + block(request_fields())), "response")
case("6.2", "HEADERS with padding and priority are taken", frame(HEADERS, 0x2D, 1,
     b"\x02\x00\x00\x00\x00\xff" + block(request_fields()) + bytes(2)), "response")
case("6.2", "HEADERS too short for their priority", frame(HEADERS, END_HEADERS | PRIORITIZED, 1, b"\x80"), SIZE)
case("6.3", "PRIORITY on stream 0", frame(PRIORITY, 0, 0, bytes(5)), PROTOCOL)
case("6.3", "PRIORITY of 4 bytes", headers(1, None, OPEN) + frame(PRIORITY, 0, 1, bytes(4)), SIZE,
     reset("FRAME_SIZE_ERROR"))
case("6.3", "PRIORITY of 6 bytes", frame(PRIORITY, 0, 1, bytes(6)), SIZE, reset("FRAME_SIZE_ERROR"))
case("6.4", "RST_STREAM on stream 0", rst_stream(0), PROTOCOL)
case("6.4", "RST_STREAM of 3 bytes", headers(1, None, OPEN) + frame(RST_STREAM, 0, 1, bytes(3)), SIZE)
case("6.4", "RST_STREAM of 5 bytes", headers(1, None, OPEN) + frame(RST_STREAM, 0, 1, bytes(5)), SIZE)
case("6.4", "an unknown error code is taken", call() + rst_stream(1, 0xDEADBEEF), "ok", settings=STALLED)
case("6.5", "an acknowledgement with a payload", frame(SETTINGS, ACK, 0, bytes(6)), SIZE)
case("6.5", "SETTINGS on a stream", frame(SETTINGS, 0, 1, bytes(6)), PROTOCOL)
case("6.5", "SETTINGS of 5 bytes", frame(SETTINGS, 0, 0, bytes(5)), SIZE)
case("6.5.2", "ENABLE_PUSH of 2", settings((ENABLE_PUSH, 2)), PROTOCOL)
case("6.5.2", "INITIAL_WINDOW_SIZE of 2^31", settings((INITIAL_WINDOW_SIZE, 1 << 31)), goaway("FLOW_CONTROL_ERROR"))
case("6.5.2", "INITIAL_WINDOW_SIZE of 2^31 - 1 is taken", settings((INITIAL_WINDOW_SIZE, (1 << 31) - 1)), "ok")
case("6.5.2", "MAX_FRAME_SIZE of 2^14 - 1", settings((MAX_FRAME_SIZE, 16_383)), PROTOCOL)
case("6.5.2", "MAX_FRAME_SIZE of 2^24", settings((MAX_FRAME_SIZE, 1 << 24)), PROTOCOL)
case("6.5.2", "MAX_FRAME_SIZE of 2^24 - 1 is taken", settings((MAX_FRAME_SIZE, (1 << 24) - 1)), "ok")
case("6.5.2", "HEADER_TABLE_SIZE of 2^32 - 1 is taken", settings((HEADER_TABLE_SIZE, (1 << 32) - 1)) + call(),
     "response")
case("6.5.2", "HEADER_TABLE_SIZE of 0 is taken", settings((HEADER_TABLE_SIZE, 0)) + call(), "response")
case("6.5.2", "MAX_CONCURRENT_STREAMS of 0 is taken", settings((MAX_CONCURRENT_STREAMS, 0)) + call(), "response")
case("6.5.2", "an unknown setting is ignored", settings((0x1234, 0xFFFFFFFF)), "ok")
case("6.5.3", "SETTINGS are acknowledged", settings((MAX_HEADER_LIST_SIZE, 100_000)), "settings ack")
case("6.5.3", "empty SETTINGS are acknowledged", settings(), "settings ack")
case("6.5.3", "the last of several values counts", [settings((INITIAL_WINDOW_SIZE, 100), (INITIAL_WINDOW_SIZE, 1))
     + call(), "first data"], "1 bytes")
case("6.6", "PUSH_PROMISE from a client", headers(1, None, OPEN) + frame(PUSH_PROMISE, END_HEADERS, 1,
     b"\0\0\0\x02" + block(request_fields())), PROTOCOL)
case("6.7", "a PING is answered with its payload", ping(b"12345678"), "ok")
case("6.7", "an acknowledgement that nobody waits for is ignored", frame(PING, ACK, 0, b"whatever"), "ok")
case("6.7", "PING on a stream", frame(PING, 0, 1, bytes(8)), PROTOCOL)
case("6.7", "PING of 6 bytes", frame(PING, 0, 0, bytes(6)), SIZE)
case("6.7", "PING of 9 bytes", frame(PING, 0, 0, bytes(9)), SIZE)
case("6.8", "GOAWAY on a stream", frame(GOAWAY, 0, 1, bytes(8)), PROTOCOL)
case("6.8", "GOAWAY of 7 bytes", frame(GOAWAY, 0, 0, bytes(7)), SIZE)
case("6.8", "streams go on after GOAWAY", headers(1, None, OPEN) + frame(GOAWAY, 0, 0, bytes(8)) + data(1),
     "response")
case("6.9", "WINDOW_UPDATE of 0 on the connection", window_update(0, 0), PROTOCOL)
case("6.9", "WINDOW_UPDATE of 0 on a stream", headers(1, None, OPEN) + window_update(1, 0), PROTOCOL,
     reset("PROTOCOL_ERROR"))
case("6.9", "WINDOW_UPDATE of 3 bytes", frame(WINDOW_UPDATE, 0, 0, bytes(3)), SIZE)
case("6.9", "WINDOW_UPDATE of 5 bytes", frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\x01\0"), SIZE)
case("6.9", "the reserved bit of an increment is ignored", window_update(0, 1 | 1 << 31), "ok")
case("6.9.1", "the stream's window is kept", [settings((INITIAL_WINDOW_SIZE, 1)) + call(), "first data"], "1 bytes")
case("6.9.1", "a connection's window over 2^31 - 1", window_update(0, (1 << 31) - 1), goaway("FLOW_CONTROL_ERROR"))
case("6.9.1", "a stream's window over 2^31 - 1", headers(1, None, OPEN) + window_update(1, (1 << 31) - 1)
     + window_update(1, (1 << 31) - 1), reset("FLOW_CONTROL_ERROR"), goaway("FLOW_CONTROL_ERROR"))
case("6.9.2", "a window that grows lets the rest flow", [call(), "ping", settings((INITIAL_WINDOW_SIZE, 1)),
     "first data"], "1 bytes", settings=STALLED)
case("6.9.2", "a window may become negative", [settings((INITIAL_WINDOW_SIZE, 3)) + call(), "first data",
     settings((INITIAL_WINDOW_SIZE, 2)), "no data", window_update(1, 2), "first data"], "1 bytes")
case("6.9.2", "SETTINGS that take a stream's window over 2^31 - 1", call() + window_update(1, (1 << 31) - 1)
     + settings((INITIAL_WINDOW_SIZE, 1)), reset("FLOW_CONTROL_ERROR"), goaway("FLOW_CONTROL_ERROR"), "response",
     settings=STALLED)
case("6.10", "several CONTINUATION frames are taken", headers(1, block(request_fields())[:20], END_STREAM)
     + frame(CONTINUATION, 0, 1, block(request_fields())[20:30])
     + frame(CONTINUATION, END_HEADERS, 1, block(request_fields())[30:]), "response")
case("6.10", "an empty CONTINUATION is taken", headers(1, None, END_STREAM) + frame(CONTINUATION, 4, 1, b""),
     "response")
case("6.10", "CONTINUATION on stream 0", headers(1, None, END_STREAM) + frame(CONTINUATION, 4, 0, b""), PROTOCOL)
case("6.10", "CONTINUATION after a complete block", headers(1, None, OPEN) + frame(CONTINUATION, 4, 1, b""), PROTOCOL)
case("6.10", "CONTINUATION after DATA", headers(1, None, OPEN) + data(1, MESSAGE, 0) + frame(CONTINUATION, 4, 1, b""),
     PROTOCOL)

# -- 7: error codes

case("7", "GOAWAY with an unknown error code is like any other: nothing is open, so the connection ends",
     frame(GOAWAY, 0, 0, b"\0\0\0\0\0\0\0\xff"), "closed", "ok")
case("7", "RST_STREAM with an unknown error code", headers(1, None, OPEN) + rst_stream(1, 0xFF), "ok")

# -- 8: HTTP in frames

# What h2spec asks for: no call, but an answer all the same.
for method in ("GET", "HEAD", "OPTIONS", "POST"):
    case("8", f"{method} of something that is no call", request([(":method", method), (":scheme", "http"), (":path", "/"),
         (":authority", "localhost")]), "response")
PAGE = [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "localhost"), ("trailer", "x-test")]
case("8", "POST with a body that is no call", headers(1, PAGE, OPEN) + data(1, b"test"), "response", reset("NO_ERROR"))
case("8", "POST with a body and trailers that is no call", headers(1, PAGE, OPEN) + data(1, b"test", 0)
     + headers(1, block([("x-test", "ok")])), "response", reset("NO_ERROR"))
GET_PAGE = request([(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "localhost")])
# grpcio answers such a request without a body, so there is no window to obey.
for name, send, before in [
    ("the first window counts", [settings((INITIAL_WINDOW_SIZE, 1)) + GET_PAGE, "first data"], ()),
    ("the last of several windows counts",
     [settings((INITIAL_WINDOW_SIZE, 100), (INITIAL_WINDOW_SIZE, 1)) + GET_PAGE, "first data"], ()),
    ("a window that grows lets it flow", [GET_PAGE, "ping", settings((INITIAL_WINDOW_SIZE, 1)), "first data"], STALLED),
    ("a window may become negative", [settings((INITIAL_WINDOW_SIZE, 3)) + GET_PAGE, "first data",
                                      settings((INITIAL_WINDOW_SIZE, 2)), "no data", window_update(1, 2), "first data"],
     ()),
]:
    case("8", f"an answer that is no call's: {name}", send, "1 bytes", "no data", "response", settings=before)

TRAILERS = headers(1, block([("x-trailer", "1")]))
case("8.1", "trailers are taken", headers(1, None, OPEN) + data(1, MESSAGE, 0) + TRAILERS, "response")
case("8.1", "a second header block without END_STREAM", headers(1, None, OPEN) + data(1, MESSAGE, 0)
     + headers(1, block([("x-trailer", "1")]), OPEN), *STREAM_PROTOCOL)
case("8.1", "DATA after trailers", headers(1, None, OPEN) + TRAILERS + data(1), *CLOSED, settings=STALLED)
case("8.1", "a pseudo-field in trailers", headers(1, None, OPEN) + headers(1, block([(":method", "GET")])),
     *STREAM_PROTOCOL)
for name, field in {
    "an upper-case name": ("X-Upper", "1"), "a name with a space": ("x y", "1"), "a name with a colon": ("x:y", "1"),
    "a name with a control": ("x\x01", "1"), "a name with DEL": ("x\x7f", "1"), "an empty name": ("", "1"),
    "a name beyond ASCII": (b"x\xe9", "1"), "a value with NUL": ("x", "a\0b"), "a value with CR": ("x", "a\rb"),
    "a value with LF": ("x", "a\nb"), "connection": ("connection", "close"), "keep-alive": ("keep-alive", "timeout=5"),
    "proxy-connection": ("proxy-connection", "keep-alive"), "transfer-encoding": ("transfer-encoding", "chunked"),
    "upgrade": ("upgrade", "h2c"), "te other than trailers": ("te", "gzip"), "an unknown pseudo-field": (":test", "1"),
    "a response's pseudo-field": (":status", "200"), "a pseudo-field after others": (":path", "/"),
    "content-length that is no number": ("content-length", "x"), "content-length below 0": ("content-length", "-1"),
}.items():
    case("8.2", name, request([*request_fields(), field]), *STREAM_PROTOCOL)
case("8.2", "a value that begins with a space", request([*request_fields(), ("x", " a")]), *STREAM_PROTOCOL,
     "response")
case("8.2", "a value beyond ASCII is taken", request([*request_fields(), ("x", b"gr\xc3\xbc\xc3\x9fe")]), "response")
case("8.2", "an unknown pseudo-field, first", request([(":test", "1"), *request_fields()]), *STREAM_PROTOCOL)
for name in (":method", ":scheme", ":path"):
    case("8.3.1", f"no {name}", request(without(name)), *STREAM_PROTOCOL)
    case("8.3.1", f"{name} twice", request(twice(name)), *STREAM_PROTOCOL)
case("8.3.1", ":authority twice", request(twice(":authority")), *STREAM_PROTOCOL)
case("8.3.1", "an empty :path", request(changed(":path", "")), *STREAM_PROTOCOL)
case("8.3.1", "a :path without a slash", request(changed(":path", "x")), *STREAM_PROTOCOL, "response")
case("8.3.1", "an empty :method", request(changed(":method", "")), *STREAM_PROTOCOL, "response")
case("8.3.1", "a :method with a space", request(changed(":method", "PO ST")), *STREAM_PROTOCOL, "response")
case("8.3.1", "host in the place of :authority is taken", request([*without(":authority"), ("host", "localhost")]),
     "response")
case("8.5", "CONNECT with a path", request(changed(":method", "CONNECT")), *STREAM_PROTOCOL)
case("8.5", "CONNECT without an authority", request([(":method", "CONNECT")]), *STREAM_PROTOCOL)
case("8.1.1", "content-length over the body", headers(1, request_fields(GET, ("content-length", "10")), OPEN)
     + data(1), *STREAM_PROTOCOL)
case("8.1.1", "content-length under the body", headers(1, request_fields(GET, ("content-length", "3")), OPEN)
     + data(1), *STREAM_PROTOCOL)
case("8.1.1", "content-length under several DATA frames", headers(1, request_fields(GET, ("content-length", "8")),
     OPEN) + data(1, MESSAGE[:5], 0) + data(1, MESSAGE[5:]), *STREAM_PROTOCOL)
case("8.1.1", "content-length without a body", headers(1, request_fields(GET, ("content-length", "1"))),
     *STREAM_PROTOCOL)
case("8.1.1", "content-length twice", headers(1, request_fields(GET, ("content-length", "9"),
     ("content-length", "9")), OPEN) + data(1), *STREAM_PROTOCOL, "response")
case("8.1.1", "the right content-length is taken", call(1, ("content-length", str(len(MESSAGE)))), "response")

# -- HPACK (RFC 7541)

BASE = block(request_fields())
case("HPACK 2.3.3", "an index beyond the tables", headers(1, BASE + b"\xfe"), COMPRESSION)
case("HPACK 2.3.3", "a name's index beyond the tables", headers(1, BASE + integer(100, 4) + b"\x01a"), COMPRESSION)
case("HPACK 6.1", "index 0", headers(1, BASE + b"\x80"), COMPRESSION)
case("HPACK 4.2", "a size update at the end of a block", headers(1, BASE + b"\x20"), COMPRESSION)
case("HPACK 4.2", "size updates at the start are taken", headers(1, b"\x20" + b"\x3f\xe1\x1f" + BASE), "response")
case("HPACK 6.3", "a size update over the limit", headers(1, integer(4_097, 5, 0x20) + BASE), COMPRESSION)
case("HPACK 6.3", "a size update far over the limit", headers(1, integer((1 << 32) + 5, 5, 0x20) + BASE), COMPRESSION)
case("HPACK 5.1", "an integer that overflows", headers(1, BASE + b"\xff" + b"\xff" * 10 + b"\x01"), COMPRESSION)
case("HPACK 5.1", "an integer without an end", headers(1, BASE + b"\x00\x7f" + b"\x80" * 20), COMPRESSION)
case("HPACK 5.2", "a string longer than its block", headers(1, BASE + b"\x00\x01x\x7f\x10abc"), COMPRESSION)
case("HPACK 5.2", "Huffman padding of more than 7 bits", headers(1, BASE + b"\x00\x85\xf2\xb2\x4a\x84\xff\x84"
     b"\x49\x50\x9f\xff"), COMPRESSION)
case("HPACK 5.2", "Huffman padding of zeros", headers(1, BASE + b"\x00\x85\xf2\xb2\x4a\x84\xff\x83\x49\x50\x90"),
     COMPRESSION)
case("HPACK 5.2", "EOS inside a Huffman string", headers(1, BASE + b"\x00\x85\xf2\xb2\x4a\x84\xff\x87"
     b"\x49\x51\xff\xff\xff\xfa\x7f"), COMPRESSION)
case("HPACK 5.2", "Huffman coding is taken", headers(1, hpack.Encoder().encode(request_fields(), huffman=True)),
     "response")
case("HPACK 6.2.1", "incremental indexing and its indices are taken",
     headers(1, BASE + b"\x40\x05x-one\x011" + b"\xbe" * 3), "response")
case("HPACK 6.2.3", "never-indexed fields are taken", headers(1, BASE + b"\x10\x05x-one\x011"), "response")
case("HPACK 6.2.2", "an indexed name is taken", headers(1, BASE + integer(58, 4) + b"\x02me"), "response")
case("HPACK 4.4", "an entry larger than the table empties it", headers(1, BASE + b"\x40\x01x" + integer(5_000, 7)
     + b"y" * 5_000 + b"\x40\x01z\x011" + b"\xbe"), "response")
case("HPACK 4.4", "an index that was evicted", headers(1, BASE + b"\x40\x01a\x011" + b"\x40\x01x" + integer(5_000, 7)
     + b"y" * 5_000 + b"\xbe"), COMPRESSION)
