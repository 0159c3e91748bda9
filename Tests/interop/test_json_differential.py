"""MartletJSON against google.protobuf's json_format, in both directions.

Random messages go out as protobuf encoded them, come back as JSON that json_format must read as the same
message; and json_format's JSON, in every style it has, must be read as the same message by us. Texts that
are malformed, hostile or mutated must be refused by both or by neither; what differs by design is named
in `differs_by_design`. MARTLET_SEED repeats a run, MARTLET_ROUNDS lengthens it.
"""

import json
import re
import struct

import pytest
from google.protobuf import json_format

from test_codec_differential import (  # noqa: F401: fixtures among them
    MESSAGES,
    ROUNDS,
    canonical,
    classes,
    fill,
    peer,
    rng,
)

# Maps with message values and strings of 20,000 characters make some messages large.
LONGEST = 200_000


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
    """Whether a text that json_format accepts is one that we refuse on purpose; see docs/json.md.

    Its base64 decoder passes over characters that are no base64; in strings it takes whatever Python
    takes for a number, "007" and "1_000" among them, and cuts off fractions there and in enums; what is
    ignored may hold half a surrogate pair; "" and [] are messages without fields to it, and any string is
    when it ignores unknown fields.
    """
    if theirs is None or error is None:
        return False
    lenient = ["not base64", "not a number", "does not fit", "an escape in a string"]
    if any(reason in error for reason in lenient):
        return True
    place = re.search(r"of the wrong type \(byte (\d+)\)", error)
    return place is not None and text[int(place[1]) :].startswith((b'"', b"[]"))


# Where json_format reads another value: "-0" is an integer to Python and has no sign; integers with a
# fraction lose digits; an enum's number may stand in a string.
LOSSY = re.compile(rb'-0(?![0-9.eE])|[0-9][.eE][0-9]*"|[Ll]evel":[^]]*"[-0-9]')


def check(peer, classes, name, text, ignoring=False):
    theirs = read_by_them(classes, name, text, ignoring)
    ours = read_by_us(peer, classes, name, text, ignoring)
    if differs_by_design(theirs, peer.error, text):
        return None
    assert (theirs is None) == (ours is None), f"protobuf {theirs is not None}: {peer.error} {name} {text[:2000]!r}"
    if theirs is not None and not LOSSY.search(text):
        assert canonical(ours) == canonical(theirs), f"{name} {text[:2000]!r}"
    return theirs is not None


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("ignoring", [False, True])
def test_mutated_texts_are_judged_alike(peer, classes, rng, name, ignoring):
    verdicts = set()
    for _ in range(ROUNDS * 2):
        text = bytearray(our_json(peer, name, small_message(rng, classes, name)))
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
