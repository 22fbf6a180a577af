"""API, Operations: health, readiness, metrics, the read tables."""

import time
from datetime import timedelta
from threading import Event, Thread

import pytest

import projections
from api.app import create_app
from api.settings import Settings
from api.state import state_of
from projections.following.heartbeat import process_id
from projections.following.leases import release_of
from projections.following.projector import Projector
from projections.log_reading import decoder
from projections.rebuilding.runner import alone, sign
from projections.rebuilding.shadow import BUILD, Shadow, advance, begin, described
from projections.status import SILENCE_SECONDS
from tests.api.given import ADA, SPEND
from tests.processes import eventually
from tests.proxy import proxied

PROJECTIONS = [one.name for one in projections.PROJECTIONS]


@pytest.fixture
def other(clock):
    """Somebody without a credential, at an app on another database."""
    apps = []

    def other(database_url: str, **options):
        apps.append(create_app(Settings(database_url=database_url, log_level="error", **options), now=clock))
        return apps[-1].test_client()

    yield other
    for app in apps:
        state_of(app).close()


def unready(response) -> str:
    assert response.status_code == 503
    assert response.content_type == "application/problem+json"
    assert response.json["code"] == "not_ready"
    assert int(response.headers["Retry-After"]) > 0
    return response.json["detail"]


def test_a_process_is_healthy_without_its_database(other):
    response = other("postgresql://nobody@127.0.0.1:1/none").get("/healthz")

    assert (response.status_code, response.json) == (200, {"status": "ok"})


def test_level_tables_are_ready(guest, given, catch_up):
    given.define(SPEND).entry(SPEND, ADA)
    catch_up()

    response = guest.get("/readyz")

    assert (response.status_code, response.json) == (200, {"status": "ok"})


def test_a_database_that_does_not_answer_is_not_ready_and_says_nothing_of_itself(other):
    url = "postgresql://nobody:secret@127.0.0.1:1/none"

    detail = unready(other(url).get("/readyz"))

    assert detail == "the database does not answer"


def test_a_database_that_was_not_migrated_is_not_ready(other, empty_database_url):
    detail = unready(other(empty_database_url).get("/readyz"))

    assert "0001.log" in detail
    assert "milepost init" in detail


def test_a_read_table_of_another_version_is_not_ready(guest, reader):
    reader.write("UPDATE checkpoints SET version = 99 WHERE projection = 'reward_log'", {})

    assert "reward_log" in unready(guest.get("/readyz"))


def test_a_lag_over_the_bound_is_not_ready(other, settings, given, catch_up, clock):
    catch_up()
    given.define(SPEND).entry(SPEND, ADA)
    guest = other(settings.database_url, lag_bound_seconds=30)

    clock.advance(seconds=30)
    within = guest.get("/readyz")
    clock.advance(seconds=1)
    detail = unready(guest.get("/readyz"))
    catch_up()
    after = guest.get("/readyz")

    assert "31 s" in detail
    assert "30 s are allowed" in detail
    assert (within.status_code, after.status_code) == (200, 200)


def test_events_that_wait_while_nothing_moves_are_a_stall(other, settings, given, catch_up, clock, reader):
    catch_up()
    given.define(SPEND).entry(SPEND, ADA)
    guest = other(settings.database_url)
    clock.advance(seconds=11)

    moving = guest.get("/readyz")
    reader.write("UPDATE checkpoints SET moved_at = moved_at - interval '1 minute'", {})
    detail = unready(guest.get("/readyz"))
    clock.advance(seconds=-2)
    just_come = guest.get("/readyz")

    assert "challenge and 16 more are stalled: nothing was applied for 11 s, and" in detail
    assert (moving.status_code, just_come.status_code) == (200, 200)


