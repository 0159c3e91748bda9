"""Foreign clients against our listeners: TLS as stock clients speak it, PROXY headers, Unix sockets, limits."""

import re
import resource
import socket
import ssl
import struct
import subprocess
import threading
import time

import grpc
import pytest

from echo_fixtures import TIMEOUT_SECONDS

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


class Listener:
    """EchoPeer with listeners of the test's choice."""

    def __init__(self, binary, *options, descriptors=None):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        self.process = subprocess.Popen(
            [str(binary), "listen", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=limit if descriptors else None)
        word, port = self.process.stdout.readline().split()
        assert word == "port"
        self.port = int(port)

    def cpu_seconds(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def __enter__(self):
        return self

    def __exit__(self, *_):
        out, _ = self.process.communicate(timeout=TIMEOUT_SECONDS)
        assert self.process.returncode == 0 and out.endswith("stopped\n")


def make(folder, name, algorithm, names="DNS:localhost,IP:127.0.0.1"):
    """A certificate that is its own root, as an option of EchoPeer's and as a path."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    new = ["rsa:2048"] if algorithm == "rsa" else ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-newkey", *new, "-keyout", key, "-out", certificate, "-days", "2",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}"], check=True, capture_output=True)
    return f"certificate={certificate},{key}", certificate


@pytest.fixture(scope="module")
def both(echo_peer, tmp_path_factory):
    """A server with a certificate of each algorithm for one name, and one for another name."""
    folder = tmp_path_factory.mktemp("both")
    options = [make(folder, "ecdsa", "ec")[0], make(folder, "rsa", "rsa")[0],
               make(folder, "other", "ec", "DNS:*.other.example")[0]]
    with Listener(echo_peer, *options, "loops=2") as server:
        yield server


def handshake(server, name="localhost", **settings):
    """A TLS connection of Python's, checked for nothing; `settings` are attributes of its context."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(settings.pop("alpn", ["h2"]))
    if ciphers := settings.pop("ciphers", None):
        context.set_ciphers(ciphers)
    for key, value in settings.items():
        setattr(context, key, value)
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    return context.wrap_socket(plain, server_hostname=name)


def subject(connection):
    der = connection.getpeercert(binary_form=True)
    text = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-subject", "-nameopt", "RFC2253"],
                          input=der, capture_output=True, check=True).stdout.decode()
    return text.strip().removeprefix("subject=")


def test_a_client_gets_the_certificate_that_it_can_use(both):
    tls12 = {"maximum_version": ssl.TLSVersion.TLSv1_2}
    assert subject(handshake(both, ciphers="ECDHE+ECDSA", **tls12)) == "CN=ecdsa"
    assert subject(handshake(both, ciphers="ECDHE+aRSA", **tls12)) == "CN=rsa"
    assert subject(handshake(both)) == "CN=ecdsa"
    assert subject(handshake(both, name="a.other.example")) == "CN=other"
    assert subject(handshake(both, name="unknown.example")) == "CN=ecdsa"


@pytest.mark.parametrize("ciphers", ["ECDHE+AESGCM", "ECDHE+CHACHA20", "AES256-GCM-SHA384:ECDHE+AESGCM"])
def test_tls_1_2_has_forward_secrecy(both, ciphers):
    connection = handshake(both, ciphers=ciphers, maximum_version=ssl.TLSVersion.TLSv1_2)
    assert connection.version() == "TLSv1.2"
    assert connection.cipher()[0].startswith("ECDHE-")
    assert connection.selected_alpn_protocol() == "h2"


def test_the_servers_order_of_ciphers_counts(both):
    connection = handshake(both, ciphers="ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256",
                           maximum_version=ssl.TLSVersion.TLSv1_2)
    assert connection.cipher()[0] == "ECDHE-ECDSA-AES128-GCM-SHA256"


@pytest.mark.parametrize("settings", [
    {"ciphers": "AES128-GCM-SHA256", "maximum_version": ssl.TLSVersion.TLSv1_2},
    {"ciphers": "ECDHE-ECDSA-AES128-SHA", "maximum_version": ssl.TLSVersion.TLSv1_2},
    {"ciphers": "ECDHE-RSA-AES256-SHA384", "maximum_version": ssl.TLSVersion.TLSv1_2},
    pytest.param(
        {"ciphers": "ALL:@SECLEVEL=0", "minimum_version": ssl.TLSVersion.TLSv1,
         "maximum_version": ssl.TLSVersion.TLSv1_1},
        marks=pytest.mark.filterwarnings("ignore::DeprecationWarning")),
    {"alpn": ["http/0.9", "spdy/3"]},
])
def test_what_is_weak_or_foreign_is_refused(both, settings):
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        handshake(both, **settings)


@pytest.mark.parametrize("groups, group", [
    ("P-521:P-256", "prime256v1"), ("X448:P-384", "secp384r1"), ("P-256:X25519", "prime256v1"), ("X448", None),
])
def test_a_client_whose_first_choice_of_group_is_not_ours(both, groups, group):
    """TLS 1.3 asks such a client for another ClientHello."""
    made = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{both.port}", "-tls1_3", "-alpn", "h2", "-groups", groups],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    if group is None:
        assert "handshake failure" in made.stderr
    else:
        assert "ALPN protocol: h2" in made.stdout
        # OpenSSL 3.0 names X25519 as "X25519, 253 bits", the others as "ECDH, prime256v1, 256 bits".
        assert re.search(rf"Server Temp Key: .*{group}", made.stdout), made.stdout


def first_flight(*arguments):
    """What openssl's client says first."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = subprocess.Popen(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{listener.getsockname()[1]}", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with listener.accept()[0] as connection:
            hello = connection.recv(5, socket.MSG_WAITALL)
            hello += connection.recv(int.from_bytes(hello[3:5], "big"), socket.MSG_WAITALL)
        client.wait(20)
    return hello


@pytest.mark.parametrize("announced, is_refused", [(70_000, True), (16_385, True), (16_384, False)])
def test_a_second_client_hello_is_bounded_as_the_first(both, announced, is_refused):
    hello = first_flight("-tls1_3", "-alpn", "h2", "-groups", "P-521:P-256")
    with socket.create_connection(("127.0.0.1", both.port), timeout=20) as connection:
        connection.sendall(hello)
        # A ServerHello that asks for another ClientHello, then a change of ciphers that means nothing.
        reply = connection.recv(65536)
        assert reply[0] == 22 and reply[5] == 2
        connection.sendall(b"\x14\x03\x03\0\x01\x01" + b"\x16\x03\x03\0\x20\x01" + announced.to_bytes(3, "big")
                           + b"\x03\x03" + bytes(26))
        connection.settimeout(1.5)
        try:
            while connection.recv(65536):
                pass
            assert is_refused
        except TimeoutError:
            assert not is_refused
        except ConnectionResetError:
            assert is_refused


def test_a_second_client_hello_does_not_begin_in_the_record_of_the_first(both):
    """Nobody can answer what was not asked yet; OpenSSL would take memory for what this one announces."""
    hello = first_flight("-tls1_3", "-alpn", "h2", "-groups", "P-521:P-256")[5:]
    record = hello + b"\x01" + (131_000).to_bytes(3, "big")
    with socket.create_connection(("127.0.0.1", both.port), timeout=3) as connection:
        connection.sendall(b"\x16\x03\x01" + len(record).to_bytes(2, "big") + record)
        try:
            while connection.recv(65536):
                pass
        except ConnectionResetError:
            pass


def test_renegotiation_is_refused(both):
    client = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{both.port}", "-tls1_2", "-alpn", "h2"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    time.sleep(1)
    client.stdin.write(b"R\n")
    client.stdin.flush()
    time.sleep(1)
    out, _ = client.communicate(timeout=20)
    assert b"RENEGOTIATING" in out
    assert b"no renegotiation" in out, out[-600:]


@pytest.mark.parametrize("count, is_borne", [(10, True), (400, False)])
def test_key_updates_are_bounded(both, count, is_borne):
    client = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{both.port}", "-tls1_3", "-alpn", "h2"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    try:
        for _ in range(count):
            client.stdin.write(b"K\n")
            client.stdin.flush()
            time.sleep(0.002)
        time.sleep(1)
    except BrokenPipeError:
        pass
    assert (client.poll() is None) == is_borne
    client.kill()
    client.communicate()
    assert handshake(both).version() == "TLSv1.3"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_is_resumed_on_another_loop(both, version):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = version
    context.set_alpn_protocols(["h2"])
    session = None
    reused = []
    for _ in range(8):
        plain = socket.create_connection(("127.0.0.1", both.port), timeout=10)
        with context.wrap_socket(plain, server_hostname="localhost", session=session) as connection:
            connection.sendall(PREFACE)
            connection.recv(64)  # The ticket comes before the server's settings.
            reused.append(connection.session_reused)
            session = connection.session
    assert reused == [False] + 7 * [True]


@pytest.mark.parametrize("mode", ["request", "require"])
def test_mutual_tls_with_grpcio(echo_peer, echo_stubs, tmp_path, mode):
    messages, services = echo_stubs
    option, chain = make(tmp_path, "server", "ec")
    _, own = make(tmp_path, "client", "ec")
    own_key = tmp_path / "client.key"
    with Listener(echo_peer, option, f"clients={mode},{own}") as server:
        for key, certificate, is_let_in in [
            (own_key.read_bytes(), own.read_bytes(), True),
            (None, None, mode == "request"),
            ((tmp_path / "server.key").read_bytes(), chain.read_bytes(), False),
        ]:
            credentials = grpc.ssl_channel_credentials(chain.read_bytes(), key, certificate)
            with grpc.secure_channel(f"localhost:{server.port}", credentials) as channel:
                call = services.EchoServiceStub(channel).Get
                if is_let_in:
                    assert call(messages.EchoRequest(text="in"), timeout=10).text == "in"
                else:
                    with pytest.raises(grpc.RpcError) as error:
                        call(messages.EchoRequest(text="out"), timeout=10)
                    assert error.value.code() == grpc.StatusCode.UNAVAILABLE


class Balancer:
    """Takes connections and passes them on behind a PROXY header."""

    def __init__(self, target, header):
        self.target, self.header = target, header
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                outside, _ = self.listener.accept()
            except OSError:
                return
            inside = socket.create_connection(("127.0.0.1", self.target))
            inside.sendall(self.header)
            for pair in [(outside, inside), (inside, outside)]:
                threading.Thread(target=self._pump, args=pair, daemon=True).start()

    @staticmethod
    def _pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def proxy_v2(source):
    body = socket.inet_aton(source) + socket.inet_aton("10.0.0.1") + struct.pack(">HH", 1234, 443) + b"\x04\x00\x02hi"
    return b"\r\n\r\n\x00\r\nQUIT\n" + b"\x21\x11" + struct.pack(">H", len(body)) + body


def test_grpcio_through_a_balancer_with_tls(echo_peer, echo_stubs, tmp_path):
    messages, services = echo_stubs
    option, chain = make(tmp_path, "server", "ec")
    with Listener(echo_peer, option, "proxy") as server:
        balancer = Balancer(server.port, proxy_v2("192.0.2.1"))
        credentials = grpc.ssl_channel_credentials(chain.read_bytes())
        with grpc.secure_channel(f"localhost:{balancer.port}", credentials) as channel:
            call = services.EchoServiceStub(channel).Get
            assert call(messages.EchoRequest(text="through"), timeout=10).text == "through"
        # A client that goes around the balancer is closed without an answer.
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as direct:
            direct.sendall(PREFACE)
            try:
                assert direct.recv(100) == b""
            except ConnectionResetError:
                pass
        balancer.listener.close()


def test_limits_count_the_balancers_clients(echo_peer):
    with Listener(echo_peer, "proxy", "peer=2") as server:
        def connect(source):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
            connection.sendall(proxy_v2(source) + PREFACE)
            try:
                return connection, connection.recv(9) != b""
            except ConnectionResetError:
                return connection, False

        opened = [connect(source) for source in ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"]]
        assert [served for _, served in opened] == [True, True, False, True]
        for connection, _ in opened:
            connection.close()


def test_grpcio_over_a_unix_socket_that_several_loops_serve(echo_peer, echo_stubs, tmp_path):
    messages, services = echo_stubs
    path = tmp_path / "socket"
    with Listener(echo_peer, f"unix={path}", "loops=3"):
        assert path.stat().st_mode & 0o777 == 0o600
        for _ in range(10):
            with grpc.insecure_channel(f"unix:{path}", [("grpc.use_local_subchannel_pool", 1)]) as channel:
                call = services.EchoServiceStub(channel).Get
                assert call(messages.EchoRequest(text="local"), timeout=10).text == "local"
    assert not path.exists()


def test_without_descriptors_accepting_rests_and_recovers(echo_peer):
    with Listener(echo_peer, descriptors=64) as server:
        def connect():
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
            connection.sendall(PREFACE)
            connection.settimeout(1)
            try:
                return connection, connection.recv(9) != b""
            except TimeoutError:
                return connection, None

        connections = [connect() for _ in range(40)]
        assert all(served for _, served in connections)
        for _ in range(40):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
            connection.sendall(PREFACE)
            connections.append((connection, None))
        # Full: those that are open are served on, the others wait, and the loop does not spin.
        before = server.cpu_seconds()
        time.sleep(2)
        assert server.cpu_seconds() - before < 0.5
        ping = b"\x00\x00\x08\x06\x00\x00\x00\x00\x0012345678"
        first = connections[0][0]
        first.settimeout(10)
        first.sendall(ping)
        received = b""
        while b"12345678" not in received:
            piece = first.recv(100)
            assert piece
            received += piece
        for connection, _ in connections[:40]:
            connection.close()
        for connection, _ in connections[40:]:
            connection.settimeout(10)
            assert connection.recv(9), "one that waited is served"
            connection.close()
