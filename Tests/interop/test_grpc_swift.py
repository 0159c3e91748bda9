"""grpc-swift-2's client against our server; its program is built by `make bench-rpc`."""

import os
import pathlib
import subprocess

import pytest

from echo_fixtures import ROOT, TIMEOUT_SECONDS, PeerServer

SCRATCH = pathlib.Path(
    os.environ.get("MARTLET_GRPC_SWIFT_SCRATCH", ROOT / "Benchmarks" / "rpc" / ".build-grpc-swift")
)
CALLER = SCRATCH / "release" / "grpc-swift-echo-caller"

pytestmark = pytest.mark.skipif(
    not CALLER.exists(), reason=f"no grpc-swift-2 in {SCRATCH}: `make bench-rpc` builds it"
)


@pytest.fixture(scope="module", params=["plaintext", "tls"])
def call(request, echo_peer, certificate):
    """Runs a check of grpc-swift-2's client; returns what it printed, as a list of lines."""
    tls = certificate if request.param == "tls" else None
    server = PeerServer(echo_peer, tls)

    def run(check):
        command = [CALLER, check, str(server.port), *([tls[0]] if tls else [])]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.splitlines()

    yield run
    assert server.stop()


def test_unary(call):
    assert call("unary") == ["text hé 🐦", "padding true"]


def test_server_streaming(call):
    assert call("server-streaming") == ["in order 1000"]


def test_client_streaming(call):
    assert call("client-streaming") == ["requests 1000", "characters 1000"]


def test_bidirectional_in_step(call):
    assert call("bidirectional") == ["round trips 200"]


def test_every_status_with_a_message_that_is_not_ascii(call):
    expected = [f'status {code} "łódź {code} 100% ☂\\r\\n"' for code in range(1, 17)]
    assert call("statuses") == expected


def test_a_status_after_responses(call):
    assert call("status-after-responses") == ['status 10 "enough"', "responses 3"]


def test_metadata_of_both_kinds(call):
    assert call("metadata") == ['leading ["a, b"]', "trailing true", "empty [[]]"]


def test_deadline(call):
    status, in_time = call("deadline")
    assert status.startswith("status 4 ")
    assert in_time == "in time true"


def test_cancellation_harms_no_other_call(call):
    report = call("cancel")
    assert report[0] == "text before"
    assert report[-1] == "after after"


def test_a_request_over_the_limit_harms_no_other_call(call):
    large, small = call("too-large")
    assert large.startswith("status 8 ")
    assert small == "status OK"


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_compressed_requests(call, algorithm):
    assert call(algorithm) == ["same true", "status OK"]


def test_many_calls_at_once(call):
    assert call("many") == ["right 1000"]
