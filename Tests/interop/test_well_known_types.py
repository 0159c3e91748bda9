"""The JSON and the texts of protobuf's own types against google.protobuf, in both directions.

Random messages of Tests/Support/WireTestSchema/known.proto: times and durations over their whole range,
values of any depth, Any of every type. MARTLET_SEED repeats a run, MARTLET_ROUNDS lengthens it.
"""

import json
import string

import grpc_tools.protoc
import pytest
from google.protobuf import (
    any_pb2, api_pb2, descriptor_pb2, descriptor_pool, duration_pb2, empty_pb2, field_mask_pb2, json_format,
    message_factory, source_context_pb2, struct_pb2, timestamp_pb2, type_pb2, wrappers_pb2,
)

from test_codec_differential import ROOT, ROUNDS, peer  # noqa: F401: fixtures
from test_codec_differential import EDGES, TEXTS, scalar
from test_json_differential import mutate, rng, same  # noqa: F401: fixtures

KNOWN = "Known KnownLists KnownMaps KnownChoice".split()
MODULES = [
    any_pb2, api_pb2, duration_pb2, empty_pb2, field_mask_pb2, source_context_pb2, struct_pb2, timestamp_pb2,
    type_pb2, wrappers_pb2,
]
OWN = [kind for module in MODULES for kind in module.DESCRIPTOR.message_types_by_name]


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    out = tmp_path_factory.mktemp("descriptors") / "set.pb"
    folder = ROOT / "Tests" / "Support" / "WireTestSchema"
    bundled = grpc_tools.protoc.__file__.rsplit("/", 1)[0] + "/_proto"
    arguments = ["protoc", f"-I{folder}", f"-I{bundled}", f"--descriptor_set_out={out}", "--include_imports", "known.proto"]
    assert grpc_tools.protoc.main(arguments) == 0
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file:
        pool.Add(file)
    return pool


@pytest.fixture(scope="module")
def known(pool):
    """google.protobuf's classes by full name."""
    names = [f"wiretest.v1.{name}" for name in KNOWN] + [f"google.protobuf.{name}" for name in OWN]
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name)) for name in names}


# Random messages.


def fill_timestamp(rng, time):
    edge = rng.choice([-62135596800, -1, 0, 253402300799])
    time.seconds = edge if rng.random() < 0.3 else rng.randint(-62135596800, 253402300799)
    time.nanos = rng.choice([0, 1, 999999999, 1000, 250000000, rng.randrange(10**9)])


def fill_duration(rng, duration):
    sign = rng.choice([-1, 1])
    duration.seconds = sign * rng.choice([0, 1, 315576000000, rng.randint(0, 315576000000), rng.randint(0, 9999)])
    duration.nanos = sign * rng.choice([0, 1, 999999999, 1000, 500000000, rng.randrange(10**9)])


def word(rng):
    return "".join(rng.choices(string.ascii_lowercase, k=rng.randint(1, 5)))


def fill_mask(rng, mask):
    for _ in range(rng.randint(0, 4)):
        names = ["_".join(word(rng) for _ in range(rng.randint(1, 3))) for _ in range(rng.randint(1, 3))]
        mask.paths.append(".".join(names))


def random_value(rng, depth=0):
    """Any JSON."""
    kind = rng.randrange(7 if depth < 4 else 4)
    if kind < 4:
        number = rng.choice([float(rng.choice(EDGES)), rng.uniform(-1e9, 1e9), 5e-324, 1.7e308, 0.1])
        return [None, rng.random() < 0.5, number, rng.choice(TEXTS)][kind]
    if kind == 4:
        return [random_value(rng, depth + 1) for _ in range(rng.randint(0, 4))]
    return {rng.choice(TEXTS[:6]): random_value(rng, depth + 1) for _ in range(rng.randint(0, 4))}


def fill_any(rng, held, known, depth):
    if rng.random() < 0.1:
        return
    inner = known[rng.choice(list(known))]()
    fill_known(rng, inner, known, depth + 1)
    held.type_url = rng.choice(["type.googleapis.com/", "example.com/a/", "/"]) + inner.DESCRIPTOR.full_name
    held.value = inner.SerializeToString()


def fill_known(rng, message, known, depth=0):
    name = message.DESCRIPTOR.full_name
    if name == "google.protobuf.Timestamp":
        fill_timestamp(rng, message)
    elif name == "google.protobuf.Duration":
        fill_duration(rng, message)
    elif name == "google.protobuf.FieldMask":
        fill_mask(rng, message)
    elif name == "google.protobuf.Value":
        json_format.ParseDict(random_value(rng), message)
    elif name == "google.protobuf.ListValue":
        json_format.ParseDict([random_value(rng) for _ in range(rng.randint(0, 3))], message)
    elif name == "google.protobuf.Struct":
        json_format.ParseDict({key: random_value(rng) for key in TEXTS[: rng.randint(0, 5)]}, message)
    elif name == "google.protobuf.Any":
        fill_any(rng, message, known, depth)
    else:
        fill_fields(rng, message, known, depth)


