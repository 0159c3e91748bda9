"""What becomes of values when a schema changes, found out with google.protobuf: a value is written
under one version and read under the other, in binary and in JSON."""

import random
import struct

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, EncodeError
from grpc_tools import protoc

LOST = (DecodeError, EncodeError, json_format.Error, ValueError, TypeError, OverflowError)


def load(folder, name):
    """The messages of one schema file, by name, in a pool of their own; protoc compiles it."""
    out = folder / "descriptors"
    assert protoc.main(["protoc", f"-I{folder}", f"--descriptor_set_out={out}", name]) == 0
    pool = descriptor_pool.DescriptorPool()
    file = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file[0]
    pool.Add(file)
    messages = pool.FindFileByName(name).message_types_by_name.values()
    return {message.name: message_factory.GetMessageClass(message) for message in messages}


# Values.

NUMBERS = (0, 1, 5, 77, 2**31 - 1, 2**31, 2**32 - 1, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1)
NEGATIVE = (-1, -5, -(2**31), -(2**31) - 1, -(2**63))
FLOATS = (0.0, 1.5, 3.0, -2.5, 0.1, 1e30, float("inf"))
TEXTS = ("", "abc", "5", "é✓", "true", "YWJj")
BYTES = (b"", b"abc", b"5", b"\xff\xfe", b"\x08\x05")

RANGES = {
    "INT32": (-(2**31), 2**31 - 1), "SINT32": (-(2**31), 2**31 - 1),
    "SFIXED32": (-(2**31), 2**31 - 1), "UINT32": (0, 2**32 - 1), "FIXED32": (0, 2**32 - 1),
    "INT64": (-(2**63), 2**63 - 1), "SINT64": (-(2**63), 2**63 - 1),
    "SFIXED64": (-(2**63), 2**63 - 1), "UINT64": (0, 2**64 - 1), "FIXED64": (0, 2**64 - 1),
}  # fmt: skip
TYPE_NAMES = {
    getattr(FieldDescriptor, name): name.removeprefix("TYPE_")
    for name in dir(FieldDescriptor)
    if name.startswith("TYPE_")
}


def float32(value):
    try:
        return struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return float("inf")


def is_map(field):
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def single_values(field, classes, rng, depth=0):
    """Values of one element of a field, some of them at the borders of its type."""
    kind = TYPE_NAMES[field.type]
    if kind in RANGES:
        low, high = RANGES[kind]
        return [v for v in NUMBERS + NEGATIVE if low <= v <= high] + [rng.randint(low, high)]
    if kind == "BOOL":
        return [False, True]
    if kind == "DOUBLE":
        return list(FLOATS) + [rng.uniform(-1e9, 1e9)]
    if kind == "FLOAT":
        return [float32(v) for v in FLOATS] + [float32(rng.uniform(-1e9, 1e9))]
    if kind == "STRING":
        return list(TEXTS)
    if kind == "BYTES":
        return list(BYTES) + [rng.randbytes(5)]
    if kind == "ENUM":
        named = [value.number for value in field.enum_type.values]
        return named + ([] if field.enum_type.is_closed else [77])
    if depth == 2:
        return [classes(field.message_type)()]
    return messages(field.message_type, classes, rng, depth + 1)


def messages(descriptor, classes, rng, depth=0):
    """Messages of a type: none, one and all of the fields set, to values of every kind."""
    make = classes(descriptor)
    result = [make()]
    for field in descriptor.fields:
        for value in field_values(field, classes, rng, depth):
            message = make()
            put(message, field, value)
            result.append(message)
    for _ in range(4 if len(descriptor.fields) > 1 else 0):
        message = make()
        for field in descriptor.fields:
            put(message, field, rng.choice(field_values(field, classes, rng, depth)))
        result.append(message)
    required = [f for f in descriptor.fields if f.is_required]
    return [m for m in result if all(m.HasField(f.name) for f in required)]


def field_values(field, classes, rng, depth):
    if is_map(field):
        key, value = field.message_type.fields
        keys = single_values(key, classes, rng)
        values = single_values(value, classes, rng, depth)
        pairs = [{k: rng.choice(values)} for k in keys] + [{keys[0]: v} for v in values]
        return [{}, *pairs, {k: rng.choice(values) for k in keys}]
    values = single_values(field, classes, rng, depth)
    if not field.is_repeated:
        return values
    return [[], *[[v] for v in values], values[:3], [values[-1], values[-1]]]


def put(message, field, value):
    if is_map(field):
        target = getattr(message, field.name)
        for key, item in value.items():
            if field.message_type.fields[1].message_type is None:
                target[key] = item
            else:
                target[key].CopyFrom(item)
    elif field.is_repeated:
        getattr(message, field.name).extend(value)
    elif field.message_type is not None:
        getattr(message, field.name).CopyFrom(value)
        getattr(message, field.name).SetInParent()
    else:
        setattr(message, field.name, value)


# Comparing: a value of one version with that of the other.


def classes_of(descriptor):
    return message_factory.GetMessageClass(descriptor)


