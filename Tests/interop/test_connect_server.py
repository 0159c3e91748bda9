"""What the gRPC part of Connect's conformance suite asks of a server, for every kind of call.

The names in brackets are those of the suite's files: basic, errors, duplicate_metadata, timeouts, streaming_delivery,
server_message_size, server_empty, grpc_server_unexpected.
"""

import gzip
import time

import grpc
import pytest

import interop_fixtures
from echo_fixtures import PeerServer
from raw_frames import (CHAT, DATA, END_HEADERS, END_STREAM, GET, HEADERS, RST_STREAM, RawConnection, block, frame,
                        headers, request_fields, window_update)
from raw_http2 import message

SERVICE = "/martlet.test.v1.EchoService/"
PATHS = {"unary": GET, "client-stream": SERVICE + "Collect", "server-stream": SERVICE + "Expand", "bidi": CHAT}
KINDS = list(PATHS)
MANY_REQUESTS = ["client-stream", "bidi"]
LEADING = [("x-echo-header", value) for value in ("foo", "bar", "baz")]
TRAILING = [("x-echo-trailer-bin", value) for value in (b"bing", b"quux")]
LIMIT = 1 << 20
DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED = 4, 8


@pytest.fixture(scope="module")
def server(echo_peer):
    server = PeerServer(echo_peer)
    yield server
    assert server.stop()


@pytest.fixture(scope="module")
def m(echo_stubs):
    return echo_stubs[0]


@pytest.fixture(scope="module")
def call(server, echo_stubs):
    """Makes a call of any kind with grpcio; returns (responses, code, details, leading, trailing)."""
    with server.channel() as channel:
        stub = echo_stubs[1].EchoServiceStub(channel)

        def run(kind, requests, **options):
            # Each kind read as a stream, so that what came before an error is seen.
            made = channel.stream_stream(
                PATHS[kind], echo_stubs[0].EchoRequest.SerializeToString, echo_stubs[0].EchoResponse.FromString)(
                iter(requests), **options)
            responses = []
            try:
                for response in made:
                    responses.append(response)
            except grpc.RpcError:
                pass
            leading = [(k, v) for k, v in made.initial_metadata() if k.startswith("x-echo")]
            trailing = [(k, v) for k, v in made.trailing_metadata() if k.startswith("x-echo")]
            return responses, made.code(), made.details(), leading, trailing

        run.stub = stub
        yield run


# -- basic, duplicate_metadata, server_empty

@pytest.mark.parametrize("kind", KINDS)
def test_success_with_metadata_of_several_values(call, m, kind):
    requests = [m.EchoRequest(text="a", count=2)] * (2 if kind in MANY_REQUESTS else 1)
    responses, code, details, leading, trailing = call(kind, requests, metadata=LEADING + TRAILING)
    assert len(responses) == (2 if kind in ("server-stream", "bidi") else 1)
    assert (code, details) == (grpc.StatusCode.OK, "")
    assert (leading, trailing) == (LEADING, TRAILING)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_request_is_a_request(call, m, kind):
    responses, code, *_ = call(kind, [m.EchoRequest()])
    assert code is grpc.StatusCode.OK and len(responses) == (0 if kind == "server-stream" else 1)


@pytest.mark.parametrize("kind, count", [("client-stream", 1), ("bidi", 0)])
def test_no_requests(call, kind, count):
    responses, code, *_ = call(kind, [], metadata=LEADING)
    assert code is grpc.StatusCode.OK and len(responses) == count


# -- errors

@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [status for status in grpc.StatusCode if status is not grpc.StatusCode.OK])
@pytest.mark.parametrize("text", ["", "\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\n"])
def test_every_code(call, m, kind, status, text):
    request = m.EchoRequest(status=status.value[0], status_message=text)
    assert call(kind, [request])[:3] == ([], status, text)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_with_metadata(call, m, kind):
    request = m.EchoRequest(status=16, status_message="unauthenticated")
    assert call(kind, [request], metadata=LEADING + TRAILING) == (
        [], grpc.StatusCode.UNAUTHENTICATED, "unauthenticated", LEADING, TRAILING)


