"""What the README shows is what the repository holds, and it runs."""

import os
import pathlib
import re
import subprocess
import sys

import grpc_tools.protoc

from people import PASSWORD, Person
from workouts import made

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
SWIFT_EXAMPLE = ROOT / "Examples" / "first-client" / "FirstClient.swift"
PYTHON_EXAMPLE = ROOT / "Examples" / "first_client.py"


def test_the_readme_shows_the_examples_as_they_are():
    blocks = re.findall(r"```(?:swift|python)\n(.*?)```", README, re.DOTALL)
    assert SWIFT_EXAMPLE.read_text() in blocks
    assert PYTHON_EXAMPLE.read_text() in blocks


def test_the_readmes_ladder_is_the_architectures():
    rows = re.compile(r"^\| `([\w-]+)` \| ([^|]*) \|", re.MULTILINE)
    architecture = rows.findall((ROOT / "docs" / "architecture.md").read_text())
    assert rows.findall(README) == architecture


def test_the_files_that_the_documents_link_to_exist():
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_first_clients_list_what_was_recorded(api, shared_server, binaries, tmp_path):
    with shared_server.channel() as channel:
        person = Person(api, channel)
        person.record(made(600), title="First light")
    swift = subprocess.run(
        [binaries / "first-client", "localhost", str(shared_server.port),
         shared_server.certificate, person.username, PASSWORD],
        capture_output=True, text=True, timeout=60)
    assert swift.returncode == 0, swift.stderr
    assert re.fullmatch(r"First light \d+\.\d+ m\n", swift.stdout)

    files = sorted(str(p.relative_to(ROOT / "schema")) for p in (ROOT / "schema").rglob("*.proto"))
    assert grpc_tools.protoc.main(
        ["protoc", f"-I{ROOT / 'schema'}", f"--python_out={tmp_path}",
         f"--grpc_python_out={tmp_path}", *files]) == 0
    python = subprocess.run(
        [sys.executable, PYTHON_EXAMPLE, shared_server.address, shared_server.certificate,
         person.username, PASSWORD],
        capture_output=True, text=True, timeout=60, env=os.environ | {"PYTHONPATH": str(tmp_path)})
    assert python.returncode == 0, python.stderr
    assert python.stdout == swift.stdout
