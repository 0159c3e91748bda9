"""Cases that newer conformance suites have and the one in Debian does not, put to the same testee.

run.sh runs them after the suite. The messages are the suite's own; google.protobuf reads what comes back.
"""

import json
import math
import pathlib
import struct
import subprocess

import grpc_tools.protoc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, empty_pb2, json_format, message_factory, text_format

WORK = pathlib.Path(__file__).resolve().parents[2] / ".build" / "conformance"
TYPE = "protobuf_test_messages.proto3.TestAllTypesProto3"
PROTOBUF, JSON = 1, 2
IGNORING = 3


class Subject:
    """The program under test and the classes of the messages it speaks."""

    def __init__(self, folder):
        suite, out = WORK / "suite", folder / "set.pb"
        bundled = pathlib.Path(grpc_tools.protoc.__file__).parent / "_proto"
        arguments = [f"-I{suite}/conformance", f"-I{suite}/src", f"-I{bundled}", f"--descriptor_set_out={out}"]
        files = ["conformance.proto", "google/protobuf/test_messages_proto3.proto"]
        assert grpc_tools.protoc.main(["protoc", *arguments, "--include_imports", *files]) == 0
        self.pool = descriptor_pool.DescriptorPool()
        for file in descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file:
            self.pool.Add(file)
        self.pool.AddSerializedFile(empty_pb2.DESCRIPTOR.serialized_pb)
        self.request = self.message("conformance.ConformanceRequest")
        self.response = self.message("conformance.ConformanceResponse")
        self.all_types = self.message(TYPE)
        self.process = subprocess.Popen(
            [WORK / "testee" / "release" / "testee"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def message(self, name):
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))

    def ask(self, payload, output, category=None):
        is_binary = isinstance(payload, bytes)
        request = self.request(
            message_type=TYPE, requested_output_format=output, test_category=category or (1 if is_binary else 2)
        )
        setattr(request, "protobuf_payload" if is_binary else "json_payload", payload)
        data = request.SerializeToString()
        self.process.stdin.write(struct.pack("<I", len(data)) + data)
        self.process.stdin.flush()
        (length,) = struct.unpack("<I", self.process.stdout.read(4))
        return self.response.FromString(self.process.stdout.read(length))

    def read_back(self, payload, category=None):
        """The message as it comes back as binary and as JSON."""
        answer = self.ask(payload, PROTOBUF, category)
        yield self.all_types.FromString(answer.protobuf_payload), answer
        answer = self.ask(payload, JSON, category)
        yield json_format.Parse(answer.json_payload, self.all_types(), descriptor_pool=self.pool), answer


@pytest.fixture(scope="module")
def testee(tmp_path_factory):
    testee = Subject(tmp_path_factory.mktemp("testee"))
    yield testee
    testee.process.stdin.close()
    assert testee.process.wait(timeout=10) == 0


# Bytes.


def varint(value):
    value &= 2**64 - 1
    data = bytearray()
    while value >= 0x80:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(data + bytes([value]))


def tag(field, kind):
    return varint(field << 3 | kind)


def number(field, value):
    return tag(field, 0) + varint(value)


def block(field, data):
    return tag(field, 2) + varint(len(data)) + data


def nested(levels, wrap):
    data = number(1, 123)
    for _ in range(levels):
        data = wrap(data)
    return data


BROKEN_UTF8 = b"\xa0\xb0\xc0\xd0"
GROUP, END = 3, 4
REFUSED_BYTES = [
    # Tags of field 1 with a number that is too high, or in too many bytes; a length beyond 32 bits.
    b"\x88" + b"\x80" * 5 + b"\x0f\x01",
    b"\x88" + b"\x80" * 3 + b"\x40\x01",
    b"\x88" + b"\x80" * 7 + b"\x00\x01",
    b"\x88" + b"\x80" * 11 + b"\x00\x01",
    tag(14, 2) + b"\x80\x80\x80\x80\x10",
    # Groups that do not end, do not begin, or end as another one.
    *[wrap(tag(field, kind)) for field in (1, 201, 1234) for kind in (GROUP, END)
      for wrap in (bytes, lambda data: block(18, data), lambda data: data + block(2, b"hello"))],
    *[tag(201, GROUP) + tag(202, kind) + tag(201, END) for kind in (GROUP, END)],
    tag(201, GROUP) + block(2, b"hello") + tag(202, END),
    tag(201, GROUP) + tag(202, GROUP) + tag(203, END) + tag(201, END),
    # Wire types that do not exist.
    *[bytes([field << 3 | kind, value]) for field in range(4) for kind in (6, 7) for value in range(4)],
    # Strings that are no UTF-8, in every place a string can have.
    *[block(field, BROKEN_UTF8) for field in (14, 44, 113)],
    block(69, block(1, BROKEN_UTF8) + block(2, b"foo")),
    block(69, block(1, b"foo") + block(2, BROKEN_UTF8)),
    # Depth, through messages and through maps.
    nested(1000, lambda data: block(18, block(2, data))),
    nested(1000, lambda data: block(71, block(1, b"") + block(2, block(2, data)))),
]


