"""Bad bytes, a full disk, a damaged file: a clear error each, everything else unharmed."""

import os
import resource
import socket
import struct
import uuid

import grpc
import pytest

from martletd import Martletd
from people import Person, encode
from raw_http2 import PREFACE, RawCall, connect, frame, message, read_to_end
from workouts import made

GET_PROFILE = "/martlet.v1.AccountService/GetProfile"
LOG_IN = "/martlet.v1.AccountService/LogIn"
INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE = 3, 8, 12, 13, 14


@pytest.fixture
def bystander(api, shared_server):
    """Somebody with a stream open from before the attack until after it, whom it must not touch."""
    samples = made(100)
    with shared_server.channel() as channel:
        person = Person(api, channel)
        activity_id = str(uuid.uuid4())
        gate = _Gate()

        def requests():
            yield person.open(activity_id, samples[0]["time_ms"])
            yield api.TrackRequest(batch=api.TrackBatch(samples=encode(api, samples[:50])))
            gate.wait()
            yield api.TrackRequest(batch=api.TrackBatch(
                first_sequence=50, samples=encode(api, samples[50:])))

        call = person.live.Track(requests(), metadata=person.token, timeout=60)
        assert next(call).HasField("opened")
        yield person
        gate.open()
        acked = 0
        for response in call:
            acked = max(acked, response.ack.next_sequence)
            if acked == len(samples):
                break
        assert acked == len(samples)
        assert person.track(activity_id) == samples


class _Gate:
    def __init__(self):
        import threading
        self._event = threading.Event()
        self.wait, self.open = self._event.wait, self._event.set


@pytest.mark.parametrize("garbage", [b"\x00" * 64, os.urandom(512), b"GET / HTTP/1.1\r\n\r\n", PREFACE])
def test_bytes_that_are_not_tls_close_that_connection_only(bystander, shared_server, garbage):
    with socket.create_connection(("127.0.0.1", shared_server.port), timeout=20) as connection:
        connection.sendall(garbage)
        read_to_end(connection)
    assert shared_server.is_running()


