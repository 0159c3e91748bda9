"""protoc-gen-martlet under protoc: Debian's, and the newer one of grpcio-tools."""

import os
import pathlib
import subprocess
import sys

import pytest
from google.protobuf import descriptor_pb2
from google.protobuf.compiler import plugin_pb2

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTOCS = {
    "debian": ["protoc"],
    "grpcio-tools": [sys.executable, "-m", "grpc_tools.protoc"],
}


@pytest.fixture(scope="session")
def built():
    folder = pathlib.Path(os.environ.get("MARTLET_BINARIES", ROOT / ".build" / "debug"))
    for name in ("martletc", "protoc-gen-martlet"):
        assert (folder / name).exists(), f"no {name} in {folder}: run 'swift build' first"
    return folder


@pytest.fixture(params=PROTOCS, ids=list(PROTOCS))
def protoc(request, built):
    def run(include, out, names, options=""):
        arguments = [f"--plugin=protoc-gen-martlet={built / 'protoc-gen-martlet'}", f"-I{include}"]
        if options:
            arguments.append(f"--martlet_opt={options}")
        return subprocess.run(
            [*PROTOCS[request.param], *arguments, f"--martlet_out={out}", *names],
            capture_output=True, text=True, timeout=30,
        )  # fmt: skip

    return run


def swift_files(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def schema_names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.proto"))


@pytest.mark.parametrize(
    "folder, options, flags",
    [
        ("schema", "", []),
        ("schema", "visibility=package,messages-only", ["--visibility", "package", "--messages-only"]),
        ("Tests/Support/WireTestSchema", "Visibility=Internal", ["--visibility", "internal"]),
        ("Tests/Support/EchoSchema", "messages-only=false", []),
        ("schema", "json", ["--json"]),
        ("schema", "json-only,json=false", ["--json-only"]),
    ],
)
def test_writes_what_martletc_generate_writes(folder, options, flags, protoc, built, tmp_path):
    include = ROOT / folder
    names = schema_names(include)
    assert names
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    theirs.mkdir()
    subprocess.run(
        [built / "martletc", "generate", "-I", include, "--out", ours, *flags, *names], check=True
    )
    done = protoc(include, theirs, names, options)
    assert done.returncode == 0, done.stderr
    assert swift_files(theirs) == swift_files(ours)
    assert len(swift_files(ours)) == len(names)


def test_takes_modules_of_imported_files(protoc, built, tmp_path):
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "unit.proto").write_text('syntax = "proto3"; package c; message Unit {}')
    (tmp_path / "a.proto").write_text(
        'syntax = "proto3"; import "common/unit.proto"; message A { c.Unit u = 1; }'
    )
    for text in ("common/=Common", "common/unit.proto=Common"):
        out, same = tmp_path / "out", tmp_path / "same"
        out.mkdir(exist_ok=True)
        done = protoc(tmp_path, out, ["a.proto"], f"module={text}")
        assert done.returncode == 0, done.stderr
        assert "public import Common\n" in swift_files(out)["a.swift"]
        subprocess.run(
            [built / "martletc", "generate", "-I", tmp_path, "--out", same, "--module", text,
             tmp_path / "a.proto"],
            check=True,
        )  # fmt: skip
        assert swift_files(out) == swift_files(same)


@pytest.mark.parametrize(
    "options, complaint",
    [
        ("speed=3", 'no option "speed"'),
        ("visibility=open", '"visibility" is public, package or internal'),
        ("messages-only=perhaps", '"messages-only" is true or false'),
        ("module=common", '"common" is not of the form'),
    ],
)
def test_tells_protoc_what_is_wrong_with_options(options, complaint, protoc, tmp_path):
    (tmp_path / "a.proto").write_text('syntax = "proto3"; message A {}')
    (tmp_path / "out").mkdir()
    done = protoc(tmp_path, tmp_path / "out", ["a.proto"], options)
    assert done.returncode != 0
    assert "--martlet_out: " in done.stderr and complaint in done.stderr
    assert not swift_files(tmp_path / "out")


