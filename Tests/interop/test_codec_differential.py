"""MartletWire against google.protobuf: what both make of random, mutated and malformed bytes.

Every message goes out as protobuf encoded it, through our decode and encode (wire-peer), and back into
protobuf; both must then hold the same. Malformed bytes must be refused by both or by neither; the
exceptions are named in `differs_by_design`. MARTLET_SEED repeats a run, MARTLET_ROUNDS lengthens it.
"""

import io
import os
import pathlib
import random
import struct
import subprocess
import tempfile
import time

import grpc_tools.protoc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, proto
from google.protobuf.message import DecodeError

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEED = int(os.environ.get("MARTLET_SEED", time.time_ns() % 1_000_000_000))
ROUNDS = int(os.environ.get("MARTLET_ROUNDS", 400))
MESSAGES = "Scalars Optionals Lists Unpacked Maps Choice Tree Edges Empty Flat Flats".split()


class Peer:
    """The Swift side: decodes a message and encodes it again."""

    def __init__(self, binary, package="wiretest.v1"):
        self.package = package
        self.process = subprocess.Popen(
            [str(binary)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def recode(self, name, data):
        """The bytes that come back, or None when Swift refuses `data`."""
        # Nested messages have a dot in their names too; only those of another package come in full.
        name = (name if name.startswith("jsontest.v1.") else f"{self.package}.{name}").encode()
        self.process.stdin.write(struct.pack("B", len(name)) + name)
        self.process.stdin.write(struct.pack("<I", len(data)) + data)
        self.process.stdin.flush()
        status, length = struct.unpack("<BI", self.read(5))
        answer = self.read(length)
        assert status in (0, 1), answer
        self.error = answer.decode() if status else None
        return answer if status == 0 else None

    def read(self, count):
        data = self.process.stdout.read(count)
        if len(data) < count:
            pytest.fail(f"wire-peer ended with {self.process.wait()}: it trapped on the last input")
        return data

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=10) == 0


@pytest.fixture(scope="module")
def peer():
    folder = pathlib.Path(os.environ.get("MARTLET_BINARIES", ROOT / ".build" / "debug"))
    binary = folder / "wire-peer"
    assert binary.exists(), f"no wire-peer in {folder}: run 'swift build' first"
    peer = Peer(binary)
    yield peer
    peer.close()


@pytest.fixture(scope="module")
def classes():
    return load_classes()


def load_classes():
    """google.protobuf's classes of everything.proto, by name."""
    folder = ROOT / "Tests" / "Support" / "WireTestSchema"
    with tempfile.NamedTemporaryFile() as out:
        arguments = ["protoc", f"-I{folder}", f"--descriptor_set_out={out.name}", "everything.proto"]
        assert grpc_tools.protoc.main(arguments) == 0
        files = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(out.name).read_bytes()).file
    pool = descriptor_pool.DescriptorPool()
    for file in files:
        pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"wiretest.v1.{name}"))
        for name in MESSAGES
    }


@pytest.fixture
def rng(request):
    print(f"MARTLET_SEED={SEED}")
    return random.Random(f"{SEED} {request.node.name}")


# Random messages.

TEXTS = ["", "a", "martlet", "é", "ž", "漢字かな", "🏃‍♀️", "e\u0301", "\u0000", "x" * 127, "y" * 128, "z" * 20_000]
# Swift's strings are equal when they are canonically equivalent, so in a map "e\u0301" and "é" are
# one key: the one difference that MartletWire's own tests state.
KEYS = [text for text in TEXTS if text != "e\u0301"]
EDGES = [0, 1, 2, 63, 64, 127, 128, 255, 300, 16_383, 16_384, 2**21 - 1, 2**21, 2**28 - 1, 2**28]
EDGES += [2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**35, 2**42, 2**49, 2**56, 2**63 - 1, 2**63, 2**64 - 1]
FLOATS = [0.0, -0.0, 1.0, -1.5, float("inf"), float("-inf"), float("nan"), 1e-40, 3.4e38]
DOUBLES = FLOATS + [5e-324, 1.7e308, 0.1]


def whole(rng, bits, signed):
    value = rng.choice(EDGES) if rng.random() < 0.5 else rng.getrandbits(rng.randint(1, 64))
    if rng.random() < 0.3:
        value = -value
    value &= 2**bits - 1
    return value - 2**bits if signed and value >= 2 ** (bits - 1) else value


