"""gRPC's http2-interop-test-descriptions.md: a server of h2's that does what our client must bear."""

import contextlib
import socket
import threading
import time

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings
import pytest

from interop_fixtures import load_stubs, run_case
from raw_http2 import message

LARGE = 314159
RESETS = {"rst_after_header": 0, "rst_during_data": 0.5, "rst_after_data": 1}
CASES = ["goaway", *RESETS, "ping", "max_streams", "data_frame_padding", "no_df_padding_sanity_test"]


class Server:
    """Answers large calls in the manner of a case, and remembers what the clients did."""

    def __init__(self, case, response):
        self.case, self.body = case, message(response)
        self.connections, self.calls, self.pings, self.most_streams, self.violations = 0, 0, 0, 0, []
        self.debt = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        conversation = Conversation(self, connection)
        with contextlib.suppress(OSError):
            conversation.run()

    def close(self):
        self.listener.close()


class Conversation:
    def __init__(self, server, connection):
        self.server, self.socket = server, connection
        self.socket.settimeout(30)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        # What each stream has still to say.
        self.left = {}

    def run(self):
        self.h2.initiate_connection()
        self.flush()
        while chunk := self.socket.recv(65536):
            try:
                events = self.h2.receive_data(chunk)
            except h2.exceptions.ProtocolError as error:
                self.server.violations.append(repr(error))
                self.flush()
                return
            for event in events:
                self.take(event)
            self.push()
            self.flush()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def take(self, event):
        case = self.server.case
        if isinstance(event, h2.events.RequestReceived):
            self.server.most_streams = max(self.server.most_streams, self.h2.open_inbound_streams)
        elif isinstance(event, h2.events.DataReceived):
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.PingAckReceived):
            self.server.pings -= 1
        elif isinstance(event, h2.events.StreamEnded):
            self.server.calls += 1
            self.answer(event.stream_id, case)
        elif isinstance(event, h2.events.StreamReset):
            self.left.pop(event.stream_id, None)

    def ping(self):
        self.server.pings += 1
        self.h2.ping(b"howareya")

    def answer(self, stream, case):
        if case == "ping":
            self.ping()
        self.h2.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
        if case == "ping":
            self.ping()
        if case == "goaway" and self.server.calls == 1:
            # By hand: h2 would take its connection for closed and send nothing more.
            self.flush()
            self.socket.sendall(b"\0\0\x08\7\0\0\0\0\0" + stream.to_bytes(4, "big") + bytes(4))
        if case == "max_streams" and self.server.calls == 1:
            self.h2.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 1})
        share = RESETS.get(case, 1)
        self.left[stream] = self.server.body[:int(len(self.server.body) * share)]

    def push(self):
        """Sends what the windows allow, in frames as the case has them."""
        for stream in list(self.left):
            while self.left[stream] and self.push_frame(stream):
                pass
            if not self.left[stream]:
                del self.left[stream]
                self.conclude(stream)

    def push_frame(self, stream):
        case, rest = self.server.case, self.left[stream]
        size, padding = 16_000, None
        if case in ("data_frame_padding", "no_df_padding_sanity_test"):
            # The descriptions have 5 bytes, "partly arbitrary": that takes this server three times as long.
            size, padding = 15, 255 if case == "data_frame_padding" else None
        size = min(size, len(rest))
        room = self.h2.local_flow_control_window(stream)
        cost = size + (padding + 1 if padding else 0)
        if room < cost:
            if padding or room == 0:
                return False
            size = cost = min(size, room)
        self.h2.send_data(stream, rest[:size], pad_length=padding)
        self.server.debt += cost
        self.left[stream] = rest[size:]
        return True

    def conclude(self, stream):
        if self.server.case in RESETS:
            self.h2.reset_stream(stream, h2.errors.ErrorCodes.NO_ERROR)
            return
        if self.server.case == "ping":
            self.ping()
        self.h2.send_headers(stream, [("grpc-status", "0")], end_stream=True)


@pytest.fixture(scope="module")
def response(tmp_path_factory):
    messages, _ = load_stubs(tmp_path_factory.mktemp("interop"))
    return messages.SimpleResponse(payload=messages.Payload(body=bytes(LARGE))).SerializeToString()


@pytest.fixture
def serve(response):
    servers = []

    def start(case):
        servers.append(Server(case, response))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def test_our_cases_are_all(interop_peer):
    assert run_case(interop_peer, "http2-cases").split() == CASES


@pytest.mark.parametrize("case", CASES)
def test_our_client(interop_peer, serve, case):
    server = serve(case)
    said = run_case(interop_peer, "call", case, "127.0.0.1", server.port).split("\n")
    assert said[-1] == f"passed {case}"
    assert server.violations == []
    if case in RESETS:
        # A stream that ends without a status, whatever came before.
        assert said[0] == "status INTERNAL"
    elif case == "goaway":
        assert (server.connections, server.calls) == (2, 2)
    elif case == "ping":
        end = time.monotonic() + 5
        while server.pings and time.monotonic() < end:
            time.sleep(0.02)
        assert server.pings == 0
    elif case == "max_streams":
        # Those under way when the setting came may be more; h2 itself refuses any after it.
        assert server.calls == 11 and server.connections == 1
    elif case == "data_frame_padding":
        # Megabytes went through the windows for a response of 300 KB.
        assert server.debt > 5_000_000