def test_the_last_projector_that_falls_silent_is_missed_and_one_of_two_is_not(guest, reader):
    beat = """
        INSERT INTO heartbeats (process, id, beat_at, release)
        VALUES (%(process)s, %(id)s, clock_timestamp() - %(ago)s * interval '1 second', %(release)s)
    """
    release = release_of(projections.PROJECTIONS)
    reader.write(beat, {"process": "projector", "id": "other:1", "ago": 0, "release": "another release"})
    reader.write(beat, {"process": "clock", "id": "here:3", "ago": 60, "release": ""})
    others = guest.get("/readyz")
    reader.write(beat, {"process": "projector", "id": "here:1", "ago": 11, "release": release})
    detail = unready(guest.get("/readyz"))
    reader.write(beat, {"process": "projector", "id": "here:2", "ago": 1, "release": release})
    replaced = guest.get("/readyz")

    assert "stalled: projector here:1 has not beaten since 20" in detail
    assert (others.status_code, replaced.status_code) == (200, 200)


def test_an_event_that_cannot_be_applied_is_not_ready_and_is_shown_to_operators_only(
    guest, admin, given, catch_up, reader
):
    position = given.define(SPEND).entry(SPEND, ADA).position
    place = {"slice": position.slice, "position": position.number}
    reader.write("UPDATE events SET topic = 'FromTheFuture' WHERE slice = %(slice)s AND position = %(position)s", place)
    with pytest.raises(RuntimeError, match="FromTheFuture"):
        catch_up()

    detail = unready(guest.get("/readyz"))
    shown = admin.get("/operations/projections").json
    measures = measured(admin)

    assert "challenge and 16 more are poisoned in 1 slice since 20" in detail
    assert "FromTheFuture" not in detail
    assert {one["state"] for one in shown["projections"]} == {"poisoned"}
    assert [(one["slice"], one["position"]) for one in shown["poison"]] == [(position.slice, position.number)] * 17
    assert {one["attempts"] for one in shown["poison"]} == {1}
    assert "FromTheFuture" in shown["poison"][0]["error"]
    assert measures['milepost_projection_poisoned_slices{projection="challenge"}'] == 1
    assert measures['milepost_projection_state{projection="challenge",state="poisoned"}'] == 1
    assert measures['milepost_projection_state{projection="challenge",state="level"}'] == 0


def test_a_database_that_keeps_its_sockets_open_and_says_nothing_is_noticed_within_ten_seconds(other, database_url):
    with proxied(database_url) as proxy:
        guest = other(proxy.url)
        before = guest.get("/readyz")

        proxy.swallow()
        began = time.monotonic()
        details = [unready(guest.get("/readyz")) for _ in range(2)]
        took = time.monotonic() - began
        proxy.forward()

        assert before.status_code == 200
        assert details == ["the database does not answer"] * 2
        assert took < 2 * SILENCE_SECONDS
        eventually(lambda: guest.get("/readyz").status_code == 200)


def test_a_projector_at_work_shows_its_share_and_its_rate(admin, given, database_url):
    projector, stop = Projector(database_url), Event()
    thread = Thread(target=projector.run, args=(stop,))
    given.define(SPEND).entry(SPEND, ADA)
    thread.start()
    try:
        eventually(lambda: admin.get("/operations/projections").json["projections"][0]["rate"] > 0)
        (process,) = admin.get("/operations/projections").json["processes"]
        measures = measured(admin)
    finally:
        stop.set()
        thread.join()
        projector.close()

    assert (process["process"], process["leases"]) == ("projector", 4)
    assert process["silentSeconds"] < SILENCE_SECONDS
    assert measures[f'milepost_projector_leases{{id="{process["id"]}"}}'] == 4
    assert measures['milepost_projection_events_per_second{projection="challenge"}'] > 0
    assert f'milepost_heartbeat_age_seconds{{id="{process["id"]}",process="projector"}}' in measures


def test_every_projection_says_how_far_it_is(admin, given, catch_up, clock):
    given.define(SPEND)
    catch_up()
    given.entry(SPEND, ADA, "500")
    clock.advance(seconds=2.5)

    behind = {one["name"]: one for one in admin.get("/operations/projections").json["projections"]}
    catch_up()
    level = admin.get("/operations/projections").json["projections"]

    assert list(behind) == PROJECTIONS
    progress = behind["challenge_progress"]
    assert (progress["state"], progress["lagSeconds"]) == ("catching_up", 2.5)
    assert progress["lagEvents"] == progress["head"] - progress["position"] > 0
    assert {(one["state"], one["lagEvents"], one["lagSeconds"]) for one in level} == {("level", 0, 0)}
    assert {one["position"] for one in level} == {progress["head"]}


