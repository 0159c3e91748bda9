"""proto2, editions and options: martletc against protoc, the same verdict on files at the border of each
rule, and the same descriptors, byte for byte, places and comments included."""

import pytest
import option_verdicts
from language_verdicts import CASES, HEADS
from test_schema_compiler import assert_equal_sets, by_martletc, by_protoc, martletc  # noqa: F401

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
