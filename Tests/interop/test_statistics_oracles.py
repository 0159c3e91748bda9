"""WorkoutCore's numbers against geographiclib, gpxpy, what Garmin's devices say, and plain Python.

The sample workout always runs. Real recordings are looked for in MARTLET_SHARED_DATA, or else in
../shared/data beside the checkout, and skipped where there are none.
"""

import random
import subprocess
import sys

import pytest
from geographiclib.geodesic import Geodesic

import recordings
from recordings import HIKE, ROOT, RUN, SAMPLE, SHARED

FIT_WITH_TOTALS = [
    "2013-02-06-12-11-14.fit",
    "Edge810-Vector-2013-08-16-15-35-10.fit",
    "garmin-edge-500-activity.fit",
    "garmin-fenix-5-run.fit",
    "garmin-fenix-5-walk.fit",
]
GPX_WITH_TIMES = ["fenix2-run-with-heart-rate.gpx", "korita-zbevnica.gpx", "cerknicko-jezero.gpx"]
ALL = ["sample", *GPX_WITH_TIMES, *FIT_WITH_TOTALS, "sample-activity.fit"]


def recording(name):
    path = SAMPLE if name == "sample" else SHARED / name
    if name != "sample" and not path.exists():
        pytest.skip(f"{path} is not there (MARTLET_SHARED_DATA names its folder)")
    read = recordings.read(path)
    read.samples = [s for s in read.samples if s.time_ms > 0]
    return read


def test_geodesics_agree_with_geographiclib():
    chance = random.Random(5)
    pairs = []
    for _ in range(4_000):
        start = chance.randint(-900_000_000, 900_000_000), chance.randint(-1_800_000_000, 1_800_000_000)
        kind = chance.randrange(4)
        if kind < 2:  # Neighbours: 0.1 m to 10 km.
            reach = 10 ** chance.uniform(-1, 4)
            there = Geodesic.WGS84.Direct(
                start[0] / 1e7, start[1] / 1e7, chance.uniform(0, 360), reach
            )
            end = round(there["lat2"] * 1e7), round(there["lon2"] * 1e7)
        elif kind == 2:
            end = chance.randint(-900_000_000, 900_000_000), chance.randint(-1_800_000_000, 1_800_000_000)
        else:  # Near the antipode.
            end = -start[0] + chance.randint(-9, 9) * 10**6, start[1] - 1_800_000_000
            end = max(-900_000_000, min(900_000_000, end[0])), end[1]
            end = end if end[1] >= -1_800_000_000 else (end[0], end[1] + 3_600_000_000)
        pairs.append((*start, *end))
    found = recordings.ask([",".join(["geodesic", *map(str, pair)]) for pair in pairs])["geodesics"]
    for pair, meters in zip(pairs, found, strict=True):
        a, b, c, d = (value / 1e7 for value in pair)
        expected = Geodesic.WGS84.Inverse(a, b, c, d, Geodesic.DISTANCE)["s12"]
        assert meters == pytest.approx(expected, rel=1e-8, abs=1e-8), pair


@pytest.mark.parametrize("name", ALL)
def test_the_length_of_a_track_is_geographiclibs(name):
    read = recording(name)
    answer = recordings.numbers(read)
    expected = recordings.length_meters(read.samples)
    assert answer["track_length_meters"] == pytest.approx(expected, rel=1e-6)
    assert answer["columns_agree"]
    # Delta columns as varints; Rice coding is to halve that.
    assert answer["stored_bytes"] / len(read.samples) < 10


# What rejected fixes and rests take away from the raw length, at most; measured 0 to 1.5 %.
@pytest.mark.parametrize("name", ALL)
def test_the_engines_distance_is_the_raw_one_without_noise(name):
    answer = recordings.numbers(recording(name))
    raw, distance = answer["track_length_meters"], answer["statistics"]["distance_meters"]
    assert raw * 0.98 <= distance <= raw * 1.000001


def test_the_sample_has_no_noise_to_take_away():
    answer = recordings.numbers(recording("sample"))
    assert answer["statistics"]["distance_meters"] == pytest.approx(answer["track_length_meters"], rel=1e-12)


@pytest.mark.parametrize("name", FIT_WITH_TOTALS)
def test_totals_agree_with_what_the_device_says(name):
    read = recording(name)
    said = read.session
    ours = recordings.numbers(read)["statistics"]
    # A device measures its way by wheel, foot or Doppler besides, and rounds its positions.
    assert ours["distance_meters"] == pytest.approx(said["total_distance"], rel=0.025)
    assert ours["elapsed_ms"] == pytest.approx(said["total_elapsed_time"] * 1000, abs=1500)
    # Its mean is over samples, ours over time.
    assert ours["average_heart_rate_bpm"] == pytest.approx(said["avg_heart_rate"], abs=1.5)
    assert ours["max_heart_rate_bpm"] == said["max_heart_rate"]
    # Climb has no true value; devices use the barometer at full rate.
    assert ours["ascent_meters"] == pytest.approx(said["total_ascent"], rel=0.1, abs=3)
    assert ours["descent_meters"] == pytest.approx(said["total_descent"], rel=0.1, abs=3)


