"""A connection's life as grpcio sees it: age, idleness, keepalive's guard, limits of a client, shutting down."""

import contextlib
import pathlib
import socket
import threading
import time

import grpc
import h2.config
import h2.connection
import h2.events
import pytest

from echo_fixtures import PeerServer

# What makes grpcio ping as often as it is told to.
EAGER_PINGS = {
    "grpc.keepalive_time_ms": 100,
    "grpc.keepalive_timeout_ms": 5_000,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.http2.max_pings_without_data": 0,
}


@pytest.fixture
def serve(echo_peer, echo_stubs):
    """Starts servers with limits; each must end in order."""
    messages, services = echo_stubs
    with contextlib.ExitStack() as stack:
        def start(**limits):
            server = PeerServer(echo_peer, **limits)
            stack.callback(lambda: stop(server))
            return server

        def stop(server):
            if server.process.poll() is None:
                assert server.stop()

        def stub(server, **options):
            channel = stack.enter_context(server.channel(**options))
            stub = services.EchoServiceStub(channel)
            stub.Request = messages.EchoRequest
            return stub

        start.stub = stub
        yield start


class OpenCall:
    """A bidirectional call of which neither side says anything more."""

    def __init__(self, stub):
        self.done = threading.Event()
        self.call = stub.Chat(self._requests(stub.Request))
        assert next(self.call).text == "first"

    def _requests(self, request):
        yield request(text="first")
        self.done.wait(60)

    def end(self):
        """Ends it from this side and returns its status."""
        self.done.set()
        return self.wait()

    def wait(self):
        try:
            for _ in self.call:
                pass
        except grpc.RpcError:
            pass
        return self.call.code(), self.call.details() or ""


def test_calls_go_on_over_connections_that_become_too_old(serve):
    server = serve(maxConnectionAge=200)
    stub = serve.stub(server)
    end = time.monotonic() + 2
    calls = 0
    while time.monotonic() < end:
        assert stub.Get(stub.Request(text="x"), timeout=10).text == "x"
        calls += 1
    assert calls > 20


def test_a_call_outlives_its_connections_age_where_there_is_no_grace(serve):
    server = serve(maxConnectionAge=200)
    call = OpenCall(serve.stub(server))
    time.sleep(1)
    assert call.end() == (grpc.StatusCode.OK, "")


def test_a_call_is_cut_after_the_grace(serve):
    server = serve(maxConnectionAge=300, maxConnectionAgeGrace=500)
    start = time.monotonic()
    call = OpenCall(serve.stub(server))
    code, _ = call.wait()
    elapsed = time.monotonic() - start
    call.done.set()
    assert code == grpc.StatusCode.UNAVAILABLE
    assert 0.7 < elapsed < 10


def test_the_age_has_a_jitter_of_a_tenth_and_announces_itself(serve):
    server = serve(maxConnectionAge=1_000)
    ages = [goaways(server.port) for _ in range(4)]
    for age, last_streams in ages:
        assert 0.85 < age < 5
        # First a notice that excludes nothing, a round trip later the one that counts.
        assert last_streams == [2**31 - 1, 0]


def test_an_idle_connection_is_sent_away(serve):
    server = serve(connectionIdleTimeout=300)
    age, last_streams = goaways(server.port)
    assert 0.25 < age < 5 and last_streams == [2**31 - 1, 0]


def goaways(port):
    """Connects, says nothing, and returns when the first GOAWAY came and what each said."""
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    connection.initiate_connection()
    first, seen = None, []
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
        start = time.monotonic()
        sock.sendall(connection.data_to_send())
        while data := sock.recv(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.ConnectionTerminated):
                    first = first or time.monotonic() - start
                    assert event.error_code == 0
                    seen.append(event.last_stream_id)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                sock.sendall(connection.data_to_send())
    return first, seen


