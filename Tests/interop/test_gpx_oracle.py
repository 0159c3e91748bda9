"""Every point that we read from a GPX file against what gpxpy reads from it."""

import datetime
import json
import math
import os
import pathlib
import subprocess

import gpxpy
import pytest

from martlet_cli import Martlet

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("MARTLET_SHARED_DATA", ROOT.parent / "shared" / "data"))
SAMPLES = sorted((ROOT / "Samples").glob("*.gpx"))
MISSING = f"no GPX files in {SHARED}: set MARTLET_SHARED_DATA to test with real ones"
REAL = sorted(SHARED.glob("*.gpx")) or [pytest.param(None, marks=pytest.mark.skip(reason=MISSING))]

HARD = {
    "fractions-and-zones": """<gpx version="1.1" creator="t"><trk><trkseg>
        <trkpt lat="0.00000005" lon="-0.00000015"><time>2020-02-29T23:59:59.9999Z</time></trkpt>
        <trkpt lat="-89.9999999" lon="179.9999999"><time>2020-03-01T01:30:00.5+01:30</time></trkpt>
        <trkpt lat="1e1" lon="+2.5"><time>2020-02-29T18:30:00-05:30</time></trkpt>
        </trkseg></trk></gpx>""",
    "empty-parts": """<gpx version="1.1" creator="t"><trk/><trk><trkseg/><trkseg>
        <trkpt lat="1" lon="2"><ele></ele></trkpt></trkseg><trkseg/></trk></gpx>""",
    "sensors": """<gpx version="1.1" creator="t"
        xmlns:x="http://www.garmin.com/xmlschemas/TrackPointExtension/v2"><trk><trkseg>
        <trkpt lat="1" lon="2"><hdop>1.25</hdop><extensions><x:TrackPointExtension><x:hr>99</x:hr>
        <x:cad>81</x:cad><x:atemp>-4.5</x:atemp></x:TrackPointExtension></extensions></trkpt>
        </trkseg></trk></gpx>""",
}


def read(binaries, path):
    run = subprocess.run(
        [binaries / "martlet", "inspect", "--json", "--points", path],
        capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def scaled(value, scale):
    """Nearest whole number, halves away from zero."""
    if value is None:
        return None
    return int(math.copysign(math.floor(abs(value) * scale + 0.5), value))


def milliseconds(time):
    """Whole milliseconds since 1970, cut; a time without a zone is UTC."""
    if time is None:
        return None
    if time.tzinfo is None:
        time = time.replace(tzinfo=datetime.timezone.utc)
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (time - epoch) // datetime.timedelta(milliseconds=1)


def extension(point, name):
    for top in point.extensions:
        for element in top.iter():
            if element.tag.split("}")[-1] == name and element.text:
                return float(element.text)
    return None


def expected(point):
    heart_rate = extension(point, "hr")
    values = {
        "latitude_e7": scaled(point.latitude, 1e7),
        "longitude_e7": scaled(point.longitude, 1e7),
        "time_ms": milliseconds(point.time),
        "altitude_dm": scaled(point.elevation, 10),
        "heart_rate_bpm": scaled(heart_rate, 1) or None,
        "cadence_rpm": scaled(extension(point, "cad"), 1),
        "speed_cmps": scaled(point.speed, 100),
        "hdop_hundredths": scaled(point.horizontal_dilution, 100),
        "temperature_decicelsius": scaled(extension(point, "atemp"), 10),
    }
    return {name: value for name, value in values.items() if value is not None}


def compare(ours, theirs):
    assert len(ours["tracks"]) == len(theirs.tracks)
    count = 0
    for our_track, their_track in zip(ours["tracks"], theirs.tracks):
        assert our_track["name"] == (their_track.name or "")
        # GPX 1.0 has no <type>; we read it all the same where a recorder wrote one.
        if theirs.version == "1.1":
            assert our_track["type"] == (their_track.type or "")
        assert len(our_track["segments"]) == len(their_track.segments)
        for our_points, their_segment in zip(our_track["segments"], their_track.segments):
            assert len(our_points) == len(their_segment.points)
            for our_point, their_point in zip(our_points, their_segment.points):
                line = our_point.pop("line")
                assert our_point == expected(their_point), f"line {line}"
                count += 1
    assert ours["point_count"] == count
    return count


@pytest.mark.parametrize("path", SAMPLES + REAL, ids=lambda path: path.name if path else "real")
def test_files_read_as_gpxpy_reads_them(binaries, path):
    with open(path, encoding="utf-8-sig") as file:
        theirs = gpxpy.parse(file)
    compare(read(binaries, path), theirs)


@pytest.mark.parametrize("name", HARD)
def test_hard_cases_read_as_gpxpy_reads_them(binaries, tmp_path, name):
    path = tmp_path / f"{name}.gpx"
    path.write_text(HARD[name])
    assert compare(read(binaries, path), gpxpy.parse(HARD[name])) > 0


def test_an_exported_workout_reads_in_gpxpy_as_it_was_recorded(binaries, server, tmp_path):
    ann = Martlet(binaries / "martlet", server, tmp_path / "ann")
    ann.run("register", "ann", "--email", "ann@example.org")
    recorded = ann.json("record", "--from", str(SAMPLES[0]), "--speed", "max")
    export = tmp_path / "export.gpx"
    ann.run("show", recorded["activity_id"], "--export", str(export))
    with open(SAMPLES[0]) as original, open(export) as copy:
        original, copy = gpxpy.parse(original), gpxpy.parse(copy)
    assert [t.name for t in copy.tracks] == [t.name for t in original.tracks]
    ours = [[expected(p) for p in s.points] for t in copy.tracks for s in t.segments]
    theirs = [[expected(p) for p in s.points] for t in original.tracks for s in t.segments]
    assert ours == theirs