def scalar(rng, field):
    kind = field.cpp_type
    if kind == field.CPPTYPE_INT32:
        return whole(rng, 32, True)
    if kind == field.CPPTYPE_INT64:
        return whole(rng, 64, True)
    if kind == field.CPPTYPE_UINT32:
        return whole(rng, 32, False)
    if kind == field.CPPTYPE_UINT64:
        return whole(rng, 64, False)
    if kind == field.CPPTYPE_BOOL:
        return rng.random() < 0.5
    if kind == field.CPPTYPE_FLOAT:
        return rng.choice(FLOATS) if rng.random() < 0.5 else float(rng.randint(-9999, 9999))
    if kind == field.CPPTYPE_DOUBLE:
        return rng.choice(DOUBLES) if rng.random() < 0.5 else rng.uniform(-1e9, 1e9)
    if kind == field.CPPTYPE_ENUM:
        named = [value.number for value in field.enum_type.values]
        return rng.choice(named) if rng.random() < 0.7 else whole(rng, 32, True)
    if field.type == field.TYPE_BYTES:
        return rng.randbytes(rng.choice([0, 1, 5, 127, 128, 300]))
    return rng.choice(TEXTS)


def fill(rng, message, depth):
    for field in message.DESCRIPTOR.fields:
        if rng.random() < 0.4:
            continue
        is_message = field.cpp_type == field.CPPTYPE_MESSAGE
        if is_message and field.message_type.GetOptions().map_entry:
            fill_map(rng, getattr(message, field.name), field.message_type, depth)
        elif is_message and depth > 3:
            continue
        elif field.is_repeated:
            for _ in range(rng.choice([1, 2, 3, 9, 130 if not is_message else 1])):
                items = getattr(message, field.name)
                fill(rng, items.add(), depth + 1) if is_message else items.append(scalar(rng, field))
        elif is_message:
            nested = getattr(message, field.name)
            nested.SetInParent()
            fill(rng, nested, depth + 1)
        else:
            setattr(message, field.name, scalar(rng, field))


def fill_map(rng, entries, entry, depth):
    key, value = entry.fields_by_name["key"], entry.fields_by_name["value"]
    for _ in range(rng.randint(1, 4)):
        name = rng.choice(KEYS) if key.type == key.TYPE_STRING else scalar(rng, key)
        if value.cpp_type != value.CPPTYPE_MESSAGE:
            entries[name] = scalar(rng, value)
        elif depth <= 3:
            fill(rng, entries[name], depth + 1)


def random_bytes(rng, classes, name, depth=0):
    message = classes[name]()
    fill(rng, message, depth)
    return message.SerializeToString()


def varint(value):
    data = bytearray()
    while value >= 0x80:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(data + bytes([value]))


def unknown_field(rng, depth=0):
    """One well-formed field of a number that may or may not be known, of any wire type."""
    number = rng.choice([rng.randint(1, 20), rng.randint(1, 2**29 - 1)])
    kind = rng.choice([0, 1, 2, 3, 5] if depth < 5 else [0, 1, 2, 5])
    tag = varint(number << 3 | kind)
    if kind == 0:
        return tag + varint(rng.choice(EDGES))
    if kind == 2:
        data = rng.randbytes(rng.choice([0, 1, 7, 200]))
        return tag + varint(len(data)) + data
    if kind == 3:
        inner = b"".join(unknown_field(rng, depth + 1) for _ in range(rng.randint(0, 3)))
        return tag + inner + varint(number << 3 | 4)
    return tag + rng.randbytes(8 if kind == 1 else 4)


# The comparison.


def canonical(message):
    """All that a message holds, unknown fields too, as bytes that equal messages share."""
    return message.SerializeToString(deterministic=True)


def parsed(cls, data):
    try:
        return cls.FromString(data)
    except DecodeError:
        return None


def check(peer, classes, name, data):
    theirs = parsed(classes[name], data)
    ours = peer.recode(name, data)
    where = f"{name} {data.hex() if len(data) < 4000 else f'{len(data)} bytes'}"
    if differs_by_design(theirs is not None, ours is not None, data, classes[name].DESCRIPTOR):
        return None
    assert (theirs is None) == (ours is None), f"protobuf {theirs is not None}: {where}"
    if theirs is not None:
        again = parsed(classes[name], ours)
        assert again is not None, f"protobuf refuses our bytes {ours.hex()} for {where}"
        assert canonical(again) == canonical(theirs), where
    return theirs is not None


def differs_by_design(theirs, ours, data, descriptor):
    """Whether protobuf accepts bytes that we refuse for one of two reasons.

    A varint whose tenth byte holds more than the one bit that fits in 64: protobuf drops the others.
    Field number 0: protobuf refuses it, but not in a message without fields nor in an unknown group.
    """
    return theirs and not ours and "strict" in faults(data, descriptor)


def faults(data, descriptor):
    """What a walk over bytes that protobuf accepts finds, by a reader of its own."""
    found = set()
    try:
        walk(data, 0, descriptor, found)
    except (IndexError, ValueError):
        found.add("malformed")
    return found


