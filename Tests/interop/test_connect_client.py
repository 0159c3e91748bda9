"""What the gRPC part of Connect's conformance suite asks of a client, for every kind of call.

The names in brackets are those of the suite's files: basic, errors, duplicate_metadata, timeouts, cancellation,
message sizes, empty responses, unexpected responses, trailers.
"""

import gzip
import re
import subprocess

import pytest

from echo_fixtures import TIMEOUT_SECONDS, grpcio_server
from raw_http2 import message
from scripted_server import EMPTY, HELLO, OK, Script, data, head, headers, trailers

KINDS = ["unary", "client-stream", "server-stream", "half-duplex", "full-duplex"]
ONE_RESPONSE = ["unary", "client-stream"]
# A server that answers once all requests are in cannot serve a client that waits for each answer.
AT_END = [kind for kind in KINDS if kind != "full-duplex"]
MANY_RESPONSES = ["server-stream", "half-duplex"]
LEADING = [("x-custom-header", value) for value in ("foo", "bar", "baz")]
TRAILING = [("x-custom-trailer", value) for value in ("bing", "quux")]
CODES = ["CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
         "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
         "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"]
HELLO_LINE = "response hello 0"


def conform(echo_peer, kind, port, **options):
    """Has our client make a call; returns the lines of its report."""
    words = [f"{name}={value}" for name, value in options.items()]
    made = subprocess.run([echo_peer, "conform", kind, str(port), *words], capture_output=True, text=True,
                          timeout=TIMEOUT_SECONDS)
    assert made.returncode == 0, made.stdout + made.stderr
    return made.stdout.splitlines()


@pytest.fixture
def ask(echo_peer):
    """Has our client make a call that is answered so; returns its report. `ask.requests` has what it said."""
    def run(kind, *steps, **options):
        script = Script(*steps)
        try:
            return conform(echo_peer, kind, script.port, **options)
        finally:
            run.requests = script.requests
            script.close()
    return run


def lines(place, fields):
    return [f"{place} {name} {value}" for name, value in fields]


def status(report):
    return next(line for line in report if line.startswith("status"))


def code(report):
    return status(report).split()[1]


# -- basic, duplicate_metadata

@pytest.mark.parametrize("kind, count", [(kind, 1) for kind in AT_END]
                         + [(kind, count) for kind in MANY_RESPONSES for count in (0, 2)])
def test_success_with_metadata_of_several_values(ask, kind, count):
    report = ask(kind, head(*LEADING), data(HELLO * count), trailers(*OK, *TRAILING), messages=2)
    responses = [line for line in report if line.startswith("response")]
    assert responses == [HELLO_LINE] * count
    rest = [line for line in report if not line.startswith("response")]
    assert rest == lines("leading", LEADING) + ["status OK"] + lines("trailing", TRAILING)


