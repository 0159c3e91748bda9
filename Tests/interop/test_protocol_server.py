"""Requests of every kind, frame by frame, to our server: PROTOCOL-HTTP2.md's sentences on requests, and what
Connect's conformance suite asks of a gRPC server."""

import base64
import time
from urllib.parse import unquote

import pytest

from echo_fixtures import PeerServer
from raw_frames import (CHAT, CONTINUATION, DATA, END_HEADERS, END_STREAM, GET, HEADERS, PADDED, PING, RST_STREAM,
                        WINDOW_UPDATE, RawConnection, block, frame, request_fields, rst_stream)
from raw_http2 import message

SERVICE = "/martlet.test.v1.EchoService/"
EXPAND, COLLECT = SERVICE + "Expand", SERVICE + "Collect"
OK, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL = 0, 4, 8, 12, 13


@pytest.fixture(scope="module")
def server(echo_peer):
    server = PeerServer(echo_peer)
    yield server
    assert server.stop()


@pytest.fixture
def m(echo_stubs):
    return echo_stubs[0]


class Answer:
    """What a stream got: header blocks in order, the body, and the code of a reset."""

    def __init__(self):
        self.blocks, self.body, self.reset, self.ended = [], b"", None, False

    @property
    def headers(self):
        return dict(self.blocks[0])

    @property
    def status(self):
        """grpc-status and grpc-message, from wherever they are."""
        last = dict(self.blocks[-1])
        return int(last["grpc-status"]), unquote(last.get("grpc-message", ""))

    def messages(self, kind):
        found, rest = [], self.body
        while rest:
            size = int.from_bytes(rest[1:5], "big")
            assert rest[0] == 0 and len(rest) >= 5 + size
            found.append(kind.FromString(rest[5:5 + size]))
            rest = rest[5 + size:]
        return found


@pytest.fixture
def ask(server):
    """Sends a request's frames and returns the answer."""
    def run(fields, *frames, end=False):
        with RawConnection(server.port) as connection:
            connection.handshake()
            flags = END_HEADERS | (END_STREAM if end else 0)
            connection.send(frame(HEADERS, flags, 1, block(fields)) + b"".join(frames))
            return read_answer(connection)
    return run


def read_answer(connection, stream=1):
    answer = Answer()
    while not answer.ended and answer.reset is None:
        got = connection.read()
        assert got is not None, "no answer"
        if got.stream != stream:
            continue
        if got.kind == HEADERS:
            answer.blocks.append(connection.decoder.decode(got.payload))
        elif got.kind == DATA:
            answer.body += got.payload
        elif got.kind == RST_STREAM:
            answer.reset = got.code
        answer.ended = got.kind in (DATA, HEADERS) and bool(got.flags & END_STREAM)
    return answer


def data(payload, end=False):
    return frame(DATA, END_STREAM if end else 0, 1, payload)


def hello(m, text="hello", **fields):
    return message(m.EchoRequest(text=text, **fields).SerializeToString())


def changed(path=GET, **fields):
    """An ordinary request's headers with some replaced, or left out for None."""
    names = {"method": ":method", "path": ":path", "te": "te", "content_type": "content-type"}
    wanted = {names[key]: value for key, value in fields.items()}
    kept = [(k, wanted.get(k, v)) for k, v in request_fields(path)]
    return [(k, v) for k, v in kept if v is not None]


def test_an_ordinary_request(ask, m):
    answer = ask(request_fields(), data(hello(m), end=True))
    assert [response.text for response in answer.messages(m.EchoResponse)] == ["hello"]
    assert answer.headers[":status"] == "200" and answer.headers["content-type"] == "application/grpc"
    assert dict(answer.blocks[1]) == {"grpc-status": "0"}


@pytest.mark.parametrize("content_type", [
    "application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8",
    "application/grpc+proto ; a=b", "Application/GRPC",
])
def test_content_types_of_grpc(ask, m, content_type):
    answer = ask(changed(content_type=content_type), data(hello(m), end=True))
    assert answer.status == (OK, "")


@pytest.mark.parametrize("content_type", [
    None, "", "application/json", "application/grpcx", "application/grpc-web", "application/grpc-web+proto",
    "application/grpc-web-text", "application", "text/html; application/grpc",
])
def test_other_content_types_are_415(ask, m, content_type):
    answer = ask(changed(content_type=content_type), data(hello(m), end=True))
    assert answer.headers[":status"] == "415" and "grpc-status" not in answer.headers


