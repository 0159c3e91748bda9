"""Random schemas through martletc, and random messages of them through both codecs.

Of every schema martletc makes Swift with JSON, which is compiled with warnings as errors and linked with
the modules that `swift build` left; the result is held against google.protobuf in both directions: random
messages, merged and mutated ones, and their JSON. MARTLET_SCHEMA_SEEDS (`7,8`) or MARTLET_SCHEMA_ROUNDS fresh
seeds replace the one fixed seed; `make random-schemas ROUNDS=20` sets the latter.
"""

import os
import pathlib
import random
import re
import subprocess

import grpc_tools.protoc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

from random_schema import PACKAGE, Schema
from test_codec_differential import Peer, canonical, check, fill, mutate, unknown_field
from test_json_differential import our_json, read_by_them, read_by_us

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXED_SEED = 3
MESSAGES_EACH = 24
MODULES = ["MartletWire", "MartletJSON", "MartletWellKnown"]
FLAGS = ["-swift-version", "6", "-warnings-as-errors"]
FLAGS += ["-enable-upcoming-feature", "InternalImportsByDefault"]
FLAGS += ["-enable-upcoming-feature", "MemberImportVisibility"]


def seeds():
    if given := os.environ.get("MARTLET_SCHEMA_SEEDS"):
        return [int(seed) for seed in given.split(",")]
    if rounds := os.environ.get("MARTLET_SCHEMA_ROUNDS"):
        return [random.SystemRandom().randrange(10**9) for _ in range(int(rounds))]
    return [FIXED_SEED]


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout[-6000:]}{done.stderr[-6000:]}"


def classes_of(schema, folder):
    """google.protobuf's classes, by name below the package."""
    out = folder / "set.binpb"
    arguments = ["protoc", f"-I{folder}", f"--descriptor_set_out={out}", "random.proto"]
    assert grpc_tools.protoc.main(arguments) == 0, "the schema that we made is not one"
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file:
        pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
        for name in schema.messages
    }


def swift_names(text):
    """The message types in generated Swift, each known by its `protoName`."""
    return re.findall(r'^extension ([^\s:{]+).*\{\n(?:  ///.*\n)*  public static let protoName', text, re.MULTILINE)


def build_peer(folder, binaries):
    """Generates and compiles the messages as a module, and wire-peer's loop with a main of its own."""
    run(
        binaries / "martletc", "generate", "-I", folder, "--out", folder, "--messages-only", "--json",
        "--visibility", "public", "random.proto",
    )
    generated = folder / "random.swift"
    names = swift_names(generated.read_text())
    calls = ",\n".join(f"recode(RandomMessages.{name}.self)" for name in names)
    main = f"import RandomMessages\nserve(Dictionary(uniqueKeysWithValues: [\n{calls}\n].joined()))\n"
    (folder / "main.swift").write_text(main)
    search = ["-I", binaries / "Modules", "-I", folder]
    run(
        "swiftc", *FLAGS, *search, "-module-name", "RandomMessages", "-parse-as-library", "-wmo",
        "-emit-module", "-emit-module-path", folder / "RandomMessages.swiftmodule",
        "-c", generated, "-o", folder / "RandomMessages.o",
    )
    objects = [path for name in MODULES for path in (binaries / f"{name}.build").glob("*.o")]
    run(
        "swiftc", *FLAGS, *search, folder / "main.swift", ROOT / "Tests/Support/WirePeer/Recoding.swift",
        folder / "RandomMessages.o", *objects, "-o", folder / "peer",
    )
    return len(names)


def random_message(rng, cls, depth=1):
    message = cls()
    fill(rng, message, depth)
    return message


def check_wire(peer, classes, rng, name):
    for _ in range(MESSAGES_EACH):
        data = random_message(rng, classes[name]).SerializeToString()
        assert check(peer, classes, name, data)
        more = random_message(rng, classes[name], 2).SerializeToString()
        assert check(peer, classes, name, data + unknown_field(rng) + more) is not None
        mutated = bytearray(data[:5_000] or b"\x0a\x01a")
        for _ in range(rng.randint(1, 4)):
            mutate(rng, mutated)
        check(peer, classes, name, bytes(mutated))


STYLES = ["", "-defaults", "-original", "-numbers"]


def check_json(peer, classes, rng, name):
    for _ in range(MESSAGES_EACH // 2):
        message = random_message(rng, classes[name], 2)
        text = our_json(peer, name, message, rng.choice(STYLES))
        again = read_by_them(classes, name, text)
        assert again is not None, f"json_format refuses {text[:2000]!r}"
        assert canonical(again) == canonical(message), text[:2000]
        theirs = json_format.MessageToJson(
            message,
            always_print_fields_with_no_presence=rng.random() < 0.3,
            preserving_proto_field_name=rng.random() < 0.3,
            use_integers_for_enums=rng.random() < 0.3,
        )
        ours = read_by_us(peer, classes, name, theirs.encode())
        assert ours is not None, f"{peer.error}: {theirs[:2000]}"
        assert canonical(ours) == canonical(message), theirs[:2000]


@pytest.fixture(scope="module")
def binaries():
    """Where martletc and the compiled modules are."""
    folder = pathlib.Path(os.environ.get("MARTLET_BINARIES", ROOT / ".build" / "debug"))
    for name in ["martletc", "Modules/MartletJSON.swiftmodule"]:
        assert (folder / name).exists(), f"no {name} in {folder}: run 'swift build' first"
    return folder


@pytest.mark.parametrize("seed", seeds())
def test_messages_of_random_schemas_survive_both_codecs(binaries, tmp_path, seed):
    print(f"repeat with MARTLET_SCHEMA_SEEDS={seed}")
    schema = Schema(seed)
    (tmp_path / "random.proto").write_text(schema.text)
    classes = classes_of(schema, tmp_path)
    assert build_peer(tmp_path, binaries) == len(schema.messages)
    peer = Peer(tmp_path / "peer", PACKAGE)
    rng = random.Random(f"messages {seed}")
    for name in schema.messages:
        check_wire(peer, classes, rng, name)
        check_json(peer, classes, rng, name)
    peer.close()
