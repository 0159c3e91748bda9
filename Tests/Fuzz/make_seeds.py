#!/usr/bin/env python3
"""Makes what the fuzzers start from: messages of everything.proto, their JSON, and our schemas.

    make_seeds.py FOLDER    writes FOLDER/{WireFuzzer,SchemaFuzzer,JSONFuzzer,HTTP2Fuzzer,EnvelopeFuzzer}/...

The messages are those of the differential tests, from a fixed seed. The first byte of a message's
seed picks its type, in the order of the fuzzer's own list.
"""

import pathlib
import random
import sys

from google.protobuf import json_format

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "interop"))

from http2_seeds import write_envelopes, write_http2  # noqa: E402
from test_codec_differential import fill, load_classes, unknown_field, varint  # noqa: E402

WIRE = "Scalars Optionals Lists Unpacked Maps Choice Tree Edges Empty Flat Flats".split()
STREAMS = ["Optionals", "Flat", "Empty"]
JSON = "Scalars Optionals Lists Maps Choice Tree Edges".split()
SEEDS_EACH = 12

# The types of JSONFuzzer that have a form of their own, by their place in its list.
SPECIAL = {
    7: [
        '{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1.5s"}',
        '{"@type":"type.googleapis.com/wiretest.v1.Empty"}',
        '{"@type":"x/google.protobuf.Any","value":{"@type":"x/google.protobuf.Value","value":[1]}}',
    ],
    8: ['"0s"', '"-0.000000001s"', '"315576000000.999999999s"'],
    9: ['"1970-01-01T00:00:00Z"', '"9999-12-31T23:59:59.999999999Z"', '"2026-02-28T12:00:00.5+01:30"'],
    10: ['""', '"a,fooBar.baz"'],
    11: ["{}", '{"a":null,"b":[1,"x",{"c":true}]}'],
    12: ["null", "-1.5e-7", '"\\ud83c\\udfc3\\n"', '[[[{"":0}]]]', "false"],
    13: ['"NaN"', '"-Infinity"', "1e308", '"0.1"'],
    14: ['""', '"aGk="', '"-_8"'],
    15: ['{"name":"T","fields":[{"kind":"TYPE_BOOL","cardinality":1}],"syntax":"SYNTAX_PROTO3"}'],
}


def write(folder, name, data):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def small_message(rng, cls):
    """Small seeds let the fuzzer try more of them: long strings and lists it finds by itself."""
    while True:
        message = cls()
        fill(rng, message, 2)
        if message.ByteSize() < 1_500:
            return message


def write_messages(folder, rng, classes):
    for kind, name in enumerate(WIRE):
        for number in range(SEEDS_EACH):
            data = small_message(rng, classes[name]).SerializeToString()
            if number % 3 == 0:
                data += unknown_field(rng)
            write(folder / "WireFuzzer", f"{name}-{number}", bytes([kind]) + data)


def write_streams(folder, rng, classes):
    """Messages with their lengths; the second byte says how many bytes come at a time."""
    for kind, name in enumerate(STREAMS, len(WIRE)):
        for number in range(SEEDS_EACH // 2):
            encoded = [small_message(rng, classes[name]).SerializeToString() for _ in range(number)]
            stream = b"".join(varint(len(data)) + data for data in encoded)
            write(folder / "WireFuzzer", f"{name}-stream-{number}", bytes([kind, 5 * number]) + stream)


def write_json(folder, rng, classes):
    for kind, name in enumerate(JSON):
        for number in range(SEEDS_EACH):
            message = small_message(rng, classes[name])
            text = json_format.MessageToJson(message, indent=None, ensure_ascii=number % 2 == 0)
            write(folder / "JSONFuzzer", f"{name}-{number}", bytes([2 * kind]) + text.encode())
            data = bytes([2 * kind + 1]) + message.SerializeToString()
            write(folder / "JSONFuzzer", f"{name}-{number}-wire", data)
    for kind, texts in SPECIAL.items():
        for number, text in enumerate(texts):
            write(folder / "JSONFuzzer", f"special-{kind}-{number}", bytes([2 * kind]) + text.encode())


def write_schemas(folder):
    schemas = [path for part in ("schema", "Tests") for path in (ROOT / part).rglob("*.proto")]
    for number, path in enumerate(sorted(schemas)):
        write(folder / "SchemaFuzzer", f"{number}-{path.name}", path.read_bytes())


def main():
    folder, rng, classes = pathlib.Path(sys.argv[1]), random.Random("seeds"), load_classes()
    write_messages(folder, rng, classes)
    write_streams(folder, rng, classes)
    write_json(folder, rng, classes)
    write_schemas(folder)
    write_http2(folder, write)
    write_envelopes(folder, write)


if __name__ == "__main__":
    main()
