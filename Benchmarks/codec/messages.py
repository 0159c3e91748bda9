"""Makes the messages that are measured: the same bytes for every peer, from fixed seeds.

The values are such as the product sees: an hour's run at 1 Hz in batches of a minute, a page of a
list, a training plan of half a year. google.protobuf encodes them, so no peer reads its own bytes.
"""

import json
import math
import random

from google.protobuf import json_format
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClassesForFiles

START_MS = 1_790_000_000_000
POINTS = 60
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def classes(descriptors):
    """Message classes by full name, from the bytes of a FileDescriptorSet."""
    pool = DescriptorPool()
    files = FileDescriptorSet.FromString(descriptors).file
    for file in files:
        pool.Add(file)
    return GetMessageClassesForFiles([file.name for file in files], pool)


def make_all(cls):
    """Message name -> message."""
    return {
        "batch": batch(cls["bench.v1.SampleBatch"]()),
        "columns": columns(cls["bench.v1.Columns"]()),
        "history": history(cls["bench.v1.HistoryPage"]()),
        "track": track(cls["martlet.v1.TrackBatch"]()),
        "plan": plan(cls["bench.v1.Plan"]()),
    }


def identifier(rng):
    return "01J9" + "".join(rng.choice(ALPHABET) for _ in range(22))


def points(rng):
    """A minute of a run: dicts of one sample a second."""
    heading, speed, heart, altitude = 0.7, 3.1, 148.0, 412.0
    latitude, longitude, time_ms = 47.3769, 8.5417, START_MS
    for _ in range(POINTS):
        heading += rng.gauss(0, 0.05)
        speed = min(4.5, max(2.2, speed + rng.gauss(0, 0.06)))
        heart += rng.gauss(0, 0.6)
        altitude += rng.gauss(0.02, 0.15)
        latitude += speed * math.cos(heading) / 111_320
        longitude += speed * math.sin(heading) / 75_400
        time_ms += 1000 if rng.random() < 0.9 else rng.choice([999, 1001, 1002])
        yield {
            "time_ms": time_ms,
            "latitude_e7": round(latitude * 1e7),
            "longitude_e7": round(longitude * 1e7),
            "heart_rate": round(heart),
            "speed": speed,
            "altitude": altitude,
            "cadence": rng.choice([84, 85, 86, 87]),
        }


def batch(message):
    rng = random.Random("batch")
    message.activity_id, message.sequence = identifier(rng), 1_740
    for point in points(rng):
        message.samples.add(**point)
    return message


def deltas(values):
    return [after - before for before, after in zip(values, values[1:])]


def columns(message):
    track = list(points(random.Random("columns")))
    column = lambda name: [round(point[name]) for point in track]
    message.first_time_ms = track[0]["time_ms"]
    message.time_deltas_ms.extend([1000] + deltas(column("time_ms")))
    message.latitude_deltas_e7.extend([track[0]["latitude_e7"]] + deltas(column("latitude_e7")))
    message.longitude_deltas_e7.extend([track[0]["longitude_e7"]] + deltas(column("longitude_e7")))
    decimeters = [round(point["altitude"] * 10) for point in track]
    message.altitude_deltas_dm.extend([decimeters[0]] + deltas(decimeters))
    message.heart_rate_deltas.extend([track[0]["heart_rate"]] + deltas(column("heart_rate")))
    return message


def second_differences(values):
    first = [values[0]] + deltas(values)
    return [first[0]] + deltas(first)


def track(message):
    """What a device sends a minute's samples in; see TrackBatch and SampleColumns."""
    track = list(points(random.Random("track")))
    message.first_sequence = 1_740
    samples = message.samples
    samples.count = len(track)
    column = lambda name: second_differences([round(point[name]) for point in track])
    samples.time_ms.extend(column("time_ms"))
    samples.latitude_e7.extend(column("latitude_e7"))
    samples.longitude_e7.extend(column("longitude_e7"))
    for name, values in {
        "altitude_dm": [round(point["altitude"] * 10) for point in track],
        "heart_rate_bpm": [point["heart_rate"] for point in track],
        "cadence_rpm": [point["cadence"] for point in track],
        "speed_cmps": [round(point["speed"] * 100) for point in track],
    }.items():
        getattr(samples, name).values.extend([values[0]] + deltas(values))
    message.first_event_sequence = 2
    message.events.add(type=1, time_ms=track[20]["time_ms"])
    message.events.add(type=2, time_ms=track[41]["time_ms"])
    return message


