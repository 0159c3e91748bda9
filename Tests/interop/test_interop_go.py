"""Every case of gRPC's interop-test-descriptions.md between us and grpc-go, where Go is installed."""

import os
import pathlib
import shutil
import subprocess

import pytest

from interop_fixtures import CASES, ROOT, SCHEMA, run_case, serving

# Debian's golang-google-grpc-dev puts the sources of grpc-go and of what it needs here.
GO_PATH = pathlib.Path("/usr/share/gocode")
# grpc-go 1.33's server compresses as the request came and cannot be told otherwise.
NOT_FOR_GO_SERVER = {"server_compressed_unary", "server_compressed_streaming"}


@pytest.fixture(scope="module")
def interop_go(tmp_path_factory):
    """Tests/Support/InteropGo as an executable."""
    tools = [shutil.which(tool) for tool in ("go", "protoc", "protoc-gen-go")]
    if not all(tools) or not (GO_PATH / "src/google.golang.org/grpc").exists():
        pytest.skip("grpc-go is not here: apt-get install golang-go golang-google-grpc-dev protoc-gen-go-1-3")
    folder = tmp_path_factory.mktemp("go")
    sources = folder / "src" / "interopgo"
    shutil.copytree(ROOT / "Tests" / "Support" / "InteropGo", sources)
    made = subprocess.run(
        ["protoc", f"-I{SCHEMA}", f"--go_out=plugins=grpc,import_path=main:{sources}", "interop.proto"],
        capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"the protoc-gen-go on the PATH is not Debian's protoc-gen-go-1-3: {made.stderr}")
    environment = {
        **os.environ, "GO111MODULE": "off", "GOPATH": f"{folder}:{GO_PATH}", "GOFLAGS": "",
        "GOCACHE": str(folder / "cache")}
    built = subprocess.run(
        ["go", "build", "-o", folder / "interopgo", "."], cwd=sources, env=environment,
        capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return folder / "interopgo"


@pytest.fixture(scope="module")
def our_port(interop_peer):
    with serving(interop_peer, "serve") as port:
        yield port


@pytest.fixture(scope="module")
def go_port(interop_go):
    with serving(interop_go, "serve") as port:
        yield port


@pytest.mark.parametrize("case", CASES)
def test_grpc_go_calls_us(interop_go, our_port, case):
    assert run_case(interop_go, "call", case, f"127.0.0.1:{our_port}") == f"passed {case}"


@pytest.mark.parametrize("case", [case for case in CASES if case not in NOT_FOR_GO_SERVER])
def test_we_call_grpc_go(interop_peer, go_port, case):
    assert run_case(interop_peer, "call", case, "127.0.0.1", go_port) == f"passed {case}"


@pytest.mark.parametrize("case", CASES)
def test_we_call_ourselves(interop_peer, our_port, case):
    assert run_case(interop_peer, "call", case, "127.0.0.1", our_port) == f"passed {case}"