@pytest.mark.parametrize("content_type", ["application/grpc+json", "application/grpc+foo", "application/grpc+"])
def test_a_codec_that_is_not_here(ask, m, content_type):
    assert ask(changed(content_type=content_type), data(hello(m), end=True)).status[0] == UNIMPLEMENTED


@pytest.mark.parametrize("method", ["DELETE", "PUT", "GET", "post", "HEAD"])
def test_another_method_is_405(ask, m, method):
    assert ask(changed(method=method), data(hello(m), end=True)).headers[":status"] == "405"


# te shows that no proxy in between drops trailers; like grpc-go we answer who forgets it.
@pytest.mark.parametrize("te", [None, "trailers"])
def test_te(ask, m, te):
    assert ask(changed(te=te), data(hello(m), end=True)).status == (OK, "")


@pytest.mark.parametrize("path", [
    "/", "/x", "//", "/a/b", "/a/b/c", SERVICE, SERVICE + "get", SERVICE + "Get/", GET + "?a=b", GET + "%20",
    "/MARTLET.test.v1.EchoService/Get", "/" + "x" * 5000,
])
def test_paths_of_nothing_are_unimplemented(ask, m, path):
    assert ask(changed(path), data(hello(m), end=True)).status[0] == UNIMPLEMENTED


@pytest.mark.parametrize("missing", ["method", "path"])
def test_a_request_without_a_method_or_path_is_malformed(ask, missing):
    assert ask(changed(**{missing: None}), end=True).reset == "PROTOCOL_ERROR"


@pytest.mark.parametrize("timeout", [
    "1H", "99999999H", "00000001H", "60M", "9S", "9000m", "9000000u", "99999999n", "99999999M",
])
def test_timeouts_of_every_unit(ask, m, timeout):
    answer = ask([*request_fields(), ("grpc-timeout", timeout)], data(hello(m), end=True))
    assert answer.status == (OK, "")


@pytest.mark.parametrize("timeout", ["0n", "0S", "1n", "100m", "100000u", "99999999n"])
def test_timeouts_that_pass(ask, m, timeout):
    start = time.monotonic()
    answer = ask([*request_fields(), ("grpc-timeout", timeout)], data(hello(m, delay_ms=60_000), end=True))
    assert answer.status[0] == DEADLINE_EXCEEDED
    assert time.monotonic() - start < 10


# grpc-go answers INTERNAL too; the C core lets such a call wait for ever.
@pytest.mark.parametrize("timeout", ["", "5", "S", "-5S", "+5S", "5s", "5X", "123456789S", "5 S", " 5S", "1.5S", "0x5S"])
def test_malformed_timeouts(ask, timeout):
    fields = [*request_fields(), ("grpc-timeout", timeout)]
    answer = ask(fields, end=True)
    if answer.reset:  # A value may not begin with a space (RFC 9113, section 8.2.1).
        assert timeout.startswith(" ") and answer.reset == "PROTOCOL_ERROR"
    else:
        assert answer.status[0] == INTERNAL and "grpc-timeout" in answer.status[1]


def test_metadata_of_both_kinds_comes_back(ask, m):
    sent = [("x-echo-a", "1"), ("x-echo-bin", "AP8="), ("x-echo-a", "2, 3"), ("x-echo-bin", "AQ,Ag==, Aw"),
            ("x-echo-bin", ""), ("x-echo-b", "")]
    answer = ask([*request_fields(EXPAND), *sent], data(hello(m, count=1), end=True))
    leading = [value for name, value in answer.blocks[0] if name == "x-echo-a"]
    assert ",".join(leading).replace(" ", "") == "1,2,3"
    trailing = [value for name, value in answer.blocks[1] if name == "x-echo-bin"]
    assert [decoded(v) for value in trailing for v in value.split(",")] == [b"\0\xff", b"\1", b"\2", b"\3", b""]
    assert ("x-echo-b", "") in answer.blocks[0]


def decoded(text):
    assert not text.endswith("=")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def test_metadata_of_a_call_that_fails(ask, m):
    request = data(hello(m, status=9, status_message="no"), end=True)
    answer = ask([*request_fields(), ("x-echo-a", "1"), ("x-echo-bin", "AP8")], request)
    assert ("x-echo-a", "1") in answer.blocks[0] and "grpc-status" not in dict(answer.blocks[0])
    assert dict(answer.blocks[1]) == {"grpc-status": "9", "grpc-message": "no", "x-echo-bin": "AP8"}