@pytest.mark.parametrize("kind, count", [("server-stream", 2), ("bidi", 2), ("client-stream", 0)])
def test_an_error_keeps_the_responses_before_it(call, m, kind, count):
    failing = m.EchoRequest(count=2, status=13, status_message="stream failed")
    requests = [failing] if kind == "server-stream" else [m.EchoRequest(), m.EchoRequest(), failing]
    responses, *rest = call(kind, requests, metadata=LEADING + TRAILING)
    assert len(responses) == count
    assert rest == [grpc.StatusCode.INTERNAL, "stream failed", LEADING, TRAILING]


# -- half-duplex and streaming_delivery, by gRPC's own test service, which waits where it is told to

@pytest.fixture(scope="module")
def interop(interop_peer, tmp_path_factory):
    messages, services = interop_fixtures.load_stubs(tmp_path_factory.mktemp("interop"))
    with interop_fixtures.serving(interop_peer, "serve") as port:
        with grpc.insecure_channel(f"localhost:{port}") as channel:
            stub = services.TestServiceStub(channel)
            stub.messages = messages
            yield stub


def gaps(responses):
    """How long each response took after the one before it, seconds."""
    times = [time.monotonic()]
    for _ in responses:
        times.append(time.monotonic())
    return [later - earlier for earlier, later in zip(times, times[1:])]


def asking(m, *intervals, **fields):
    parameters = [m.ResponseParameters(size=10, interval_us=interval) for interval in intervals]
    return m.StreamingOutputCallRequest(response_parameters=parameters, **fields)


@pytest.mark.parametrize("method, parts", [("StreamingOutputCall", 1), ("FullDuplexCall", 1), ("FullDuplexCall", 3),
                                           ("HalfDuplexCall", 1), ("HalfDuplexCall", 3)])
