"""docs/rpc.md names every limit of the RPC toolkit, with the value that the sources give it."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "rpc.md").read_text()
RPC = ROOT / "Sources" / "MartletRPC"
FIELD = re.compile(
    r"^ +(?:public |package )?(?:static )?(?:var|let) (\w+)(?:: (\S+))?(?: = (.+))?$", re.MULTILINE
)
POWERS = {10: "KiB", 20: "MiB", 30: "GiB"}
# What sets a connection's fields from a server's or a channel's, and one such field.
SETTING = re.compile(r"^extension (?:NetLimits|HTTP2Configuration) \{.*?^}", re.MULTILINE | re.DOTALL)
SET = re.compile(r"^ +(?:limits\.)?(\w+) =", re.MULTILINE)


def fields(path, *types):
    """The stored properties of the types in a file: name -> default as the source has it, or None."""
    source = (ROOT / "Sources" / path).read_text()
    found = {}
    for kind in types:
        body = re.search(rf"struct {kind}\b.*?\n}}", source, re.DOTALL)[0]
        found |= {name: default for name, _, default in FIELD.findall(body)}
    assert len(found) > 3, f"{path} has no limits; the pattern is out of date"
    return found


def shown(default):
    """How the tables write a default; None where the value is no number."""
    if default == "":
        return "none"
    if shift := re.fullmatch(r"(\d+) << (\d+)", default):
        count, power = int(shift[1]), int(shift[2])
        return f"{count} {POWERS[power]}" if power in POWERS else f"2^{power}"
    if duration := re.fullmatch(r"\.(seconds|milliseconds)\(([\d_]+)\)", default):
        unit = {"seconds": "s", "milliseconds": "ms"}[duration[1]]
        return f"{int(duration[2]):,} {unit}"
    if re.fullmatch(r"[\d_]+", default):
        return f"{int(default):,}"
    return default if re.fullmatch(r"0\.\d+", default) else None


SERVER = fields("MartletRPC/Limits.swift", "ServerLimits")
CLIENT = fields("MartletRPC/Limits.swift", "ClientLimits") | {
    name: default
    for name, default in fields(
        "MartletRPC/Client/ChannelConfiguration.swift", "ChannelConfiguration"
    ).items()
    if name.endswith(("Timeout", "Interval", "Delay"))
}
BELOW = (
    fields("MartletNet/NetLimits.swift", "NetLimits")
    | fields("MartletHTTP2/HTTP2Limits.swift", "HTTP2Configuration")
    | fields("MartletHTTP2/HTTP2Limits.swift", "HTTP2Limits")
)
# Not bounds: what is said, or whether.
NOT_LIMITS = {"limits", "http1Text", "keepaliveWithoutStreams", "permitKeepaliveWithoutCalls"}


def rows(columns):
    """The rows of the limits tables with so many columns, as lists of cells."""
    section = TEXT.split("\n## Limits\n")[1].split("\n## Tuning\n")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    found = [row for row in cells if len(row) == columns and row[1] != "Field"]
    return [row for row in found if not set(row[0]) <= set("- ")]


def names(cell):
    return re.findall(r"`(?:\w+\.)?(\w+)`", cell)


def below_only():
    """The fields that no server and no channel sets."""
    above = "\n".join(path.read_text() for path in RPC.rglob("*.swift"))
    set_there = set(SET.findall("\n".join(SETTING.findall(above))))
    assert "maxConcurrentStreams" in set_there, "the pattern is out of date"
    return set(BELOW) - set(SERVER) - set(CLIENT) - set_there - NOT_LIMITS


def test_every_limit_of_servers_and_channels_has_a_row():
    said = {name for row in rows(5) for name in names(row[1])}
    missing = (set(SERVER) | set(CLIENT)) - NOT_LIMITS - said
    assert not missing, f"not in docs/rpc.md's first table of limits: {sorted(missing)}"


def test_every_limit_below_calls_has_a_row():
    said = {name for row in rows(4) for name in names(row[1])}
    missing = below_only() - said
    assert not missing, f"not in docs/rpc.md's second table of limits: {sorted(missing)}"


NAMED = [row for row in rows(5) if names(row[1])]


@pytest.mark.parametrize("row", NAMED, ids=lambda row: row[1].replace("`", ""))
def test_a_row_has_the_default_values(row):
    first, *others = names(row[1])
    last = others[0] if others and "client" in row[1] or others and "channel" in row[1] else first
    for name, table, cell in [(first, SERVER, row[2]), (last, CLIENT, row[3])]:
        if name in table and (value := shown(table[name])):
            assert cell.startswith(value), f"{name} is {value}"


@pytest.mark.parametrize("row", rows(4), ids=lambda row: row[1].replace("`", ""))
def test_a_row_below_calls_has_the_value(row):
    (name,) = names(row[1])
    assert name in BELOW, f"{name} is no limit"
    value = shown(BELOW[name])
    if value:
        assert row[2] == value, f"{name} is {value}"


def test_tuning_speaks_of_what_there_is():
    """Each name in the table of what to turn is a public property somewhere in MartletRPC."""
    section = TEXT.split("\n## Tuning\n")[1].split("\n## ")[0]
    public = "\n".join(path.read_text() for path in RPC.rglob("*.swift"))
    for line in section.splitlines():
        if line.startswith("| ") and not line.startswith(("| ---", "| You want")):
            turned = line.strip("|").split("|")[1]
            for name in names(turned):
                assert re.search(rf"public (?:var|let) {name}\b", public), name
