"""Every case of gRPC's interop-test-descriptions.md: our client to grpcio's server, grpcio's client to ours."""

import threading

import grpc
import pytest

from interop_fixtures import CASES, INITIAL, TRAILING, grpcio_server, load_stubs, run_case, serving

# They ask the server to tell how a request came, which grpcio does not know; grpcio's client asks ours.
NOT_FOR_GRPCIO = {"client_compressed_unary", "client_compressed_streaming"}


@pytest.fixture(scope="module")
def stubs(tmp_path_factory):
    return load_stubs(tmp_path_factory.mktemp("interop"))


@pytest.fixture(scope="module", params=["plaintext", "tls"])
def grpcio_port(request, stubs, certificate):
    """A server of grpcio's, and what our client must trust for it."""
    tls = certificate if request.param == "tls" else None
    with grpcio_server(*stubs, certificate=tls) as port:
        yield port, [tls[0]] if tls else []


@pytest.mark.parametrize("case", [case for case in CASES if case not in NOT_FOR_GRPCIO])
def test_our_client(interop_peer, grpcio_port, case):
    port, roots = grpcio_port
    assert run_case(interop_peer, "call", case, "localhost", port, *roots) == f"passed {case}"


def test_our_cases_are_all(interop_peer):
    assert run_case(interop_peer, "cases").split() == CASES


@pytest.fixture(scope="module", params=["plaintext", "tls"])
def channel(request, interop_peer, certificate):
    """A channel of grpcio's to our server."""
    tls = certificate if request.param == "tls" else None
    with serving(interop_peer, "serve", 0, *(tls or [])) as port:
        address = f"localhost:{port}"
        if tls:
            roots = grpc.ssl_channel_credentials(tls[0].read_bytes())
            opened = grpc.secure_channel(address, roots)
        else:
            opened = grpc.insecure_channel(address)
        with opened:
            yield opened


@pytest.fixture
def stub(channel, stubs):
    return stubs[1].TestServiceStub(channel)


@pytest.fixture
def m(stubs):
    return stubs[0]


def large(m, **fields):
    return m.SimpleRequest(response_size=314159, payload=m.Payload(body=bytes(271828)), **fields)


def output(m, *sizes, **fields):
    parameters = [m.ResponseParameters(size=size) for size in sizes]
    return m.StreamingOutputCallRequest(response_parameters=parameters, **fields)


def sizes(responses):
    found = [response.payload.body for response in responses]
    assert all(body == bytes(len(body)) for body in found)
    return [len(body) for body in found]


def code_of(call):
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code(), caught.value.details()


def test_empty_unary(stub, m):
    assert stub.EmptyCall(m.Empty(), timeout=60) == m.Empty()


def test_large_unary(stub, m):
    assert stub.UnaryCall(large(m), timeout=60).payload.body == bytes(314159)


def test_concurrent_large_unary(stub, m):
    calls = [stub.UnaryCall.future(large(m), timeout=100) for _ in range(200)]
    assert all(call.result().payload.body == bytes(314159) for call in calls)


def test_rpc_soak(stub, m):
    for _ in range(100):
        assert stub.UnaryCall(large(m), timeout=60).payload.body == bytes(314159)


def test_channel_soak(interop_peer, stubs, m):
    with serving(interop_peer, "serve") as port:
        for _ in range(100):
            settings = [("grpc.use_local_subchannel_pool", 1)]
            with grpc.insecure_channel(f"localhost:{port}", settings) as channel:
                response = stubs[1].TestServiceStub(channel).UnaryCall(large(m), timeout=60)
                assert response.payload.body == bytes(314159)


