"""Answers of every kind, frame by frame, to our client: PROTOCOL-HTTP2.md's sentences on responses, and what
Connect's conformance suite asks of a gRPC client."""

import pytest

from echo_fixtures import call_peer
from raw_frames import DATA, END_HEADERS, GOAWAY, HEADERS, PADDED, PING, block, frame, rst_stream
from raw_http2 import message
from scripted_server import EMPTY, GRPC, HELLO, OK, Script, data, head, headers, trailers


@pytest.fixture
def ask(echo_peer):
    """Has our client make a call that is answered so; returns its report."""
    def run(*steps, kind="unary"):
        script = Script(*steps)
        try:
            return call_peer(echo_peer, f"scripted-{kind}", script.port)
        finally:
            script.close()
    return run


def code(report):
    return next(line for line in report if line.startswith("status")).split()[1]


def test_an_ordinary_response(ask):
    assert ask(head(), data(HELLO), trailers(*OK)) == ["text hello", "status OK"]


@pytest.mark.parametrize("content_type", [
    "application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8",
    "application/grpc+proto; a=b", "Application/gRPC",
])
def test_content_types_of_grpc(ask, content_type):
    assert ask(head(content_type=content_type), data(HELLO), trailers(*OK)) == ["text hello", "status OK"]


@pytest.mark.parametrize("content_type, expected", [
    (None, "UNKNOWN"), ("image/jpeg", "UNKNOWN"), ("application/grpcx", "UNKNOWN"),
    ("application/grpc-web", "UNKNOWN"), ("application/json", "UNKNOWN"), ("application/grpc+json", "INTERNAL"),
])
def test_other_content_types(ask, content_type, expected):
    report = ask(head(content_type=content_type), data(HELLO), trailers(*OK))
    assert code(report) == expected
    assert content_type is None or content_type in report[0]


# http-grpc-status-mapping.md, and codes that it leaves to its last line.
@pytest.mark.parametrize("status, expected", [
    ("400", "INTERNAL"), ("401", "UNAUTHENTICATED"), ("403", "PERMISSION_DENIED"), ("404", "UNIMPLEMENTED"),
    ("429", "UNAVAILABLE"), ("502", "UNAVAILABLE"), ("503", "UNAVAILABLE"), ("504", "UNAVAILABLE"),
    ("204", "UNKNOWN"), ("302", "UNKNOWN"), ("405", "UNKNOWN"), ("409", "UNKNOWN"), ("412", "UNKNOWN"),
    ("413", "UNKNOWN"), ("415", "UNKNOWN"), ("418", "UNKNOWN"), ("431", "UNKNOWN"), ("500", "UNKNOWN"),
    ("505", "UNKNOWN"), ("800", "UNKNOWN"),
])
@pytest.mark.parametrize("with_body", [True, False])
def test_http_statuses(ask, status, expected, with_body):
    if with_body and status != "204":
        report = ask(head(status=status, content_type="text/html"), data(b"<h1>no</h1>", end=True))
    else:
        report = ask(head(status=status, content_type=None, end=True))
    assert code(report) == expected


def test_a_grpc_status_beside_an_http_status(ask):
    report = ask(head(("grpc-status", "16"), ("grpc-message", "who"), status="401", end=True))
    assert report == ["status UNAUTHENTICATED who"]


@pytest.mark.parametrize("number, expected", [
    ("1", "CANCELLED"), ("16", "UNAUTHENTICATED"), ("17", "UNKNOWN"), ("99999999999999999999", "UNKNOWN"),
    ("-1", "UNKNOWN"), ("x", "UNKNOWN"), ("", "UNKNOWN"),
])
@pytest.mark.parametrize("only", [True, False])
def test_statuses_that_there_are_and_are_not(ask, number, expected, only):
    status = ("grpc-status", number)
    steps = [head(status, end=True)] if only else [head(), data(HELLO), trailers(status)]
    assert code(ask(*steps)) == expected