def test_a_client_that_pings_too_often_is_sent_away(serve):
    server = serve(minimumPingInterval=60_000)
    call = OpenCall(serve.stub(server, **EAGER_PINGS))
    start = time.monotonic()
    code, details = call.wait()
    call.done.set()
    assert code == grpc.StatusCode.UNAVAILABLE
    assert "too_many_pings" in details or "Too many pings" in details
    assert time.monotonic() - start < 20
    # Others are not concerned.
    stub = serve.stub(server)
    assert stub.Get(stub.Request(text="calm")).text == "calm"


def test_a_client_that_pings_as_often_as_it_may_stays(serve):
    server = serve(minimumPingInterval=50)
    call = OpenCall(serve.stub(server, **EAGER_PINGS))
    time.sleep(2)
    assert call.end() == (grpc.StatusCode.OK, "")


def test_calls_above_a_clients_limit_are_refused_until_others_end(serve):
    server = serve(maxConcurrentCallsPerPeer=2)
    stub = serve.stub(server)
    calls = [OpenCall(stub), OpenCall(stub)]
    with pytest.raises(grpc.RpcError) as refused:
        stub.Get(stub.Request(text="x"))
    assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    for call in calls:
        assert call.end() == (grpc.StatusCode.OK, "")
    assert stub.Get(stub.Request(text="x")).text == "x"


def test_a_client_that_calls_too_fast_is_told_when_to_come_back(serve):
    server = serve(callsPerSecondPerPeer=2, callBurstPerPeer=3)
    stub = serve.stub(server)
    for _ in range(3):
        stub.Get(stub.Request(text="x"))
    with pytest.raises(grpc.RpcError) as refused:
        stub.Get(stub.Request(text="x"))
    assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    pushback = int(dict(refused.value.trailing_metadata())["grpc-retry-pushback-ms"])
    assert 1 <= pushback <= 501
    time.sleep(pushback / 1000)
    assert stub.Get(stub.Request(text="x")).text == "x"


def test_a_server_that_is_full_refuses_and_recovers(serve):
    server = serve(maxConcurrentCalls=1)
    stub = serve.stub(server)
    call = OpenCall(stub)
    with pytest.raises(grpc.RpcError) as refused:
        stub.Get(stub.Request(text="x"))
    assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert call.end() == (grpc.StatusCode.OK, "")
    assert stub.Get(stub.Request(text="x")).text == "x"


def test_streams_above_a_connections_limit_wait_their_turn(serve):
    server = serve(maxConcurrentCallsPerConnection=1)
    stub = serve.stub(server)
    call = OpenCall(stub)
    waiting = stub.Get.future(stub.Request(text="later"))
    time.sleep(0.3)
    assert not waiting.done()
    assert call.end() == (grpc.StatusCode.OK, "")
    assert waiting.result(timeout=20).text == "later"


def test_shutting_down_lets_a_call_end_and_cuts_what_does_not(serve):
    server = serve()
    stub = serve.stub(server)
    ends = stub.Get.future(stub.Request(text="x", delay_ms=500))
    stays = OpenCall(stub)
    start = time.monotonic()
    # The peer shuts down with a grace of a second when its input ends.
    assert server.stop()
    assert time.monotonic() - start < 10
    assert ends.result(timeout=20).text == "x"
    code, _ = stays.wait()
    stays.done.set()
    assert code == grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("limits, keeps", [({}, True), ({"keptFreedBytes": 32 << 20}, True),
                                           ({"keptFreedBytes": -1}, False)])
def test_malloc_is_left_alone_where_that_was_asked_for(serve, limits, keeps):
    """A large response's memory is reused, or goes back to the system and costs a page fault for each page again."""
    server = serve(**limits)
    echo = serve.stub(server)

    def faults():
        fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[7])

    def call():
        # Several at once: left alone, malloc keeps twice the largest block that it has seen.
        calls = [echo.Get.future(echo.Request(padding_bytes=4 << 20)) for _ in range(4)]
        assert all(len(each.result().padding) == 4 << 20 for each in calls)

    for _ in range(4):
        call()
    before = faults()
    for _ in range(20):
        call()
    each = (faults() - before) / 20
    assert (each < 500) if keeps else (each > 1_000), each
