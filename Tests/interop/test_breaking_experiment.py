"""`martletc breaking` against google.protobuf: what it calls safe for binary or JSON keeps every value,
what it calls breaking loses one, for every pair of types and forms of a field."""

import collections
import itertools
import json
import os
import pathlib
import subprocess

import pytest

import breaking_experiment as experiment

ROOT = pathlib.Path(__file__).resolve().parents[2]
CARRIERS = {"wire": experiment.by_wire, "JSON": experiment.by_json}

# They tell what may happen later, when a number or name is used again.
LATER = [
    "RESERVED_NUMBER_NO_DELETE", "RESERVED_NAME_NO_DELETE",
    "FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED", "FIELD_NO_DELETE_UNLESS_NAME_RESERVED",
    "ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED", "ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED",
]  # fmt: skip
NARROWING = {"FIELD_WIRE_VALUE_RANGE", "FIELD_JSON_VALUE_RANGE"}


@pytest.fixture(scope="session")
def martletc():
    folder = pathlib.Path(os.environ.get("MARTLET_BINARIES", ROOT / ".build" / "debug"))
    path = folder / "martletc"
    assert path.exists(), f"no martletc in {folder}: run 'swift build' first"
    return path


class Versions:
    """Two versions of a schema file: one message on each line, and what breaks in it."""

    def __init__(self, martletc, folder, head, old, new):
        self.texts = old, new
        for name, lines in (("old", old), ("new", new)):
            (folder / name).mkdir()
            (folder / name / "pairs.proto").write_text(head + "\n".join(lines) + "\n")
        self.old = experiment.load(folder / "old", "pairs.proto")
        self.new = experiment.load(folder / "new", "pairs.proto")
        done = subprocess.run(
            [
                martletc, "breaking", "-I", folder / "new", "--against", folder / "old",
                "--format", "json", "--category", "wire", "--category", "json",
                *itertools.chain(*(("--disable", rule) for rule in LATER)),
            ],
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode in (0, 1) and not done.stderr, done.stderr
        self.rules = collections.defaultdict(lambda: collections.defaultdict(set))
        offset = head.count("\n")
        for finding in map(json.loads, done.stdout.splitlines()):
            categories = finding["message"].removeprefix("breaks ").split(":")[0]
            for category in categories.replace(" and ", ", ").split(", "):
                self.rules[finding["line"] - offset - 1][category].add(finding["rule"])

    def verdict(self, index, category):
        rules = self.rules[index][category]
        return "safe" if not rules else "narrows" if rules <= NARROWING else "breaks"

    def faults(self, index, category, seed=1):
        """Where the verdict on one message and the experiment disagree."""
        names = [text.split()[1] for text in (self.texts[0][index], self.texts[1][index])]
        old, new = self.old[names[0]], self.new[names[1]]
        tried = experiment.outcomes(old, new, CARRIERS[category], seed)
        lost = [message for survived, _, message in tried if not survived]
        verdict = self.verdict(index, category)
        pair = f"{category}: {self.texts[0][index]}  ->  {self.texts[1][index]}"
        rules = sorted(self.rules[index][category])
        if verdict == "safe" and lost:
            yield f"{pair} is called safe and loses {str(lost[0])!r}"
        if verdict != "safe" and not lost:
            yield f"{pair} is called {verdict} {rules} and loses nothing"
        if verdict == "narrows" and not any(ok and filled for ok, filled, _ in tried):
            yield f"{pair} is only said to narrow and keeps nothing"


SCALARS = """double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64
bool string bytes""".split()
NAMED = "Small.E Wide.E Signed.E Inner Like More Other".split()
UNPACKABLE = {"string", "bytes", "Inner", "Like", "More", "Other"}

HEAD = """syntax = "proto3";
message Small { enum E { ZERO = 0; ONE = 1; FIVE = 5; } }
message Wide { enum E { ZERO = 0; ONE = 1; FIVE = 5; SIX = 6; } }
message Signed { enum E { ZERO = 0; ONE = 1; MINUS = -5; } }
message Inner { int32 a = 1; string b = 2; Inner c = 3; }
message Like { int64 a = 1; bytes b = 2; Like c = 3; }
message More { int32 a = 1; string b = 2; More c = 3; sint32 d = 4; }
message Other { string a = 1; }
message Pair { string key = 1; int32 value = 2; }
"""


def forms(type_name):
    """A field of a type in every form it can have."""
    yield f"{type_name} value = 1;"
    yield f"repeated {type_name} value = 1;"
    if type_name not in UNPACKABLE:
        yield f"repeated {type_name} value = 1 [packed = false];"
    if type_name[0].islower():
        yield f"optional {type_name} value = 1;"
    if type_name in ("int32", "string", "Inner"):
        yield f"oneof choice {{ {type_name} value = 1; }}"


MAPS = """string,int32 string,int64 string,uint32 string,sint32 string,string string,bytes
string,Inner string,Like string,Small.E string,Wide.E int32,int32 int64,int32 uint32,int32
fixed32,int32 sint32,int32 bool,int32""".split()


def pairs_of_fields():
    everything = [form for name in SCALARS + NAMED for form in forms(name)]
    yield from itertools.product(everything, everything)
    maps = [f"map<{name.replace(',', ', ')}> value = 1;" for name in MAPS]
    lists = ["repeated Pair value = 1;", "repeated Inner value = 1;", "Pair value = 1;"]
    yield from itertools.product(maps, maps + lists)
    yield from itertools.product(lists, maps + lists)


@pytest.mark.parametrize("category", CARRIERS)
def test_verdict_on_every_change_of_a_field_is_what_happens_to_values(category, martletc, tmp_path):
    pairs = list(pairs_of_fields())
    assert len(pairs) > 4000
    old, new = (
        [f"message M{index} {{ {pair[side]} }}" for index, pair in enumerate(pairs)]
        for side in (0, 1)
    )
    versions = Versions(martletc, tmp_path, HEAD, old, new)
    faults = [fault for i in range(len(pairs)) for fault in versions.faults(i, category)]
    assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults[:20])
    counts = collections.Counter(versions.verdict(i, category) for i in range(len(pairs)))
    assert counts["safe"] > 300 and counts["breaks"] > 1000 and counts["narrows"] > 30, counts


