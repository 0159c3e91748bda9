"""MartletJSON against google.protobuf's json_format, in both directions.

Random messages go out as protobuf encoded them, come back as JSON that json_format must read as the same
message; and json_format's JSON, in every style it has, must be read as the same message by us. Texts that
are malformed, hostile or mutated must be refused by both or by neither; what differs by design is named
in `differs_by_design`. Python's leniency has many corners, so the seed is always the same unless
MARTLET_SEED names another; MARTLET_ROUNDS lengthens a run.
"""

import json
import os
import pathlib
import random
import re
import struct

import grpc_tools.protoc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

from test_codec_differential import (  # noqa: F401: fixtures among them
    MESSAGES as WIRE_MESSAGES,
    ROOT,
    ROUNDS,
    canonical,
    fill,
    peer,
)

MESSAGES = WIRE_MESSAGES + ["jsontest.v1.Names", "jsontest.v1.Many"]
SEED = int(os.environ.get("MARTLET_SEED", "20261121"))


@pytest.fixture
def rng(request):
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    """google.protobuf's classes of all test schemas, by name."""
    out = tmp_path_factory.mktemp("descriptors") / "set.pb"
    folders = [ROOT / "Tests" / "Support" / name for name in ("WireTestSchema", "JSONTestSchema")]
    include = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    arguments = ["protoc", *(f"-I{folder}" for folder in [*folders, include]), "--include_imports"]
    arguments += [f"--descriptor_set_out={out}", "everything.proto", "names.proto"]
    assert grpc_tools.protoc.main(arguments) == 0
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file:
        pool.Add(file)
    names = [name if "." in name else f"wiretest.v1.{name}" for name in MESSAGES]
    full_names = [*names, "jsontest.v1.Nulls"]
    return {
        full_name.removeprefix("wiretest.v1."): message_factory.GetMessageClass(
            pool.FindMessageTypeByName(full_name)
        )
        for full_name in full_names
    }


def random_message(rng, classes, name, depth=1):
    message = classes[name]()
    fill(rng, message, depth)
    return message


def small_message(rng, classes, name):
    while True:
        message = random_message(rng, classes, name, depth=3)
        if message.ByteSize() < 2_000:
            return message


def our_json(peer, name, message, style=""):
    return peer.recode(f"{name}/to-json{style}", message.SerializeToString())


def read_by_us(peer, classes, name, text, ignoring=False):
    """What we read, as google.protobuf's message; None when we refuse the text."""
    answer = peer.recode(f"{name}/from-json{'-ignoring' if ignoring else ''}", text)
    return None if answer is None else classes[name].FromString(answer)


