"""Health, reflection and status details of our server, asked by grpcio's own packages for them."""

import importlib
import json
import pathlib
import sys

import grpc
import grpc_tools.protoc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from echo_fixtures import PeerServer, ROOT, SCHEMA, TIMEOUT_SECONDS

SERVICES = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection", "martlet.test.v1.EchoService"]
OURS = ROOT / "Sources" / "MartletServices" / "Schema"


@pytest.fixture(scope="module")
def channel(binaries):
    peer = PeerServer(binaries / "EchoPeer")
    with grpc.insecure_channel(f"127.0.0.1:{peer.port}") as channel:
        yield channel
    peer.stop()


@pytest.fixture(scope="module")
def reflection(tmp_path_factory):
    """Messages and stubs that grpcio-tools makes of our own reflection.proto, version 1."""
    out = tmp_path_factory.mktemp("reflection")
    file = "grpc/reflection/v1/reflection.proto"
    # Its package shares a name with the installed `grpc`, so the text is compiled under another path.
    text = (OURS / file).read_text().replace("option swift_prefix", "// option swift_prefix")
    (out / "reflection_v1.proto").write_text(text)
    arguments = ["protoc", f"-I{out}", f"--python_out={out}", f"--grpc_python_out={out}", "reflection_v1.proto"]
    assert grpc_tools.protoc.main(arguments) == 0
    sys.path.insert(0, str(out))
    return importlib.import_module("reflection_v1_pb2"), importlib.import_module("reflection_v1_pb2_grpc")


def described_by_protoc(folder, include, file, out):
    """protoc's descriptor of a schema file."""
    arguments = ["protoc", f"-I{folder}", f"-I{include}", f"--descriptor_set_out={out}", file]
    assert grpc_tools.protoc.main(arguments) == 0
    return descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(out).read_bytes()).file[0]


# Health.


def test_health_of_the_server_and_of_its_services(channel):
    health = health_pb2_grpc.HealthStub(channel)
    for service in ["", "martlet.test.v1.EchoService"]:
        response = health.Check(health_pb2.HealthCheckRequest(service=service), timeout=TIMEOUT_SECONDS)
        assert response.status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as error:
        health.Check(health_pb2.HealthCheckRequest(service="nobody"), timeout=TIMEOUT_SECONDS)
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_health_watch_until_the_server_stops(binaries):
    peer = PeerServer(binaries / "EchoPeer")
    with grpc.insecure_channel(f"127.0.0.1:{peer.port}") as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(
            health_pb2.HealthCheckRequest(), timeout=TIMEOUT_SECONDS)
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        peer.process.stdin.close()
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
        with pytest.raises(grpc.RpcError) as error:
            next(watch)
        assert error.value.code() == grpc.StatusCode.UNAVAILABLE
    assert peer.process.wait(TIMEOUT_SECONDS) == 0


def test_no_call_of_a_stock_client_that_checks_health_fails_when_a_server_stops(binaries, echo_stubs):
    """grpcio's round-robin, told to watch each server's health, calls the other one."""
    messages, services = echo_stubs
    peers = [PeerServer(binaries / "EchoPeer") for _ in range(2)]
    config = {"loadBalancingConfig": [{"round_robin": {}}], "healthCheckConfig": {"serviceName": ""}}
    target = "ipv4:" + ",".join(f"127.0.0.1:{peer.port}" for peer in peers)
    with grpc.insecure_channel(target, [("grpc.service_config", json.dumps(config))]) as channel:
        stub = services.EchoServiceStub(channel)

        def call(**options):
            stub.Get(messages.EchoRequest(), timeout=TIMEOUT_SECONDS, **options)

        for _ in range(20):
            call(wait_for_ready=True)
        peers[0].process.stdin.close()
        failures = []
        while peers[0].process.poll() is None:
            try:
                call()
            except grpc.RpcError as error:
                failures.append(error)
        assert failures == []
        for _ in range(20):
            call()
    assert peers[0].process.returncode == 0
    assert peers[1].stop()


# Reflection.


def test_a_stock_reflection_client_lists_and_describes_all(channel):
    database = ProtoReflectionDescriptorDatabase(channel)
    assert sorted(database.get_services()) == SERVICES
    pool = descriptor_pool.DescriptorPool(database)
    for name in SERVICES:
        service = pool.FindServiceByName(name)
        for method in service.methods:
            assert method.input_type.fields_by_name is not None
            assert method.output_type.file.name in (service.file.name,)


def test_a_call_made_from_nothing_but_reflection(channel):
    pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
    method = pool.FindServiceByName("martlet.test.v1.EchoService").FindMethodByName("Get")
    request = message_factory.GetMessageClass(method.input_type)(text="found by reflection")
    response_class = message_factory.GetMessageClass(method.output_type)
    call = channel.unary_unary(
        "/martlet.test.v1.EchoService/Get",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=response_class.FromString)
    assert call(request, timeout=TIMEOUT_SECONDS).text == "found by reflection"


def test_descriptors_equal_protocs(channel, tmp_path):
    pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
    shown = descriptor_pb2.FileDescriptorProto()
    pool.FindFileByName("echo.proto").CopyToProto(shown)
    expected = described_by_protoc(SCHEMA, SCHEMA, "echo.proto", tmp_path / "set")
    for descriptor in (shown, expected):
        clear_json_names(descriptor)
    assert shown == expected


def clear_json_names(file):
    """What the pool's copy leaves out where it follows from the name."""
    for message in file.message_type:
        for field in message.field:
            field.ClearField("json_name")


def test_version_1_answers_as_1alpha_does(channel, reflection):
    messages, services = reflection
    request = messages.ServerReflectionRequest

    def ask(*requests):
        stub = services.ServerReflectionStub(channel)
        return list(stub.ServerReflectionInfo(iter(requests), timeout=TIMEOUT_SECONDS))

    listed, found, missing = ask(
        request(list_services=""), request(file_containing_symbol="martlet.test.v1.EchoService.Chat"),
        request(file_by_filename="nowhere.proto"))
    assert [s.name for s in listed.list_services_response.service] == SERVICES
    file, = found.file_descriptor_response.file_descriptor_proto
    assert descriptor_pb2.FileDescriptorProto.FromString(file).name == "echo.proto"
    assert missing.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
    assert missing.original_request.file_by_filename == "nowhere.proto"
