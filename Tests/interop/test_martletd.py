"""martletd as an operator meets it: flags, environment, start-up errors, signals."""

import os
import re
import signal
import socket
import ssl
import subprocess
import time

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from echo_fixtures import make_certificate

SECONDS = 30


@pytest.fixture
def start(binaries, tmp_path):
    """Starts martletd with the given arguments; it is killed at the end if it still runs."""
    started = []

    def start(*arguments, environment=()):
        process = subprocess.Popen(
            [binaries / "martletd", *map(str, arguments)], text=True, cwd=tmp_path,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={k: v for k, v in os.environ.items() if not k.startswith("MARTLETD_")}
            | dict(environment))
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def address(process):
    line = process.stdout.readline()
    assert (found := re.fullmatch(r"listening on (.+):(\d+)\n", line)), line
    return found[1], int(found[2])


def refused(process, code, *words):
    _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == code, errors
    for word in words:
        assert word in errors, errors


def test_the_first_start_makes_directory_key_and_certificate(start, tmp_path):
    server = start("--data", "new/data", "--listen", "127.0.0.1:0")
    host, port = address(server)
    assert host == "127.0.0.1" and port > 0
    assert server.stdout.readline() == "certificate new/data/tls/certificate.pem\n"
    data = tmp_path / "new" / "data"
    for secret in [data / "signing-key.pem", data / "tls" / "key.pem"]:
        assert secret.stat().st_mode & 0o777 == 0o600
    assert data.stat().st_mode & 0o777 == 0o700
    certificate = (data / "tls" / "certificate.pem").read_bytes()
    credentials = grpc.ssl_channel_credentials(certificate)
    with grpc.secure_channel(f"localhost:{port}", credentials) as channel:
        grpc.channel_ready_future(channel).result(SECONDS)
    server.send_signal(signal.SIGTERM)
    assert server.wait(SECONDS) == 0
    again = start("--data", "new/data", "--listen", "127.0.0.1:0")
    address(again)
    assert (data / "tls" / "certificate.pem").read_bytes() == certificate


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_with_0(start, stop):
    server = start("--data", "data", "--listen", "127.0.0.1:0")
    address(server)
    server.send_signal(stop)
    _, log = server.communicate(timeout=SECONDS)
    assert server.returncode == 0
    assert "stopped" in log


def test_a_second_signal_ends_it_at_once(start):
    server = start("--data", "data", "--listen", "127.0.0.1:0", "--plaintext")
    _, port = address(server)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        grpc.channel_ready_future(channel).result(SECONDS)
        # Stopped in its tracks, so that both signals wait for it when it goes on.
        server.send_signal(signal.SIGSTOP)
        server.send_signal(signal.SIGTERM)
        server.send_signal(signal.SIGINT)
        server.send_signal(signal.SIGCONT)
        code = server.wait(SECONDS)
    # Which of the two is seen first is the kernel's choice.
    assert code in (128 + signal.SIGTERM, 128 + signal.SIGINT, 0)


def test_health_is_asked_without_a_token_and_says_when_it_stops(start):
    server = start("--data", "data", "--listen", "127.0.0.1:0", "--plaintext")
    _, port = address(server)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(
            health_pb2.HealthCheckRequest(service="martlet.v1.LiveService"), timeout=SECONDS)
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        server.send_signal(signal.SIGTERM)
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING


def test_reflection_only_where_it_is_asked_for(start):
    shy = start("--data", "shy", "--listen", "127.0.0.1:0", "--plaintext")
    open_ = start("--data", "open", "--listen", "127.0.0.1:0", "--plaintext", "--reflection")
    _, port = address(open_)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        services = ProtoReflectionDescriptorDatabase(channel).get_services()
    assert "martlet.v1.LiveService" in services and "grpc.health.v1.Health" in services
    _, port = address(shy)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel, pytest.raises(grpc.RpcError) as error:
        ProtoReflectionDescriptorDatabase(channel).get_services()
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_several_addresses_and_a_unix_socket(start, tmp_path):
    server = start("--data", "data", "--listen", "127.0.0.1:0", "--listen", "unix:api.sock")
    _, port = address(server)
    assert server.stdout.readline() == "listening on unix:api.sock\n"
    certificate = server.stdout.readline().split()[1]
    credentials = grpc.ssl_channel_credentials((tmp_path / certificate).read_bytes())
    check = health_pb2.HealthCheckRequest()
    with grpc.secure_channel(f"localhost:{port}", credentials) as channel:
        assert health_pb2_grpc.HealthStub(channel).Check(check, timeout=SECONDS).status == 1
    with grpc.insecure_channel(f"unix:{tmp_path}/api.sock") as channel:
        assert health_pb2_grpc.HealthStub(channel).Check(check, timeout=SECONDS).status == 1
    server.send_signal(signal.SIGTERM)
    assert server.wait(SECONDS) == 0
    assert not (tmp_path / "api.sock").exists()


def test_sighup_reads_the_certificate_again(start, tmp_path):
    old, key = make_certificate(tmp_path)
    server = start("--data", "data", "--listen", "127.0.0.1:0", "--tls-certificate", old, "--tls-key", key)
    _, port = address(server)

    def shown():
        return ssl.get_server_certificate(("localhost", port), timeout=SECONDS)

    before = shown()
    (tmp_path / "new").mkdir()
    for file, place in zip(make_certificate(tmp_path / "new"), (old, key)):
        file.rename(place)
    server.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + SECONDS
    while shown() == before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert shown() == old.read_text() != before
    old.write_text("no certificate")
    server.send_signal(signal.SIGHUP)
    while "certificate-not-reloaded" not in server.stderr.readline():
        pass
    assert shown() != before