def test_tells_the_place_of_what_has_no_swift(protoc, tmp_path):
    (tmp_path / "a.proto").write_text(
        'syntax = "proto2";\nmessage A {\n\toptional int32 a = 1 [default = 7];\n'
        "}\nmessage B { required int32 b = 1; }"
    )
    (tmp_path / "out").mkdir()
    done = protoc(tmp_path, tmp_path / "out", ["a.proto"])
    assert done.returncode != 0
    assert "a.proto:3:9: no Swift is generated for default values" in done.stderr


def test_two_files_that_would_declare_one_type_are_refused(protoc, tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.proto").write_text(f'syntax = "proto3"; package {name}; message M {{}}')
    (tmp_path / "out").mkdir()
    done = protoc(tmp_path, tmp_path / "out", ["a.proto", "b.proto"])
    assert done.returncode != 0
    assert 'b.proto:1:39: "b.M" and "a.M" of "a.proto" would both be M in Swift' in done.stderr


def respond(built, request):
    done = subprocess.run(
        [built / "protoc-gen-martlet"], input=request, capture_output=True, timeout=30
    )
    return done.returncode, done.stdout, done.stderr.decode()


def test_declares_what_it_supports(built):
    code, out, _ = respond(built, b"")
    response = plugin_pb2.CodeGeneratorResponse.FromString(out)
    features = plugin_pb2.CodeGeneratorResponse
    assert code == 0 and not response.file and not response.error
    assert response.supported_features == (
        features.FEATURE_PROTO3_OPTIONAL | features.FEATURE_SUPPORTS_EDITIONS
    )
    assert response.minimum_edition == descriptor_pb2.EDITION_PROTO2
    assert response.maximum_edition == descriptor_pb2.EDITION_2024


def test_answers_a_request_without_places_or_types_in_order(built):
    file = lambda name, **more: descriptor_pb2.FileDescriptorProto(name=name, syntax="proto3", **more)
    message = lambda name: descriptor_pb2.DescriptorProto(name=name)
    request = plugin_pb2.CodeGeneratorRequest(
        file_to_generate=["b.proto"],
        proto_file=[
            file("b.proto", dependency=["a.proto"], message_type=[message("B")]),
            file("a.proto", message_type=[message("A")]),
        ],
    )
    request.proto_file[0].message_type[0].field.add(name="a", number=1, label=1, type_name=".A")
    code, out, _ = respond(built, request.SerializeToString())
    response = plugin_pb2.CodeGeneratorResponse.FromString(out)
    assert code == 0 and not response.error
    assert [item.name for item in response.file] == ["b.swift"]
    assert "public var a: A?\n" in response.file[0].content


@pytest.mark.parametrize("request_bytes", [b"\x0a", b"\xff" * 20, b"\x7a\x03\x0a\x7f\x00"])
def test_bytes_that_are_no_request_fail_with_a_reason(built, request_bytes):
    code, out, complaint = respond(built, request_bytes)
    if out:
        assert plugin_pb2.CodeGeneratorResponse.FromString(out).error
    else:
        assert code == 1 and complaint.startswith("protoc-gen-martlet: the request is not one")


def test_an_unknown_file_to_generate_is_an_error(built):
    request = plugin_pb2.CodeGeneratorRequest(file_to_generate=["x.proto"])
    _, out, _ = respond(built, request.SerializeToString())
    error = plugin_pb2.CodeGeneratorResponse.FromString(out).error
    assert error == 'the request has no descriptor of "x.proto"'


@pytest.mark.parametrize("edition", ["2023", "2024"])
def test_takes_files_of_editions(edition, built, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "e.proto").write_text(
        f'edition = "{edition}"; package e; message M {{ int32 a = 1; '
        "string b = 2 [features.field_presence = IMPLICIT]; }"
    )
    done = subprocess.run(
        [*PROTOCS["grpcio-tools"], f"--plugin=protoc-gen-martlet={built / 'protoc-gen-martlet'}",
         f"-I{tmp_path}", f"--martlet_out={tmp_path / 'out'}", "e.proto"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "out" / "e.swift").read_text()
    assert "public var a: Int32?\n" in text and 'public var b = ""\n' in text