# Changes of other kinds: the old message, then the new one, each in proto3 unless it says otherwise.
CHANGES = {
    "two fields meet in a oneof": ("int32 a = 1; string b = 2;", "oneof c { int32 a = 1; string b = 2; }"),
    "one field moves into a oneof": ("int32 a = 1;", "oneof c { int32 a = 1; string b = 2; }"),
    "a field joins a oneof": ("oneof c { int32 a = 1; } int32 b = 2;", "oneof c { int32 a = 1; int32 b = 2; }"),
    "a oneof falls apart": ("oneof c { int32 a = 1; string b = 2; }", "int32 a = 1; string b = 2;"),
    "a oneof gets another name": ("oneof c { int32 a = 1; int32 b = 2; }", "oneof d { int32 a = 1; int32 b = 2; }"),
    "two oneofs become one": (
        "oneof c { int32 a = 1; } oneof d { int32 b = 2; }", "oneof c { int32 a = 1; int32 b = 2; }",
    ),
    "a field gets presence": ("int32 a = 1;", "optional int32 a = 1;"),
    "a field loses presence": ("optional int32 a = 1;", "int32 a = 1;"),
    "fields change their order": ("int32 a = 1; string b = 2;", "string b = 2; int32 a = 1;"),
    "a field is added": ("int32 a = 1;", "int32 a = 1; string b = 2;"),
    "a field gets another name": ("int32 heart_rate = 1;", "int32 pulse = 1;"),
    "a name changes its case only": ("int32 heart_rate = 1;", "int32 heartRate = 1;"),
    "a new name keeps the JSON name": (
        "int32 heart_rate = 1;", 'int32 pulse = 1 [json_name = "heartRate"];',
    ),
    "a json_name is added": ("int32 a = 1;", 'int32 a = 1 [json_name = "b"];'),
    "a json_name is that of the field": ("int32 a_b = 1;", 'int32 a_b = 1 [json_name = "a_b"];'),
    "two fields change places": ("int32 a = 1; int32 b = 2;", "int32 b = 1; int32 a = 2;"),
    "a field gets another number": ("int32 a = 1;", "int32 a = 2;"),
    "a field gets another number and type": ("int32 a = 1;", "string a = 2;"),
    "a value of an enum is added": ("Kind a = 1; enum Kind { Z = 0; }", "Kind a = 1; enum Kind { Z = 0; X = 1; }"),
    "a value of an enum gets another name": (
        "Kind a = 1; enum Kind { Z = 0; X = 1; }", "Kind a = 1; enum Kind { Z = 0; Y = 1; }",
    ),
    "a value of an enum gets an alias": (
        "Kind a = 1; enum Kind { Z = 0; X = 1; }",
        "Kind a = 1; enum Kind { option allow_alias = true; Z = 0; X = 1; Y = 1; }",
    ),
    "an enum is replaced by one with more": ("Small.E a = 1;", "Wide.E a = 1;"),
    "an enum is replaced by one with less": ("Wide.E a = 1;", "Small.E a = 1;"),
    "a list becomes packed": ("repeated int32 a = 1 [packed = false];", "repeated int32 a = 1;"),
    "a message is replaced by one that is alike": ("Inner a = 1;", "Like a = 1;"),
    "a message is replaced by one with more": ("Inner a = 1;", "More a = 1;"),
    "a message is replaced by another": ("repeated Inner a = 1;", "repeated Other a = 1;"),
}  # fmt: skip