def walk(data, at, descriptor, found, group=None):
    while group is not None or at < len(data):
        tag, at = read_varint(data, at, found)
        number, kind = tag >> 3, tag & 7
        if kind == 4:
            assert number == group
            return at
        if number == 0:
            found.add("strict")
        field = descriptor.fields_by_number.get(number) if descriptor else None
        if kind == 0:
            _, at = read_varint(data, at, found)
        elif kind == 3:
            at = walk(data, at, None, found, group=number)
        elif kind == 2:
            length, at = read_varint(data, at, found)
            inner, at = data[at : at + length], at + length
            if field is not None and field.message_type is not None:
                walk(inner, 0, field.message_type, found)
            elif field is not None and field.is_repeated and field.type in VARINTS:
                place = 0
                while place < len(inner):
                    _, place = read_varint(inner, place, found)
        else:
            at += {1: 8, 5: 4}[kind]
    return at


def read_varint(data, at, found):
    value = 0
    for place in range(10):
        byte = data[at + place]
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            if value >= 2**64:
                found.add("strict")
            return value, at + place + 1
    raise ValueError("a varint of more than ten bytes")


TYPE = descriptor_pb2.FieldDescriptorProto
VARINTS = {TYPE.TYPE_INT32, TYPE.TYPE_INT64, TYPE.TYPE_UINT32, TYPE.TYPE_UINT64, TYPE.TYPE_BOOL}
VARINTS |= {TYPE.TYPE_SINT32, TYPE.TYPE_SINT64, TYPE.TYPE_ENUM}


@pytest.mark.parametrize("name", MESSAGES)
def test_random_messages_survive_our_decode_and_encode(peer, classes, rng, name):
    for _ in range(ROUNDS):
        assert check(peer, classes, name, random_bytes(rng, classes, name))