def read_by_them(classes, name, text, ignoring=False):
    try:
        decoded = text.decode()
        return json_format.Parse(decoded, classes[name](), ignore_unknown_fields=ignoring)
    except (json_format.ParseError, UnicodeDecodeError):
        return None


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("style", ["", "-defaults", "-original", "-numbers", "-sorted", "-indented"])
def test_protobuf_reads_our_json_as_the_same_message(peer, classes, rng, name, style):
    for _ in range(max(4, ROUNDS // 20)):
        message = random_message(rng, classes, name)
        text = our_json(peer, name, message, style)
        again = read_by_them(classes, name, text)
        assert again is not None, text[:4000]
        assert canonical(again) == canonical(message), text[:4000]


def same(ours, theirs):
    """Whether two JSON values say the same; protobuf writes small floats with more digits than they need."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(theirs, float) and isinstance(ours, (int, float)):
        return ours == theirs or struct.pack("f", ours) == struct.pack("f", theirs) and abs(ours) < 1e-37
    return type(ours) is type(theirs) and ours == theirs


STYLES = {
    "": {},
    "-defaults": {"always_print_fields_with_no_presence": True},
    "-original": {"preserving_proto_field_name": True},
    "-numbers": {"use_integers_for_enums": True},
}


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("style", STYLES)
def test_our_json_says_what_protobufs_says(peer, classes, rng, name, style):
    """The same keys and values, of the same types: 64-bit integers are strings, for example."""
    for _ in range(max(4, ROUNDS // 20)):
        message = random_message(rng, classes, name)
        theirs = json_format.MessageToJson(message, **STYLES[style])
        ours = our_json(peer, name, message, style)
        assert same(json.loads(ours), json.loads(theirs)), (ours[:2000], theirs[:2000])


@pytest.mark.parametrize("name", MESSAGES)
def test_we_read_protobufs_json_as_the_same_message(peer, classes, rng, name):
    for _ in range(max(8, ROUNDS // 10)):
        message = random_message(rng, classes, name)
        text = json_format.MessageToJson(
            message,
            always_print_fields_with_no_presence=rng.random() < 0.3,
            preserving_proto_field_name=rng.random() < 0.3,
            use_integers_for_enums=rng.random() < 0.3,
            indent=rng.choice([None, 0, 2]),
            ensure_ascii=rng.random() < 0.5,
        )
        again = read_by_us(peer, classes, name, text.encode())
        assert again is not None, text[:4000]
        assert canonical(again) == canonical(message), text[:4000]


@pytest.mark.parametrize("name", MESSAGES)
def test_the_order_of_members_does_not_matter(peer, classes, rng, name):
    for _ in range(max(8, ROUNDS // 10)):
        message = random_message(rng, classes, name)
        value = json_format.MessageToDict(message)
        keys = list(value)
        rng.shuffle(keys)
        text = json.dumps({key: value[key] for key in keys})
        assert canonical(read_by_us(peer, classes, name, text.encode())) == canonical(message)


def test_sorted_and_indented_text_is_laid_out_as_promised(peer, classes, rng):
    for _ in range(20):
        message = small_message(rng, classes, "Maps")
        value = json.loads(our_json(peer, "Maps", message, "-sorted"))
        for name, entries in value.items():
            keys = list(entries)
            if re.match(r"[us]?(int|fixed)", name):
                assert keys == sorted(keys, key=int), name
            elif name.startswith("string"):
                assert keys == sorted(keys, key=str.encode), name
        indented = our_json(peer, "Tree", random_message(rng, classes, "Tree", 2), "-indented")
        again = json.dumps(json.loads(indented), indent=2, ensure_ascii=False)
        assert plain_numbers(indented.decode()) == plain_numbers(again)


def plain_numbers(text):
    return re.sub(r"\\u[0-9a-f]{4}|\\[bfnrt]", "?", text)


# Verdicts.


def differs_by_design(theirs, error, text):
    """Whether json_format's verdict on a text is another one than ours on purpose; see docs/json.md.

    We refuse: characters that are no base64, which its decoder passes over; in strings, numbers that only
    Python takes for such ("007", "1_000"), and fractions there and in enums, which it cuts off; true where a
    number belongs; an enum's number in a string; half a surrogate pair in what is ignored; strings and lists for messages, which to it are
    objects without members; a oneof of which one field is set to a null that is a value.
    We accept: null for a list of Value; null in a list of NullValue; names that stand twice where they are
    ignored.
    """
    if theirs is None and error is None:
        is_null = b"null" in text and (b'"values"' in text or b'"nulls"' in text)
        return is_null or text == b'{"a":1,"a":2}'
    if theirs is None or error is None:
        return False
    lenient = ["not base64", "not a number", "does not fit", "an escape in a string"]
    if "no such value" in error and re.search(rb'"-?[0-9]+"', text):
        return True
    if any(reason in error for reason in lenient):
        return True
    if "another field of its oneof" in error:
        return b"null" in text
    place = re.search(r"of the wrong type \(byte (\d+)\)", error)
    return place is not None and text[int(place[1]) :].startswith((b'"', b"[", b"true", b"false"))


# Where json_format reads another value: "-0" is an integer to Python and has no sign; integers with a
# fraction lose digits; an enum's number may stand in a string.
LOSSY = re.compile(rb'-0(?![0-9.eE])|[0-9][.eE][0-9]*"|[Ll]evel":[^]]*"[-0-9]')


def check(peer, classes, name, text, ignoring=False):
    theirs = read_by_them(classes, name, text, ignoring)
    ours = read_by_us(peer, classes, name, text, ignoring)
    if (theirs is None) != (ours is None) and differs_by_design(theirs, peer.error, text):
        return None
    assert (theirs is None) == (ours is None), f"protobuf {theirs is not None}: {peer.error} {name} {text[:2000]!r}"
    if theirs is not None and not LOSSY.search(text):
        assert canonical(ours) == canonical(theirs), f"{name} {text[:2000]!r}"
    return theirs is not None


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("ignoring", [False, True])
def test_mutated_texts_are_judged_alike(peer, classes, rng, name, ignoring):
    verdicts = set()
    for _ in range(ROUNDS // 2):
        text = bytearray(our_json(peer, name, small_message(rng, classes, name)))
        verdicts.add(check(peer, classes, name, bytes(text), ignoring))
        for _ in range(rng.randint(1, 3)):
            mutate(rng, text)
        verdicts.add(check(peer, classes, name, bytes(text), ignoring))
    assert verdicts >= {True, False} or name == "Empty"


TOKENS = [b'"', b",", b":", b"{", b"}", b"[", b"]", b"null", b"true", b"false", b"0", b"1", b"-", b".", b"e5", b" "]
TOKENS += [b"\n", b"\\", b"\\u0041", b"\\ud83d", b"\\ude00", b'"a":1,', b"\x00", b"\xc3", b"\xff", b"1e2", b"0.0", b'""']


def mutate(rng, text):
    place = rng.randrange(len(text) + 1)
    kind = rng.randrange(5)
    if kind == 0 and place < len(text):
        text[place] ^= 1 << rng.randrange(8)
    elif kind == 1 and place > 0:
        del text[place:]
    elif kind == 2:
        text[place:place] = rng.choice(TOKENS)
    elif kind == 3:
        del text[place : place + rng.randint(1, 5)]
    else:
        other = rng.randrange(len(text) + 1)
        text[place:place] = text[other : other + rng.randint(1, 12)]


NULLS = [
    '{"value":null}',
    '{"value":1}',
    '{"nullValue":null}',
    '{"nullValue":"NULL_VALUE"}',
    '{"nullValue":0}',
    '{"optionalNull":null}',
    '{"values":[null,1,[],{}]}',
    '{"values":null}',
    '{"nulls":[null,"NULL_VALUE"]}',
    '{"byName":{"a":null}}',
    '{"byName":null}',
    '{"text":null}',
    '{"text":""}',
    '{"texts":[null]}',
    '{"texts":["",""]}',
    '{"list":null}',
    '{"list":[null]}',
    '{"none":null}',
    '{"any":null}',
    '{"word":null}',
    '{"count":null}',
    '{"word":null,"count":"5"}',
    '{"count":"5","word":null}',
    '{"word":"a","count":"5"}',
    '{"word":"a","none":null}',
    '{"any":null,"none":null}',
    '{"word":null,"count":null}',
    '{"word":null,"word":"a"}',
]


@pytest.mark.parametrize("text", NULLS)
def test_null_means_the_same_to_both(peer, classes, text):
    check(peer, classes, "jsontest.v1.Nulls", text.encode())


VALUES = ["null", "true", "0", "1", "-1", "1.5", "1e3", '""', '"a"', '"1"', '"YQ=="', '"NaN"', "[]", "[1]"]
VALUES += ["[null]", "{}", '{"a":1}', '{"fInt32":1}', '"LEVEL_LOW"', '["LEVEL_LOW"]', '{"1":1}', '{"true":1}']


@pytest.mark.parametrize("name", WIRE_MESSAGES)
@pytest.mark.parametrize("ignoring", [False, True])
def test_every_kind_of_value_is_judged_alike_for_every_field(peer, classes, name, ignoring):
    for field in classes[name].DESCRIPTOR.fields:
        for value in VALUES:
            for key in (field.name, field.json_name):
                check(peer, classes, name, f'{{"{key}":{value}}}'.encode(), ignoring)


TEXTS = ["", " ", "null", "1", "[]", '"a"', "{", "}", "{}}", "{} {}", "{},", "{}\n", " {} ", "\ufeff{}", "{}x"]
TEXTS += ["{,}", '{"a"}', '{"a":}', '{"a":1,}', '{a:1}', "{'a':1}", '{"a":1 "b":2}', '{"a":1;}', '{"a"=1}']
TEXTS += ["// c\n{}", "{/* c */}", '{"a":[1,]}', '{"a":[,1]}', '{"a":[1 2]}', '{"a":[1}', '{"a":{]}', '{"a":01}']
TEXTS += ['{"a":[[[[[]]]]]}', '{"a":{"a":{"a":{}}}}', '{"":1}', '{"a":"\\u0000"}', '{"a":1,"a":2}', '{"\\u0061":1}']
TEXTS += ['{"a":tru}', '{"a":nul}', '{"a":truex}', '{"a":-}', '{"a":"', '{"a":"\\', '{"a":"\\u00', '{"a', "\x00{}", "{}\x00"]


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("ignoring", [False, True])
@pytest.mark.parametrize("text", TEXTS)
def test_the_structure_of_texts_is_judged_alike(peer, classes, name, ignoring, text):
    check(peer, classes, name, text.encode(), ignoring)


@pytest.mark.parametrize("name", MESSAGES)
def test_every_prefix_is_refused(peer, classes, rng, name):
    for _ in range(5):
        text = our_json(peer, name, small_message(rng, classes, name))
        for length in range(len(text)):
            assert peer.recode(f"{name}/from-json", text[:length]) is None
            assert peer.error


@pytest.mark.parametrize("depth", [1, 50, 98, 99, 100, 101, 102, 150, 100_000])
def test_depth_is_judged_alike(peer, classes, depth):
    for head, tail in [('{"left":', "}"), ('{"children":[', "]}"), ('{"owner":{"tree":', "}}")]:
        text = (head * depth + "{}" + tail * depth).encode()
        ours = peer.recode("Tree/from-json", text)
        levels = depth * (2 if "owner" in head else 1)
        assert (ours is not None) == (levels <= 100), peer.error
        if levels < 90:
            assert canonical(classes["Tree"].FromString(ours)) == canonical(read_by_them(classes, "Tree", text))
    ignored = ('{"other":' + "[" * depth + "]" * depth + "}").encode()
    assert (peer.recode("Tree/from-json-ignoring", ignored) is not None) == (depth <= 100)
