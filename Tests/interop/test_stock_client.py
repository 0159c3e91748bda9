"""What a client made by grpcio-tools from our schema sees of the server, over TLS."""

import threading
import time
import uuid

import grpc
import pytest

from people import PASSWORD, Person, decode, encode
from workouts import made

LONG_MESSAGE_BYTES = 5 << 20  # Over the server's limit of 4 MiB for a received message.


@pytest.fixture
def person(api, shared_server):
    with shared_server.channel() as channel:
        yield Person(api, channel)


@pytest.fixture
def friend(api, shared_server, person):
    with shared_server.channel() as channel:
        other = Person(api, channel)
        other.befriend(person)
        yield other


def fails(code, call, *arguments, **options):
    """Asserts that the call fails with the code, and returns the error's message."""
    with pytest.raises(grpc.RpcError) as caught:
        result = call(*arguments, **options)
        if hasattr(result, "__iter__"):
            list(result)
    assert caught.value.code() == code, caught.value
    return caught.value.details()


def test_log_in_gives_tokens_that_work_and_spares_which_half_was_wrong(api, person):
    reply = person.accounts.LogIn(api.LogInRequest(
        identifier=person.email.upper(), password=PASSWORD, device=person.device))
    assert reply.user == person.user
    wrong = fails(grpc.StatusCode.UNAUTHENTICATED, person.accounts.LogIn, api.LogInRequest(
        identifier=person.username, password=PASSWORD + "!", device=person.device))
    unknown = fails(grpc.StatusCode.UNAUTHENTICATED, person.accounts.LogIn, api.LogInRequest(
        identifier="nobody-at-all", password=PASSWORD, device=person.device))
    assert wrong == unknown


def test_a_refresh_token_works_once_and_its_reuse_ends_the_session(api, person):
    first = person.session.refresh_token
    second = person.accounts.Refresh(api.RefreshRequest(refresh_token=first)).session
    fails(grpc.StatusCode.UNAUTHENTICATED, person.accounts.Refresh,
          api.RefreshRequest(refresh_token=first))
    fails(grpc.StatusCode.UNAUTHENTICATED, person.accounts.Refresh,
          api.RefreshRequest(refresh_token=second.refresh_token))


def test_log_out_ends_the_refresh_token_and_the_access_token(api, person):
    assert person.accounts.LogOut(
        api.LogOutRequest(), metadata=person.token).ended_sessions == 1
    fails(grpc.StatusCode.UNAUTHENTICATED, person.accounts.Refresh,
          api.RefreshRequest(refresh_token=person.session.refresh_token))
    fails(grpc.StatusCode.UNAUTHENTICATED, person.accounts.GetProfile, api.GetProfileRequest(),
          metadata=person.token)


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x.y.z", "Basic YTpi"])
def test_a_bad_token_is_unauthenticated(api, person, token):
    metadata = (("authorization", token),) if token else ()
    fails(grpc.StatusCode.UNAUTHENTICATED, person.history.ListActivities,
          api.ListActivitiesRequest(), metadata=metadata)


def test_a_token_with_one_changed_bit_is_unauthenticated(api, person):
    head, claims, signature = person.session.access_token.split(".")
    for forged in (f"{head}.{claims[:-2]}AA.{signature}", f"{head}.{claims}.A{signature[1:]}",
                   f"eyJhbGciOiJub25lIn0.{claims}."):
        if forged != person.session.access_token:
            fails(grpc.StatusCode.UNAUTHENTICATED, person.accounts.GetProfile,
                  api.GetProfileRequest(), metadata=(("authorization", f"Bearer {forged}"),))


def test_a_streamed_track_is_acknowledged_completed_and_read_back_point_for_point(api, person):
    samples = made(500)
    activity_id, responses = person.record(samples, title="Círculo ⭕")
    assert responses[0].HasField("opened") and responses[0].opened.next_sequence == 0
    acks = [r.ack.next_sequence for r in responses if r.HasField("ack")]
    assert acks == sorted(acks) and acks[-1] == len(samples)
    activity = responses[-1].completed
    assert activity.state == api.ACTIVITY_STATE_COMPLETED
    assert activity.title == "Círculo ⭕"
    assert activity.statistics.sample_count == len(samples)
    assert activity.statistics.distance_meters == pytest.approx(499 * 3.1, rel=0.05)
    assert person.track(activity_id) == samples
    read = person.history.GetActivity(
        api.GetActivityRequest(activity_id=activity_id), metadata=person.token)
    assert read.activity == activity