@pytest.mark.parametrize("name, value", [
    ("x-echo-bin", "***"), ("x-echo-bin", "A"), ("x-echo-a", "é"), ("x-echo-a", b"\xff\xfe"), ("grpc-foo", "x"),
    ("grpc-status", "3"), ("grpc-message", "x"), ("grpc-encoding", "identity"), ("user-agent", "grpc-test/1"),
    ("grpc-message-type", "x"), ("host", "x"),
])
def test_metadata_that_is_not_as_it_should_be_harms_nothing(ask, m, name, value):
    answer = ask([*request_fields(EXPAND), (name, value)], data(hello(m, count=1), end=True))
    assert answer.status == (OK, "")


def test_duplicates_of_the_protocols_own_headers(ask, m):
    fields = [*request_fields(), ("grpc-timeout", "9S"), ("grpc-timeout", "8S"), ("te", "trailers"),
              ("grpc-accept-encoding", "gzip"), ("grpc-accept-encoding", "identity")]
    assert ask(fields, data(hello(m), end=True)).status == (OK, "")


@pytest.mark.parametrize("status, expected", [(1, 1), (16, 16)])
def test_a_status_only(ask, m, status, expected):
    answer = ask(request_fields(), data(hello(m, status=status, status_message="ż 50%\n"), end=True))
    assert len(answer.blocks) == 1 and answer.body == b""
    assert answer.headers["grpc-status"] == str(expected)
    assert answer.headers["grpc-message"] == "%C5%BC 50%25%0A"


# Where END_STREAM may stand.
def test_headers_alone(ask):
    assert ask(request_fields(GET), end=True).status[0] == UNIMPLEMENTED
    assert ask(request_fields(EXPAND), end=True).status[0] == UNIMPLEMENTED
    assert ask(request_fields(COLLECT), end=True).status == (OK, "")
    assert ask(request_fields(CHAT), end=True).status == (OK, "")


@pytest.mark.parametrize("path", [GET, EXPAND])
def test_one_request_is_not_two(ask, path):
    assert ask(request_fields(path), data(message(b"") * 2, end=True)).status[0] == UNIMPLEMENTED
    assert ask(request_fields(path), data(message(b"")), data(message(b""), end=True)).status[0] == UNIMPLEMENTED


@pytest.mark.parametrize("path", [GET, EXPAND, COLLECT, CHAT])
@pytest.mark.parametrize("last", ["data", "empty data", "trailers"])
def test_the_end_of_a_request(ask, m, path, last):
    body = hello(m, count=1)
    ends = {
        "data": [data(body, end=True)],
        "empty data": [data(body), data(b""), data(b"", end=True)],
        "trailers": [data(body), frame(HEADERS, END_HEADERS | END_STREAM, 1, block([("x", "y")]))],
    }
    answer = ask(request_fields(path), *ends[last])
    assert answer.status == (OK, "") and len(answer.messages(m.EchoResponse)) == 1


def test_empty_messages_are_messages(ask, m):
    answer = ask(request_fields(CHAT), data(message(b"") * 100, end=True))
    assert [response.index for response in answer.messages(m.EchoResponse)] == list(range(100))


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_messages_cut_anywhere(ask, m, size):
    body = hello(m, "one") + message(b"") + hello(m, "three")
    pieces = [data(body[i:i + size]) for i in range(0, len(body), size)]
    answer = ask(request_fields(CHAT), *pieces, data(b"", end=True))
    assert [response.text for response in answer.messages(m.EchoResponse)] == ["one", "", "three"]


@pytest.mark.parametrize("rest", [b"\0", b"\0\0\0", message(b"AAA", length=10), message(b"")[:4]])
@pytest.mark.parametrize("path", [GET, COLLECT, CHAT])
def test_a_body_that_ends_inside_a_message(ask, path, rest):
    assert ask(request_fields(path), data(rest, end=True)).status[0] == INTERNAL


@pytest.mark.parametrize("flags", [1, 2, 128, 255])
@pytest.mark.parametrize("encoding", [None, "identity"])
def test_flags_that_say_compressed_where_nothing_is(ask, flags, encoding):
    fields = request_fields() + ([("grpc-encoding", encoding)] if encoding else [])
    assert ask(fields, data(message(b"", compressed=flags), end=True)).status[0] == INTERNAL