@pytest.mark.parametrize("data", REFUSED_BYTES, ids=range(len(REFUSED_BYTES)))
def test_malformed_bytes_are_refused(testee, data):
    assert testee.ask(data, JSON).HasField("parse_error")


UNWRITABLE = [
    # Timestamps, durations, field masks and values that have no JSON.
    *[block(302, number(1, seconds)) for seconds in (-62135596801, 253402300800)],
    *[block(302, number(1, 5000) + number(2, nanos)) for nanos in (-1, 10**9)],
    *[block(301, number(1, seconds)) for seconds in (-315576000001, 315576000001)],
    *[block(301, number(1, seconds) + number(2, nanos))
      for seconds, nanos in [(1, -1), (-1, 1), (-1, -(10**9)), (1, 10**9)]],
    *[block(303, block(1, path)) for path in (b"fooBar", b"foo_3_bar", b"foo__bar")],
    *[block(306, tag(2, 1) + struct.pack("<d", value)) for value in (math.nan, math.inf, -math.inf)],
]


@pytest.mark.parametrize("data", UNWRITABLE, ids=range(len(UNWRITABLE)))
def test_what_has_no_json_is_not_written(testee, data):
    assert testee.ask(data, JSON).HasField("serialize_error")


@pytest.mark.parametrize("data", [tag(11, 5) + struct.pack("<I", bits) for bits in (0x7FA12345, 0xFFB54321)])
def test_every_nan_is_one_in_json(testee, data):
    assert json.loads(testee.ask(data, JSON).json_payload) == {"optionalFloat": "NaN"}


# JSON that is refused, by field.

TIMES = """
    1970-01-01T08:00:01+0800 1970-13-01T00:00:00Z 1970-00-01T00:00:00Z 1970-01-32T00:00:00Z 1970-01-00T00:00:00Z
    1970-01-01T24:00:00Z 1970-01-01T25:00:00Z 1970-01-01T00:60:00Z 1970-01-01T00:00:60Z 1970-01-01T00:00:00+24:00
    1970-01-01T00:00:00+00:60 0001-01-01T00:00:00+00:01 9999-12-31T23:59:59-00:01 1970-01-01T00:00:00.1234567890Z
    1970-01-01T00:00:00.123aZ 999-01-01T00:00:00Z 00001-01-01T00:00:00Z 1970-1-01T00:00:00Z 1970-01-1T00:00:00Z
    2001-02-29T00:00:00Z 0000-01-01T00:00:00Z 10000-01-01T00:00:00Z
""".split()
NO_NUMBERS = ['"12abc"', '"abc"', '"12 34"', '"12,34"', '"12谷歌34"', '"١٢٣"', '"１２３"', '""', "true", "false", "NaN"]
DEEP = 200
REFUSED_VALUES = {
    "optionalTimestamp": [f'"{time}"' for time in TIMES],
    "optionalDuration": ['"1"', '"315576000001.000000000s"', '"-315576000001.000000000s"'],
    "optionalInt32": [*NO_NUMBERS, "2147483648", "-2147483649", "0.5", "+1", "01", "-01", '" 1"', '"1 "', '"3x3"'],
    "optionalUint64": [*NO_NUMBERS, '"1e536870000"', '"18446744073709551616"', '"0.5"', "-1"],
    "optionalFloat": [*NO_NUMBERS, "Infinity", "-Infinity", "3.502823e+38", "-3.502823e+38"],
    "optionalDouble": [*NO_NUMBERS, "Infinity", "-Infinity", "1.89769e+309", "-1.89769e+309"],
    "optionalString": [r'"\U8C37"', r'"\uXXXX"', r'"\u8C3"', r'"\uD800"', r'"\uDC00"', r'"\uDE01\uD83D"', "1", "'a'"],
    "optionalNestedEnum": ["FOO", '["FOO"]', "[2]", "true", "false", '"UNKNOWN"'],
    "repeatedNestedEnum": ['["UNKNOWN"]', "[null]", '"FOO"'],
    "mapStringNestedEnum": ['{"key": "UNKNOWN"}', '{"key": null}'],
    "mapBoolBool": ["{true: true}", '{"TRUE": true}'],
    "repeatedInt32": ["[1, null, 2]", "[1,]", "[1 , ]", "1", "[1, false]"],
    "repeatedNestedMessage": ['{"a": 1}', '[{"a": 1}, "2"]', '[{"a": 1}, null]'],
    "optionalAny": ['{"@type": "", "value": ""}', '{"@type": "not_a_url", "value": ""}'],
    "optionalValue": ["[" * DEEP + "1" + "]" * DEEP, '{"n":' * DEEP + "1" + "}" * DEEP],
}


