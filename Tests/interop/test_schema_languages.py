"""proto2, editions and options: martletc against protoc, the same verdict on files at the border of each
rule, and the same descriptors, byte for byte, places and comments included."""

import pytest
import option_verdicts
from language_verdicts import CASES, HEADS
from test_schema_compiler import (  # noqa: F401
    assert_equal_sets, by_martletc, by_protoc, martletc, run_martletc,
)

# Where martletc refuses on purpose what protoc lets pass: text that is no UTF-8.
STRICTER = {
    "proto2 default string no UTF-8",
    "everything string no UTF-8",
    "everything aggregate string no UTF-8",
}
CASES = CASES | option_verdicts.CASES


@pytest.mark.parametrize("name", CASES)
def test_judges_and_describes_as_protoc_does(name, martletc, tmp_path, capfd):
    head = name.partition(" ")[0]
    (tmp_path / "case.proto").write_bytes((HEADS[head] + CASES[name]).encode())
    theirs = by_protoc(tmp_path, tmp_path / "theirs", "case.proto")
    reason = capfd.readouterr().err
    ours, complaint = by_martletc(martletc, tmp_path, tmp_path / "ours", "case.proto")
    if ours is None:
        assert ": error: " in complaint
    if name in STRICTER:
        assert ours is None and theirs is not None
        return
    assert (ours is None) == (theirs is None), f"protoc: {reason}\nmartletc: {complaint}"
    if ours is not None:
        assert_equal_sets(ours, theirs)


SWIFT = {
    'edition = "2023"; message M { int32 a = 1; }': "public var a: Int32?",
    'edition = "2023"; message M { int32 a = 1 [features.field_presence = IMPLICIT]; }': "public var a: Int32 = 0",
    'edition = "2023"; option features.field_presence = IMPLICIT; message M { int32 a = 1; }': "public var a: Int32 = 0",
    'edition = "2023"; option features.message_encoding = DELIMITED; message M { map<int32, M> a = 1; }': "public var a: [Int32: M]",
    'syntax = "proto2"; message M { optional string a = 1; }': "public var a: String?",
}
NO_SWIFT = {
    'edition = "2023"; message M { M a = 1 [features.message_encoding = DELIMITED]; }': "delimited",
    'edition = "2023"; message M { int32 a = 1 [features.field_presence = LEGACY_REQUIRED]; }': "required",
    'edition = "2023"; message M { map<string, int32> a = 1 [features.utf8_validation = NONE]; }': "UTF-8",
    'edition = "2023"; message M { E e = 1; } enum E { option features.enum_type = CLOSED; A = 1; }': "closed",
    'syntax = "proto2"; enum E { A = 0; } message M { map<int32, E> a = 1; }': "closed",
    'syntax = "proto2"; message M { optional int32 a = 1 [default = 1]; }': "default",
    'syntax = "proto2"; message M { optional group G = 1 { } }': "group",
    'syntax = "proto2"; message M { option message_set_wire_format = true; extensions 4 to max; }': "message set",
    'syntax = "proto2"; message M { extensions 4 to max; }': "extension",
}


@pytest.mark.parametrize("text", [*SWIFT, *NO_SWIFT])
def test_generates_swift_only_where_it_means_the_same(text, martletc, tmp_path):
    (tmp_path / "case.proto").write_text(text)
    done = run_martletc(martletc, "generate", "-I", tmp_path, "--out", tmp_path / "out", "case.proto")
    assert (done.returncode == 0) == (text in SWIFT), done.stderr
    if text in SWIFT:
        assert SWIFT[text] in (tmp_path / "out" / "case.swift").read_text()
    else:
        assert NO_SWIFT[text] in done.stderr and "case.proto:1:" in done.stderr