@pytest.mark.parametrize("encoded, expected", [
    ("plain", "plain"), ("%E2%98%BA%0a", "☺\\n"), ("%e2%98%ba", "☺"), ("100%", "100%"), ("%G1%4", "%G1%4"),
    ("a%FFb", "a\ufffdb"), ("%", "%"), ("%25", "%"), ("☺", "☺"), ("a+b", "a+b"),
])
def test_status_messages(ask, encoded, expected):
    report = ask(head(("grpc-status", "9"), ("grpc-message", encoded), end=True))
    assert report == [f"status FAILED_PRECONDITION {expected}"]


@pytest.mark.parametrize("kind", ["unary", "stream"])
def test_trailers_without_a_status(ask, kind):
    report = ask(head(), trailers(("grpc-message", "error")), kind=kind)
    assert code(report) == "UNKNOWN"


@pytest.mark.parametrize("kind", ["unary", "stream"])
@pytest.mark.parametrize("only", [head(end=True), head(("x", "y"), end=True)])
def test_trailers_only_without_a_status(ask, kind, only):
    assert code(ask(only, kind=kind)) == "UNKNOWN"


@pytest.mark.parametrize("end", [data(b"", end=True), lambda stream: rst_stream(stream, 0)])
def test_no_trailers_at_all(ask, end):
    assert code(ask(head(), data(HELLO), end)) == "INTERNAL"
    report = ask(head(), data(HELLO), end, kind="stream")
    assert report[0] == "text hello" and code(report) == "INTERNAL"


def test_a_status_among_the_headers_does_not_count_when_messages_follow(ask):
    assert code(ask(head(("grpc-status", "9")), data(HELLO, end=True))) == "INTERNAL"


def test_a_status_among_the_headers_does_not_count_when_trailers_follow(ask):
    report = ask(head(("grpc-status", "8")), trailers(("foo", "bar"), ("grpc-status", "9")))
    assert report[0].startswith("status FAILED_PRECONDITION") and "trailing foo bar" in report


@pytest.mark.parametrize("steps", [
    [head(*OK, end=True)], [head(), trailers(*OK)],
    [head(), data(HELLO + HELLO), trailers(*OK)], [head(), data(HELLO), data(HELLO), trailers(*OK)],
])
def test_a_unary_call_has_exactly_one_response(ask, steps):
    assert code(ask(*steps)) == "UNIMPLEMENTED"


def test_a_stream_may_have_no_response(ask):
    assert ask(head(*OK, end=True), kind="stream") == ["status OK"]
    assert ask(head(), trailers(*OK), kind="stream") == ["status OK"]


def test_an_empty_message_is_a_message(ask):
    assert ask(head(), data(EMPTY), trailers(*OK)) == ["text ", "status OK"]
    assert ask(head(), data(EMPTY * 3), trailers(*OK), kind="stream") == ["text "] * 3 + ["status OK"]


def test_messages_cut_anywhere(ask):
    body = HELLO + EMPTY + message(b"\x0a\x03end")
    expected = ["text hello", "text ", "text end", "status OK"]
    for size in (1, 2, 3, 7):
        pieces = [data(body[i:i + size]) for i in range(0, len(body), size)]
        assert ask(head(), *pieces, trailers(*OK), kind="stream") == expected


@pytest.mark.parametrize("rest", [HELLO[:-1], HELLO[:3], b"\0", message(b"AAA", length=10)])
def test_a_body_that_ends_inside_a_message(ask, rest):
    report = ask(head(), data(HELLO + rest), trailers(*OK), kind="stream")
    assert report[0] == "text hello" and code(report) == "INTERNAL"


def test_metadata_of_both_kinds_and_both_places(ask):
    report = ask(
        head(("x-a", "foo"), ("x-a", "bar"), ("b-bin", "AP8="), ("b-bin", "AQ,Ag=="), ("x-a", "baz, bing")),
        data(HELLO), trailers(*OK, ("t", "1"), ("t", "2"), ("u-bin", "AP8")), kind="stream")
    assert report == [
        "leading x-a foo", "leading x-a bar", "leading b-bin 00ff", "leading b-bin 01", "leading b-bin 02",
        "leading x-a baz, bing", "text hello", "trailing t 1", "trailing t 2", "trailing u-bin 00ff", "status OK"]


