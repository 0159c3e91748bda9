"""Recordings as samples: GPX read by gpxpy, FIT by fitdecode, and WorkoutCore's numbers of them."""

import dataclasses
import datetime
import json
import os
import pathlib
import subprocess

import fitdecode
import gpxpy
from geographiclib.geodesic import Geodesic

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "Samples" / "morning-run.gpx"
SHARED = pathlib.Path(os.environ.get("MARTLET_SHARED_DATA", ROOT.parent / "shared" / "data"))

RUN, WALK, HIKE, RIDE, OTHER = 1, 2, 3, 4, 8
SPORTS = {"running": RUN, "walking": WALK, "hiking": HIKE, "cycling": RIDE}
PAUSE, RESUME = 1, 2


@dataclasses.dataclass
class Sample:
    time_ms: int
    latitude_e7: int | None = None
    longitude_e7: int | None = None
    altitude_dm: int | None = None
    heart_rate: int | None = None
    cadence: int | None = None

    @property
    def degrees(self):
        return self.latitude_e7 / 1e7, self.longitude_e7 / 1e7


@dataclasses.dataclass
class Recording:
    """Samples in order of time, the bounds of their segments, and what the device itself says."""

    samples: list[Sample]
    segments: list[tuple[int, int]]
    sport: int
    session: dict
    gpx: gpxpy.gpx.GPX | None = None

    def pauses(self):
        """The gaps between segments, in milliseconds."""
        ends = [self.samples[end - 1].time_ms for _, end in self.segments[:-1]]
        starts = [self.samples[start].time_ms for start, _ in self.segments[1:]]
        return list(zip(ends, starts))


def read(path):
    return read_fit(path) if path.suffix == ".fit" else read_gpx(path)


def read_gpx(path):
    with open(path, encoding="utf-8-sig") as file:
        gpx = gpxpy.parse(file)
    samples, segments = [], []
    for track in gpx.tracks:
        for segment in track.segments:
            start = len(samples)
            samples += [gpx_sample(point) for point in segment.points if point.time]
            segments.append((start, len(samples)))
    return Recording(samples, segments, RUN, {}, gpx)


def gpx_sample(point):
    values = {
        child.tag.rpartition("}")[2]: child.text
        for extension in point.extensions
        for child in extension.iter()
    }
    return Sample(
        round(point.time.timestamp() * 1000),
        round(point.latitude * 1e7),
        round(point.longitude * 1e7),
        None if point.elevation is None else round(point.elevation * 10),
        int(values["hr"]) if "hr" in values else None,
        int(values["cad"]) if "cad" in values else None,
    )


def read_fit(path):
    samples, session = [], {}
    with fitdecode.FitReader(path) as reader:
        for frame in reader:
            if not isinstance(frame, fitdecode.FitDataMessage):
                continue
            values = {field.name: field.value for field in frame.fields}
            if frame.name == "record" and isinstance(values.get("timestamp"), datetime.datetime):
                samples.append(fit_sample(values))
            elif frame.name == "session":
                session = values
    return Recording(
        samples, [(0, len(samples))], SPORTS.get(session.get("sport"), OTHER), session
    )


def fit_sample(values):
    def degrees_e7(name):
        semicircles = values.get(name)
        return None if semicircles is None else round(semicircles * 180 / 2**31 * 1e7)

    altitude = values.get("enhanced_altitude", values.get("altitude"))
    return Sample(
        round(values["timestamp"].timestamp() * 1000),
        degrees_e7("position_lat"),
        degrees_e7("position_long"),
        None if altitude is None else round(altitude * 10),
        values.get("heart_rate") or None,
        values.get("cadence"),
    )


def numbers_tool():
    folder = pathlib.Path(os.environ.get("MARTLET_BINARIES", ROOT / ".build" / "debug"))
    tool = folder / "workout-numbers"
    assert tool.exists(), f"no {tool}: run 'swift build' first"
    return tool


def ask(lines):
    answer = subprocess.run(
        [numbers_tool()], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=60
    )
    assert answer.returncode == 0, answer.stdout[-500:] + answer.stderr[-500:]
    return json.loads(answer.stdout)


def numbers(recording, pauses=(), sport=None):
    """What WorkoutCore says of a recording, paused at the given times."""
    samples = recording.samples
    lines = [f"activity,{sport or recording.sport},{samples[0].time_ms}"]
    timed = [(s.time_ms, 1, s) for s in samples]
    timed += [(start, 2, PAUSE) for start, _ in pauses] + [(end, 0, RESUME) for _, end in pauses]
    for time_ms, _, what in sorted(timed, key=lambda one: one[:2]):
        if isinstance(what, Sample):
            fields = dataclasses.astuple(what)
            lines.append("sample," + ",".join("" if f is None else str(f) for f in fields))
        else:
            lines.append(f"event,{what},{time_ms}")
    return ask(lines)


def leg_meters(one, other):
    """The geodesic by Karney's algorithm."""
    return Geodesic.WGS84.Inverse(*one.degrees, *other.degrees, Geodesic.DISTANCE)["s12"]


def length_meters(samples):
    located = [s for s in samples if s.latitude_e7 is not None]
    return sum(leg_meters(a, b) for a, b in zip(located, located[1:]))
