#!/usr/bin/env python3
"""Makes Samples/morning-run.gpx: an invented run of 45 minutes around a lake.

One point a second with altitude, heart rate and cadence, and a pause of 65 seconds as a gap
between two track segments. The runner, the hills and the receiver's errors are simulated from a
fixed seed, so that the same file comes out each time.

    scripts/make-sample-workout.py > Samples/morning-run.gpx
"""

import math
import random
from datetime import datetime, timedelta, timezone

SEED = 20260503
START = datetime(2026, 5, 3, 6, 12, 0, tzinfo=timezone.utc)
POINTS = 2_700
PAUSE_AFTER_POINTS = 1_560
PAUSE_SECONDS = 65

CENTRE_LATITUDE, CENTRE_LONGITUDE = 46.36440, 14.09450
METERS_PER_DEGREE = 111_160.0
LOOP_METERS = 8_350.0

# Receiver: errors drift with the satellites, metres and seconds.
GPS_DRIFT_METERS, GPS_DRIFT_SECONDS, GPS_JITTER_METERS = 1.6, 45.0, 0.06
BAROMETER_JITTER_METERS = 0.12


def loop_point(turn: float) -> tuple[float, float]:
    """East and north of the centre, metres, after a part of the loop: an ellipse with bays."""
    angle = 2 * math.pi * turn
    radius = 1 + 0.07 * math.sin(3 * angle + 0.4) + 0.035 * math.sin(7 * angle + 1.9)
    radius += 0.012 * math.sin(19 * angle + 0.7)
    return 1_480 * radius * math.cos(angle), 1_010 * radius * math.sin(angle)


def path() -> list[tuple[float, float]]:
    """The loop every metre, scaled to its length, beginning at the boathouse."""
    steps = 40_000
    points = [loop_point(0.62 + step / steps) for step in range(steps + 1)]
    length = sum(math.dist(a, b) for a, b in zip(points, points[1:]))
    points = [(x * LOOP_METERS / length, y * LOOP_METERS / length) for x, y in points]
    every_meter, walked = [points[0]], 0.0
    for a, b in zip(points, points[1:]):
        walked += math.dist(a, b)
        if walked >= len(every_meter):
            every_meter.append(b)
    return every_meter


def place(points: list[tuple[float, float]], meters: float) -> tuple[float, float]:
    """Where one is after so many metres, in the second round too."""
    whole, part = divmod(meters, 1)
    (x1, y1), (x2, y2) = (points[(int(whole) + step) % len(points)] for step in (0, 1))
    return x1 + part * (x2 - x1), y1 + part * (y2 - y1)


def altitude(meters: float) -> float:
    """Above the sea: the shore path with two rises."""
    rises = 24 * math.exp(-(((meters - 2_300) / 420) ** 2)) + 37 * math.exp(
        -(((meters - 5_600) / 560) ** 2)
    )
    return 476.5 + rises + 1.5 * math.sin(meters / 330)


class Drift:
    """An error that wanders about zero."""

    def __init__(self, chance: random.Random, spread: float, seconds: float):
        self.chance, self.spread = chance, spread
        self.keep = math.exp(-1 / seconds)
        self.value = spread * normal(chance)

    def step(self) -> float:
        push = self.spread * math.sqrt(1 - self.keep**2) * normal(self.chance)
        self.value = self.value * self.keep + push
        return self.value


def normal(chance: random.Random) -> float:
    """A normal deviate (Box and Muller), made of `random()` alone, which never changes."""
    return math.sqrt(-2 * math.log(1 - chance.random())) * math.cos(2 * math.pi * chance.random())


class Runner:
    """Speed follows the hills and the day's form, the heart follows the effort."""

    def __init__(self, chance: random.Random):
        self.meters, self.speed, self.heart_rate = 0.0, 0.0, 84.0
        self.form = Drift(chance, 0.10, 90)
        self.stride = Drift(chance, 0.9, 20)

    def second(self, moment: int) -> None:
        grade = (altitude(self.meters + 6) - altitude(self.meters - 6)) / 12
        warm = 1 - 0.10 * math.exp(-moment / 240)
        sprint = 0.55 if moment > POINTS - 100 else 0.0
        wanted = max(1.9, 3.16 * warm * (1 - 2.6 * grade) + self.form.step() + sprint)
        self.speed += (wanted - self.speed) / 3
        self.meters += self.speed
        effort = self.speed * (1 + 3.4 * grade) + 0.25 * moment / POINTS
        self.heart_rate += (68 + 27.5 * effort - self.heart_rate) / 35

    def rest(self, seconds: int) -> None:
        self.speed = 0.4
        self.heart_rate = 96 + (self.heart_rate - 96) * math.exp(-seconds / 55)

    @property
    def cadence(self) -> int:
        """Strides per minute: one foot's, as Garmin writes it."""
        if self.speed < 1:
            return round(30 + 30 * self.speed)
        return round(71.5 + 3.9 * self.speed + self.stride.step())


HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="Martlet sample workout" xmlns="http://www.topografix.com/GPX/1/1" \
xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v1">
<metadata><name>Morning run</name><time>{time}</time></metadata>
<trk><name>Morning run</name><type>running</type>
<trkseg>"""

POINT = """<trkpt lat="{latitude:.7f}" lon="{longitude:.7f}"><ele>{altitude:.1f}</ele>\
<time>{time}</time><extensions><gpxtpx:TrackPointExtension><gpxtpx:hr>{heart_rate}</gpxtpx:hr>\
<gpxtpx:cad>{cadence}</gpxtpx:cad></gpxtpx:TrackPointExtension></extensions></trkpt>"""


def stamp(seconds: int) -> str:
    return (START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def main() -> None:
    chance = random.Random(SEED)
    points = path()
    runner = Runner(chance)
    east, north = (Drift(chance, GPS_DRIFT_METERS, GPS_DRIFT_SECONDS) for _ in range(2))
    longitude_meters = METERS_PER_DEGREE * math.cos(math.radians(CENTRE_LATITUDE)) * 1.0034
    print(HEAD.format(time=stamp(0)))
    clock = 0
    for moment in range(POINTS):
        if moment == PAUSE_AFTER_POINTS:
            # The last point of the first segment and the first of the next are 65 s apart.
            clock += PAUSE_SECONDS - 1
            runner.rest(PAUSE_SECONDS)
            print("</trkseg>\n<trkseg>")
        x, y = place(points, runner.meters)
        x += east.step() + GPS_JITTER_METERS * normal(chance)
        y += north.step() + GPS_JITTER_METERS * normal(chance)
        print(
            POINT.format(
                latitude=CENTRE_LATITUDE + y / METERS_PER_DEGREE,
                longitude=CENTRE_LONGITUDE + x / longitude_meters,
                altitude=altitude(runner.meters) + BAROMETER_JITTER_METERS * normal(chance),
                time=stamp(clock),
                heart_rate=round(runner.heart_rate),
                cadence=runner.cadence,
            )
        )
        runner.second(moment)
        clock += 1
    print("</trkseg>\n</trk>\n</gpx>")


if __name__ == "__main__":
    main()
