"""A gRPC server and client of grpcio's for the echo service, and our EchoPeer for their other end."""

import contextlib
import importlib
import pathlib
import subprocess
import sys
import time
from concurrent import futures

import grpc
import grpc_tools.protoc

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "Tests" / "Support" / "EchoSchema"
MAX_MESSAGE_BYTES = 16 << 20
TIMEOUT_SECONDS = 60


def load_stubs(out):
    """The modules that grpcio-tools makes of echo.proto."""
    arguments = ["protoc", f"-I{SCHEMA}", f"--python_out={out}", f"--grpc_python_out={out}", "echo.proto"]
    assert grpc_tools.protoc.main(arguments) == 0
    sys.path.insert(0, str(out))
    return importlib.import_module("echo_pb2"), importlib.import_module("echo_pb2_grpc")


def make_certificate(folder):
    """A certificate for localhost that is its own root; returns the files of certificate and key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True)
    return certificate, key


class EchoServicer:
    """Answers as EchoHandler.swift does, written against grpcio."""

    def __init__(self, messages):
        self.messages = messages
        self.cancelled = 0

    def Get(self, request, context):
        self._obey(request, context)
        return self._response(request, 0)

    def Expand(self, request, context):
        self._echo_metadata(context)
        for index in range(request.count):
            yield self._response(request, index)
        self._obey(request, context)

    def Collect(self, requests, context):
        text, count = "", 0
        for request in requests:
            self._obey(request, context)
            text += request.text
            count += 1
        return self.messages.EchoResponse(text=text, index=count)

    def Chat(self, requests, context):
        context.add_callback(lambda: self._ended(context))
        for index, request in enumerate(requests):
            self._obey(request, context)
            yield self._response(request, index)

    def _ended(self, context):
        if context.code() is None:
            self.cancelled += 1

    def _obey(self, request, context):
        if request.delay_ms:
            time.sleep(min(request.delay_ms / 1000, 2))
        if request.status:
            code = next(c for c in grpc.StatusCode if c.value[0] == request.status)
            context.abort(code, request.status_message)

    def _echo_metadata(self, context):
        echoed = [(k, v) for k, v in context.invocation_metadata() if k.startswith("x-echo")]
        context.send_initial_metadata([(k, v) for k, v in echoed if not k.endswith("-bin")])
        context.set_trailing_metadata([(k, v) for k, v in echoed if k.endswith("-bin")])

    def _response(self, request, index):
        padding = b"\x5a" * request.padding_bytes
        return self.messages.EchoResponse(text=request.text, index=index, padding=padding)


@contextlib.contextmanager
def grpcio_server(messages, services, certificate=None):
    """A grpcio server on a port of its own; yields the port and the servicer."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    servicer = EchoServicer(messages)
    services.add_EchoServiceServicer_to_server(servicer, server)
    if certificate:
        chain, key = certificate
        credentials = grpc.ssl_server_credentials([(key.read_bytes(), chain.read_bytes())])
        port = server.add_secure_port("127.0.0.1:0", credentials)
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port, servicer
    finally:
        server.stop(grace=1).wait()


class PeerServer:
    """EchoPeer as a server; it ends when its standard input does. Limits are by name, times in milliseconds."""

    def __init__(self, binary, certificate=None, **limits):
        self.certificate = certificate[0] if certificate else None
        arguments = [str(file) for file in certificate] if certificate else []
        arguments += [f"{name}={value}" for name, value in limits.items()]
        self.process = subprocess.Popen(
            [str(binary), "serve", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        word, port = self.process.stdout.readline().split()
        assert word == "port"
        self.port = int(port)

    def channel(self, **options):
        settings = [("grpc.max_receive_message_length", MAX_MESSAGE_BYTES), *options.items()]
        address = f"localhost:{self.port}"
        if self.certificate is None:
            return grpc.insecure_channel(address, settings)
        roots = grpc.ssl_channel_credentials(self.certificate.read_bytes())
        return grpc.secure_channel(address, roots, settings)

    def stop(self):
        """Ends the server and tells whether it did so in order."""
        out, _ = self.process.communicate(timeout=TIMEOUT_SECONDS)
        return self.process.returncode == 0 and out == "stopped\n"


def call_peer(binary, check, port, roots=None):
    """Runs one check of EchoPeer's client; returns its report as a list of lines."""
    arguments = [str(binary), "call", check, str(port), *([str(roots)] if roots else [])]
    result = subprocess.run(arguments, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout.splitlines()
