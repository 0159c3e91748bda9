"""docs/schema.md is true: its commands run, its schema has no findings, its Swift compiles."""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "schema.md").read_text()


def blocks(kind):
    found = re.findall(rf"^```{kind}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    assert found, f"docs/schema.md has no block of {kind}"
    return found


@pytest.fixture(scope="module")
def built():
    folder = pathlib.Path(os.environ.get("MARTLET_BINARIES", ROOT / ".build" / "debug")).absolute()
    assert (folder / "martletc").exists(), f"no martletc in {folder}: run 'swift build' first"
    return folder


@pytest.fixture
def place(tmp_path):
    (schema,) = blocks("proto")
    (tmp_path / "schema" / "run" / "v1").mkdir(parents=True)
    (tmp_path / "schema" / "run" / "v1" / "run.proto").write_text(schema)
    return tmp_path


@pytest.mark.parametrize("script", blocks("sh"))
def test_the_commands_run_and_find_nothing(script, place, built):
    environment = os.environ | {"PATH": f"{built}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euc", script], cwd=place, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0 and not done.stdout and not done.stderr, done.stdout + done.stderr
    assert [*place.rglob("run_v1_run.swift")]


def test_the_swift_compiles(place, built):
    subprocess.run(
        [built / "martletc", "generate", "-I", "schema", "--out", "out", "schema"],
        cwd=place, check=True,
    )  # fmt: skip
    functions = "\n".join(
        f"func example{index}() async throws {{\n{block}}}" for index, block in enumerate(blocks("swift"))
    )
    (place / "Examples.swift").write_text(f"import MartletRPC\nimport MartletWire\n{functions}\n")
    maps = [ROOT / "Sources" / name / "module.modulemap" for name in ("CNGHTTP2", "COpenSSL", "CZlib")]
    maps.append(built / "CLinux.build" / "module.modulemap")
    done = subprocess.run(
        ["swiftc", "-typecheck", "-swift-version", "6", "-I", built / "Modules",
         *(part for path in maps for part in ("-Xcc", f"-fmodule-map-file={path}")),
         *(place / "out").iterdir(), place / "Examples.swift"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_options_are_those_of_the_command(built):
    flags = re.findall(r"^\| `(--[a-z-]+)", TEXT, re.MULTILINE)
    help = subprocess.run([built / "martletc", "generate", "--help"], capture_output=True, text=True)
    offered = set(re.findall(r"^  (--[a-z-]+)", help.stdout, re.MULTILINE)) - {"--out"}
    assert set(flags) == offered
