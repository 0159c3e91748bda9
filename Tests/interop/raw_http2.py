"""A connection whose every byte the test decides: TLS by ssl, frames by h2 or by hand."""

import socket
import ssl
import struct

import h2.config
import h2.connection
import h2.events
import h2.settings

TIMEOUT_SECONDS = 20
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def connect(server, alpn=("h2",)):
    context = ssl.create_default_context(cafile=str(server.certificate))
    if alpn:
        context.set_alpn_protocols(list(alpn))
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_SECONDS)
    return context.wrap_socket(plain, server_hostname="localhost")


def read_to_end(connection):
    """What the peer still says before it closes; fails when it does not close."""
    received = b""
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except (ConnectionResetError, ssl.SSLError):
        pass
    return received


def frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def message(payload, length=None, compressed=0):
    """gRPC's length-prefixed message; the length may lie."""
    return bytes([compressed]) + struct.pack(">I", len(payload) if length is None else length) + payload


class RawCall:
    """One gRPC call as a list of bytes, on a connection of its own."""

    def __init__(self, server, path, *extra, method="POST", content_type="application/grpc"):
        self.socket = connect(server)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.headers, self.trailers, self.body, self.reset = {}, {}, b"", None
        self.ended = self.closed = False
        self.h2.send_headers(1, [
            (":method", method), (":scheme", "https"), (":path", path), (":authority", "localhost"),
            ("content-type", content_type), ("te", "trailers"), *extra])
        self.flush()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def send(self, data, end=False):
        while data or end:
            room = min(self.h2.local_flow_control_window(1), self.h2.max_outbound_frame_size)
            if data and room == 0:
                self.pump()
                continue
            chunk, data = data[:room], data[room:]
            self.h2.send_data(1, chunk, end_stream=end and not data)
            self.flush()
            if not data:
                return

    def pump(self):
        chunk = self.socket.recv(65536)
        if not chunk:
            self.closed = True
            return
        for event in self.h2.receive_data(chunk):
            if isinstance(event, h2.events.ResponseReceived):
                self.headers = dict(event.headers)
            elif isinstance(event, h2.events.TrailersReceived):
                self.trailers = dict(event.headers)
            elif isinstance(event, h2.events.DataReceived):
                self.body += event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, 1)
            elif isinstance(event, h2.events.StreamReset):
                self.reset = event.error_code
            elif isinstance(event, h2.events.StreamEnded):
                self.ended = True
            elif isinstance(event, h2.events.ConnectionTerminated):
                self.closed = True
        self.flush()

    def finish(self):
        """Reads until the call is over and returns (grpc-status, grpc-message)."""
        while not (self.ended or self.closed or self.reset is not None):
            self.pump()
        self.socket.close()
        status = self.trailers.get("grpc-status", self.headers.get("grpc-status"))
        text = self.trailers.get("grpc-message", self.headers.get("grpc-message", ""))
        return (None if status is None else int(status)), text