def test_moving_time_is_within_reach_of_gpxpys_and_the_devices():
    # gpxpy drops each slow leg however short and those of no length. At 0.1 km/h a receiver at
    # rest is fast enough to count as moving for it, where we hold the position.
    for name, sport, threshold_kmh, within in (
        ("fenix2-run-with-heart-rate.gpx", RUN, 1, 0.01),
        ("korita-zbevnica.gpx", RUN, 1, 0.02),
        ("korita-zbevnica.gpx", HIKE, 0.1, 0.07),
    ):
        read = recording(name)
        gpxpys = read.gpx.get_moving_data(stopped_speed_threshold=threshold_kmh)
        ours = recordings.numbers(read, sport=sport)["statistics"]
        assert ours["moving_ms"] / 1000 == pytest.approx(gpxpys.moving_time, rel=within), name
    # A bicycle computer with automatic pause: its timer ran for the time in motion.
    read = recording("garmin-edge-500-activity.fit")
    ours = recordings.numbers(read)["statistics"]
    assert ours["moving_ms"] / 1000 == pytest.approx(read.session["total_timer_time"], rel=0.02)


def test_the_samples_numbers_lie_within_gpxpys_known_errors():
    read = recording("sample")
    ours = recordings.numbers(read, read.pauses())["statistics"]
    gpxpys = read.gpx.get_moving_data()
    assert ours["moving_ms"] / 1000 == gpxpys.moving_time
    # gpxpy's flat formula on a sphere: +0.67 % to -0.34 %.
    assert -0.0034 <= gpxpys.moving_distance / ours["distance_meters"] - 1 <= 0.0067
    # It smooths a little and has no hysteresis, so it climbs every wave of the barometer.
    assert ours["ascent_meters"] < read.gpx.get_uphill_downhill().uphill
    low, high = read.gpx.get_elevation_extremes()
    assert (ours["min_altitude_meters"], ours["max_altitude_meters"]) == (low, high)
    # Legs of noisy fixes are faster than ten seconds of running.
    assert ours["max_speed_mps"] < max(
        recordings.leg_meters(a, b) for a, b in zip(read.samples, read.samples[1:])
    )


def test_a_pause_leaves_its_gap_out():
    read = recording("sample")
    [(pause_ms, resume_ms)] = read.pauses()
    ours = recordings.numbers(read, read.pauses())["statistics"]
    by_segment = [read.samples[start:end] for start, end in read.segments]
    assert ours["sample_count"] == 2700
    assert ours["elapsed_ms"] == read.samples[-1].time_ms - read.samples[0].time_ms
    assert ours["moving_ms"] == ours["elapsed_ms"] - (resume_ms - pause_ms)
    expected = sum(recordings.length_meters(samples) for samples in by_segment)
    assert ours["distance_meters"] == pytest.approx(expected, rel=1e-6)


def test_splits_are_those_of_plain_python():
    read = recording("sample")
    ours = recordings.numbers(read, read.pauses())["statistics"]
    expected = plain_splits(read)
    assert len(ours["splits"]) == len(expected) == 9
    for split, (meters, elapsed_ms, moving_ms, heart_rate) in zip(ours["splits"], expected):
        assert split["distance_meters"] == pytest.approx(meters, abs=1e-3)
        assert split["elapsed_ms"] == pytest.approx(elapsed_ms, abs=1.01)
        assert split["moving_ms"] == pytest.approx(moving_ms, abs=1.01)
        assert split["average_heart_rate_bpm"] == pytest.approx(heart_rate, rel=1e-4)
    assert sum(s["elapsed_ms"] for s in ours["splits"]) == ours["elapsed_ms"]
    assert sum(s["moving_ms"] for s in ours["splits"]) == ours["moving_ms"]
    assert sum(s["ascent_meters"] for s in ours["splits"]) == pytest.approx(ours["ascent_meters"])


def plain_splits(read):
    """(metres, elapsed, moving, heart rate) of each kilometre and the rest, from legs alone."""
    legs = []
    for start, end in read.segments:
        legs += zip(read.samples[start : end - 1], read.samples[start + 1 : end])
    marks, walked = [(read.samples[0].time_ms, 0.0)], 0.0
    for a, b in legs:
        meters = recordings.leg_meters(a, b)
        while walked + meters >= len(marks) * 1000:
            share = (len(marks) * 1000 - walked) / meters
            marks.append((a.time_ms + share * (b.time_ms - a.time_ms), len(marks) * 1000.0))
        walked += meters
    marks.append((read.samples[-1].time_ms, walked))
    splits = []
    for (begin, from_meters), (end, to_meters) in zip(marks, marks[1:]):
        moving = beats = 0.0
        for a, b in legs:
            inside = max(0.0, min(end, b.time_ms) - max(begin, a.time_ms))
            moving += inside
            beats += inside * (a.heart_rate + b.heart_rate) / 2
        splits.append((to_meters - from_meters, end - begin, moving, beats / moving))
    return splits


def test_heart_rate_and_cadence_are_weighted_by_time():
    read = recording("sample")
    ours = recordings.numbers(read)["statistics"]
    # Without pause events the gap counts for 30 s at most.
    weighted = {"heart_rate": [0.0, 0.0], "cadence": [0.0, 0.0]}
    for a, b in zip(read.samples, read.samples[1:]):
        weight = min(b.time_ms - a.time_ms, 30_000)
        for name, sums in weighted.items():
            sums[0] += weight * (getattr(a, name) + getattr(b, name)) / 2
            sums[1] += weight
    mean = {name: total / weight for name, (total, weight) in weighted.items()}
    assert ours["average_heart_rate_bpm"] == pytest.approx(mean["heart_rate"], rel=1e-12)
    assert ours["average_cadence_rpm"] == pytest.approx(mean["cadence"], rel=1e-12)
    assert ours["max_heart_rate_bpm"] == max(s.heart_rate for s in read.samples)


def test_the_sample_is_what_its_script_makes():
    script = ROOT / "scripts" / "make-sample-workout.py"
    made = subprocess.run([sys.executable, script], capture_output=True, check=True).stdout
    assert made == SAMPLE.read_bytes()
    assert len(made) < 700_000