def fill_fields(rng, message, known, depth):
    for field in message.DESCRIPTOR.fields:
        if rng.random() < (0.5 if depth == 0 else 0.8):
            continue
        entry = field.message_type if field.message_type and field.message_type.GetOptions().map_entry else None
        count = rng.randint(1, 3) if field.is_repeated else 1
        for _ in range(count):
            place = getattr(message, field.name)
            if entry and entry.fields_by_name["value"].message_type:
                fill_known(rng, place[rng.choice(TEXTS[:6])], known, depth + 1)
            elif entry:
                place[rng.choice(TEXTS[:6])] = 0
            elif field.message_type:
                inner = place.add() if field.is_repeated else place
                inner.SetInParent()
                fill_known(rng, inner, known, depth + 1)
            else:
                # NullValue has no JSON for other numbers.
                value = 0 if field.enum_type and field.enum_type.name == "NullValue" else scalar(rng, field)
                place.append(value) if field.is_repeated else setattr(message, field.name, value)


# The comparison.


def their_json(message, pool):
    return json_format.MessageToDict(message, descriptor_pool=pool)


@pytest.mark.parametrize("name", KNOWN)
def test_our_json_says_what_protobufs_says(peer, pool, known, rng, name):
    for _ in range(ROUNDS // 4):
        message = known[f"wiretest.v1.{name}"]()
        fill_known(rng, message, known)
        text = peer.recode(f"{name}/to-json", message.SerializeToString())
        assert text is not None, (peer.error, message)
        assert same(json.loads(text), their_json(message, pool)), (text[:3000], message)


@pytest.mark.parametrize("name", KNOWN)
def test_we_read_protobufs_json_as_the_same_message(peer, pool, known, rng, name):
    for _ in range(ROUNDS // 4):
        message = known[f"wiretest.v1.{name}"]()
        fill_known(rng, message, known)
        value = their_json(message, pool)
        if rng.random() < 0.5:
            value = shuffled(rng, value)
        text = json.dumps(value, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 1]))
        answer = peer.recode(f"{name}/from-json", text.encode())
        assert answer is not None, (peer.error, text[:3000])
        again = type(message).FromString(answer)
        assert same(their_json(again, pool), value), text[:3000]
        if not has_any(message):
            assert again.SerializeToString(deterministic=True) == message.SerializeToString(deterministic=True)


def has_any(message):
    """Whether bytes are inside, in which the order of a map is free."""
    return "type_url" in str(message)


def shuffled(rng, value):
    """The same with the members of every object in another order: "@type" too may stand anywhere."""
    if isinstance(value, list):
        return [shuffled(rng, item) for item in value]
    if not isinstance(value, dict):
        return value
    keys = list(value)
    rng.shuffle(keys)
    return {key: shuffled(rng, value[key]) for key in keys}


# Texts. What we read, protobuf reads as the same; Python's parser takes more, such as days of one digit.


def mutated(rng, text):
    place = rng.randrange(len(text) + 1)
    piece = rng.choice(list("0123456789.:-+TZ s") + ["", "+01:00", "-23:59", "000", "999"])
    return text[:place] + piece + text[place + rng.randint(0, 2) :]


def check_text(peer, name, kind, text):
    """Whether we take a text as the value of a field, which must then be what protobuf takes it for."""
    answer = peer.recode(f"Known/from-json", json.dumps({name: text}).encode())
    if answer is None:
        return False
    expected = kind()
    expected.FromJsonString(text)
    # The field's tag and length are one byte each.
    assert answer[2:] == expected.SerializeToString(deterministic=True), text
    return True


@pytest.mark.parametrize(
    "name, kind, fill_one",
    [
        ("timestamp", timestamp_pb2.Timestamp, fill_timestamp),
        ("duration", duration_pb2.Duration, fill_duration),
    ],
)
def test_mutated_times_are_never_read_as_anything_else_than_protobuf_does(peer, rng, name, kind, fill_one):
    taken = []
    for _ in range(ROUNDS * 10):
        value = kind()
        fill_one(rng, value)
        text = value.ToJsonString()
        assert check_text(peer, name, kind, text), (peer.error, text)
        for _ in range(rng.randint(1, 2)):
            text = mutated(rng, text)
        taken.append(check_text(peer, name, kind, text))
    assert 0.02 < sum(taken) / len(taken) < 0.98


def test_offsets_are_taken_off_as_protobuf_does(peer, rng):
    for _ in range(ROUNDS):
        day = f"{rng.randint(2, 9998):04}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        time = f"{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}"
        offset = f"{rng.choice('+-')}{rng.randrange(24):02}:{rng.randrange(60):02}"
        assert check_text(peer, "timestamp", timestamp_pb2.Timestamp, f"{day}T{time}{offset}"), (day, time, offset)


@pytest.mark.parametrize("name", KNOWN)
def test_mutated_messages_are_never_read_as_anything_else_than_protobuf_does(peer, pool, known, rng, name):
    kind, taken = known[f"wiretest.v1.{name}"], 0
    for _ in range(ROUNDS):
        message = kind()
        while not 2 < message.ByteSize() < 2000:
            message = kind()
            fill_known(rng, message, known)
        text = bytearray(peer.recode(f"{name}/to-json", message.SerializeToString()))
        for _ in range(rng.randint(1, 2)):
            mutate(rng, text)
        answer = peer.recode(f"{name}/from-json", bytes(text))
        if answer is None:
            continue
        taken += 1
        try:
            theirs = json_format.Parse(text.decode(), kind(), descriptor_pool=pool)
        except json_format.ParseError as error:
            # Python writes lists and maps of NullValue with nulls, but does not read them.
            assert "Failed to parse nullValue field" in str(error), bytes(text)
            continue
        assert same(their_json(kind.FromString(answer), pool), their_json(theirs, pool)), bytes(text)
    assert taken > 0
