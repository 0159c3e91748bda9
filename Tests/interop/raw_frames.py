"""HTTP/2 by hand: frames and header blocks of any shape, sent whatever the peer thinks of them."""

import dataclasses
import socket
import ssl
import struct
import time

import hpack

from raw_http2 import PREFACE, frame

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM = ACK = 0x1
END_HEADERS, PADDED, PRIORITIZED = 0x4, 0x8, 0x20
ERRORS = ["NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
          "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
          "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"]
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = \
    range(1, 7)
GET = "/martlet.test.v1.EchoService/Get"
CHAT = "/martlet.test.v1.EchoService/Chat"


def literal(name, value):
    """A field that no table keeps (RFC 7541, section 6.2.2), without Huffman coding."""
    name, value = (part.encode() if isinstance(part, str) else part for part in (name, value))
    return b"\x00" + integer(len(name), 7) + name + integer(len(value), 7) + value


def integer(number, prefix, first=0):
    """An integer in the lower `prefix` bits of `first` and what follows (RFC 7541, section 5.1)."""
    most = (1 << prefix) - 1
    if number < most:
        return bytes([first | number])
    out, number = [first | most], number - most
    while number >= 128:
        out.append(number % 128 + 128)
        number //= 128
    return bytes([*out, number])


def block(fields):
    return b"".join(literal(name, value) for name, value in fields)


def request_fields(path=GET, *extra):
    return [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"),
            ("content-type", "application/grpc"), ("te", "trailers"), *extra]


def headers(stream, fields=None, flags=END_HEADERS | END_STREAM):
    payload = fields if isinstance(fields, bytes) else block(request_fields() if fields is None else fields)
    return frame(HEADERS, flags, stream, payload)


def settings(*pairs):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", name, value) for name, value in pairs))


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def rst_stream(stream, code=8):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def ping(text=b"attacker"):
    return frame(PING, 0, 0, text)


@dataclasses.dataclass
class Frame:
    kind: int
    flags: int
    stream: int
    payload: bytes
    # Of HEADERS, by name.
    fields: dict = dataclasses.field(default_factory=dict)

    @property
    def code(self):
        """The error's name, of RST_STREAM and GOAWAY."""
        start = 4 if self.kind == GOAWAY else 0
        number = int.from_bytes(self.payload[start:start + 4], "big")
        return ERRORS[number] if number < len(ERRORS) else f"code {number}"


class RawConnection:
    """One connection; its frames are read one by one, and a quiet or closed peer is no error."""

    def __init__(self, port, certificate=None, timeout=20):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if certificate:
            context = ssl.create_default_context(cafile=str(certificate))
            context.set_alpn_protocols(["h2"])
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.timeout = timeout
        self.buffer = b""
        self.closed = False
        self.decoder = hpack.Decoder()
        # What may be sent in all, over the connection's life.
        self.window = 65_535

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Sends; a peer that has closed meanwhile says why in what is read."""
        try:
            self.socket.settimeout(self.timeout)
            self.socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            return False

    def handshake(self, *pairs):
        """Both prefaces and both acknowledgements; returns the peer's settings."""
        self.send(PREFACE + settings(*pairs))
        seen = {}
        while not (SETTINGS in seen and "ack" in seen):
            got = self.read()
            assert got is not None and got.kind != GOAWAY, f"no handshake: {got}"
            if got.kind == SETTINGS and got.flags & ACK:
                seen["ack"] = True
            elif got.kind == SETTINGS:
                seen[SETTINGS] = dict(struct.iter_unpack(">HI", got.payload))
                self.send(frame(SETTINGS, ACK, 0, b""))
        return seen[SETTINGS]

    def read(self, timeout=None):
        """The next frame; None when none comes in time or the connection has ended (`closed`)."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            if len(self.buffer) >= 9:
                size = int.from_bytes(self.buffer[:3], "big")
                if len(self.buffer) >= 9 + size:
                    head, payload = self.buffer[:9], self.buffer[9:9 + size]
                    self.buffer = self.buffer[9 + size:]
                    if head[3] == WINDOW_UPDATE and head[5:9] == bytes(4):
                        self.window += int.from_bytes(payload, "big")
                    # Every block has to go through the decoder, which keeps a table.
                    fields = dict(self.decoder.decode(payload)) if head[3] == HEADERS else {}
                    return Frame(head[3], head[4], int.from_bytes(head[5:9], "big") & 0x7FFFFFFF, payload, fields)
            left = deadline - time.monotonic()
            if self.closed or left <= 0:
                return None
            self.socket.settimeout(left)
            try:
                chunk = self.socket.recv(1 << 16)
            except TimeoutError:
                return None
            except (ConnectionResetError, ssl.SSLError):
                chunk = b""
            self.closed = not chunk
            self.buffer += chunk

    def read_until(self, wanted, timeout=None):
        """Reads until `wanted(frame)`; returns that frame, or None at the end."""
        while (got := self.read(timeout)) is not None:
            if wanted(got):
                return got
        return None

    def goaway(self, timeout=None):
        """The name of the error that the peer ends the connection with; None when it does not."""
        got = self.read_until(lambda frame: frame.kind == GOAWAY and frame.code != "NO_ERROR", timeout)
        return got.code if got else None

    def answers(self, timeout=None):
        """Whether it still acknowledges SETTINGS: more PINGs than a few would be too many for a gRPC server."""
        self.send(settings())
        return self.read_until(lambda got: got.kind == SETTINGS and got.flags & ACK, timeout) is not None

    def answers_ping(self, text=b"are you?", timeout=None):
        self.send(ping(text))
        return self.read_until(lambda f: f.kind == PING and f.flags & ACK and f.payload == text, timeout) is not None

    def status(self, stream, timeout=None):
        """grpc-status of the call on `stream`, `RST_STREAM code`, or None when the connection ends first."""
        while (got := self.read(timeout)) is not None:
            if got.kind == DATA and got.payload:
                self.send(window_update(0, len(got.payload)) + window_update(got.stream, len(got.payload)))
            if got.kind == HEADERS:
                if got.stream == stream and got.flags & END_STREAM:
                    text = got.fields.get("grpc-status")
                    return None if text is None else int(text)
            if got.kind == RST_STREAM and got.stream == stream:
                return f"RST_STREAM {got.code}"
            if got.kind == GOAWAY and got.code != "NO_ERROR":
                return f"GOAWAY {got.code}"
        return None
