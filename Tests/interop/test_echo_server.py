"""A grpcio client against our server: all four kinds, statuses, metadata, deadline, cancellation, limits."""

import threading

import grpc
import pytest

from echo_fixtures import PeerServer


@pytest.fixture(scope="module", params=["plaintext", "tls"])
def server(request, echo_peer, certificate):
    server = PeerServer(echo_peer, certificate if request.param == "tls" else None)
    yield server
    assert server.stop()


@pytest.fixture
def echo(server, echo_stubs):
    messages, services = echo_stubs
    with server.channel() as channel:
        stub = services.EchoServiceStub(channel)
        stub.Request = messages.EchoRequest
        stub.channel = channel
        yield stub


def test_unary(echo):
    response = echo.Get(echo.Request(text="hé 🐦", padding_bytes=1_000_000))
    assert response.text == "hé 🐦"
    assert response.padding == b"\x5a" * 1_000_000


def test_server_streaming(echo):
    responses = list(echo.Expand(echo.Request(text="s", count=1000, padding_bytes=1000)))
    assert [r.index for r in responses] == list(range(1000))
    assert all(len(r.padding) == 1000 for r in responses)


def test_client_streaming(echo):
    response = echo.Collect(echo.Request(text=f"{n},") for n in range(1000))
    assert response.text == "".join(f"{n}," for n in range(1000))
    assert response.index == 1000


def test_bidirectional_in_step(echo):
    answered = threading.Semaphore(1)

    def requests():
        for number in range(200):
            assert answered.acquire(timeout=20)
            yield echo.Request(text=str(number))

    for number, response in enumerate(echo.Chat(requests())):
        assert response.text == str(number)
        answered.release()
    assert number == 199


def test_every_status_with_a_message_that_is_not_ascii(echo):
    for code in grpc.StatusCode:
        if code is grpc.StatusCode.OK:
            continue
        message = f"łódź {code.name} 100% ☂\r\n"
        with pytest.raises(grpc.RpcError) as caught:
            echo.Get(echo.Request(status=code.value[0], status_message=message))
        assert caught.value.code() is code
        assert caught.value.details() == message


def test_a_status_after_responses(echo):
    responses = []
    with pytest.raises(grpc.RpcError) as caught:
        for response in echo.Expand(echo.Request(count=3, status=10, status_message="enough")):
            responses.append(response)
    assert len(responses) == 3
    assert caught.value.code() is grpc.StatusCode.ABORTED


def test_metadata_of_both_kinds(echo):
    sent = [("x-echo-text", "a, b"), ("x-echo-one-bin", bytes(range(256))), ("x-echo-two-bin", b"")]
    call = echo.Expand(echo.Request(count=1), metadata=sent)
    assert len(list(call)) == 1
    assert ("x-echo-text", "a, b") in call.initial_metadata()
    trailing = dict(call.trailing_metadata())
    assert trailing["x-echo-one-bin"] == bytes(range(256))
    assert trailing["x-echo-two-bin"] == b""


def test_deadline(echo):
    with pytest.raises(grpc.RpcError) as caught:
        echo.Get(echo.Request(delay_ms=20_000), timeout=0.2)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_cancellation(echo):
    requests = iter([echo.Request(text="before"), echo.Request(delay_ms=60_000)])
    call = echo.Chat(requests)
    assert next(call).text == "before"
    call.cancel()
    with pytest.raises(grpc.RpcError) as caught:
        next(call)
    assert caught.value.code() is grpc.StatusCode.CANCELLED
    assert echo.Get(echo.Request(text="after")).text == "after"


def test_a_request_over_the_limit_harms_no_other_call(echo):
    bystander_may_end = threading.Event()

    def requests():
        yield echo.Request(text="first")
        bystander_may_end.wait(20)
        yield echo.Request(text="last")

    bystander = echo.Chat(requests())
    assert next(bystander).text == "first"
    with pytest.raises(grpc.RpcError) as caught:
        echo.Get(echo.Request(padding=b"\0" * (1 << 20)))
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    bystander_may_end.set()
    assert next(bystander).text == "last"
    assert list(bystander) == []


def test_a_method_that_is_not_there(echo):
    call = echo.channel.unary_unary("/martlet.test.v1.EchoService/Missing")
    with pytest.raises(grpc.RpcError) as caught:
        call(b"")
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_request_that_is_no_message(echo):
    call = echo.channel.unary_unary("/martlet.test.v1.EchoService/Get")
    with pytest.raises(grpc.RpcError) as caught:
        call(b"\x0a\xff not a message")
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert "EchoRequest" in caught.value.details()


@pytest.mark.parametrize("algorithm", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_compressed_requests(echo, algorithm):
    response = echo.Get(echo.Request(text="x" * 10_000), compression=algorithm)
    assert response.text == "x" * 10_000
    requests = (echo.Request(text=f"{n}," * 100) for n in range(100))
    response = echo.Collect(requests, compression=algorithm)
    assert response.text == "".join(f"{n}," * 100 for n in range(100))


def test_many_calls_at_once(echo):
    calls = [echo.Get.future(echo.Request(text=str(n), padding_bytes=1000)) for n in range(1000)]
    assert [call.result(timeout=60).text for call in calls] == [str(n) for n in range(1000)]
