"""That generated Swift compiles without a warning wherever it may be put: every visibility, both
language modes, with everything strict that a package can ask for; and that it is formatted."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TORTURE = ROOT / "Tests" / "Support" / "TortureSchema"
STRICT = ["-strict-concurrency=complete", "-strict-memory-safety", "-warnings-as-errors"] + [
    flag
    for feature in ("InternalImportsByDefault", "ExistentialAny", "MemberImportVisibility")
    for flag in ("-enable-upcoming-feature", feature)
]


@pytest.fixture(scope="module")
def built():
    folder = pathlib.Path(os.environ.get("MARTLET_BINARIES", ROOT / ".build" / "debug"))
    assert (folder / "martletc").exists(), f"no martletc in {folder}: run 'swift build' first"
    return folder


def generate(built, out, *flags):
    subprocess.run(
        [built / "martletc", "generate", "--out", out, "-I", TORTURE, *flags, TORTURE], check=True
    )
    return sorted(out.iterdir())


@pytest.mark.parametrize("visibility", ["public", "package", "internal"])
@pytest.mark.parametrize("mode", ["5", "6"])
def test_compiles_without_a_warning(visibility, mode, built, tmp_path):
    files = generate(
        built, tmp_path / "out", "--visibility", visibility, "--json", "--messages-only"
    )
    # A file of the module that imports for itself only, as most do.
    user = tmp_path / "User.swift"
    user.write_text("import MartletWire\nlet bytes = Words().encoded()\n")
    done = subprocess.run(
        ["swiftc", "-typecheck", "-swift-version", mode, "-package-name", "p", "-module-name", "Use",
         *STRICT, "-I", built / "Modules", *files, user],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0 and not done.stderr, done.stderr


@pytest.mark.parametrize("flags", [[], ["--json"], ["--messages-only", "--visibility", "internal"]])
def test_is_formatted(flags, built, tmp_path):
    files = generate(built, tmp_path / "out", *flags)
    done = subprocess.run(
        ["swift", "format", "lint", "--strict", "--configuration", ROOT / ".swift-format", *files],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[:2000]


def test_is_the_same_every_time(built, tmp_path):
    texts = {
        tuple(file.read_text() for file in generate(built, tmp_path / f"run{run}", "--json"))
        for run in range(5)
    }
    assert len(texts) == 1