def elements(message, field):
    """A field's values as a list; that of a single one that is not set is its default."""
    value = getattr(message, field.name)
    if is_map(field):
        entry = classes_of(field.message_type)
        made = []
        for key in value:
            item = entry(key=key)
            put(item, field.message_type.fields[1], value[key])
            made.append(item)
        return sorted(made, key=lambda item: item.key)
    return list(value) if field.is_repeated else [value]


def is_unset(message, field):
    """Whether a message field is not set: its default has such fields again, without end."""
    is_single = field.message_type is not None and not field.is_repeated
    return is_single and not message.HasField(field.name)


def is_default(value, field):
    if field.message_type is not None:
        return value == type(value)()
    return value == (field.default_value if not field.is_repeated else type(value)())


def same_element(old, old_field, new, new_field):
    if isinstance(old, (bytes, str)) and isinstance(new, (bytes, str)):
        encode = lambda text: text.encode() if isinstance(text, str) else text
        return encode(old) == encode(new)
    if old_field.message_type is not None and new_field.message_type is not None:
        return same(old, new)
    for one, other in ((old, new), (new, old)):
        if hasattr(one, "SerializeToString"):
            return one.SerializeToString(deterministic=True) == other
    if isinstance(old, (bytes, str)) or isinstance(new, (bytes, str)):
        return False  # A number is no text.
    if old_field.type == FieldDescriptor.TYPE_FLOAT:
        return float32(new) == old
    return new == old


def same(old, new):
    """Whether every field of one version's message has the same value in the other's."""
    for field in old.DESCRIPTOR.fields:
        other = new.DESCRIPTOR.fields_by_number.get(field.number)
        if other is None:
            other = new.DESCRIPTOR.fields_by_name.get(field.name)
        if other is None:
            if not is_unset(old, field) and elements(old, field) not in ([], [field.default_value]):
                return False
            continue
        if is_unset(old, field) and is_unset(new, other):
            continue
        mine, theirs = elements(old, field), elements(new, other)
        single = not field.is_repeated, not other.is_repeated
        if single == (True, False) and not theirs and is_default(mine[0], field):
            continue
        if single == (False, True) and not mine and is_default(theirs[0], other):
            continue
        if is_map(field) != is_map(other):
            key = lambda item: item.SerializeToString(deterministic=True)
            if not all(hasattr(item, "SerializeToString") for item in mine + theirs):
                return False
            mine, theirs = sorted(mine, key=key), sorted(theirs, key=key)
        pairs = zip(mine, theirs)
        if len(mine) != len(theirs) or not all(same_element(a, field, b, other) for a, b in pairs):
            return False
    return True


# Carrying a message from one version to the other.


def by_wire(message, other):
    return other.FromString(message.SerializeToString(deterministic=True))


def by_json(message, other):
    text = json_format.MessageToJson(message)
    return json_format.Parse(text, other(), ignore_unknown_fields=True)


def survives(message, other, carry):
    """Whether the other version reads what this one wrote."""
    try:
        read = carry(message, other)
        # Most languages' readers refuse what lacks a required field; Python's leave that to the caller.
        return read.IsInitialized() and same(message, read)
    except LOST:
        return False


def translated(old, new_class):
    """The same message under the new version, made without any encoding; None when it has none."""
    new = new_class()
    try:
        for field in old.DESCRIPTOR.fields:
            other = new.DESCRIPTOR.fields_by_number.get(field.number)
            if other is None:
                continue
            if field.containing_oneof is not None and not old.HasField(field.name):
                continue
            if field.has_presence and not old.HasField(field.name):
                continue
            put_as(elements(old, field), field, new, other)
        return new if same(old, new) else None
    except LOST:
        return None


def put_as(values, field, new, other):
    values = [translated_element(value, field, other) for value in values]
    if None in values or (is_map(other) and field.message_type is None):
        raise ValueError("the other version has no such value")
    if is_map(other):
        for entry in values:
            put(new, other, {entry.key: entry.value})
    elif other.is_repeated:
        put(new, other, values)
    elif values:
        put(new, other, values[0])


def translated_element(value, field, other):
    if field.message_type is not None and other.message_type is not None:
        return translated(value, classes_of(other.message_type))
    if field.message_type is not None:
        return value.SerializeToString(deterministic=True)
    if isinstance(value, str) and other.type == FieldDescriptor.TYPE_BYTES:
        return value.encode()
    if isinstance(value, bytes) and other.type == FieldDescriptor.TYPE_STRING:
        return value.decode()
    kind = TYPE_NAMES[other.type]
    if kind == "BOOL" and value in (0, 1):
        return bool(value)
    if (kind in RANGES or kind == "ENUM") and value == int(value):
        return int(value)
    return float(value) if kind in ("FLOAT", "DOUBLE") else value


def outcomes(old_class, new_class, carry, seed):
    """For every message tried: whether it survived, and whether it had anything in it."""
    result = []
    if new_class().IsInitialized():
        result.append((survives(new_class(), old_class, carry), False, new_class()))
    for message in messages(old_class.DESCRIPTOR, classes_of, random.Random(seed)):
        is_filled = message != old_class()
        result.append((survives(message, new_class, carry), is_filled, message))
        # Old programs read what new ones write, as far as they could have written it themselves.
        new = translated(message, new_class)
        if new is not None:
            result.append((survives(new, old_class, carry), is_filled, message))
    return result