@pytest.mark.parametrize("kind", ["client-stream", "half-duplex", "full-duplex"])
def test_no_requests(ask, kind):
    responses = 1 if kind == "client-stream" else 2
    report = ask(kind, head(), data(HELLO * responses), trailers(*OK), messages=0)
    assert report == [HELLO_LINE] * responses + ["status OK"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_request_says_of_itself(ask, kind):
    ask(kind, head(), data(HELLO), trailers(*OK), timeout=1_000)
    fields = ask.requests[0]
    names = [name for name, _ in fields]
    said = dict(fields)
    assert set(names[:4]) == {":method", ":scheme", ":path", ":authority"}
    assert said[":method"] == "POST" and said[":scheme"] == "http" and said["te"] == "trailers"
    assert said["content-type"] in ("application/grpc", "application/grpc+proto")
    assert set(re.split(", ?", said["grpc-accept-encoding"])) >= {"gzip", "identity"}
    assert names == [name.lower() for name in names] and len(names) == len(set(names))


# -- deadline_propagation

@pytest.mark.parametrize("kind", AT_END)
@pytest.mark.parametrize("timeout", [2_000, 20_000_000])
def test_the_deadline_goes_with_the_request(ask, kind, timeout):
    assert status(ask(kind, head(), data(HELLO), trailers(*OK), timeout=timeout)) == "status OK"
    said = dict(ask.requests[0])["grpc-timeout"]
    amount, unit = re.fullmatch(r"(\d{1,8})([HMSmun])", said).groups()
    left = int(amount) * {"H": 3_600_000, "M": 60_000, "S": 1_000, "m": 1, "u": 1e-3, "n": 1e-6}[unit]
    assert 0.8 * timeout < left <= timeout


# -- errors, trailers

@pytest.mark.parametrize("kind", AT_END)
@pytest.mark.parametrize("number", range(1, 17))
def test_every_code(ask, kind, number):
    only = ask(kind, head(("grpc-status", str(number)), ("grpc-message", "oops"), end=True))
    assert only == [f"status {CODES[number - 1]} oops"]


UNICODE = "%0Atest with whitespace%0D%0Aand Unicode BMP %E2%98%BA and non-BMP %F0%9F%98%88%0A"


@pytest.mark.parametrize("kind", AT_END)
@pytest.mark.parametrize("fields, shown", [
    ([], ""), ([("grpc-message", "")], ""), ([("grpc-message", "error")], "error"),
    ([("grpc-message", UNICODE)], "\\ntest with whitespace\\r\\nand Unicode BMP ☺ and non-BMP 😈\\n"),
])
def test_messages_of_errors(ask, kind, fields, shown):
    report = ask(kind, head(("grpc-status", "13"), *fields, end=True))
    assert report == [f"status INTERNAL {shown}"]


@pytest.mark.parametrize("kind", AT_END)
@pytest.mark.parametrize("only", [True, False])
@pytest.mark.parametrize("extra", [TRAILING[:1], TRAILING])
def test_an_error_with_metadata(ask, kind, only, extra):
    error = [("grpc-status", "9"), ("grpc-message", "error"), *extra]
    if only:
        report = ask(kind, head(*error, end=True))
    else:
        report = ask(kind, head(*LEADING), trailers(*error))
    leading = [] if only else lines("leading", LEADING)
    assert report == leading + ["status FAILED_PRECONDITION error"] + lines("trailing", extra)


@pytest.mark.parametrize("kind", MANY_RESPONSES)
def test_an_error_keeps_the_responses_before_it(ask, kind):
    error = [("grpc-status", "13"), ("grpc-message", "stream failed"), *TRAILING]
    report = ask(kind, head(*LEADING), data(HELLO * 2), trailers(*error), messages=2)
    assert report == [HELLO_LINE] * 2 + lines("leading", LEADING) + ["status INTERNAL stream failed"] \
        + lines("trailing", TRAILING)


@pytest.mark.parametrize("kind", ONE_RESPONSE)
def test_an_error_after_the_only_response_counts(ask, kind):
    report = ask(kind, head(), data(HELLO), trailers(("grpc-status", "13"), ("grpc-message", "late")))
    assert report == ["status INTERNAL late"]


# -- empty responses

@pytest.mark.parametrize("kind", AT_END)
@pytest.mark.parametrize("content_type", ["application/grpc", "application/grpc+proto"])
def test_an_empty_message_is_a_response(ask, kind, content_type):
    report = ask(kind, head(*LEADING[:1], content_type=content_type), data(EMPTY), trailers(*OK, *TRAILING[:1]))
    assert report == ["response  0", "leading x-custom-header foo", "status OK", "trailing x-custom-trailer bing"]


# -- unexpected responses

@pytest.mark.parametrize("kind", ONE_RESPONSE)
@pytest.mark.parametrize("body", [b"", HELLO + HELLO, EMPTY + EMPTY])
def test_no_response_or_two_where_there_must_be_one(ask, kind, body):
    steps = [data(body)] if body else []
    assert code(ask(kind, head(), *steps, trailers(*OK))) == "UNIMPLEMENTED"


@pytest.mark.parametrize("kind", AT_END)
def test_no_status_at_the_end(ask, kind):
    report = ask(kind, head(), data(HELLO), data(b"", end=True))
    assert code(report) == "INTERNAL"
    assert (HELLO_LINE in report) == (kind in MANY_RESPONSES)


@pytest.mark.parametrize("kind", AT_END)
def test_trailers_without_a_status(ask, kind):
    assert code(ask(kind, head(), trailers(("grpc-message", "error")))) == "UNKNOWN"


@pytest.mark.parametrize("kind", AT_END)
@pytest.mark.parametrize("rest", [message(b"AAA", length=10), b"\0\0\0"])
def test_a_message_that_is_cut_short(ask, kind, rest):
    report = ask(kind, head(), data(EMPTY + rest), trailers(*OK))
    # Two are one too many whether or not the second is whole.
    assert code(report) in (["INTERNAL"] if kind in MANY_RESPONSES else ["INTERNAL", "UNIMPLEMENTED"])
    assert ("response  0" in report) == (kind in MANY_RESPONSES)


@pytest.mark.parametrize("kind", AT_END)
@pytest.mark.parametrize("encoding", ["foo", "identity"])
def test_a_compression_that_was_not_accepted(ask, kind, encoding):
    report = ask(kind, head(("grpc-encoding", encoding)), data(message(b"zz", compressed=1)), trailers(*OK))
    assert code(report) == "INTERNAL"


@pytest.mark.parametrize("kind", AT_END)
@pytest.mark.parametrize("fields, expected", [
    ([(":status", "200"), ("content-type", "image/jpeg")], "UNKNOWN"),
    ([(":status", "418")], "UNKNOWN"), ([(":status", "800")], "UNKNOWN"), ([(":status", "400")], "INTERNAL"),
    ([(":status", "401")], "UNAUTHENTICATED"), ([(":status", "403")], "PERMISSION_DENIED"),
    ([(":status", "404")], "UNIMPLEMENTED"), ([(":status", "429")], "UNAVAILABLE"),
    ([(":status", "502")], "UNAVAILABLE"), ([(":status", "503")], "UNAVAILABLE"), ([(":status", "504")], "UNAVAILABLE"),
    ([(":status", "409")], "UNKNOWN"), ([(":status", "500")], "UNKNOWN"),
])
def test_answers_that_are_not_grpcs(ask, kind, fields, expected):
    assert code(ask(kind, headers(fields, end=True))) == expected
    assert code(ask(kind, headers(fields), data(b"text", end=True))) == expected


@pytest.mark.parametrize("kind", AT_END)
def test_a_codec_that_was_not_asked_for(ask, kind):
    assert code(ask(kind, head(content_type="application/grpc+json"), data(message(b"{}")), trailers(*OK))) == "INTERNAL"


# -- timeouts

@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("steps", [[], [head()]])
def test_a_deadline_that_passes(ask, kind, steps):
    report = ask(kind, *steps, timeout=200, messages=2 if "duplex" in kind else 1)
    assert code(report) == "DEADLINE_EXCEEDED"


@pytest.mark.parametrize("kind", KINDS)
def test_a_deadline_that_has_passed_before_the_call(ask, kind):
    assert code(ask(kind, head(), data(HELLO), trailers(*OK), timeout=0)) == "DEADLINE_EXCEEDED"
    assert ask.requests == []


# -- cancellation

@pytest.fixture(scope="module")
def echo_port(echo_stubs):
    with grpcio_server(*echo_stubs) as (port, _):
        yield port


@pytest.mark.parametrize("kind, options, responses", [
    ("client-stream", {"cancel": "before-close", "messages": 2}, 0),
    ("client-stream", {"cancel": "after-close", "messages": 2, "delay": 200}, 0),
    ("server-stream", {"cancel": 0, "count": 2, "delay": 200}, 0),
    ("server-stream", {"cancel": 1, "count": 2, "delay": 200, "asks": 900_000}, 1),
    ("full-duplex", {"cancel": 0, "messages": 2, "delay": 200}, 0),
    ("full-duplex", {"cancel": 1, "messages": 2, "delay": 200}, 1),
    ("full-duplex", {"cancel": "before-close", "messages": 2}, 2),
    ("half-duplex", {"cancel": 0, "messages": 2, "delay": 200}, 0),
    ("half-duplex", {"cancel": 1, "messages": 2, "delay": 200}, 1),
    ("half-duplex", {"cancel": "after-close", "messages": 2, "delay": 200}, 0),
])
def test_cancellation(echo_peer, echo_port, kind, options, responses):
    report = conform(echo_peer, kind, echo_port, **options)
    assert code(report) == "CANCELLED"
    got = sum(line.startswith("response") for line in report)
    # What had come before is not taken back; a server's stream need not wait for the reader.
    assert got >= responses if kind == "server-stream" else got == responses


def test_cancellation_after_the_end_of_the_requests_keeps_the_responses(echo_peer, echo_port):
    """The server ends the call when the requests have ended; who is first decides."""
    report = conform(echo_peer, "full-duplex", echo_port, messages=2, cancel="after-close")
    assert [line for line in report if line.startswith("response")] == ["response x 0"] * 2
    assert code(report) in ("CANCELLED", "OK")


# -- message sizes

# Two such responses fit into the window, so the server need not wait.
LIMIT = 100 << 10


def response_of(size):
    """An EchoResponse of so many bytes, all padding."""
    body = b"\x1a" + varint(size - 4) + bytes(size - 4)
    assert len(body) == size
    return body


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


@pytest.mark.parametrize("kind", AT_END)
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("extra, expected", [(0, "OK"), (1, "RESOURCE_EXHAUSTED"), (10, "RESOURCE_EXHAUSTED")])
def test_the_limit_of_a_response(ask, kind, compressed, extra, expected):
    def framed(size):
        body = response_of(size)
        return message(gzip.compress(body), compressed=1) if compressed else message(body)

    fields = [("grpc-encoding", "gzip")] if compressed else []
    pieces = framed(LIMIT + extra)
    if kind in MANY_RESPONSES:
        pieces = framed(LIMIT) + pieces
    steps = [data(pieces[i:i + 16_384]) for i in range(0, len(pieces), 16_384)]
    report = ask(kind, head(*fields), *steps, trailers(*OK), limit=LIMIT)
    assert code(report) == expected
    got = sum(line == f"response  {LIMIT - 4}" for line in report)
    assert got == (kind in MANY_RESPONSES) + (extra == 0)
