"""Fixtures of the tests with foreign peers: our binaries, and stubs that protoc made of schema/."""

import importlib
import os
import pathlib
import sys
import types

import grpc_tools.protoc
import pytest

from echo_fixtures import load_stubs, make_certificate
from martletd import Martletd

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def binaries():
    """The folder of the built executables; MARTLET_BINARIES names another than the debug build's."""
    folder = pathlib.Path(os.environ.get("MARTLET_BINARIES", ROOT / ".build" / "debug"))
    assert (folder / "martletd").exists(), f"no martletd in {folder}: run 'swift build' first"
    return folder


@pytest.fixture(scope="session")
def api(tmp_path_factory):
    return load_api(tmp_path_factory.mktemp("stubs"))


def load_api(out):
    """Everything a stock Python client has: messages and stubs by grpcio-tools, in one namespace."""
    out.mkdir(parents=True, exist_ok=True)
    include = pathlib.Path(grpc_tools.protoc.__file__).parent / "_proto"
    files = sorted(str(p.relative_to(ROOT / "schema")) for p in (ROOT / "schema").rglob("*.proto"))
    arguments = ["protoc", f"-I{ROOT / 'schema'}", f"-I{include}", f"--python_out={out}"]
    assert grpc_tools.protoc.main([*arguments, f"--grpc_python_out={out}", *files]) == 0
    sys.path.insert(0, str(out))
    names = types.SimpleNamespace()
    for file in files:
        module = file.removesuffix(".proto").replace("/", ".")
        for suffix in ("_pb2", "_pb2_grpc"):
            for name, value in vars(importlib.import_module(module + suffix)).items():
                if not name.startswith("_"):
                    setattr(names, name, value)
    return names


@pytest.fixture
def server(binaries, tmp_path):
    """A fresh martletd over TLS on a port of its own, stopped at the end."""
    daemon = Martletd(binaries / "martletd", tmp_path / "server")
    daemon.start()
    yield daemon
    daemon.stop()


@pytest.fixture(scope="module")
def shared_server(binaries, tmp_path_factory):
    """One martletd for all tests of a module that do not disturb each other."""
    daemon = Martletd(binaries / "martletd", tmp_path_factory.mktemp("shared") / "server")
    daemon.start()
    yield daemon
    daemon.stop()


@pytest.fixture(scope="session")
def echo_peer(binaries):
    """The echo service's peer: server and client of our own for grpcio's."""
    peer = binaries / "EchoPeer"
    assert peer.exists(), f"no EchoPeer in {binaries}: run 'swift build' first"
    return peer


@pytest.fixture(scope="session")
def interop_peer(binaries):
    """The peer for gRPC's interoperability tests."""
    peer = binaries / "InteropPeer"
    assert peer.exists(), f"no InteropPeer in {binaries}: run 'swift build' first"
    return peer


@pytest.fixture(scope="session")
def echo_stubs(tmp_path_factory):
    """Messages and stubs of echo.proto by grpcio-tools."""
    return load_stubs(tmp_path_factory.mktemp("echo"))


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """Files of a certificate for localhost and of its key."""
    return make_certificate(tmp_path_factory.mktemp("tls"))