def test_flags_win_over_the_environment(start, tmp_path):
    environment = {
        "MARTLETD_DATA": str(tmp_path / "a"), "MARTLETD_LISTEN": "127.0.0.1:0",
        "MARTLETD_LOOPS": "1", "MARTLETD_PLAINTEXT": "1", "MARTLETD_LOG_LEVEL": "warning"}
    server = start("--data", tmp_path / "b", environment=environment.items())
    address(server)
    assert not (tmp_path / "a").exists() and (tmp_path / "b").exists()
    assert not (tmp_path / "b" / "tls").exists()
    server.terminate()
    _, log = server.communicate(timeout=SECONDS)
    assert "notice" not in log


def test_ipv6_and_names(start):
    six = start("--data", "six", "--listen", "[::1]:0", "--plaintext")
    assert six.stdout.readline().startswith("listening on [::1]:")
    name = start("--data", "name", "--listen", "localhost:0", "--plaintext")
    assert address(name)[0] == "127.0.0.1"


def test_two_servers_do_not_share_data(start):
    first = start("--data", "data", "--listen", "127.0.0.1:0")
    address(first)
    refused(start("--data", "data", "--listen", "127.0.0.1:0"), 75, "data", "in use")
    assert first.poll() is None


@pytest.mark.parametrize("loops", [1, 4])
def test_a_port_in_use_is_refused_by_its_name(start, loops):
    first = start("--data", "first", "--listen", "127.0.0.1:0", "--loops", loops)
    _, port = address(first)
    second = start("--data", "second", "--listen", f"127.0.0.1:{port}", "--loops", loops)
    refused(second, 69, f"127.0.0.1:{port}", "in use", "--listen")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refused(
            start("--data", "third", "--listen", f"127.0.0.1:{port}"), 69, f"127.0.0.1:{port}")


@pytest.mark.parametrize("arguments, word", [
    (["--listen", "127.0.0.1:99999"], "99999"), (["--listen", "127.0.0.1:"], "port"),
    (["--listen", ":7443"], "host"), (["--listen", "::1:7443"], "brackets"),
    (["--listen", "nobody.invalid:1"], "nobody.invalid"), (["--loops", "0"], "--loops"),
    (["--loops", "many"], "many"), (["--buckets", "5000"], "--buckets"),
    (["--log-level", "loud"], "loud"), (["--tls-key", "x"], "--tls-certificate"),
    (["--plaintext", "--tls-key", "x", "--tls-certificate", "y"], "--plaintext"),
    (["--bogus"], "--bogus"), (["--drain-seconds", "-1"], "--drain-seconds"),
])
def test_a_bad_flag_is_named(start, arguments, word):
    refused(start("--data", "data", *arguments), 64, word, "--help")


def test_a_bad_environment_is_refused_like_a_flag(start):
    refused(start("--data", "data", environment=[("MARTLETD_LOOPS", "x")]), 64, "--loops x")


def test_a_directory_that_cannot_be_made_is_named(start, tmp_path):
    refused(start("--data", "/proc/data"), 73, "/proc/data", "--data")
    (tmp_path / "file").write_text("")
    refused(start("--data", "file"), 73, "file is not a directory")


def test_bad_certificates_and_keys_are_named(start, tmp_path):
    missing = start("--data", "data", "--tls-certificate", "no.pem", "--tls-key", "no.pem")
    refused(missing, 78, "no.pem")
    (tmp_path / "bad.pem").write_text("hello")
    bad = start("--data", "data", "--listen", "127.0.0.1:0", "--tls-certificate", "bad.pem",
                "--tls-key", "bad.pem")
    refused(bad, 78, "bad.pem")
    (tmp_path / "data" / "signing-key.pem").chmod(0o644)
    refused(start("--data", "data", "--listen", "127.0.0.1:0"), 78, "signing-key.pem", "chmod 600")
    (tmp_path / "data" / "signing-key.pem").chmod(0o600)
    (tmp_path / "data" / "signing-key.pem").write_text("hello")
    refused(start("--data", "data", "--listen", "127.0.0.1:0"), 78, "signing-key.pem")


def test_another_number_of_buckets_than_the_data_has_is_refused(start):
    first = start("--data", "data", "--listen", "127.0.0.1:0", "--buckets", "8")
    address(first)
    first.terminate()
    assert first.wait(SECONDS) == 0
    refused(start("--data", "data", "--listen", "127.0.0.1:0", "--buckets", "16"), 78, "data")


def test_help_and_version(start):
    shown = start("--help")
    text, _ = shown.communicate(timeout=SECONDS)
    assert shown.returncode == 0 and "Example:" in text and "--tls-certificate" in text
    version = start("--version")
    text, _ = version.communicate(timeout=SECONDS)
    assert version.returncode == 0 and re.fullmatch(r"martletd \d+\.\d+\.\d+\n", text)


def test_it_stops_while_people_are_connected_and_ends_their_streams(start, api):
    server = start("--data", "data", "--listen", "127.0.0.1:0", "--plaintext")
    _, port = address(server)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        device = api.Device(id="0190a2b4-0000-7000-8000-000000000001")
        session = api.AccountServiceStub(channel).Register(api.RegisterRequest(
            username="ann", email="ann@example.org", password="password", device=device)).session
        watch = api.LiveServiceStub(channel).Watch(
            api.WatchRequest(username="ann", wait_until_live=True),
            metadata=[("authorization", f"Bearer {session.access_token}")])
        time.sleep(0.2)
        began = time.monotonic()
        server.terminate()
        with pytest.raises(grpc.RpcError) as caught:
            list(watch)
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
        assert server.wait(SECONDS) == 0
        assert time.monotonic() - began < 5
