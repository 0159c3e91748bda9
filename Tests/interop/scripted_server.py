"""A gRPC server that says frame by frame what a test wants."""

import socket
import threading

import hpack

from raw_frames import ACK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, SETTINGS, block, frame, settings
from raw_http2 import PREFACE, message

HELLO = message(b"\x0a\x05hello")
EMPTY = message(b"")
GRPC = [(":status", "200"), ("content-type", "application/grpc")]
OK = [("grpc-status", "0")]


def head(*extra, status="200", content_type="application/grpc", end=False):
    fields = [(":status", status)] + ([("content-type", content_type)] if content_type else []) + list(extra)
    return headers(fields, end)


def headers(fields, end=False):
    return lambda stream: frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, block(fields))


def trailers(*fields):
    return headers(list(fields), end=True)


def data(payload, end=False):
    return lambda stream: frame(DATA, END_STREAM if end else 0, stream, payload)


class Script:
    """A server that says the same to each request, once it has come whole; `requests` has their headers."""

    def __init__(self, *steps):
        self.steps = steps
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.frames, self.requests = [], []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        buffer, decoder = b"", hpack.Decoder()
        connection.settimeout(30)
        try:
            connection.sendall(settings())
            while chunk := connection.recv(65536):
                buffer += chunk
                if not self.frames and buffer.startswith(PREFACE):
                    buffer = buffer[len(PREFACE):]
                while len(buffer) >= 9 and len(buffer) >= 9 + int.from_bytes(buffer[:3], "big"):
                    size = int.from_bytes(buffer[:3], "big")
                    if buffer[3] == HEADERS:
                        self.requests.append(decoder.decode(buffer[9:9 + size]))
                    self._take(connection, buffer[3], buffer[4], int.from_bytes(buffer[5:9], "big"))
                    buffer = buffer[9 + size:]
        except OSError:
            pass

    def _take(self, connection, kind, flags, stream):
        self.frames.append(kind)
        if kind == SETTINGS and not flags & ACK:
            connection.sendall(frame(SETTINGS, ACK, 0, b""))
        elif kind in (DATA, HEADERS) and flags & END_STREAM:
            connection.sendall(b"".join(step(stream) for step in self.steps))
        elif kind == GOAWAY:
            connection.close()

    def close(self):
        self.listener.close()
