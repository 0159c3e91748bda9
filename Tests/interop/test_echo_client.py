"""Our client against a grpcio server: all four kinds, statuses, metadata, deadline, cancellation, limits."""

import socket
import threading
import time

import pytest

from echo_fixtures import call_peer, grpcio_server


@pytest.fixture(scope="module", params=["plaintext", "tls"])
def peer(request, echo_peer, echo_stubs, certificate):
    """Runs a check of our client against a grpcio server, over both kinds of connection."""
    tls = certificate if request.param == "tls" else None
    with grpcio_server(*echo_stubs, certificate=tls) as (port, servicer):
        def run(check):
            return call_peer(echo_peer, check, port, tls[0] if tls else None)
        run.servicer = servicer
        yield run


def test_unary(peer):
    assert peer("unary") == ["text hé 🐦", "padding 100000"]


def test_server_streaming(peer):
    assert peer("server-streaming") == ["in order 500"]


def test_client_streaming(peer):
    assert peer("client-streaming") == ["requests 500", "characters 500"]


def test_bidirectional(peer):
    assert peer("bidirectional") == ["round trips 200", "ended true"]


def test_status_with_a_message_that_is_not_ascii(peer):
    assert peer("status") == ["status NOT_FOUND nie ma łodzi: 100% ☂\\n"]


def test_metadata_of_both_kinds(peer):
    assert peer("metadata") == ["leading hello there", "trailing [[0, 1, 254, 255]]"]


def test_deadline(peer):
    report = peer("deadline")
    assert report[0].startswith("status DEADLINE_EXCEEDED")
    assert report[1] == "in time true"


def test_cancellation_reaches_the_server(peer):
    before = peer.servicer.cancelled
    report = peer("cancel")
    assert report[0] == "text before"
    assert report[1].startswith("status CANCELLED")
    end = time.monotonic() + 10
    while peer.servicer.cancelled == before and time.monotonic() < end:
        time.sleep(0.02)
    assert peer.servicer.cancelled == before + 1


def test_a_response_over_the_limit_harms_no_other_call(peer):
    report = peer("too-large")
    assert report[0].startswith("status RESOURCE_EXHAUSTED")
    assert report[1] == "status OK"


def test_a_method_that_is_not_there(peer):
    assert peer("unknown-method")[0].startswith("status UNIMPLEMENTED")


class _Proxy:
    """Forwards bytes until told to keep them to itself, as a network does that a phone has left."""

    def __init__(self, port):
        self.target = port
        self.silent = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("localhost", self.target))
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source, sink):
        while chunk := source.recv(65536):
            if not self.silent.is_set():
                sink.sendall(chunk)


def test_a_dead_connection_is_noticed_in_the_stated_time(echo_peer, echo_stubs):
    with grpcio_server(*echo_stubs) as (port, _):
        proxy = _Proxy(port)
        threading.Timer(1.0, proxy.silent.set).start()
        report = call_peer(echo_peer, "keepalive", proxy.port)
        proxy.listener.close()
    assert report[0] == "text before"
    assert report[1].startswith("status UNAVAILABLE")
    assert report[2] == "in time true"