@pytest.mark.parametrize("name", MESSAGES)
def test_our_bytes_equal_protobufs_where_the_order_is_fixed(peer, classes, rng, name):
    for _ in range(ROUNDS // 4):
        message = classes[name]()
        fill(rng, message, 0)
        data = message.SerializeToString(deterministic=True)
        assert len(peer.recode(name, data)) == len(data)
        if name not in ("Maps", "Tree", "Edges", "Flats"):
            assert peer.recode(name, data) == data


@pytest.mark.parametrize("name", MESSAGES)
def test_a_module_decodes_its_own_messages_alike(peer, classes, rng, name):
    """Where the optimizer sees the generated code, it makes something else of it."""
    for _ in range(ROUNDS):
        message = classes[name]()
        fill(rng, message, 2)
        data = message.SerializeToString()
        assert peer.recode(f"{name}/in-module", data) == peer.recode(name, data)


@pytest.mark.parametrize("name", MESSAGES)
def test_two_messages_merge_as_protobuf_merges_them(peer, classes, rng, name):
    for _ in range(ROUNDS // 2):
        data = random_bytes(rng, classes, name) + random_bytes(rng, classes, name)
        assert check(peer, classes, name, data)


@pytest.mark.parametrize("name", MESSAGES)
def test_unknown_fields_survive(peer, classes, rng, name):
    survived = 0
    for _ in range(ROUNDS):
        parts = [unknown_field(rng) for _ in range(rng.randint(1, 4))]
        parts.insert(rng.randint(0, len(parts)), random_bytes(rng, classes, name, depth=3))
        survived += check(peer, classes, name, b"".join(parts)) or 0
    assert survived > 0


@pytest.mark.parametrize("written, read", [("Lists", "Unpacked"), ("Unpacked", "Lists")])
def test_packed_and_unpacked_lists_are_both_read(peer, classes, rng, written, read):
    for _ in range(ROUNDS // 2):
        assert check(peer, classes, read, random_bytes(rng, classes, written)) is not None


@pytest.mark.parametrize("name", MESSAGES)
def test_bytes_of_another_message_are_judged_alike(peer, classes, rng, name):
    for _ in range(ROUNDS // 2):
        check(peer, classes, name, random_bytes(rng, classes, rng.choice(MESSAGES)))


@pytest.mark.parametrize("name", MESSAGES)
def test_mutated_bytes_are_judged_alike(peer, classes, rng, name):
    verdicts = set()
    for _ in range(ROUNDS * 3):
        data = bytearray(random_bytes(rng, classes, name, depth=3)[:30_000] or b"\x0a\x01a")
        for _ in range(rng.randint(1, 4)):
            mutate(rng, data)
        verdicts.add(check(peer, classes, name, bytes(data)))
    assert verdicts >= {True, False}, "the mutations are too tame or too wild to tell anything"


def mutate(rng, data):
    place = rng.randrange(len(data) + 1)
    kind = rng.randrange(6)
    if kind == 0 and place < len(data):
        data[place] ^= 1 << rng.randrange(8)
    elif kind == 1 and place > 0:
        del data[place:]
    elif kind == 2:
        data[place:place] = rng.randbytes(rng.randint(1, 3))
    elif kind == 3:
        data[place:place] = rng.choice(MALFORMED)
    elif kind == 4:
        del data[place : place + rng.randint(1, 5)]
    else:
        data[place:place] = unknown_field(rng)


def delimited(parts):
    return b"".join(varint(len(part)) + part for part in parts)


@pytest.mark.parametrize("name", MESSAGES)
def test_streams_of_messages_come_out_whole_a_byte_at_a_time(peer, classes, rng, name):
    for _ in range(max(ROUNDS // 20, 1)):
        parts = [random_bytes(rng, classes, name, depth=3)[:5_000] for _ in range(rng.randint(0, 5))]
        parts = [part for part in parts if parsed(classes[name], part) is not None]
        answer = peer.recode(f"{name}/delimited", delimited(parts))
        read = io.BytesIO(answer)
        for part in parts:
            ours = proto.parse_length_prefixed(classes[name], read)
            assert canonical(ours) == canonical(classes[name].FromString(part))
        assert read.tell() == len(answer)
        cut = delimited(parts + [b"abc"])[: -rng.randint(1, 3)]
        assert peer.recode(f"{name}/delimited", cut) is None


MALFORMED = [
    b"\x00",  # field number 0
    b"\x06",  # wire type 6
    b"\x0f",  # wire type 7
    b"\x08",  # a tag alone
    b"\x08\x80",  # half a varint
    b"\x08" + b"\x80" * 9 + b"\x01",  # the longest varint
    b"\x08" + b"\xff" * 9 + b"\x02",  # more than 64 bits
    b"\x08" + b"\xff" * 10 + b"\x01",  # eleven bytes
    b"\x88\x00\x01",  # an overlong tag, allowed
    b"\x88\x80\x80\x80\x00\x01",  # the longest overlong tag
    b"\x88\x80\x80\x80\x80\x00\x01",  # a tag of six bytes
    b"\xf8\xff\xff\xff\x0f\x01",  # the highest field number
    b"\xf8\xff\xff\xff\x1f\x01",  # beyond it
    b"\x09\x00\x00\x00\x00\x00\x00\x00",  # seven of eight bytes
    b"\x0d\x00\x00\x00",  # three of four bytes
    b"\x0a\x05abcd",  # a length past the end
    b"\x0a\xff\xff\xff\xff\x0f",  # a length of 4 GiB
    b"\x0a\xff\xff\xff\xff\x07",  # of 2 GiB
    b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",  # of 2^63
    b"\x0a\x80\x80\x80\x80\x00",  # an overlong length, allowed
    b"\x0a\x80\x80\x80\x80\x80\x00",  # a length of six bytes
    b"\x0b",  # a group that does not end
    b"\x0c",  # an end without a group
    b"\x0b\x0c",  # an empty group
    b"\x0b\x14",  # a group that another ends
    b"\x0b\x08\x01\x0c",
    b"\x0b\x00\x0c",
    b"\x72\x01\xff",  # not UTF-8
    b"\x72\x02\xc0\x80",  # an overlong NUL
    b"\x72\x03\xed\xa0\x80",  # a surrogate
    b"\x72\x04\xf4\x90\x80\x80",  # above U+10FFFF
    b"\x72\x02\xc3\xa9",
]


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("data", MALFORMED, ids=lambda data: data.hex())
def test_malformed_bytes_are_judged_alike(peer, classes, name, data):
    check(peer, classes, name, data)
    for field in range(1, 18):
        check(peer, classes, name, varint(field << 3 | 2) + varint(len(data)) + data)


@pytest.mark.parametrize("name", MESSAGES)
def test_every_prefix_is_judged_alike(peer, classes, rng, name):
    for _ in range(8):
        data = random_bytes(rng, classes, name)[:600]
        for length in range(len(data) + 1):
            check(peer, classes, name, data[:length])


@pytest.mark.parametrize("depth", [1, 50, 98, 99, 100, 101, 102, 150])
@pytest.mark.parametrize("field", [2, 4, 5, 7, 90])
def test_depth_is_judged_alike(peer, classes, depth, field):
    """Nesting through a message, a list, a map (two levels each), a oneof and unknown groups."""
    data = b""
    for _ in range(depth):
        if field == 90:
            data = varint(field << 3 | 3) + data + varint(field << 3 | 4)
        elif field == 5:
            data = varint(2 << 3 | 2) + varint(len(data)) + data
            data = varint(field << 3 | 2) + varint(len(data)) + data
        else:
            data = varint(field << 3 | 2) + varint(len(data)) + data
            if field == 7:
                data = varint(1 << 3 | 2) + varint(len(data)) + data
    check(peer, classes, "Tree", data)