def test_responses_come_one_by_one(interop, method, parts):
    m, interval = interop.messages, 100_000
    asked = [asking(m, *[interval] * (3 // parts)) for _ in range(parts)]
    found = gaps(getattr(interop, method)(asked[0] if method == "StreamingOutputCall" else iter(asked), timeout=60))
    assert len(found) == 3
    # None was kept for a later one: that would have come with it.
    assert all(gap > 0.05 for gap in found[1:]), found


def test_half_duplex_answers_when_the_requests_have_ended(interop):
    m, ended = interop.messages, []

    def requests():
        for _ in range(2):
            yield asking(m, 0)
            time.sleep(0.1)
        ended.append(time.monotonic())

    times = [time.monotonic() for _ in interop.HalfDuplexCall(requests(), timeout=60)]
    assert len(times) == 2 and times[0] >= ended[0]


def test_half_duplex_with_an_error_after_responses(interop):
    m = interop.messages
    failing = m.StreamingOutputCallRequest(response_status=m.EchoStatus(code=13, message="stream failed"))
    call = interop.HalfDuplexCall(iter([asking(m, 0, 0), failing]), timeout=60)
    got = []
    with pytest.raises(grpc.RpcError) as caught:
        for response in call:
            got.append(response)
    assert len(got) == 2
    assert (caught.value.code(), caught.value.details()) == (grpc.StatusCode.INTERNAL, "stream failed")


# -- timeouts: the server's own, whatever the client does

def read_status(connection):
    """The call's responses' bytes and status on stream 1; the requests' windows are given back."""
    body = b""
    while (got := connection.read()) is not None:
        if got.kind == DATA and got.stream == 1:
            body += got.payload
            connection.send(window_update(0, max(1, len(got.payload))) + window_update(1, max(1, len(got.payload))))
        if got.kind == HEADERS and got.flags & END_STREAM:
            return body, int(got.fields["grpc-status"])
        assert got.kind != RST_STREAM, got.code
    raise AssertionError("no status")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_ended", [True, False])
def test_a_deadline_that_passes_is_answered(server, m, kind, is_ended):
    body = message(m.EchoRequest(delay_ms=15_000).SerializeToString())
    with RawConnection(server.port) as connection:
        connection.handshake()
        start = time.monotonic()
        connection.send(headers(1, request_fields(PATHS[kind], ("grpc-timeout", "200m")), END_HEADERS)
                        + frame(DATA, END_STREAM if is_ended else 0, 1, body))
        assert read_status(connection)[1] == DEADLINE_EXCEEDED
        assert 0.15 < time.monotonic() - start < 5


@pytest.mark.parametrize("kind", KINDS)
def test_a_deadline_that_does_not_pass(call, m, kind):
    assert call(kind, [m.EchoRequest(count=2)], timeout=20)[1] is grpc.StatusCode.OK


# -- server_message_size

def request_of(size, **fields):
    """Padding that makes a message of so many bytes: tag, a length of three bytes, the padding."""
    return b"\x3a" + bytes([size - 4 & 127 | 128, (size - 4 >> 7) & 127 | 128, size - 4 >> 14]) + bytes(size - 4)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("kind, extras, responses", [
    *((kind, (0,), 1) for kind in KINDS if kind != "server-stream"), ("server-stream", (0,), 0),
    ("unary", (1,), None), ("server-stream", (1,), None), ("client-stream", (1, 0), None),
    ("client-stream", (0, 1), None), ("client-stream", (0, 0), 1), ("bidi", (0, 0), 2), ("bidi", (1, 0), None),
    ("bidi", (0, 10), None), ("unary", (10,), None),
])
def test_the_limit_of_a_request(server, kind, extras, responses, compressed):
    bodies = [request_of(LIMIT + extra) for extra in extras]
    framed = b"".join(message(gzip.compress(body, 1), compressed=1) if compressed else message(body) for body in bodies)
    fields = request_fields(PATHS[kind], *([("grpc-encoding", "gzip")] if compressed else []))
    with RawConnection(server.port) as connection:
        connection.handshake()
        connection.send(headers(1, fields, END_HEADERS))
        body, status = send_and_read(connection, framed)
    if responses is None:
        assert status == RESOURCE_EXHAUSTED
        # What was answered before the long message came stays answered.
        assert len(body) == 0 or kind == "bidi" and extras[0] == 0
    else:
        assert status == 0 and count_messages(body) == responses


def send_and_read(connection, framed):
    """Sends within the server's windows while it reads; returns the responses' bytes and the status."""
    window, sent, body, pieces = 65_535, 0, b"", 0
    while True:
        while sent < len(framed) and (size := min(window, connection.window, 16_384, len(framed) - sent)) > 0:
            end = END_STREAM if sent + size == len(framed) else 0
            connection.send(frame(DATA, end, 1, framed[sent:sent + size]))
            sent, window, pieces = sent + size, window - size, pieces + 1
            connection.window -= size
        got = connection.read()
        assert got is not None and got.kind != RST_STREAM
        if got.kind == 8 and got.stream == 1:
            window += int.from_bytes(got.payload, "big")
        elif got.kind == DATA:
            body += got.payload
        elif got.kind == HEADERS and got.flags & END_STREAM:
            return body, int(got.fields["grpc-status"])


def count_messages(body):
    count = 0
    while body:
        body, count = body[5 + int.from_bytes(body[1:5], "big"):], count + 1
    return count


# -- grpc_server_unexpected, for every kind where test_protocol_server.py has one

@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fields, body, statuses", [
    ({"content-type": "application/grpc+foo"}, message(b""), {12}),
    ({"grpc-encoding": "foo"}, message(b"zz", compressed=1), {12}),
    ({"grpc-encoding": "identity"}, message(b"zz", compressed=1), {13}),
    ({}, message(b"AAA", length=10), {13}), ({}, b"\0\0\0", {13}),
])
def test_requests_that_are_not_as_they_should_be(server, kind, fields, body, statuses):
    known = [(name, fields.get(name, value)) for name, value in request_fields(PATHS[kind])]
    added = [(name, value) for name, value in fields.items() if name not in dict(known)]
    with RawConnection(server.port) as connection:
        connection.handshake()
        connection.send(frame(HEADERS, END_HEADERS, 1, block(known + added)) + frame(DATA, END_STREAM, 1, body))
        assert read_status(connection)[1] in statuses
