"""google.rpc.Status in grpc-status-details-bin, both ways, against grpcio-status."""

import grpc
import pytest
from google.protobuf import any_pb2, duration_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from echo_fixtures import PeerServer, call_peer, grpcio_server


def rich_status(padding=0):
    detail = any_pb2.Any()
    detail.Pack(error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=7)))
    return status_pb2.Status(code=code_pb2.ABORTED, message="zajęte" + "." * padding, details=[detail])


@pytest.fixture(scope="module")
def echo(echo_peer, echo_stubs):
    server = PeerServer(echo_peer)
    messages, services = echo_stubs
    with server.channel() as channel:
        stub = services.EchoServiceStub(channel)
        stub.Request = messages.EchoRequest
        yield stub
    assert server.stop()


# Three lengths in a row, so that base64 of every length modulo three is sent.
@pytest.mark.parametrize("padding", [0, 1, 2, 1000])
def test_our_server_sends_what_grpcio_status_reads(echo, padding):
    status = rich_status(padding)
    with pytest.raises(grpc.RpcError) as caught:
        echo.Get(echo.Request(
            status=status.code, status_message=status.message, status_details=status.SerializeToString()))
    assert rpc_status.from_call(caught.value) == status


def test_details_over_the_limit_leave_the_status_alone(echo):
    with pytest.raises(grpc.RpcError) as caught:
        echo.Get(echo.Request(status=10, status_message="busy", status_details=b"\x5a" * 100_000))
    assert caught.value.code() is grpc.StatusCode.ABORTED
    assert caught.value.details() == "busy"
    assert all(name != "grpc-status-details-bin" for name, _ in caught.value.trailing_metadata() or ())


@pytest.mark.parametrize("padding", [0, 1, 2, 1000])
def test_our_client_reads_what_grpcio_status_sends(echo_peer, echo_stubs, padding):
    messages, services = echo_stubs
    status = rich_status(padding)
    with grpcio_server(messages, services) as (port, servicer):
        servicer._obey = lambda request, context: context.abort_with_status(rpc_status.to_status(status))
        report = call_peer(echo_peer, "status", port)
    assert report[0] == f"status ABORTED {status.message}"
    name, details = report[1].split()
    assert name == "details"
    assert status_pb2.Status.FromString(bytes.fromhex(details)) == status