def test_sending_a_finished_track_again_changes_nothing(api, person):
    samples = made(100)
    activity_id, first = person.record(samples)
    _, again = person.record(samples, activity_id=activity_id, batch_size=33)
    assert again[-1].completed == first[-1].completed
    assert person.track(activity_id) == samples


def test_a_thinned_track_keeps_both_ends(api, person):
    samples = made(1000)
    activity_id, _ = person.record(samples)
    thin = person.track(activity_id, max_samples=50)
    assert thin[0] == samples[0] and thin[-1] == samples[-1]
    assert 45 <= len(thin) <= 55


def test_a_gap_in_the_sequences_is_refused(api, person):
    samples = made(20)
    requests = [
        person.open(str(uuid.uuid4()), samples[0]["time_ms"]),
        api.TrackRequest(batch=api.TrackBatch(first_sequence=10, samples=encode(api, samples))),
    ]
    fails(grpc.StatusCode.OUT_OF_RANGE, person.live.Track, iter(requests), metadata=person.token)


def test_columns_that_lie_are_refused_with_their_name(api, person):
    samples = made(20)
    columns = encode(api, samples)
    columns.latitude_e7.append(5)
    requests = [
        person.open(str(uuid.uuid4()), samples[0]["time_ms"]),
        api.TrackRequest(batch=api.TrackBatch(samples=columns)),
    ]
    details = fails(
        grpc.StatusCode.INVALID_ARGUMENT, person.live.Track, iter(requests), metadata=person.token)
    assert "latitude_e7" in details


def test_a_friend_watches_every_point_live(api, person, friend):
    samples = made(300)
    seen, done = [], threading.Event()

    def watch():
        for response in friend.live.Watch(
                api.WatchRequest(username=person.username, wait_until_live=True),
                metadata=friend.token, timeout=60):
            which = response.WhichOneof("content")
            if which == "snapshot":
                seen.extend(s for c in response.snapshot.route for s in decode(c))
            elif which == "update":
                seen.extend(s for c in response.update.samples for s in decode(c))
            else:
                assert response.completed.statistics.sample_count == len(samples)
                done.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    time.sleep(0.3)
    person.record(samples, batch_size=20)
    watcher.join(60)
    assert done.is_set()
    assert seen == samples


def test_a_stranger_sees_neither_the_activity_nor_that_it_exists(api, person, shared_server):
    activity_id, _ = person.record(made(50))
    with shared_server.channel() as channel:
        stranger = Person(api, channel)
        nowhere = str(uuid.uuid4())
        missing = fails(grpc.StatusCode.NOT_FOUND, stranger.history.GetActivity,
                        api.GetActivityRequest(activity_id=nowhere), metadata=stranger.token)
        hidden = fails(grpc.StatusCode.NOT_FOUND, stranger.history.GetActivity,
                       api.GetActivityRequest(activity_id=activity_id), metadata=stranger.token)
        fails(grpc.StatusCode.NOT_FOUND, stranger.history.GetTrack,
              api.GetTrackRequest(activity_id=activity_id), metadata=stranger.token)
        fails(grpc.StatusCode.NOT_FOUND, stranger.live.Watch,
              api.WatchRequest(username=person.username), metadata=stranger.token)
    assert missing.replace(nowhere, "") == hidden.replace(activity_id, "")


def test_nobody_records_into_anothers_activity(api, person, friend):
    activity_id, _ = person.record(made(10))
    fails(grpc.StatusCode.PERMISSION_DENIED, friend.live.Track,
          iter([friend.open(activity_id, 0)]), metadata=friend.token)


def test_history_pages_newest_first_without_gaps_or_repeats(api, person, friend):
    ids = [person.record(made(5, start_ms=1_700_000_000_000 + day * 86_400_000))[0]
           for day in range(7)]

    def pages(stub, token, **fields):
        page_token = ""
        while True:
            reply = stub.ListActivities(
                api.ListActivitiesRequest(page_size=3, page_token=page_token, **fields),
                metadata=token)
            assert len(reply.activities) <= 3
            yield from reply.activities
            page_token = reply.next_page_token
            if not page_token:
                return

    assert [a.id for a in pages(person.history, person.token)] == ids[::-1]
    assert [a.id for a in pages(friend.history, friend.token, scope=api.LIST_SCOPE_FRIENDS)] == ids[::-1]
    assert [a.id for a in pages(friend.history, friend.token)] == []
    window = dict(started_from_ms=1_700_000_000_000 + 2 * 86_400_000,
                  started_before_ms=1_700_000_000_000 + 5 * 86_400_000)
    assert [a.id for a in pages(person.history, person.token, **window)] == ids[4:1:-1]
    assert not list(pages(person.history, person.token, types=[api.ACTIVITY_TYPE_SWIM]))


