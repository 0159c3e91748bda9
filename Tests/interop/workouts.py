"""Workouts for the tests: the shipped sample, and made ones of any length."""

import math
import pathlib

import gpxpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "Samples" / "morning-run.gpx"
START_MS = 1_780_000_000_000


def made(count, seed=1, start_ms=START_MS):
    """`count` samples at 1 Hz around a circle of 400 m; sensors drop out now and then."""
    samples = []
    for i in range(count):
        angle = (i * 3.1 + seed) / (400 / math.tau)
        sample = {
            "time_ms": start_ms + 1000 * i,
            "latitude_e7": 460_000_000 + round(math.sin(angle) * 5720) + (i * 7919 + seed) % 13,
            "longitude_e7": 140_000_000 + round(math.cos(angle) * 8230) + (i * 104729 + seed) % 11,
            "altitude_dm": 3000 + round(20 * math.sin(i / 50)),
        }
        if i % 17:
            sample["heart_rate_bpm"] = 140 + (i * seed) % 23
        if i % 5 == 0:
            sample["cadence_rpm"] = 80 + i % 7
        samples.append(sample)
    return samples


def from_gpx(path):
    """(time ms, latitude 1e-7, longitude 1e-7, heart rate or None) of every point, read by gpxpy."""
    with open(path, encoding="utf-8-sig") as file:
        gpx = gpxpy.parse(file)
    points = []
    for track in gpx.tracks:
        for segment in track.segments:
            for point in segment.points:
                heart_rate = None
                for extension in point.extensions:
                    for child in extension.iter():
                        if child.tag.endswith("}hr"):
                            heart_rate = int(child.text)
                points.append((round(point.time.timestamp() * 1000), round(point.latitude * 1e7),
                               round(point.longitude * 1e7), heart_rate))
    return points