@pytest.mark.parametrize("algorithm", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_client_compressed_unary(stub, m, algorithm):
    yes, no = m.BoolValue(value=True), m.BoolValue(value=False)
    probe = code_of(lambda: stub.UnaryCall(large(m, expect_compressed=yes), timeout=60))
    assert probe[0] is grpc.StatusCode.INVALID_ARGUMENT
    response = stub.UnaryCall(large(m, expect_compressed=yes), compression=algorithm, timeout=60)
    assert response.payload.body == bytes(314159)
    assert stub.UnaryCall(large(m, expect_compressed=no), timeout=60).payload.body == bytes(314159)


@pytest.mark.parametrize("compressed", [True, False])
def test_server_compressed_unary(stub, m, compressed):
    request = large(m, response_compressed=m.BoolValue(value=compressed))
    assert stub.UnaryCall(request, timeout=60).payload.body == bytes(314159)


def test_client_streaming(stub, m):
    requests = (m.StreamingInputCallRequest(payload=m.Payload(body=bytes(n))) for n in (27182, 8, 1828, 45904))
    assert stub.StreamingInputCall(requests, timeout=60).aggregated_payload_size == 74922


def test_client_compressed_streaming(stub, m):
    def request(size, compressed):
        return m.StreamingInputCallRequest(
            payload=m.Payload(body=bytes(size)), expect_compressed=m.BoolValue(value=compressed))

    probe = code_of(lambda: stub.StreamingInputCall(iter([request(27182, True)]), timeout=60))
    assert probe[0] is grpc.StatusCode.INVALID_ARGUMENT
    gzip = {"compression": grpc.Compression.Gzip, "timeout": 60}
    assert stub.StreamingInputCall(iter([request(27182, True)]), **gzip).aggregated_payload_size == 27182
    assert stub.StreamingInputCall(iter([request(45904, False)]), timeout=60).aggregated_payload_size == 45904


def test_server_streaming(stub, m):
    responses = stub.StreamingOutputCall(output(m, 31415, 9, 2653, 58979), timeout=60)
    assert sizes(responses) == [31415, 9, 2653, 58979]


def test_server_compressed_streaming(stub, m):
    request = output(m, 31415, 92653)
    request.response_parameters[0].compressed.value = True
    request.response_parameters[1].compressed.value = False
    assert sizes(stub.StreamingOutputCall(request, timeout=60)) == [31415, 92653]


def test_ping_pong(stub, m):
    answered = threading.Semaphore(1)
    pairs = [(31415, 27182), (9, 8), (2653, 1828), (58979, 45904)]

    def requests():
        for size, payload in pairs:
            assert answered.acquire(timeout=20)
            yield output(m, size, payload=m.Payload(body=bytes(payload)))

    found = []
    for response in stub.FullDuplexCall(requests(), timeout=60):
        found.append(len(response.payload.body))
        answered.release()
    assert found == [size for size, _ in pairs]


def test_half_duplex(stub, m):
    assert sizes(stub.HalfDuplexCall(iter([output(m, 31415), output(m, 9)]), timeout=60)) == [31415, 9]


def test_empty_stream(stub):
    assert list(stub.FullDuplexCall(iter([]), timeout=60)) == []


def test_custom_metadata(stub, m):
    metadata = [(INITIAL, "test_initial_metadata_value"), (TRAILING, b"\xab\xab\xab")]
    _, unary = stub.UnaryCall.with_call(large(m), metadata=metadata, timeout=60)
    request = output(m, 314159, payload=m.Payload(body=bytes(271828)))
    duplex = stub.FullDuplexCall(iter([request]), metadata=metadata, timeout=60)
    assert sizes(duplex) == [314159]
    for call in (unary, duplex):
        assert (INITIAL, "test_initial_metadata_value") in call.initial_metadata()
        assert (TRAILING, b"\xab\xab\xab") in call.trailing_metadata()


SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"


@pytest.mark.parametrize("message", ["test status message", SPECIAL])
def test_status_code_and_message(stub, m, message):
    status = m.EchoStatus(code=2, message=message)
    expected = (grpc.StatusCode.UNKNOWN, message)
    assert code_of(lambda: stub.UnaryCall(m.SimpleRequest(response_status=status), timeout=60)) == expected
    request = m.StreamingOutputCallRequest(response_status=status)
    assert code_of(lambda: list(stub.FullDuplexCall(iter([request]), timeout=60))) == expected


def test_unimplemented_method(stub, m):
    assert code_of(lambda: stub.UnimplementedCall(m.Empty(), timeout=60))[0] is grpc.StatusCode.UNIMPLEMENTED


def test_unimplemented_service(channel, stubs, m):
    missing = stubs[1].UnimplementedServiceStub(channel)
    assert code_of(lambda: missing.UnimplementedCall(m.Empty(), timeout=60))[0] is grpc.StatusCode.UNIMPLEMENTED


def test_cancel_after_begin(stub):
    may_end = threading.Event()

    def requests():
        may_end.wait(20)
        yield from ()

    call = stub.StreamingInputCall.future(requests())
    call.cancel()
    may_end.set()
    assert call.code() is grpc.StatusCode.CANCELLED


def test_cancel_after_first_response(stub, m):
    may_end = threading.Event()

    def requests():
        yield output(m, 31415, payload=m.Payload(body=bytes(27182)))
        may_end.wait(20)

    call = stub.FullDuplexCall(requests(), timeout=60)
    assert len(next(call).payload.body) == 31415
    call.cancel()
    may_end.set()
    assert code_of(lambda: next(call))[0] is grpc.StatusCode.CANCELLED


def test_timeout_on_sleeping_server(stub, m):
    may_end = threading.Event()

    def requests():
        yield output(m, payload=m.Payload(body=bytes(27182)))
        may_end.wait(20)

    call = stub.FullDuplexCall(requests(), timeout=0.001)
    assert code_of(lambda: list(call))[0] is grpc.StatusCode.DEADLINE_EXCEEDED
    may_end.set()