def test_an_encoding_that_is_not_here(ask, m):
    for body in (hello(m), message(b"zz", compressed=1)):
        answer = ask([*request_fields(), ("grpc-encoding", "foo")], data(body, end=True))
        assert answer.status[0] == UNIMPLEMENTED
        assert answer.headers["grpc-accept-encoding"] == "identity, deflate, gzip"


def test_padding(ask, m):
    body = hello(m)
    padded = frame(DATA, PADDED, 1, bytes([200]) + body[:3] + bytes(200))
    only = frame(DATA, PADDED, 1, bytes([255]) + bytes(255))
    rest = frame(DATA, PADDED | END_STREAM, 1, bytes([0]) + body[3:])
    answer = ask(request_fields(), padded, only, rest)
    assert answer.status == (OK, "") and answer.messages(m.EchoResponse)[0].text == "hello"


def test_padding_costs_no_window_for_good(server, m):
    """Ten times more padding than the call's window, five bytes of message a frame."""
    body = hello(m, "x" * 10_000)
    with RawConnection(server.port) as connection:
        connection.handshake()
        connection.send(frame(HEADERS, END_HEADERS, 1, block(request_fields())))
        window, sent = 65_535, 0
        while sent < len(body):
            if min(window, connection.window) < 261:
                got = connection.read()
                assert got is not None and got.kind == WINDOW_UPDATE
                window += int.from_bytes(got.payload, "big") if got.stream == 1 else 0
                continue
            piece, sent = body[sent:sent + 5], sent + 5
            connection.send(frame(DATA, PADDED | (END_STREAM if sent >= len(body) else 0), 1,
                                  bytes([255]) + piece + bytes(255)))
            window, connection.window = window - 256 - len(piece), connection.window - 256 - len(piece)
        assert read_answer(connection).messages(m.EchoResponse)[0].text == "x" * 10_000


def test_frames_of_unknown_types_between_all_others(server, m):
    unknown = frame(0xAB, 0xFF, 1, b"what") + frame(0x42, 0, 0, b"")
    with RawConnection(server.port) as connection:
        connection.handshake()
        body = hello(m)
        connection.send(unknown + frame(PING, 0, 0, bytes(8))
                        + frame(HEADERS, END_HEADERS, 1, block(request_fields())) + unknown
                        + data(body[:6]) + unknown + data(body[6:], end=True) + unknown)
        assert read_answer(connection).status == (OK, "")


def test_headers_in_many_pieces(server, m):
    fields = block([*request_fields(EXPAND), ("x-echo-a", "b" * 1000)])
    cut = [fields[i:i + 300] for i in range(0, len(fields), 300)]
    frames = [frame(HEADERS, 0, 1, cut[0]), *(frame(CONTINUATION, 0, 1, part) for part in cut[1:-1]),
              frame(CONTINUATION, END_HEADERS, 1, cut[-1])]
    with RawConnection(server.port) as connection:
        connection.handshake()
        connection.send(b"".join(frames) + data(hello(m, count=1), end=True))
        answer = read_answer(connection)
    assert answer.status == (OK, "") and answer.headers["x-echo-a"] == "b" * 1000


# Whatever the code, the call is given up, and the next one on the connection is answered.
@pytest.mark.parametrize("number", [*range(14), 0xABCD])
def test_resets_end_the_call_alone(server, m, number):
    with RawConnection(server.port) as connection:
        connection.handshake()
        for stream, path in ((1, CHAT), (3, GET), (5, COLLECT)):
            connection.send(frame(HEADERS, END_HEADERS, stream, block(request_fields(path))))
            connection.send(frame(DATA, 0, stream, hello(m)) + rst_stream(stream, number))
        connection.send(frame(HEADERS, END_HEADERS, 7, block(request_fields())))
        connection.send(frame(DATA, END_STREAM, 7, hello(m)))
        answer = read_answer(connection, stream=7)
    assert answer.status == (OK, "")


def test_a_handlers_early_end_is_followed_by_a_reset(server, m):
    with RawConnection(server.port) as connection:
        connection.handshake()
        connection.send(frame(HEADERS, END_HEADERS, 1, block(request_fields(CHAT))))
        connection.send(frame(DATA, 0, 1, hello(m, status=9)))
        assert read_answer(connection).status[0] == 9
        got = connection.read()
        assert got.kind == RST_STREAM and got.code == "NO_ERROR"
