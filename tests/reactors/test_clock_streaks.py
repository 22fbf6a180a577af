"""Streaks that break at the same midnight: closed once, whoever does it, and read right at every moment."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from multiprocessing import get_context
from uuid import uuid4

import pytest

from domain.commands import Define, LogEntry
from domain.ids import engagement_id
from domain.streak_events import StreakAtRisk, StreakBroken
from domain.vocabulary import DefinitionStatus, Method, Period, Slug
from projections import streak_progress
from projections.database import Reader
from projections.following.projector import Projector
from projections.listing import Page
from reactors.clock import Clock, due

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
AT_RISK = datetime(2026, 3, 2, 20, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 3, tzinfo=UTC)
SEAL = MIDNIGHT + timedelta(seconds=300)
OWNERS = [f"owner-{number:03d}" for number in range(300)]


@pytest.fixture
def streak(log):
    """A live daily streak of the tenant acme, in which every owner met the first of March."""
    identifier = uuid4()
    fields = {
        "name": "Every day",
        "aggregation_method": Method.COUNT,
        "aggregation_period": Period.DAILY,
        "aggregation_target_value": Decimal(1),
        "status": DefinitionStatus.LIVE,
    }
    log.define("acme", identifier, Define(id=identifier, slug=Slug.STREAK, fields=fields), now=NOON)
    log.log_entries("acme", [entry(identifier, owner, NOON) for owner in OWNERS], now=NOON)
    return identifier


def entry(streak, owner, at):
    identifier = f"{owner}-{at.isoformat()}"
    return LogEntry(
        slug=Slug.STREAK, definition_id=streak, owner_id=owner, activity_at=at, unique_identifier=identifier
    )


def written(log, streak, kind):
    """How many events of a kind each owner's engagement has."""
    streams = [engagement_id("acme", streak, owner, Slug.STREAK) for owner in OWNERS]
    return Counter(sum(isinstance(one.event, kind) for one in log.history(stream)) for stream in streams)


def tick(database_url: str, moment: datetime) -> None:
    clock = Clock(database_url)
    clock.step(moment)
    clock.close()


def test_several_clocks_one_of_them_killed_warn_and_break_each_streak_once(database_url, log, streak):
    context = get_context("spawn")
    for moment in (AT_RISK, SEAL):
        clocks = [context.Process(target=tick, args=(database_url, moment)) for _ in range(3)]
        for one in clocks:
            one.start()
        clocks[0].join(0.4)
        clocks[0].kill()
        for one in clocks:
            one.join()
        tick(database_url, moment)

    assert written(log, streak, StreakAtRisk) == {1: len(OWNERS)}
    assert written(log, streak, StreakBroken) == {1: len(OWNERS)}
    assert due(database_url, SEAL + timedelta(days=365)) == []


def test_a_clock_that_comes_late_writes_the_same_with_the_same_stamps(database_url, log, streak):
    tick(database_url, SEAL + timedelta(days=3))

    history = [one.event for one in log.history(engagement_id("acme", streak, OWNERS[0], Slug.STREAK))]
    warned, broken = history[-2:]
    assert (type(warned), warned.at_risk_at) == (StreakAtRisk, AT_RISK)
    assert (type(broken), broken.broken_at, broken.value) == (StreakBroken, MIDNIGHT, 1)


def test_reads_are_right_before_during_and_after_the_seal(database_url, log, streak):
    log.log_entries("acme", [entry(streak, OWNERS[0], AT_RISK)], now=AT_RISK)
    reader, projector = Reader(database_url), Projector(database_url)

    def read(now, **filters):
        projector.catch_up()
        found = streak_progress.of_tenant(reader, "acme", filters, Page(limit=1_000), now=now).rows
        return Counter((one.status, one.broken_at) for one in found)

    others = len(OWNERS) - 1
    broken = {("broken", MIDNIGHT): others, ("in_progress", None): 1}
    before = read(MIDNIGHT - timedelta(microseconds=1))
    unsealed = read(MIDNIGHT)
    filtered = read(MIDNIGHT, status="broken")
    half = [engagement_id("acme", streak, owner, Slug.STREAK) for owner in OWNERS[:150]]
    log.advance("acme", half, now=SEAL)
    during = read(SEAL)
    tick(database_url, SEAL)
    after = read(SEAL)
    reader.close()
    projector.close()

    assert before == {("in_progress", None): len(OWNERS)}
    assert unsealed == during == after == broken
    assert filtered == {("broken", MIDNIGHT): others}
    assert written(log, streak, StreakBroken) == {1: others, 0: 1}
