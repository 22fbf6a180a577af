"""API, Reading: streak progress records in the schema dialect."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.schema.streak_progress_record import record_after
from api.wire import encode
from domain.application import ProgressLog
from domain.commands import LogEntry
from domain.vocabulary import Slug
from tests.api.conftest import Clock
from tests.api.given import UNKNOWN
from tests.api.schema.conftest import ADA, BOB, STREAK, Ask, Asker, read

RECORDS = STREAK.progress
DAILY = {"name": "50 a day", "aggregationPeriod": "daily", "aggregationTargetValue": 50, "completionTargetValue": 7}
MONTHLY = {"name": "a month's activity", "aggregationTargetValue": 20, "completionTargetValue": 3}

Did = Callable[..., dict[str, Any]]


@pytest.fixture
def did(acme: Asker, clock: Clock) -> Did:
    """`did(streak, 50)`: Ada logs that much now; the answer, once the read tables hold it."""

    def did(streak: str, value: Any, owner: str = ADA, asker: Asker = acme) -> dict[str, Any]:
        at = clock.moment.isoformat()
        answer = asker.post(STREAK.log, STREAK.entry(streak, str(uuid4()), value, activityAt=at, ownedById=owner))
        assert answer.status == 201, answer.body
        assert asker.get(RECORDS, **{"If-Position": answer.headers["Position"]}).status == 200
        return answer.body

    return did


def record(asker: Asker, body: dict[str, Any]) -> dict[str, Any]:
    """The record of an answered entry, as it reads now."""
    return asker.get(f"{RECORDS}/{body['streakProgressId']}").body


def brief(found: dict[str, Any]) -> tuple[Any, ...]:
    return found["streakProgressStatus"], found["currentProgressValue"], found["taskProgress"]["currentProgressValue"]


def test_a_record_has_every_field_of_the_source_and_what_follows_from_them(acme: Asker, did: Did, clock: Clock):
    streak = STREAK.made(acme, **DAILY)
    did(streak, 50)
    clock.advance(days=1)
    body = did(streak, Decimal("42.50"))

    assert record(acme, body) == {
        "id": body["streakProgressId"],
        "streakId": streak,
        "uniqueIdentifier": f"{streak}:{ADA}",
        "currentProgressValue": 1,
        "streakProgressStatus": "in_progress",
        "streakStartedAt": "2026-04-03T10:15:00.000Z",
        "streakCompletedAt": None,
        "streakBrokenAt": None,
        "lastTaskContributionAt": "2026-04-04T10:15:00.000Z",
        "lastTaskCompletedAt": "2026-04-03T10:15:00.000Z",
        "completionTargetValue": 7,
        "remainingValue": 6,
        "progressPercent": Decimal("14.28"),
        "ownedById": ADA,
        "ownedBy": {"id": ADA, "externalId": None, "firstName": None, "lastName": None},
        "taskProgress": {
            "periodKey": "2026-04-04",
            "periodStartAt": "2026-04-04T00:00:00.000Z",
            "periodEndAt": "2026-04-05T00:00:00.000Z",
            "currentProgressValue": Decimal("42.5"),
            "targetValue": 50,
            "remainingValue": Decimal("7.5"),
            "progressPercent": 85,
            "count": 1,
            "isCompleted": False,
            "secondsUntilPeriodEnd": 49_500,
        },
        "createdAt": "2026-04-03T10:15:00.000Z",
        "updatedAt": "2026-04-04T10:15:00.000Z",
    }


def test_three_days_met_and_an_empty_fourth_read_three_and_zero(acme: Asker, did: Did, clock: Clock):
    streak = STREAK.made(acme, **DAILY)
    for _ in range(3):
        body = did(streak, 50)
        clock.advance(days=1)

    found = record(acme, body)

    assert brief(found) == ("in_progress", 3, 0)
    assert (found["taskProgress"]["periodKey"], found["taskProgress"]["targetValue"]) == ("2026-04-06", 50)
    assert (found["taskProgress"]["count"], found["taskProgress"]["secondsUntilPeriodEnd"]) == (0, 49_500)


def test_four_weeks_of_three_visits_complete_with_the_twelfth(acme: Asker, did: Did, clock: Clock):
    weekly = {"aggregationMethod": "count", "aggregationPeriod": "weekly"}
    streak = STREAK.made(acme, **weekly, aggregationTargetValue=3, completionTargetValue=4)
    for _ in range(4):
        for _ in range(3):
            body = did(streak, None)
        last, _ = clock.moment, clock.advance(weeks=1)

    found = record(acme, body)

    assert brief(found) == ("completed", 4, 3)
    assert found["streakCompletedAt"] == last.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert (found["remainingValue"], found["progressPercent"]) == (0, 100)
    assert (found["taskProgress"]["isCompleted"], found["taskProgress"]["secondsUntilPeriodEnd"]) == (True, 0)


def test_a_missed_february_breaks_on_the_first_of_march_written_or_not(acme: Asker, did: Did, clock: Clock):
    clock.moment = datetime(2026, 1, 15, tzinfo=UTC)
    streak = STREAK.made(acme, **MONTHLY)
    body = did(streak, 20)

    clock.moment = datetime(2026, 3, 1, tzinfo=UTC) - timedelta(microseconds=1)
    before = record(acme, body)
    clock.moment = datetime(2026, 3, 1, tzinfo=UTC)
    after = record(acme, body)

    assert (brief(before), brief(after)) == (("in_progress", 1, 0), ("broken", 1, 0))
    assert (before["streakBrokenAt"], after["streakBrokenAt"]) == (None, "2026-03-01T00:00:00.000Z")
    assert after["taskProgress"]["periodKey"] == "2026-02"
    for status, ids in (("broken", [body["streakProgressId"]]), ("in_progress", []), ("completed", [])):
        listed = acme.get(f"{RECORDS}?streakProgressStatus={status}").body["data"]
        assert [one["id"] for one in listed] == ids


def test_a_streak_that_goes_on_for_ever_has_no_target_and_no_percent(acme: Asker, did: Did):
    found = record(acme, did(STREAK.made(acme, **{**DAILY, "completionTargetValue": None}), 50))

    assert (found["completionTargetValue"], found["remainingValue"], found["progressPercent"]) == (None, None, None)
    assert brief(found) == ("in_progress", 1, 50)


def test_after_a_break_the_next_entry_starts_another_record(acme: Asker, did: Did, clock: Clock):
    streak = STREAK.made(acme, **DAILY)
    first = did(streak, 50)
    clock.advance(days=3)
    second = did(streak, 50)

    assert brief(record(acme, first))[:2] == ("broken", 1)
    assert brief(record(acme, second)) == ("in_progress", 1, 50)
    listed = acme.get(f"{RECORDS}?streakId={streak}&sortBy=createdAt").body["data"]
    assert [one["id"] for one in listed] == [first["streakProgressId"], second["streakProgressId"]]


def test_an_entry_that_comes_late_in_the_grace_turns_a_break_round(acme: Asker, did: Did, clock: Clock):
    streak = STREAK.made(acme, **DAILY)
    first = did(streak, 50)
    clock.moment = datetime(2026, 4, 5, 0, 2, tzinfo=UTC)
    broken = record(acme, first)

    answer = acme.post(STREAK.log, STREAK.entry(streak, "late", 50, activityAt="2026-04-04T23:59:00Z")).body

    assert (broken["streakProgressStatus"], broken["streakBrokenAt"]) == ("broken", "2026-04-05T00:00:00.000Z")
    assert answer["streakProgressId"] == first["streakProgressId"]
    assert brief(answer["streakProgress"]) == ("in_progress", 2, 0)
    assert answer["streakProgress"]["taskProgress"]["periodKey"] == "2026-04-05"


def test_different_attributes_are_what_distinct_counts(acme: Asker, clock: Clock):
    streak = STREAK.made(
        acme, **{**DAILY, "aggregationTargetValue": 2}, aggregationMethod="distinct", distinctBy="shop"
    )

    def visit(name: str, shop: str | None) -> Any:
        attributes = {"shop": shop} if shop else {}
        return acme.post(STREAK.log, STREAK.entry(streak, name, None, attributes=attributes))

    bodies = [visit(name, shop).body for name, shop in (("a", "Graz"), ("b", "Graz"), ("c", "Wien"))]

    assert [brief(body["streakProgress"])[1:] for body in bodies] == [(0, 1), (0, 1), (1, 2)]
    assert [body["streakProgress"]["taskProgress"]["count"] for body in bodies] == [1, 2, 3]
    assert list(visit("d", None).errors) == ["attributes"]


def test_an_entry_taken_back_makes_its_day_unmet(acme: Asker, did: Did):
    body = did(STREAK.made(acme, **DAILY), 50)

    answer = acme.post(f"{STREAK.log}/{body['id']}/void", {"reason": "refunded"})

    assert answer.status == 200
    found = record(acme, body)
    assert brief(found) == ("in_progress", 0, 0)
    assert found["lastTaskCompletedAt"] is None


def test_the_etag_changes_with_entries_and_boundaries_and_not_with_each_second(acme: Asker, did: Did, clock: Clock):
    streak = STREAK.made(acme, **DAILY)
    paths = [f"{RECORDS}/{did(streak, 20)['streakProgressId']}", f"{RECORDS}?streakId={streak}"]

    def etags() -> list[str]:
        found = [acme.get(path).headers["ETag"] for path in paths]
        clock.advance(seconds=5)
        assert [acme.get(path).headers["ETag"] for path in paths] == found
        assert [acme.get(path, **{"If-None-Match": tag}).status for path, tag in zip(paths, found, strict=True)] == [
            304,
            304,
        ]
        return found

    first = etags()
    did(streak, 50)
    met = etags()
    clock.advance(days=1)
    next_day = etags()
    clock.advance(days=1)
    broken = etags()

    for tags in zip(first, met, next_day, broken, strict=True):
        assert len(set(tags)) == 4
        assert all(tag.startswith('W/"') for tag in tags)


def test_records_are_of_one_tenant_and_end_users_see_their_own(acme: Asker, globex: Asker, ask: Ask, did: Did):
    streak, ada = STREAK.made(acme, **DAILY), ask(owner=ADA)
    mine, his = did(streak, 50), did(streak, 20, BOB)
    other = did(STREAK.made(globex, **DAILY), 50, asker=globex)

    def owners(query: str = "") -> list[str]:
        return [one["ownedById"] for one in ada.get(f"{RECORDS}?{query}").body["data"]]

    assert owners() == owners(f"ownedById={ADA}") == [ADA]
    assert owners(f"ownedById={BOB}") == []
    assert ada.get(f"{RECORDS}/{mine['streakProgressId']}").status == 200
    assert ada.get(f"{RECORDS}/{his['streakProgressId']}").status == 404
    assert acme.get(f"{RECORDS}/{other['streakProgressId']}").status == 404
    assert len(acme.get(RECORDS).body["data"]) == 2
    assert len(globex.get(RECORDS).body["data"]) == 1


def test_a_filter_leaves_what_it_says_and_a_list_is_sorted_as_asked(acme: Asker, did: Did, clock: Clock):
    streak, weekly = STREAK.made(acme, **DAILY), STREAK.made(acme, aggregationPeriod="weekly")
    did(streak, 50)
    clock.advance(minutes=1)
    did(streak, 20, BOB)
    clock.advance(minutes=1)
    did(weekly, 20, BOB)

    def found(query: str) -> list[tuple[str, str]]:
        return [(one["streakId"], one["ownedById"]) for one in acme.get(f"{RECORDS}?{query}").body["data"]]

    assert found("sortBy=createdAt") == [(streak, ADA), (streak, BOB), (weekly, BOB)]
    assert found("sortBy=-currentProgressValue")[0] == (streak, ADA)
    assert found(f"streakId={weekly}") == found("updatedSince=2026-04-03T10:17:00Z") == [(weekly, BOB)]
    assert set(found("endsBefore=2026-04-05T12:00:00Z")) == {(streak, ADA), (streak, BOB)}
    assert len(found(f"ownedById={BOB}&streakProgressStatus=in_progress")) == 2
    page = acme.get(f"{RECORDS}?limit=2&fetchTotalCount=true&fields=streakId,ownedById&sortBy=createdAt").body
    rest = acme.get(f"{RECORDS}?limit=2&sortBy=createdAt&cursor={page['paging']['nextCursor']}").body
    assert (page["paging"]["totalCount"], len(page["data"]), len(rest["data"])) == (3, 2, 1)
    assert list(page["data"][0]) == ["streakId", "ownedById"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("challengeId=1", "challengeId"),
        ("streakId=1", "streakId"),
        ("streakProgressStatus=failed", "streakProgressStatus"),
        ("sortBy=value", "sortBy"),
        ("fields=colour", "fields"),
        ("endsBefore=tomorrow", "endsBefore"),
    ],
)
def test_a_wrong_parameter_is_named(acme: Asker, query: str, name: str):
    answer = acme.get(f"{RECORDS}?{query}")

    assert (answer.status, list(answer.errors)) == (400, [name])


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", [RECORDS, f"{RECORDS}/{UNKNOWN}"])
def test_progress_can_only_be_read(acme: Asker, method: str, path: str):
    answer = acme.send(method, path, {})

    assert (answer.status, answer.body["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


# Days on which so much is logged; how many days later, and at which second of the grace, the record is read.
HISTORIES = [
    ([(0, "20")], 0, 0),
    ([(0, "20")], 1, 0),
    ([(0, "50"), (0, "20")], 0, 0),
    ([(0, "50")], 1, 0),
    ([(0, "50")], 2, 0),
    ([(0, "50"), (1, "10"), (1, "20")], 0, 0),
    ([(day, "50") for day in range(7)], 0, 0),
    ([(day, "50") for day in range(7)], 2, 0),
    ([(0, "50"), (3, "50")], 1, 0),
    ([(0, "50"), (1, "10")], 1, 60),
]


@pytest.mark.parametrize(("history", "days", "seconds"), HISTORIES)
def test_the_record_after_a_write_is_the_one_that_a_read_shows(
    acme: Asker, log: ProgressLog, clock: Clock, history: list[tuple[int, str]], days: int, seconds: int
):
    streak, start = STREAK.made(acme, **DAILY), datetime(2026, 4, 3, tzinfo=UTC)
    for number, (day, value) in enumerate(history):
        clock.moment = start + timedelta(days=day)
        entry = LogEntry(
            definition_id=UUID(streak),
            owner_id=ADA,
            activity_at=clock.moment,
            unique_identifier=str(number),
            activity_value=Decimal(value),
            slug=Slug.STREAK,
        )
        logged = log.log_entry("acme", entry, now=clock.moment)

    now = clock.advance(days=days, seconds=seconds)
    written = read(encode(record_after(logged, None, now)))

    assert logged.run
    position = {"If-Position": str(logged.position)}
    assert acme.get(f"{RECORDS}/{logged.run.id}", **position).body == written


def test_what_is_logged_behind_a_missed_day_starts_another_record_at_once(acme: Asker, did: Did, clock: Clock):
    """RULES 5: entries in later windows start the next run, as if just logged; a boundary counts, written or not."""
    streak = STREAK.made(acme, **DAILY)
    first = did(streak, 50)
    clock.moment = datetime(2026, 4, 5, 0, 2, tzinfo=UTC)
    answered = did(streak, 60)["streakProgress"]
    listed = acme.get(f"{RECORDS}?streakId={streak}&sortBy=createdAt").body["data"]
    counted = acme.get(f"{STREAK.log}?streakId={streak}&sortBy=createdAt").body["data"]
    running = acme.get(f"{RECORDS}?streakId={streak}&streakProgressStatus=in_progress").body["data"]

    assert answered["id"] != first["streakProgressId"]
    assert brief(answered) == ("in_progress", 1, 60)
    assert answered["streakStartedAt"] == "2026-04-05T00:02:00.000Z"
    assert acme.get(f"{RECORDS}/{answered['id']}").body == answered
    assert running == [answered]
    assert [one["streakProgressId"] for one in counted] == [first["streakProgressId"], answered["id"]]
    assert listed == [record(acme, first), answered]
    assert brief(listed[0]) == ("broken", 1, 0)
    assert listed[0]["lastTaskContributionAt"] == first["activityAt"]


def test_an_entry_that_fills_the_gap_takes_the_record_behind_it_back(acme: Asker, did: Did, clock: Clock):
    streak = STREAK.made(acme, **DAILY)
    first = did(streak, 50)
    clock.moment = datetime(2026, 4, 5, 0, 2, tzinfo=UTC)
    waiting = did(streak, 60)
    late = STREAK.entry(streak, "late", 50, activityAt="2026-04-04T23:59:00Z", ownedById=ADA)
    answer = acme.post(STREAK.log, late)
    position = {"If-Position": answer.headers["Position"]}

    assert brief(answer.body["streakProgress"]) == ("in_progress", 3, 60)
    assert answer.body["streakProgressId"] == first["streakProgressId"]
    assert acme.get(f"{RECORDS}/{waiting['streakProgressId']}", **position).status == 404
    assert record(acme, first) == answer.body["streakProgress"]
    counted = acme.get(f"{STREAK.log}?streakId={streak}").body["data"]
    assert {one["streakProgressId"] for one in counted} == {first["streakProgressId"]}


def test_an_answer_asks_the_pauses_as_a_read_does(acme: Asker, did: Did, clock: Clock):
    """RULES 5, Pause: windows that a pause touches are neither met nor missed."""
    streak = STREAK.made(acme, **DAILY)
    did(streak, 50)
    clock.advance(days=1)
    for status in ("paused", "live"):
        assert acme.patch(f"/schema/streak/record/{streak}", {"status": status}).status == 200
        clock.advance(minutes=1)
    clock.moment = datetime(2026, 4, 5, 0, 1, tzinfo=UTC)
    late = STREAK.entry(streak, "late", 10, activityAt="2026-04-03T20:00:00Z", ownedById=ADA)
    too_late = acme.post(STREAK.log, late)
    in_the_excused = STREAK.entry(streak, "excused", 10, activityAt="2026-04-04T20:00:00Z", ownedById=ADA)
    answer = acme.post(STREAK.log, in_the_excused)
    position = {"If-Position": answer.headers["Position"]}

    assert too_late.body["reason"] == "too_late"
    assert answer.body["streakProgress"]["streakProgressStatus"] == "in_progress"
    assert acme.get(f"{RECORDS}/{answer.body['streakProgressId']}", **position).body == answer.body["streakProgress"]
