"""martletc against protoc: the same verdict on small schemas at the border of the language, and
the same descriptors, byte for byte, places and comments included."""

import os
import pathlib
import subprocess

import pytest
from google.protobuf import descriptor_pb2, text_format
from grpc_tools import protoc

from schema_verdicts import CASES, RAW

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTOS = pathlib.Path(__file__).parent / "protos"
SCHEMA = ROOT / "schema"
WELL_KNOWN = pathlib.Path(protoc.__file__).parent / "_proto"

# Where martletc refuses on purpose what protoc lets pass: protoc writes bytes that are no UTF-8
# for a code point that Unicode does not have.
STRICTER = {"option large unicode"}


@pytest.fixture(scope="session")
def martletc():
    folder = pathlib.Path(os.environ.get("MARTLET_BINARIES", ROOT / ".build" / "debug"))
    path = folder / "martletc"
    assert path.exists(), f"no martletc in {folder}: run 'swift build' first"
    return path


def run_martletc(martletc, *arguments):
    done = subprocess.run(
        [martletc, *arguments], capture_output=True, text=True, errors="replace", timeout=20
    )
    # A crash has a negative code; 64 would be wrong usage.
    assert done.returncode in (0, 1), (done.returncode, done.stderr)
    return done


def file_set(path):
    result = descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes())
    return {file.name: file for file in result.file}


def by_protoc(include, out, *names):
    arguments = ["protoc", f"-I{include}", f"-I{WELL_KNOWN}", "--include_imports"]
    code = protoc.main([*arguments, "--include_source_info", f"--descriptor_set_out={out}", *names])
    return file_set(out) if code == 0 else None


def by_martletc(martletc, include, out, *names):
    done = run_martletc(
        martletc, "descriptors", "-I", include, "--include-imports", "--include-source-info",
        "--out", out, *names,
    )  # fmt: skip
    return (file_set(out) if done.returncode == 0 else None), done.stderr


def assert_equal(ours, theirs):
    text = lambda file: text_format.MessageToString(file, print_unknown_fields=True)
    assert text(ours) == text(theirs)
    assert ours.SerializeToString(deterministic=True) == theirs.SerializeToString(deterministic=True)


def assert_equal_sets(ours, theirs):
    assert set(ours) == set(theirs)
    for name, file in theirs.items():
        # protoc reads these from its own folder, martletc carries them: see the test of those.
        if not name.startswith("google/"):
            assert_equal(ours[name], file)


@pytest.mark.parametrize("name", CASES)
def test_judges_and_describes_as_protoc_does(name, martletc, tmp_path, capfd):
    body = CASES[name]
    text = body.removeprefix(RAW) if body.startswith(RAW) else f'syntax = "proto3"; package p;\n{body}'
    (tmp_path / "case.proto").write_bytes(text.encode())
    theirs = by_protoc(tmp_path, tmp_path / "theirs", "case.proto")
    reason = capfd.readouterr().err
    ours, complaint = by_martletc(martletc, tmp_path, tmp_path / "ours", "case.proto")
    if ours is None:
        assert ": error: " in complaint
    if name in STRICTER:
        assert ours is None and theirs is not None
        return
    assert (ours is None) == (theirs is None), f"protoc: {reason}\nmartletc: {complaint}"
    if ours is not None:
        assert_equal_sets(ours, theirs)


@pytest.mark.parametrize("path", sorted(SCHEMA.rglob("*.proto")), ids=lambda path: path.name)
def test_describes_our_schema_as_protoc_does(path, martletc, tmp_path):
    name = str(path.relative_to(SCHEMA))
    theirs = by_protoc(SCHEMA, tmp_path / "theirs", name)
    ours, complaint = by_martletc(martletc, SCHEMA, tmp_path / "ours", name)
    assert ours is not None, complaint
    assert_equal_sets(ours, theirs)


@pytest.mark.parametrize("path", sorted(PROTOS.glob("*.proto")), ids=lambda path: path.name)
def test_describes_hard_files_as_protoc_does(path, martletc, tmp_path):
    theirs = by_protoc(PROTOS, tmp_path / "theirs", path.name)
    assert theirs is not None
    ours, complaint = by_martletc(martletc, PROTOS, tmp_path / "ours", path.name)
    assert ours is not None, complaint
    assert_equal_sets(ours, theirs)


WELL_KNOWN_NAMES = [
    f"google/protobuf/{name}.proto"
    for name in (
        "any api descriptor duration empty field_mask source_context struct timestamp type wrappers "
        "compiler/plugin cpp_features go_features java_features"
    ).split()
]


@pytest.mark.parametrize("name", WELL_KNOWN_NAMES)
def test_describes_protobufs_own_files_as_protoc_does(name, martletc, tmp_path):
    theirs = by_protoc(WELL_KNOWN, tmp_path / "theirs", name)
    ours, complaint = by_martletc(martletc, WELL_KNOWN, tmp_path / "ours", name)
    assert ours is not None, complaint
    for file in theirs:
        assert_equal(ours[file], theirs[file])


@pytest.mark.parametrize("name", [name for name in WELL_KNOWN_NAMES if "features" not in name])
def test_carries_protobufs_own_files(name, martletc, tmp_path):
    # martletc's copies are printed from Python's protobuf package by scripts/well-known-files.py.
    import importlib

    module = importlib.import_module(name.removesuffix(".proto").replace("/", ".") + "_pb2")
    theirs = descriptor_pb2.FileDescriptorProto()
    module.DESCRIPTOR.CopyToProto(theirs)
    ours, complaint = by_martletc(martletc, tmp_path, tmp_path / "ours", name)
    assert ours is not None, complaint
    for file in (ours[name], theirs):
        file.ClearField("source_code_info")
        clear_json_names(file)
    assert_equal(ours[name], theirs)


@pytest.mark.parametrize("name", [name for name in WELL_KNOWN_NAMES if "features" in name])
def test_carries_the_features_of_languages(name, martletc, tmp_path):
    theirs = by_protoc(WELL_KNOWN, tmp_path / "theirs", name)[name]
    ours, complaint = by_martletc(martletc, tmp_path, tmp_path / "ours", name)
    assert ours is not None, complaint
    for file in (ours[name], theirs):
        file.ClearField("source_code_info")
    assert_equal(ours[name], theirs)


def clear_json_names(descriptor):
    """Python's runtime leaves derived JSON names out."""
    for message in getattr(descriptor, "message_type", getattr(descriptor, "nested_type", [])):
        for field in message.field:
            field.ClearField("json_name")
        clear_json_names(message)
