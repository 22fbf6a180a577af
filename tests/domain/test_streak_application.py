"""ProgressLog and streaks on a real database: entries once for ever, deadlines kept, snapshots folded anew."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from msgspec.structs import replace

from domain.application import ProgressLog
from domain.commands import Define, VoidEntry
from domain.errors import EntryConflict, InvalidInput
from domain.ids import engagement_id, entry_id, run_id
from domain.outcomes import Logged
from domain.vocabulary import Slug
from tests.domain.given import OWNER, TENANT, at
from tests.domain.given_streak import STREAK_ID, add_milestone, days, entry, fields

OTHER_TENANT, OTHER_OWNER = "globex", "bob"
NOW = at("2026-04-03T12:00")
ENGAGEMENT = engagement_id(TENANT, STREAK_ID, OWNER, "streak")
OTHER_ENGAGEMENT = engagement_id(OTHER_TENANT, STREAK_ID, OWNER, "streak")


@pytest.fixture
def log(database_url: str) -> Iterator[ProgressLog]:
    """A log with the same streak in two tenants; in the other one, somebody has a day already."""
    with ProgressLog(database_url) as log:
        for tenant in (TENANT, OTHER_TENANT):
            define(log, tenant)
        log.log_entry(OTHER_TENANT, entry("2026-04-03T08:00", 50, "order-1"), now=NOW)
        yield log


def define(log: ProgressLog, tenant: str, **changes: Any) -> None:
    told = fields(late_grace_seconds=2 * 86_400, at_risk_seconds=14_400, **changes)
    log.define(tenant, STREAK_ID, Define(id=STREAK_ID, slug=Slug.STREAK, fields=told), add_milestone(2), now=NOW)


def kinds(log: ProgressLog, stream: UUID = ENGAGEMENT) -> list[str]:
    return [type(one.event).__name__ for one in log.history(stream)]


def due_at(database_url: str, stream: UUID = ENGAGEMENT) -> Any:
    with psycopg.connect(database_url) as connection:
        return connection.execute("SELECT due_at FROM streams WHERE originator_id = %s", [stream]).fetchall()[0][0]


def test_an_entry_is_answered_with_what_came_of_it(log: ProgressLog):
    logged = log.log_entry(TENANT, entry("2026-04-03T10:00", 50, "order-1"), now=NOW)

    assert logged.id == entry_id(ENGAGEMENT, "order-1")
    assert logged.run is not None
    assert (logged.run.id, logged.run.value) == (run_id(ENGAGEMENT, "1"), 1)
    assert [one.window.key for one in logged.windows] == ["2026-04-03"]


def test_the_same_again_is_the_first_answer_and_writes_nothing(log: ProgressLog):
    """RULES 4: Same content: the first answer again, nothing new (`replayed`)."""
    first = log.log_entry(TENANT, entry("2026-04-03T10:00", 50, "order-1"), now=NOW)
    before = log.history(ENGAGEMENT)

    again = log.log_entry(TENANT, entry("2026-04-03T10:00", "50.00", "order-1"), now=NOW + timedelta(days=400))

    assert again == replace(first, replayed=True)
    assert log.history(ENGAGEMENT) == before


def test_the_same_again_is_the_first_answer_even_after_more_came(log: ProgressLog):
    told = [*days("2026-04-02", 2), entry("2026-04-01T23:00", 50, "late"), entry("2026-03-01T23:00", 50, "too-late")]
    first = [log.log_entry(TENANT, one, now=NOW) for one in told]
    log.void_entry(TENANT, VoidEntry(entry_id=first[0].id, reason="refunded", actor="support"), now=NOW)
    log.advance(TENANT, [ENGAGEMENT], now=at("2026-06-01"))
    log.log_entry(TENANT, entry("2026-06-02", 9, "e"), now=at("2026-06-02"))

    again = log.log_entries(TENANT, told[::-1], now=at("2026-07-01"))

    assert again == [replace(one, replayed=True) for one in reversed(first)]
    assert [len(one.reached) for one in first] == [0, 1, 0, 0]


def test_twice_in_one_batch_is_once(log: ProgressLog):
    one = entry("2026-04-03T10:00", 50, "order-1")

    first, second = log.log_entries(TENANT, [one, one], now=NOW)

    assert isinstance(first, Logged)
    assert second == replace(first, replayed=True)
    assert kinds(log) == ["RunStarted", "EntryCounted", "PeriodMet"]


def test_other_content_under_the_same_identifier_is_a_conflict(log: ProgressLog):
    """RULES 4: Other content: conflict (409), nothing new."""
    log.log_entry(TENANT, entry("2026-04-03T10:00", 50, "order-1"), now=NOW)
    before = log.history(ENGAGEMENT)

    with pytest.raises(EntryConflict):
        log.log_entry(TENANT, entry("2026-04-03T10:00", 51, "order-1"), now=NOW)

    assert log.history(ENGAGEMENT) == before


def test_a_refused_entry_leaves_no_trace_and_stops_no_other(log: ProgressLog):
    log.log_entry(TENANT, entry("2026-04-03T10:00", 10, "order-1"), now=NOW)
    before = log.history(ENGAGEMENT)

    refused = log.log_entries(TENANT, [entry("2026-05-03T10:00")], now=at("2026-05-03T12:00"))
    assert isinstance(refused[0], InvalidInput)
    assert log.history(ENGAGEMENT) == before

    mixed = log.log_entries(
        TENANT, [entry("2026-05-03T10:00"), entry("2026-05-03T11:00", 5)], now=at("2026-05-03T12:00")
    )
    assert [type(one) for one in mixed] == [InvalidInput, Logged]
    assert kinds(log)[2:] == ["StreakAtRisk", "StreakBroken", "RunStarted", "EntryCounted"]


def test_the_next_deadline_is_kept_with_the_stream(log: ProgressLog, database_url: str):
    log.log_entry(TENANT, entry("2026-04-03T10:00", 10, "order-1"), now=NOW)
    assert due_at(database_url) == at("2026-04-03T20:00")

    assert log.advance(TENANT, [ENGAGEMENT], now=at("2026-04-03T20:00")) == 1
    assert due_at(database_url) == at("2026-04-06")

    assert log.advance(TENANT, [ENGAGEMENT], now=at("2026-04-06")) == 1
    assert due_at(database_url) is None
    assert log.advance(TENANT, [ENGAGEMENT], now=at("2026-04-07")) == 0


def test_two_tenants_never_meet(log: ProgressLog):
    before = log.history(OTHER_ENGAGEMENT)

    log.log_entry(TENANT, entry("2026-04-03T10:00", 50, "order-1"), now=NOW)
    log.advance(TENANT, [ENGAGEMENT], now=at("2026-06-01"))

    assert kinds(log)[-1] == "StreakBroken"
    assert log.history(OTHER_ENGAGEMENT) == before


def test_a_snapshot_of_another_shape_is_folded_anew(log: ProgressLog, database_url: str):
    told = [*days("2026-04-02", 2), entry("2026-04-01T23:00", 50, "late")]
    for one in told[:-1]:
        log.log_entry(TENANT, one, now=NOW)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE streams SET topic = 'StreakProgress.0', state = '{}' WHERE topic LIKE 'StreakPr%'")

    logged = log.log_entry(TENANT, told[-1], now=NOW)

    assert logged.run is not None
    assert logged.run.value == 3
