"""Server and client killed with SIGKILL at random moments: nothing acknowledged is ever missing."""

import os
import random
import threading
import time
import uuid

import grpc
import pytest

from martlet_cli import Martlet
from people import Person, encode, finish
from workouts import SAMPLE, from_gpx, made

KILLS = 20
RECORDING_SECONDS = 20  # How long the replayed sample lasts, so that all kills fall into it.
SAMPLE_SECONDS = 45 * 60


@pytest.fixture
def chance():
    """Randomness whose seed a failure shows; MARTLET_SEED repeats a run."""
    seed = int(os.environ.get("MARTLET_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"MARTLET_SEED={seed}")
    return random.Random(seed)


def stream_until_killed(api, server, person, activity_id, samples, chance):
    """One life of the connection. Returns the sequence acknowledged and whether all is done."""
    acked = 0
    over = threading.Event()
    killer = threading.Timer(chance.uniform(0.02, 0.35), lambda: (server.kill(), over.set()))

    def requests():
        yield person.open(activity_id, samples[0]["time_ms"])
        opened.wait(30)
        first = position[0]
        while first < len(samples) and not over.is_set():
            size = chance.randrange(1, 8)
            yield api.TrackRequest(batch=api.TrackBatch(
                first_sequence=first, samples=encode(api, samples[first:first + size])))
            first = min(first + size, len(samples))
            time.sleep(chance.uniform(0, 0.004))
        over.wait(30)

    opened, position = threading.Event(), [0]
    try:
        for response in person.live.Track(
                requests(), metadata=person.token, timeout=60, wait_for_ready=True):
            if response.HasField("opened"):
                position[0] = acked = response.opened.next_sequence
                opened.set()
                killer.start()
            if response.HasField("ack"):
                assert response.ack.next_sequence >= acked
                acked = response.ack.next_sequence
    except grpc.RpcError as error:
        assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL,
                                grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN), error
    opened.set()
    over.set()
    killer.join(30)
    return acked


def test_a_killed_server_still_has_every_point_that_it_acknowledged(api, server, chance):
    samples = made(20_000)
    activity_id, acked = str(uuid.uuid4()), 0
    with server.channel() as channel:
        person = Person(api, channel)
        for _ in range(KILLS):
            acked = max(acked, stream_until_killed(
                api, server, person, activity_id, samples, chance))
            server.start()
            stored = person.history.GetTrack(
                api.GetTrackRequest(activity_id=activity_id), metadata=person.token,
                wait_for_ready=True).total_samples
            assert stored >= acked, f"{acked} acknowledged, {stored} there"
        assert 0 < acked < len(samples), "the kills did not fall into the recording"
        assert person.track(activity_id) == samples[:stored]
        rest = [person.open(activity_id, samples[0]["time_ms"])]
        for first in range(stored, len(samples), 1000):
            rest.append(api.TrackRequest(batch=api.TrackBatch(
                first_sequence=first, samples=encode(api, samples[first:first + 1000]))))
        rest.append(api.TrackRequest(batch=finish(api, 0, samples[-1]["time_ms"])))
        last = list(person.live.Track(iter(rest), metadata=person.token, timeout=60))[-1]
        assert last.completed.statistics.sample_count == len(samples)
        assert person.track(activity_id) == samples


@pytest.fixture
def ann(binaries, server, tmp_path):
    person = Martlet(binaries / "martlet", server, tmp_path / "ann")
    person.run("register", "ann", "--email", "ann@example.org")
    return person


def assert_equals_file(person, activity_id):
    """The track read back is the file, point for point, by our client's own reading of it."""
    expected = from_gpx(SAMPLE)
    actual = [(s["time_ms"], s.get("latitude_e7"), s.get("longitude_e7"), s.get("heart_rate_bpm"))
              for s in person.track(activity_id)]
    assert len(actual) == len(expected)
    assert actual == expected


def test_a_recording_survives_a_server_killed_again_and_again(server, ann, chance):
    recording = ann.start("record", "--from", str(SAMPLE), "--json",
                          "--speed", str(SAMPLE_SECONDS / RECORDING_SECONDS))
    for kill in range(KILLS):
        time.sleep(chance.uniform(0.05, RECORDING_SECONDS / KILLS))
        assert recording.poll() is None, f"the recording was over before kill {kill + 1}"
        server.kill()
        time.sleep(chance.uniform(0, 0.2))
        server.start()
    summary = ann.finish(recording)
    assert summary["points_sent"] == summary["points_durable"] == len(from_gpx(SAMPLE))
    assert_equals_file(ann, summary["activity_id"])


def test_a_recording_survives_a_client_killed_again_and_again(server, ann, chance):
    for kill in range(KILLS):
        recording = ann.start("record", "--speed", str(SAMPLE_SECONDS / RECORDING_SECONDS),
                              *(["--resume"] if kill else ["--from", str(SAMPLE)]))
        # The first life lasts long enough to begin the recording.
        time.sleep(chance.uniform(0.1 if kill else 0.5, RECORDING_SECONDS / KILLS))
        assert recording.poll() is None, f"the recording was over before kill {kill + 1}"
        recording.kill()
        recording.communicate()
    summary = ann.finish(ann.start("record", "--resume", "--speed", "max", "--json"))
    assert summary["points_durable"] == len(from_gpx(SAMPLE))
    assert len(ann.activities()) == 1
    assert_equals_file(ann, summary["activity_id"])