def test_a_browsers_get_gets_an_ordinary_answer(bystander, shared_server):
    with connect(shared_server, alpn=("http/1.1",)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = read_to_end(connection)
    assert answer.startswith(b"HTTP/1.1 200 ")
    head, body = answer.split(b"\r\n\r\n", 1)
    assert b"gRPC" in body
    assert f"content-length: {len(body)}".encode() in head.lower()


def test_a_get_over_http2_gets_an_ordinary_answer(bystander, shared_server):
    call = RawCall(shared_server, "/", method="GET", content_type="text/html")
    call.send(b"", end=True)
    call.finish()
    assert call.headers[":status"] == "200" and call.body


def test_a_wrong_content_type_is_415(bystander, shared_server):
    call = RawCall(shared_server, GET_PROFILE, content_type="application/json")
    call.send(b"{}", end=True)
    call.finish()
    assert call.headers[":status"] == "415"


@pytest.mark.parametrize("first", [
    b"not the preface at all, but long enough to be one",
    PREFACE + frame(0x1, 0x5, 1, b"\xff" * 20)[:-7],        # a HEADERS frame cut off
    PREFACE + frame(0x4, 0, 0, b"\x00" * 5),                # SETTINGS of a wrong size
    PREFACE + frame(0x4, 0, 0, b"") + b"\xff\xff\xff\x00\x00\x00\x00\x00\x01" + b"x" * 4096,
    PREFACE + frame(0x4, 0, 0, b"") + frame(0x1, 0x5, 1, b"\xff\xff\xff\xff\xff\xff"),  # bad HPACK
    PREFACE + frame(0x4, 0, 0, b"") + frame(0x0, 0, 0, b"data on stream 0"),
])
def test_broken_http2_closes_that_connection_only(bystander, shared_server, first):
    with connect(shared_server) as connection:
        connection.sendall(first)
        connection.shutdown(socket.SHUT_WR)
        read_to_end(connection)
    assert shared_server.is_running()


@pytest.mark.parametrize("length", [(4 << 20) + 1, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_length_prefix_over_the_limit_is_resource_exhausted(bystander, shared_server, length):
    call = RawCall(shared_server, LOG_IN)
    call.send(message(b"x" * 10, length=length))
    status, text = call.finish()
    assert status == RESOURCE_EXHAUSTED and str(length) in text


def test_a_length_prefix_longer_than_the_stream_is_an_error(bystander, shared_server):
    call = RawCall(shared_server, LOG_IN)
    call.send(message(b"x" * 10, length=100), end=True)
    status, text = call.finish()
    assert status in (INTERNAL, INVALID_ARGUMENT) and text


def test_no_message_at_all_is_an_error(bystander, shared_server):
    call = RawCall(shared_server, LOG_IN)
    call.send(b"", end=True)
    status, text = call.finish()
    assert status in (INTERNAL, INVALID_ARGUMENT, UNIMPLEMENTED) and text


def test_a_compressed_message_without_an_encoding_is_an_error(bystander, shared_server):
    call = RawCall(shared_server, LOG_IN)
    call.send(message(b"x" * 10, compressed=1), end=True)
    status, text = call.finish()
    assert status in (INTERNAL, UNIMPLEMENTED) and text


@pytest.mark.parametrize("payload", [
    b"\xff" * 30, b"\x0a\xff\xff\xff\xff\x0f", b"\x0a\x05ab", b"\x0a\x02\xc3\x28", b"\x00", b"\x0b"])
def test_a_malformed_message_is_an_error(bystander, shared_server, payload):
    call = RawCall(shared_server, LOG_IN)
    call.send(message(payload), end=True)
    status, text = call.finish()
    assert status in (INTERNAL, INVALID_ARGUMENT) and text


@pytest.mark.parametrize("timeout", ["", "1", "S", "123456789S", "-1S", "1x", "1 S"])
def test_a_malformed_timeout_is_an_error(bystander, shared_server, timeout):
    call = RawCall(shared_server, LOG_IN, ("grpc-timeout", timeout))
    call.send(message(b""), end=True)
    status, text = call.finish()
    assert status in (INTERNAL, INVALID_ARGUMENT) and "timeout" in text


def test_a_peer_that_vanishes_in_the_middle_costs_nothing(bystander, shared_server):
    for _ in range(20):
        call = RawCall(shared_server, LOG_IN)
        call.send(message(b"x" * 10, length=1000))
        call.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        call.socket.close()
    assert shared_server.is_running()


def limited(server, bytes_):
    """A server whose files cannot grow over a size, which is what a full disk looks like."""
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (bytes_, bytes_))


def test_a_full_disk_refuses_and_loses_nothing_it_acknowledged(api, server):
    samples = made(40_000)
    activity_id, acked = str(uuid.uuid4()), 0
    with server.channel() as channel:
        person = Person(api, channel)
        bucket_bytes = max(f.stat().st_size for f in server.data.rglob("*") if f.is_file())
        limited(server, bucket_bytes + 65_536)

        def requests():
            yield person.open(activity_id, samples[0]["time_ms"])
            for first in range(0, len(samples), 500):
                yield api.TrackRequest(batch=api.TrackBatch(
                    first_sequence=first, samples=encode(api, samples[first:first + 500])))

        with pytest.raises(grpc.RpcError) as caught:
            for response in person.live.Track(requests(), metadata=person.token, timeout=60):
                acked = max(acked, response.ack.next_sequence)
                if acked == len(samples):
                    break
        assert caught.value.code() in (
            grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED), caught.value
        assert "disk" in caught.value.details()
        assert server.is_running()
        assert person.accounts.GetProfile(
            api.GetProfileRequest(), metadata=person.token).user == person.user
        assert person.track(activity_id)[:acked] == samples[:acked]
    assert 0 < acked < len(samples)
    server.kill()
    server.start()
    with server.channel() as channel:
        person.use(channel)
        stored = person.track(activity_id)
        assert len(stored) >= acked and stored == samples[:len(stored)]
        person.record(samples[:5000], batch_size=500)


def test_a_damaged_bucket_file_harms_its_users_only(api, server):
    people = {}
    with server.channel() as channel:
        for _ in range(6):
            person = Person(api, channel)
            people[person.username] = (person, person.record(made(50))[0])
    assert server.stop() == 0
    buckets = sorted(server.data.rglob("bucket-*.db"))
    holding = [b for b in buckets if next(iter(people.values()))[0].username in _text(b)]
    assert holding, f"no bucket file holds the user: {buckets}"
    for file in holding:
        for extra in file.parent.glob(file.name + "-*"):
            extra.unlink()
        size = file.stat().st_size
        file.write_bytes(os.urandom(size))
    server.start()
    codes = []
    with server.channel() as channel:
        for person, activity_id in people.values():
            person.use(channel)
            try:
                assert person.track(activity_id) == made(50)
                codes.append("ok")
            except grpc.RpcError as error:
                assert error.code() in (
                    grpc.StatusCode.DATA_LOSS, grpc.StatusCode.UNAVAILABLE), error
                codes.append("damaged")
    assert codes[0] == "damaged" and "ok" in codes
    assert server.is_running()
    assert "damaged" in server.log_text()


def _text(file):
    return file.read_bytes().decode("latin-1")
