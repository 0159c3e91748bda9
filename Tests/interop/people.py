"""A person with a stock gRPC client, and what such a client must write to speak the schema."""

import itertools
import uuid

PASSWORD = "correct horse battery"
numbers = itertools.count(1)


class Person:
    """Registered, signed in, and holding a stub of every service."""

    def __init__(self, api, channel, name=None):
        self.api = api
        self.username = name or f"person{next(numbers)}"
        self.email = f"{self.username}@example.org"
        self.device_id = str(uuid.uuid4())
        self.use(channel)
        reply = self.accounts.Register(api.RegisterRequest(
            username=self.username, email=self.email, password=PASSWORD,
            display_name=self.username.title(), device=self.device))
        self.user, self.session = reply.user, reply.session

    def use(self, channel):
        self.channel = channel
        self.accounts = self.api.AccountServiceStub(channel)
        self.friends = self.api.FriendServiceStub(channel)
        self.live = self.api.LiveServiceStub(channel)
        self.history = self.api.HistoryServiceStub(channel)

    @property
    def device(self):
        return self.api.Device(id=self.device_id, name="test")

    @property
    def token(self):
        return (("authorization", f"Bearer {self.session.access_token}"),)

    def befriend(self, other):
        self.friends.RequestFriend(
            self.api.RequestFriendRequest(username=other.username), metadata=self.token)
        other.friends.AcceptFriend(
            other.api.AcceptFriendRequest(username=self.username), metadata=other.token)

    def open(self, activity_id, started_at_ms, **fields):
        fields.setdefault("type", self.api.ACTIVITY_TYPE_RUN)
        return self.api.TrackRequest(open=self.api.TrackOpen(
            activity_id=activity_id, device_id=self.device_id, started_at_ms=started_at_ms, **fields))

    def record(self, samples, activity_id=None, batch_size=60, **fields):
        """Streams a whole activity, finished, and returns its id and the responses."""
        activity_id = activity_id or str(uuid.uuid4())

        def requests():
            yield self.open(activity_id, samples[0]["time_ms"], **fields)
            for first in range(0, len(samples), batch_size):
                yield self.api.TrackRequest(batch=self.api.TrackBatch(
                    first_sequence=first, samples=encode(self.api, samples[first:first + batch_size])))
            yield self.api.TrackRequest(batch=finish(self.api, 0, samples[-1]["time_ms"]))

        return activity_id, list(self.live.Track(requests(), metadata=self.token, timeout=60))

    def track(self, activity_id, **fields):
        reply = self.history.GetTrack(
            self.api.GetTrackRequest(activity_id=activity_id, **fields), metadata=self.token)
        return [sample for chunk in reply.samples for sample in decode(chunk)]


def finish(api, sequence, time_ms):
    event = api.ActivityEvent(type=api.ACTIVITY_EVENT_TYPE_FINISH, time_ms=time_ms)
    return api.TrackBatch(first_event_sequence=sequence, events=[event])


# The columns of schema/martlet/v1/activity.proto, written from its comments alone.

SENSORS = ("altitude_dm", "heart_rate_bpm", "cadence_rpm", "speed_cmps", "horizontal_accuracy_dm",
           "power_watts", "temperature_decicelsius")


def differences(values):
    return [b - a for a, b in zip([0, *values], values)]


def sums(values):
    return list(itertools.accumulate(values))


def second_differences(values):
    steps = differences(values)
    return steps[:1] + differences(steps[1:])


def second_sums(values):
    return sums(values[:1] + sums(values[1:]))


def presence(flags):
    if all(flags) or not any(flags):
        return b""
    bits = sum(1 << i for i, flag in enumerate(flags) if flag)
    return bits.to_bytes((len(flags) + 7) // 8, "little")


def present(bitmap, count, has_values):
    if not bitmap:
        return [has_values] * count
    bits = int.from_bytes(bitmap, "little")
    return [bool(bits >> i & 1) for i in range(count)]


def encode(api, samples):
    """Dictionaries of the schema's field names -> SampleColumns."""
    located = [s for s in samples if "latitude_e7" in s]
    columns = api.SampleColumns(
        count=len(samples),
        time_ms=second_differences([s["time_ms"] for s in samples]),
        position_presence=presence(["latitude_e7" in s for s in samples]),
        latitude_e7=second_differences([s["latitude_e7"] for s in located]),
        longitude_e7=second_differences([s["longitude_e7"] for s in located]))
    for name in SENSORS:
        values = [s[name] for s in samples if name in s]
        if values:
            getattr(columns, name).CopyFrom(api.SensorColumn(
                presence=presence([name in s for s in samples]), values=differences(values)))
    return columns


def decode(columns):
    """SampleColumns -> dictionaries of the schema's field names."""
    samples = [{"time_ms": time} for time in second_sums(list(columns.time_ms))]
    assert len(samples) == columns.count

    def fill(name, bitmap, values):
        flags = present(bitmap, columns.count, bool(values))
        assert sum(flags) == len(values), name
        values = iter(values)
        for sample, flag in zip(samples, flags):
            if flag:
                sample[name] = next(values)

    fill("latitude_e7", columns.position_presence, second_sums(list(columns.latitude_e7)))
    fill("longitude_e7", columns.position_presence, second_sums(list(columns.longitude_e7)))
    for name in SENSORS:
        if columns.HasField(name):
            column = getattr(columns, name)
            fill(name, column.presence, sums(column.values))
    return samples
