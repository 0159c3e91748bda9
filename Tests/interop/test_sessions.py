"""Tokens that expire, break or are renewed by several processes at once; what a profile keeps."""

import re
import stat

import pytest

from martlet_cli import Martlet
from people import PASSWORD
from workouts import SAMPLE, from_gpx

PROCESSES = 6


@pytest.fixture
def home(tmp_path):
    return tmp_path / "ann"


@pytest.fixture
def ann(binaries, server, home):
    person = Martlet(binaries / "martlet", server, home)
    person.run("register", "ann", "--email", "ann@example.org", "--name", "Ann")
    return person


def value(home, name):
    return re.search(rf"^{name} (.*)$", (home / "credentials").read_text(), re.M)[1]


def change(home, name, value):
    file = home / "credentials"
    file.write_text(re.sub(rf"^{name} .*$", f"{name} {value}", file.read_text(), flags=re.M))


def test_an_expired_access_token_is_renewed_before_a_call(ann, home):
    before = value(home, "refresh-token")
    change(home, "access-expires", 5)
    ann.json("history")
    assert value(home, "refresh-token") != before
    assert int(value(home, "access-expires")) > 1_700_000_000
    assert stat.S_IMODE((home / "credentials").stat().st_mode) == 0o600


def test_a_refused_access_token_is_renewed_in_unary_calls_and_streams(ann, home):
    change(home, "access-token", "aaa.bbb.ccc")
    ann.json("friends", "list")
    change(home, "access-token", "aaa.bbb.ccc")
    summary = ann.json("record", "--from", str(SAMPLE), "--speed", "max")
    assert summary["points_durable"] == len(from_gpx(SAMPLE))
    change(home, "access-token", "aaa.bbb.ccc")
    _, err = ann.run("watch", "ann", code=65)
    assert "no live activity" in err


def test_processes_that_renew_at_once_do_not_end_the_session(ann, home):
    change(home, "access-expires", 5)
    running = [ann.start("history", "--json") for _ in range(PROCESSES)]
    for process in running:
        ann.finish(process)
    # A refresh token shown twice would have ended it.
    change(home, "access-expires", 5)
    ann.json("history")


def test_a_spent_refresh_token_asks_for_a_new_log_in(ann, home):
    change(home, "access-token", "aaa.bbb.ccc")
    change(home, "refresh-token", "nonsense")
    _, err = ann.run("history", code=77)
    assert "martlet login" in err
    _, err = ann.run("record", "--from", str(SAMPLE), "--speed", "max", "--json", code=77)
    assert "2700 points wait in the journal" in err
    ann.run("login", "ann@example.org")
    (sent,) = ann.json("sync")["activities"]
    assert sent["outcome"] == "completed"


def test_logging_out_keeps_the_recordings_and_the_device(ann, home):
    ann.json("record", "--from", str(SAMPLE), "--speed", "max", "--offline")
    device = (home / "device").read_text()
    ann.run("logout")
    assert not (home / "credentials").exists()
    ann.run("history", code=77)
    ann.run("login", "ann")
    assert (home / "device").read_text() == device
    (sent,) = ann.json("sync")["activities"]
    assert sent["points_durable"] == len(from_gpx(SAMPLE))


def test_the_password_comes_from_a_file_too_and_a_wrong_one_is_refused(ann, tmp_path):
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\nnot this line\n")
    del ann.environment["MARTLET_PASSWORD"]
    ann.run("login", "ann", "--password-file", str(file))
    file.write_text("wrong password\n")
    _, err = ann.run("login", "ann", "--password-file", str(file), code=77)
    assert "wrong password" in err and "not signed in" not in err
