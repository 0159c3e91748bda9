"""gRPC's interoperability tests: our InteropPeer, and a server of grpcio's, for each other's cases."""

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
SCHEMA = ROOT / "Tests" / "Support" / "InteropSchema"
TIMEOUT_SECONDS = 100
INITIAL, TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"

# The names of interop-test-descriptions.md.
CASES = [
    "empty_unary", "large_unary", "client_compressed_unary", "server_compressed_unary", "client_streaming",
    "client_compressed_streaming", "server_streaming", "server_compressed_streaming", "ping_pong",
    "half_duplex", "empty_stream", "custom_metadata", "status_code_and_message", "special_status_message",
    "unimplemented_method", "unimplemented_service", "cancel_after_begin", "cancel_after_first_response",
    "timeout_on_sleeping_server", "concurrent_large_unary", "rpc_soak", "channel_soak",
]


def load_stubs(out):
    """The modules that grpcio-tools makes of interop.proto."""
    arguments = ["protoc", f"-I{SCHEMA}", f"--python_out={out}", f"--grpc_python_out={out}", "interop.proto"]
    assert grpc_tools.protoc.main(arguments) == 0
    sys.path.insert(0, str(out))
    return importlib.import_module("interop_pb2"), importlib.import_module("interop_pb2_grpc")


class Servicer:
    """Answers as the descriptions say. grpcio does not tell how a request came, so it expects nothing."""

    def __init__(self, messages):
        self.messages = messages

    def EmptyCall(self, request, context):
        return self.messages.Empty()

    def UnaryCall(self, request, context):
        self._echo(request, context)
        if request.response_compressed.value:
            context.set_compression(grpc.Compression.Gzip)
        return self.messages.SimpleResponse(payload=self._payload(request.response_size))

    def StreamingOutputCall(self, request, context):
        yield from self._answer(request, context)

    def StreamingInputCall(self, requests, context):
        size = sum(len(request.payload.body) for request in requests)
        return self.messages.StreamingInputCallResponse(aggregated_payload_size=size)

    def FullDuplexCall(self, requests, context):
        for request in requests:
            yield from self._answer(request, context)

    def HalfDuplexCall(self, requests, context):
        for request in list(requests):
            yield from self._answer(request, context)

    def UnimplementedCall(self, request, context):
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "this method is there to be missing")

    def _answer(self, request, context):
        self._echo(request, context)
        if any(parameters.compressed.value for parameters in request.response_parameters):
            context.set_compression(grpc.Compression.Gzip)
        for parameters in request.response_parameters:
            time.sleep(parameters.interval_us / 1e6)
            if not parameters.compressed.value:
                context.disable_next_message_compression()
            yield self.messages.StreamingOutputCallResponse(payload=self._payload(parameters.size))

    def _echo(self, request, context):
        """The metadata that came, and the status asked for."""
        received = list(context.invocation_metadata())
        context.set_trailing_metadata([(k, v) for k, v in received if k == TRAILING])
        if leading := [(k, v) for k, v in received if k == INITIAL]:
            context.send_initial_metadata(leading)
        if request.response_status.code:
            code = next(c for c in grpc.StatusCode if c.value[0] == request.response_status.code)
            context.abort(code, request.response_status.message)

    def _payload(self, size):
        return self.messages.Payload(body=bytes(size))


@contextlib.contextmanager
def grpcio_server(messages, services, certificate=None):
    """A grpcio server on a port of its own; yields the port."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    services.add_TestServiceServicer_to_server(Servicer(messages), server)
    if certificate:
        chain, key = certificate
        credentials = grpc.ssl_server_credentials([(key.read_bytes(), chain.read_bytes())])
        port = server.add_secure_port("127.0.0.1:0", credentials)
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(grace=1).wait()


@contextlib.contextmanager
def serving(*command):
    """A server that tells its port first and ends when its standard input does; yields the port."""
    process = subprocess.Popen(
        [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    word, port = process.stdout.readline().split()
    assert word == "port"
    try:
        yield int(port)
    finally:
        out, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 0 and out == "stopped\n"


def run_case(*command):
    """Runs a client that prints what it passed, or why not."""
    result = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    return result.stdout.strip() or result.stderr