# In proto2: enums are closed there, defaults and required fields exist.
CHANGES2 = {
    "a default changes": ("optional int32 a = 1 [default = 5];", "optional int32 a = 1 [default = 6];"),
    "a default that was there anyway": ("optional int32 a = 1;", "optional int32 a = 1 [default = 0];"),
    "a field becomes required": ("optional int32 a = 1;", "required int32 a = 1;"),
    "a field is no longer required": ("required int32 a = 1;", "optional int32 a = 1;"),
    "a required field is added": ("optional int32 a = 1;", "optional int32 a = 1; required int32 b = 2;"),
    "a group becomes a message": ("optional group A = 1 { optional int32 b = 1; }", "optional A a = 1; message A { optional int32 b = 1; }"),
    "a closed enum gets less": (
        "optional Kind a = 1; enum Kind { Z = 0; X = 1; }", "optional Narrow a = 1; enum Narrow { N = 0; }",
    ),
    "a closed enum gets more": ("optional Closed.E a = 1;", "optional Wider.E a = 1;"),
    "an integer becomes a closed enum": ("optional int32 a = 1;", "optional Closed.E a = 1;"),
    "a closed enum becomes an integer": ("optional Closed.E a = 1;", "optional int32 a = 1;"),
    "an enum begins with another value": (
        "optional Kind a = 1; enum Kind { Z = 0; X = 1; }", "optional Kind a = 1; enum Kind { X = 1; Z = 0; }",
    ),
}  # fmt: skip

HEAD2 = """syntax = "proto2";
message Closed { enum E { ZERO = 0; ONE = 1; } }
message Wider { enum E { ZERO = 0; ONE = 1; TWO = 2; } }
"""


@pytest.mark.parametrize("category", CARRIERS)
@pytest.mark.parametrize("head, changes", [(HEAD, CHANGES), (HEAD2, CHANGES2)], ids=["proto3", "proto2"])
def test_verdict_on_other_changes_is_what_happens_to_values(head, changes, category, martletc, tmp_path):
    bodies = list(changes.values())
    old, new = (
        [f"message M{index} {{ {body[side]} }}" for index, body in enumerate(bodies)]
        for side in (0, 1)
    )
    versions = Versions(martletc, tmp_path, head, old, new)
    faults = [fault for i in range(len(bodies)) for fault in versions.faults(i, category)]
    assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults)