def test_metadata_of_an_error(ask):
    for steps in ([head(), trailers(("grpc-status", "9"), ("t", "bing"), ("t", "quux"))],
                  [head(("grpc-status", "9"), ("t", "bing"), ("t", "quux"), end=True)]):
        report = ask(*steps)
        assert report[0].startswith("status FAILED_PRECONDITION")
        assert report[1:] == ["trailing t bing", "trailing t quux"]


def test_metadata_that_is_not_as_it_should_be_harms_nothing(ask):
    report = ask(
        head(("x-bin", "***"), ("y-bin", "A"), ("z", "é"), ("grpc-foo", "x"), ("w", "")),
        data(HELLO), trailers(*OK), kind="stream")
    assert report[-2:] == ["text hello", "status OK"]
    assert "leading w " in report
    assert not any("-bin" in line or "grpc-foo" in line for line in report)


def test_interim_responses_are_passed_over(ask):
    report = ask(
        headers([(":status", "103"), ("link", "</style.css>")]), headers([(":status", "100")]), head(("a", "b")),
        data(HELLO), trailers(*OK), kind="stream")
    assert report == ["leading a b", "text hello", "status OK"]


def test_padding(ask):
    def padded(stream):
        payload = bytes([200]) + HELLO + bytes(200)
        return frame(DATA, PADDED, stream, payload)

    def padded_head(stream):
        payload = bytes([9]) + block(GRPC) + bytes(9)
        return frame(HEADERS, END_HEADERS | PADDED, stream, payload)

    def padding_only(stream):
        return frame(DATA, PADDED, stream, bytes([255]) + bytes(255))

    assert ask(padded_head, padding_only, padded, padding_only, trailers(*OK)) == ["text hello", "status OK"]


def test_frames_of_unknown_types_between_all_others(ask):
    def unknown(stream):
        return frame(0xAB, 0xFF, stream, b"what") + frame(0x42, 0, 0, b"")

    steps = [unknown, head(), unknown, data(HELLO), unknown, data(b""), lambda s: frame(PING, 0, 0, bytes(8)),
             unknown, trailers(*OK), unknown]
    assert ask(*steps) == ["text hello", "status OK"]


def test_headers_in_many_pieces(ask):
    def pieces(stream):
        fields = block([*GRPC, ("a", "b" * 1000)])
        cut = [fields[i:i + 300] for i in range(0, len(fields), 300)]
        frames = [frame(HEADERS, 0, stream, cut[0])] + [frame(9, 0, stream, part) for part in cut[1:-1]]
        return b"".join(frames) + frame(9, END_HEADERS, stream, cut[-1])

    report = ask(pieces, data(HELLO), trailers(*OK), kind="stream")
    assert report == ["leading a " + "b" * 1000, "text hello", "status OK"]


# PROTOCOL-HTTP2.md, "Errors"; REFUSED_STREAM comes after the call was sent again as often as it may be.
@pytest.mark.parametrize("number, expected", [
    (0, "INTERNAL"), (1, "INTERNAL"), (2, "INTERNAL"), (3, "INTERNAL"), (4, "INTERNAL"), (6, "INTERNAL"),
    (7, "UNAVAILABLE"), (8, "CANCELLED"), (9, "INTERNAL"), (10, "INTERNAL"), (11, "RESOURCE_EXHAUSTED"),
    (12, "PERMISSION_DENIED"), (13, "INTERNAL"), (0xABCD, "INTERNAL"),
])
@pytest.mark.parametrize("before", [[], [head()], [head(), data(HELLO)]])
def test_resets(ask, number, expected, before):
    assert code(ask(*before, lambda stream: rst_stream(stream, number))) == expected


def test_goaway_after_the_call_lets_it_end(ask):
    goaway = lambda stream: frame(GOAWAY, 0, 0, stream.to_bytes(4, "big") + bytes(4))
    assert ask(head(), goaway, data(HELLO), trailers(*OK)) == ["text hello", "status OK"]


def test_a_duplicate_status_is_one_status(ask):
    report = ask(head(), data(HELLO), trailers(("grpc-status", "9"), ("grpc-status", "10")))
    assert code(report) in ("FAILED_PRECONDITION", "ABORTED")