def test_a_rebuild_is_shown_beside_its_table_with_how_far_it_is(admin, given, catch_up, database_url):
    given.define(SPEND).entry(SPEND, ADA, "500")
    catch_up()
    projection = next(one for one in projections.PROJECTIONS if one.name == "challenge_progress")
    with alone(database_url, [projection]) as connection:
        begin(connection, projection)
        sign(connection, Shadow(projection, BUILD), 2)
        shadow = Shadow(projection, BUILD)
        advance(connection, decoder(database_url), shadow, described(connection, shadow))
        shown = {one["name"]: one["rebuild"] for one in admin.get("/operations/projections").json["projections"]}
        metrics = measured(admin)
    left = {one["name"]: one["rebuild"] for one in admin.get("/operations/projections").json["projections"]}

    rebuild = shown.pop("challenge_progress")
    assert set(shown.values()) == {None}
    assert (rebuild["state"], rebuild["atWork"], rebuild["workers"]) == ("filling", True, 2)
    assert rebuild["runner"] == process_id()
    assert 0 < rebuild["done"] < rebuild["total"]
    assert rebuild["rate"] > 0
    assert rebuild["etaSeconds"] is not None
    assert metrics['milepost_rebuild_events_done{projection="challenge_progress"}'] == rebuild["done"]
    assert metrics['milepost_rebuild_events_total{projection="challenge_progress"}'] == rebuild["total"]
    stopped = {name: left["challenge_progress"][name] for name in ("atWork", "rate", "etaSeconds")}
    assert stopped == {"atWork": False, "rate": None, "etaSeconds": None}


def test_the_processes_beside_the_api_are_listed_with_what_stops_them(admin, reader):
    reader.write(
        "INSERT INTO heartbeats (process, id, beat_at, detail) VALUES ('projector', 'a:1', %(at)s, %(detail)s)",
        {"at": "2026-04-03T10:15:00.123456Z", "detail": "slice 3: KeyError"},
    )

    (process,) = admin.get("/operations/projections").json["processes"]

    assert process.pop("silentSeconds") > 0
    assert process == {
        "process": "projector",
        "id": "a:1",
        "beatAt": "2026-04-03T10:15:00.123456Z",
        "leases": 0,
        "release": "",
        "detail": "slice 3: KeyError",
    }


def test_the_metrics_count_requests_and_show_the_lag(admin, acme, given, clock):
    given.define(SPEND)
    clock.advance(seconds=7)
    before = measured(admin)
    for _ in range(3):
        acme.get("/schema/challenge_progress/record")
    acme.get(f"/schema/challenge_progress/record/{ADA}")
    after = measured(admin)

    listed = 'milepost_requests_total{endpoint="challenge_progress.Record",method="GET",status="200"}'
    single = 'milepost_request_seconds_count{endpoint="challenge_progress.RecordId"}'
    assert after[listed] - before.get(listed, 0) == 3
    assert after[single] - before.get(single, 0) == 1
    assert after['milepost_projection_lag_seconds{projection="challenge"}'] == 7
    assert after['milepost_projection_lag_events{projection="challenge"}'] > 0


def test_the_labels_of_metrics_are_not_made_by_those_who_ask(admin, guest):
    before = len(measured(admin))
    for number in range(20):
        guest.get(f"/nothing/{number}")
        guest.open(f"/{number}", method=f"METHOD{number}")

    assert len(measured(admin)) - before < 20


def measured(client) -> dict[str, float]:
    response = client.get("/metrics")
    assert response.content_type.startswith("text/plain")
    lines = [line.rpartition(" ") for line in response.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_a_lag_is_never_negative(admin, given, clock):
    given.define(SPEND)
    clock.moment -= timedelta(days=1)

    assert {one["lagSeconds"] for one in admin.get("/operations/projections").json["projections"]} == {0}