@pytest.mark.parametrize(
    "text",
    ["null", *[f'{{"{field}": {value}}}' for field, values in REFUSED_VALUES.items() for value in values]],
)
def test_malformed_json_is_refused(testee, text):
    assert testee.ask(text, JSON).HasField("parse_error")


# JSON that is read.


def seconds(number):
    return f"optional_timestamp {{ seconds: {number} }}"


READ = [
    ('{"optionalTimestamp": "2000-02-29T00:00:00Z"}', seconds(951782400)),
    ('{"optionalTimestamp": "1970-01-02T01:00:00+02:00"}', seconds(82800)),
    ('{"optionalTimestamp": "0001-01-01T00:00:00-00:01"}', seconds(-62135596740)),
    ('{"optionalTimestamp": "9999-12-31T23:59:59+00:01"}', seconds(253402300739)),
    ('{"optionalTimestamp": "1970-01-01T00:00:00-11:30"}', seconds(41400)),
    ('{"optionalAny": {}}', "optional_any {}"),
    ('{"optionalAny": null}', ""),
    ('{"optionalAny": {"@type": "a/google.protobuf.Empty"}}', 'optional_any { type_url: "a/google.protobuf.Empty" }'),
    ('{"optionalInt32": "1e5"}', "optional_int32: 100000"),
    (r'{"optionalInt32": "2\u003147483647"}', "optional_int32: 2147483647"),
    ('{"optionalInt64": 9223372036854774784}', "optional_int64: 9223372036854774784"),
    ('{"optionalUint64": 18446744073709549568}', "optional_uint64: 18446744073709549568"),
    ('{"oneofUint32": null, "oneofString": "test"}', 'oneof_string: "test"'),
    ('{"oneofString": "test", "oneofUint32": null}', 'oneof_string: "test"'),
    ('{"oneofUint32": 0}', "oneof_uint32: 0"),
    ('{"oneofNestedMessage": {}}', "oneof_nested_message {}"),
    ('{"oneofBytes": ""}', 'oneof_bytes: ""'),
    ('{"optionalAliasedEnum": "bAz"}', "optional_aliased_enum: ALIAS_BAZ"),
    (r'{"optionalString": "a\u0000b"}', r'optional_string: "a\000b"'),
    ('{"optionalBytes": "-_"}', r'optional_bytes: "\373"'),
]


@pytest.mark.parametrize("text, expected", READ)
def test_json_is_read_as_the_message_it_means(testee, text, expected):
    message = text_format.Parse(expected, testee.all_types())
    for again, answer in testee.read_back(text):
        assert again == message, answer


IGNORED = [
    *[(f'{{"unknown": {value}}}', "") for value in ["1", '"a"', "true", "null", '{"a": [1]}', "[{}]"]],
    ('{"optionalNestedEnum": "UNKNOWN"}', ""),
    ('{"repeatedNestedEnum": ["FOO", "UNKNOWN", "BAR"]}', "repeated_nested_enum: [FOO, BAR]"),
    ('{"mapStringNestedEnum": {"a": "FOO", "b": "UNKNOWN"}}', 'map_string_nested_enum { key: "a" value: FOO }'),
]


@pytest.mark.parametrize("text, expected", IGNORED)
def test_what_is_unknown_is_ignored_on_request(testee, text, expected):
    message = text_format.Parse(expected, testee.all_types())
    for again, answer in testee.read_back(text, IGNORING):
        assert again == message, answer
    assert testee.ask(text, JSON).HasField("parse_error")


LIST = "[" * 25 + "1" + "]" * 25
OBJECT = '{"n": ' * 25 + "1" + "}" * 25
WRITTEN = [
    ('{"optionalDuration": "1.010000000s"}', '{"optionalDuration": "1.010s"}'),
    ('{"oneofNullValue": "NULL_VALUE"}', '{"oneofNullValue": null}'),
    ('{"oneofNullValue": null}', '{"oneofNullValue": null}'),
    ('{"optionalNullValue": null}', "{}"),
    ('{"optionalNestedEnum": 123}', '{"optionalNestedEnum": 123}'),
    (f'{{"optionalValue": {LIST}}}', f'{{"optionalValue": {LIST}}}'),
    (f'{{"optionalValue": {OBJECT}}}', f'{{"optionalValue": {OBJECT}}}'),
]


@pytest.mark.parametrize("text, expected", WRITTEN)
def test_json_is_written_in_its_canonical_form(testee, text, expected):
    assert json.loads(testee.ask(text, JSON).json_payload) == json.loads(expected)