TITLES = ["Morning run", "Evening ride along the lake", "Lunch walk", "Abendlauf am Zürichsee"]
TITLES += ["Intervals 6 × 800 m", "Sortie longue à Genève", "朝ラン 皇居", "Hill repeats"]
TAGS = ["outdoor", "easy", "commute", "race", "trail", "with friends", "tempo", "recovery"]
LABELS = {
    "shoes": ["Ghost 15", "Speedcross", "Pegasus 41"],
    "weather": ["cloudy, 12 °C", "sunny, 21 °C", "rain, 8 °C"],
    "device": ["watch", "phone", "Edge 540"],
    "visibility": ["friends", "everyone", "only me"],
}


def history(message):
    rng = random.Random("history")
    user = identifier(rng)
    started = START_MS
    for _ in range(50):
        started -= rng.randint(10, 60) * 3_600_000 + rng.randint(0, 999)
        latitude, longitude = rng.randint(460_000_000, 476_000_000), rng.randint(60_000_000, 95_000_000)
        entry = message.entries.add(
            id=identifier(rng),
            user_id=user,
            sport=rng.choice([1, 1, 1, 2, 3, 4]),
            title=rng.choice(TITLES),
            started_ms=started,
            ended_ms=started + rng.randint(1_200_000, 7_200_000),
            distance_meters=rng.uniform(3_000, 42_195),
            tags=rng.sample(TAGS, rng.randint(1, 4)),
        )
        entry.box.minimum_latitude_e7, entry.box.minimum_longitude_e7 = latitude, longitude
        entry.box.maximum_latitude_e7 = latitude + rng.randint(10_000, 900_000)
        entry.box.maximum_longitude_e7 = longitude + rng.randint(10_000, 900_000)
        for name in rng.sample(sorted(LABELS), rng.randint(2, 4)):
            entry.labels[name] = rng.choice(LABELS[name])
        if rng.random() < 0.8:
            entry.average_heart_rate = rng.randint(110, 178)
    message.next_page_token = identifier(rng)
    return message


def plan(message):
    rng = random.Random("plan")
    message.id, message.title, message.author = identifier(rng), "Marathon in 26 weeks", "Zoë Müller"
    message.revision = 0x51C0_FFEE_0000_0017
    for number, name in enumerate(["recovery", "endurance", "tempo", "threshold", "VO₂max"], 1):
        zone = message.zones[number]
        zone.name, zone.lowest, zone.highest = name, 90 + 15 * number, 105 + 15 * number
        zone.color = rng.getrandbits(32)
    for name in ["10 km", "half marathon", "marathon"]:
        message.goals[name] = rng.uniform(2_400, 14_400)
    message.cover_thumbnail = rng.randbytes(4_096)
    for number in range(1, 27):
        week = message.weeks.add(number=number, theme=f"Week {number}: base and speed")
        week.recovery = number % 4 == 0
        week.daily_load.extend(rng.uniform(0, 180) for _ in range(7))
        for day in range(5):
            workout(rng, week.workouts.add(), START_MS + (number * 7 + day) * 86_400_000)
    return message


def workout(rng, message, starts_ms):
    message.title, message.starts_ms = rng.choice(TITLES), starts_ms
    message.notes = "Keep it relaxed; stop when the form goes. " * rng.randint(0, 4)
    message.indoors = rng.random() < 0.2
    message.kinds.extend([1, 2, 3, 2, 4])
    message.equipment.names.extend(rng.sample(LABELS["shoes"] + LABELS["device"], 2))
    message.equipment.weight_kg, message.equipment.registered = 0.28, starts_ms - 10**10
    step(rng, message.steps.add(kind=1, cue="easy"))
    group = message.steps.add(kind=2).repeat
    group.times = rng.randint(3, 8)
    step(rng, group.steps.add(kind=2, cue="fast"))
    inner = group.steps.add(kind=3).repeat
    inner.times = 2
    step(rng, inner.steps.add(kind=2))
    step(rng, inner.steps.add(kind=3))
    step(rng, message.steps.add(kind=4, cue="cool down, then stretch"))


def step(rng, message):
    length = rng.randrange(3)
    if length == 0:
        message.seconds = rng.choice([30, 60, 300, 1_200])
    elif length == 1:
        message.meters = rng.choice([400.0, 800.0, 5_000.0])
    else:
        message.until_pressed = True
    target = rng.randrange(4)
    if target == 0:
        message.power_watts.lowest, message.power_watts.highest = 180.0, 220.0
    elif target == 1:
        message.heart_rate.lowest, message.heart_rate.highest = 140.0, 155.0
    elif target == 2:
        message.feeling = "could talk in whole sentences"
    else:
        message.zone = rng.randint(1, 5)


def write_all(descriptors, folder):
    """Writes MESSAGE.bin and MESSAGE.json for every message; returns name -> message."""
    made = make_all(classes(descriptors))
    for name, message in made.items():
        (folder / f"{name}.bin").write_bytes(message.SerializeToString(deterministic=True))
        value = json_format.MessageToDict(message)
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        (folder / f"{name}.json").write_text(text)
    return made