def test_a_made_up_page_token_is_refused(api, person):
    fails(grpc.StatusCode.INVALID_ARGUMENT, person.history.ListActivities,
          api.ListActivitiesRequest(page_token="garbage"), metadata=person.token)


def test_a_missing_activity_is_not_found(api, person):
    fails(grpc.StatusCode.NOT_FOUND, person.history.GetActivity,
          api.GetActivityRequest(activity_id=str(uuid.uuid4())), metadata=person.token)


def test_an_id_that_is_no_uuid_is_invalid(api, person):
    assert "activity_id" in fails(
        grpc.StatusCode.INVALID_ARGUMENT, person.history.GetActivity,
        api.GetActivityRequest(activity_id="../../etc/passwd"), metadata=person.token)


def test_a_deadline_ends_a_waiting_watch(api, person, friend):
    started = time.monotonic()
    fails(grpc.StatusCode.DEADLINE_EXCEEDED, friend.live.Watch,
          api.WatchRequest(username=person.username, wait_until_live=True),
          metadata=friend.token, timeout=0.5)
    assert time.monotonic() - started < 10


def test_a_cancelled_watch_leaves_the_server_serving(api, person, friend):
    call = friend.live.Watch(
        api.WatchRequest(username=person.username, wait_until_live=True), metadata=friend.token)
    time.sleep(0.2)
    call.cancel()
    with pytest.raises(grpc.RpcError) as caught:
        list(call)
    assert caught.value.code() == grpc.StatusCode.CANCELLED
    friend.accounts.GetProfile(api.GetProfileRequest(), metadata=friend.token)


def test_a_message_over_the_limit_is_refused_and_the_connection_lives_on(api, person):
    fails(grpc.StatusCode.RESOURCE_EXHAUSTED, person.history.GetActivity,
          api.GetActivityRequest(activity_id="x" * LONG_MESSAGE_BYTES), metadata=person.token)
    person.accounts.GetProfile(api.GetProfileRequest(), metadata=person.token)


def test_an_unknown_method_is_unimplemented(person):
    call = person.channel.unary_unary("/martlet.v1.HistoryService/Nope")
    fails(grpc.StatusCode.UNIMPLEMENTED, call, b"", metadata=person.token)
    call = person.channel.unary_unary("/no.such.Service/Nope")
    fails(grpc.StatusCode.UNIMPLEMENTED, call, b"", metadata=person.token)


def test_a_friendship_ends_for_both(api, person, friend):
    activity_id, _ = person.record(made(5))
    friend.history.GetActivity(
        api.GetActivityRequest(activity_id=activity_id), metadata=friend.token)
    assert person.friends.RemoveFriend(
        api.RemoveFriendRequest(username=friend.username), metadata=person.token).removed
    fails(grpc.StatusCode.NOT_FOUND, friend.history.GetActivity,
          api.GetActivityRequest(activity_id=activity_id), metadata=friend.token)
    for one in (person, friend):
        assert not one.friends.ListFriends(api.ListFriendsRequest(), metadata=one.token).friends


@pytest.mark.parametrize("field, value", [
    ("username", "A b"), ("username", "x"), ("email", "nowhere"), ("password", "short")])
def test_a_bad_registration_names_its_field(api, person, field, value):
    good = dict(username="someone-new", email="new@example.org", password=PASSWORD,
                device=person.device)
    details = fails(grpc.StatusCode.INVALID_ARGUMENT, person.accounts.Register,
                    api.RegisterRequest(**(good | {field: value})))
    assert field in details


def test_a_taken_username_or_email_is_refused(api, person):
    good = dict(username="someone-else", email="else@example.org", password=PASSWORD,
                device=person.device)
    for taken in ({"username": person.username}, {"email": person.email.upper()}):
        fails(grpc.StatusCode.ALREADY_EXISTS, person.accounts.Register,
              api.RegisterRequest(**(good | taken)))
