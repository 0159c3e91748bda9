"""What a person can do wrong at a command line, and what must not be lost when it happens."""

import os
import pty
import re
import select
import stat
import subprocess
import termios
import time

import pytest

from conftest import ROOT
from martlet_cli import Martlet
from workouts import SAMPLE, from_gpx


@pytest.fixture
def home(tmp_path):
    return tmp_path / "ann"


@pytest.fixture
def ann(binaries, server, home):
    person = Martlet(binaries / "martlet", server, home)
    person.run("register", "ann", "--email", "ann@example.org")
    return person


def expire_access_token(home):
    file = home / "credentials"
    file.write_text(re.sub(r"^access-expires .*$", "access-expires 5", file.read_text(), flags=re.M))


@pytest.mark.parametrize("seconds", ["-1", "31536001", str(2**63 - 1), str(2**64), "1.5", ""])
def test_a_patience_out_of_range_is_a_wrong_command_line(ann, seconds):
    for command in (["record", "--from", str(SAMPLE)], ["sync"], ["watch", "ann"]):
        _, err = ann.run(*command, f"--give-up-after={seconds}", code=64)
        assert "--give-up-after" in err


def test_results_that_cannot_be_printed_are_an_error(ann):
    for command in (["history", "--json"], ["inspect", str(SAMPLE)], ["friends", "list", "--json"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [ann.binary, *command], env=ann.environment, stdout=full, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 73, command
        assert "No space left" in done.stderr


def test_a_recording_goes_on_when_nothing_can_be_printed(ann):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [ann.binary, "record", "--from", str(SAMPLE), "--speed", "1000"], env=ann.environment,
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 73, done.stderr
    (activity,) = ann.activities()
    assert activity["state"] == "completed"
    assert len(ann.track(activity["id"])) == len(from_gpx(SAMPLE))


def test_a_watcher_ends_when_nobody_reads_what_it_prints(ann):
    watcher = ann.start("watch", "ann", "--wait", "--json")
    time.sleep(0.5)
    watcher.stdout.close()
    recording = ann.start("record", "--from", str(SAMPLE), "--speed", "100", "--json")
    try:
        assert watcher.wait(20) == 73
        assert recording.poll() is None, "the recording was over first"
    finally:
        recording.kill()
        watcher.kill()
        recording.communicate()


def test_what_one_person_records_never_becomes_anothers(binaries, server, ann, home, tmp_path):
    bob = Martlet(binaries / "martlet", server, tmp_path / "bob")
    bob.run("register", "bob", "--email", "bob@example.org")
    expire_access_token(home)
    server.stop()
    recording = ann.start("record", "--from", str(SAMPLE), "--speed", "max", "--json")
    time.sleep(1)
    # Bob signs in with Ann's profile while her recording waits for the server.
    (home / "credentials").write_text((tmp_path / "bob" / "credentials").read_text())
    server.start()
    out, err = recording.communicate(timeout=60)
    assert recording.returncode == 77, (out, err)
    assert "2700 points wait in the journal" in err
    assert bob.activities() == []


def test_ctrl_c_at_the_password_prompt_gives_the_terminal_back(ann):
    del ann.environment["MARTLET_PASSWORD"]
    process, terminal = pty.fork()
    if process == 0:
        os.execve(ann.binary, [ann.binary, "login", "ann"], ann.environment)
    shown = b""
    while b"Password:" not in shown:
        assert select.select([terminal], [], [], 20)[0], shown
        shown += os.read(terminal, 1000)
    assert not termios.tcgetattr(terminal)[3] & termios.ECHO
    os.write(terminal, b"\x03")
    deadline = time.monotonic() + 20
    while not termios.tcgetattr(terminal)[3] & termios.ECHO:
        assert time.monotonic() < deadline, "the terminal still shows nothing"
        time.sleep(0.05)
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    os.close(terminal)


@pytest.mark.parametrize("program", ["martlet", "martletc"])
def test_links_and_pipes_are_written_to_and_not_replaced(binaries, ann, tmp_path, program):
    ann.run("record", "--from", str(SAMPLE), "--speed", "max", "--json")
    (activity,) = ann.activities()
    command = {
        "martlet": [ann.binary, "show", activity["id"], "--export"],
        "martletc": [str(binaries / "martletc"), "descriptors", "-I", str(ROOT / "schema"),
                     str(ROOT / "schema/martlet/v1/history.proto"), "--out"],
    }[program]

    def write(path):
        done = subprocess.run([*command, str(path)], env=ann.environment, capture_output=True)
        assert done.returncode == 0, done.stderr

    plain, target, link, pipe = (tmp_path / name for name in ("plain", "target", "link", "pipe"))
    write(plain)
    target.write_bytes(b"longer" * 1_000_000)
    link.symlink_to(target)
    write(link)
    assert link.is_symlink() and target.read_bytes() == plain.read_bytes()
    os.mkfifo(pipe)
    copy = tmp_path / "copy"
    with open(copy, "wb") as file:
        reader = subprocess.Popen(["cat", str(pipe)], stdout=file)
    try:
        write(pipe)
        assert stat.S_ISFIFO(pipe.lstat().st_mode)
        assert reader.wait(20) == 0 and copy.read_bytes() == plain.read_bytes()
    finally:
        reader.kill()
