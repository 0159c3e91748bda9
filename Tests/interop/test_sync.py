"""Recording without a server, killed on the way, and sent later: the journal read by stock SQLite."""

import os
import pathlib
import random
import sqlite3
import time

import pytest

from martlet_cli import Martlet
from workouts import SAMPLE, from_gpx

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("MARTLET_SHARED_DATA", ROOT.parent / "shared" / "data"))
REAL = SHARED / "fenix2-run-with-heart-rate.gpx"
KILLS = 15


@pytest.fixture
def home(tmp_path):
    return tmp_path / "ann"


@pytest.fixture
def ann(binaries, server, home):
    person = Martlet(binaries / "martlet", server, home)
    person.run("register", "ann", "--email", "ann@example.org")
    return person


def journal(home):
    """What stock SQLite finds in the journal: for each activity its samples, checked for gaps."""
    (path,) = home.glob("journal-*.sqlite")
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        counts = {}
        for key, activity, samples in database.execute("SELECT key, id, sample_count FROM activity"):
            end = 0
            for first, count in database.execute(
                    "SELECT first_sequence, count FROM samples WHERE activity = ? ORDER BY 1", (key,)):
                assert first == end
                end += count
            assert end == samples
            counts[activity] = samples
    return counts


def points(track):
    return [(s["time_ms"], s.get("latitude_e7"), s.get("longitude_e7"), s.get("heart_rate_bpm"))
            for s in track]


def test_a_recorder_killed_without_a_server_loses_nothing_that_was_written(server, ann, home):
    seed = int(os.environ.get("MARTLET_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"MARTLET_SEED={seed}")
    chance = random.Random(seed)
    server.stop()
    known = 0
    for kill in range(KILLS):
        source = ["--resume"] if known else ["--from", str(SAMPLE)]
        recording = ann.start("record", "--offline", "--speed", "300", *source)
        time.sleep(chance.uniform(0.05, 0.5))
        assert recording.poll() is None, f"the recording was over before kill {kill + 1}"
        recording.kill()
        recording.communicate()
        if not list(home.glob("journal-*.sqlite")):
            continue
        counts = journal(home)
        assert len(counts) <= 1
        assert sum(counts.values()) >= known
        known = sum(counts.values())
    assert 0 < known < len(from_gpx(SAMPLE))
    summary = ann.json("record", "--resume", "--offline", "--speed", "max")
    assert summary["points_recorded"] == len(from_gpx(SAMPLE))
    assert summary["points_sent"] == 0
    server.start()
    (sent,) = ann.json("sync")["activities"]
    assert sent["activity_id"] == summary["activity_id"]
    assert sent["outcome"] == "completed"
    assert points(ann.track(sent["activity_id"])) == from_gpx(SAMPLE)
    # Completed: the journal has let go of the samples and knows that nothing is left to send.
    assert ann.json("sync") == {"activities": []}


@pytest.mark.skipif(not REAL.exists(), reason=f"no {REAL}: set MARTLET_SHARED_DATA")
def test_a_real_workout_recorded_offline_arrives_point_for_point(ann):
    ann.json("record", "--from", str(REAL), "--offline", "--speed", "max")
    (sent,) = ann.json("sync")["activities"]
    assert sent["outcome"] == "completed"
    assert points(ann.track(sent["activity_id"])) == from_gpx(REAL)


def test_an_unfinished_recording_is_sent_as_far_as_it_goes_and_finished_when_asked(ann):
    recording = ann.start("record", "--from", str(SAMPLE), "--offline", "--speed", "300")
    time.sleep(1.5)
    recording.terminate()
    out, err = recording.communicate(timeout=30)
    assert recording.returncode == 130, err
    (sent,) = ann.json("sync")["activities"]
    assert sent["outcome"] == "drained"
    assert 0 < sent["points_durable"] == sent["points_recorded"] < len(from_gpx(SAMPLE))
    (activity,) = ann.activities()
    assert activity["state"] == "recording"
    (finished,) = ann.json("sync", "--finish")["activities"]
    assert finished["outcome"] == "completed"
    (activity,) = ann.activities()
    assert activity["state"] == "completed"
    assert points(ann.track(activity["id"])) == from_gpx(SAMPLE)[:sent["points_durable"]]


def test_a_changed_file_is_not_mixed_into_a_recording(ann, tmp_path):
    file = tmp_path / "run.gpx"
    text = SAMPLE.read_text()
    file.write_text(text)
    recording = ann.start("record", "--from", str(file), "--offline", "--speed", "300")
    time.sleep(1)
    recording.kill()
    recording.communicate()
    file.write_text(text.replace("<ele>476", "<ele>477"))
    _, err = ann.run("record", "--resume", "--offline", code=65)
    assert "not the file that was being recorded" in err


def test_an_unreachable_server_and_missing_credentials_have_their_exit_codes(server, ann, home):
    server.stop()
    _, err = ann.run("record", "--from", str(SAMPLE), "--speed", "max", "--give-up-after", "1", code=69)
    assert "2700 points wait in the journal" in err
    ann.run("history", code=69)
    (home / "credentials").chmod(0o644)
    ann.run("history", code=77)
    (home / "credentials").unlink()
    ann.run("history", code=77)
    ann.run("record", code=64)
    ann.run("record", "--from", "/nowhere.gpx", code=77)
