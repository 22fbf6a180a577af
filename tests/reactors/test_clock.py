"""The clock writes down what time decides (RULES 6): once, whoever runs it and whenever."""

from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from uuid import UUID

import pytest

from domain.challenge_progress import RunFailed, RunSealed
from domain.ids import engagement_id
from reactors.clock import Clock, due
from tests.projections.conftest import ADA, APRIL_3, BOB

MAY_1 = datetime(2026, 5, 1, tzinfo=UTC)
SEAL = MAY_1 + timedelta(seconds=300)


@pytest.fixture
def clock(database_url):
    clock = Clock(database_url)
    yield clock
    clock.close()


def seals(log, challenge, owner):
    stream = engagement_id("acme", challenge, owner)
    return [one.event for one in log.history(stream) if isinstance(one.event, RunFailed | RunSealed)]


def test_a_window_is_sealed_when_its_grace_is_over_and_not_before(clock, log, challenge, say):
    say(challenge, ADA, "5")

    early = clock.step(SEAL - timedelta(microseconds=1))
    on_time = clock.step(SEAL)

    assert (early, on_time) == (0, 1)
    assert [event.failed_at for event in seals(log, challenge, ADA)] == [MAY_1]


def test_late_by_a_month_or_run_twice_it_writes_the_same(clock, log, challenge, say):
    say(challenge, ADA, "5")
    say(challenge, BOB, "500")

    clock.step(SEAL + timedelta(days=31))
    clock.step(SEAL + timedelta(days=62))

    assert [type(event) for event in seals(log, challenge, ADA)] == [RunFailed]
    assert [type(event) for event in seals(log, challenge, BOB)] == [RunSealed]
    assert seals(log, challenge, ADA)[0].failed_at == MAY_1


def test_an_engagement_that_an_import_feeds_is_left_alone_until_the_lease_is_over(clock, log, challenge, say):
    import_id = log.log_recorder.begin_import("acme")
    say(challenge, ADA, "5", import_id=import_id)
    say(challenge, BOB, "6")

    during = clock.step(SEAL)
    log.log_recorder.end_import(import_id)
    after = clock.step(SEAL)

    assert (during, after) == (1, 1)
    assert len(seals(log, challenge, ADA)) == len(seals(log, challenge, BOB)) == 1


def test_what_is_due_can_be_listed(database_url, challenge, say):
    say(challenge, ADA, "5")

    assert due(database_url, APRIL_3) == []
    assert due(database_url, SEAL) == [(SEAL, "acme", str(engagement_id("acme", challenge, ADA)))]


def _tick(database_url: str, moment: datetime) -> None:
    clock = Clock(database_url)
    clock.step(moment)
    clock.close()


def test_several_clocks_at_once_handle_each_engagement_once(database_url, log, challenge, say):
    owners = [str(UUID(int=number)) for number in range(100, 160)]
    for owner in owners:
        say(challenge, owner, "1")
    context = get_context("spawn")

    clocks = [context.Process(target=_tick, args=(database_url, SEAL)) for _ in range(3)]
    for one in clocks:
        one.start()
    for one in clocks:
        one.join()

    assert [len(seals(log, challenge, owner)) for owner in owners] == [1] * 60


def test_a_clock_that_is_killed_leaves_nothing_undone(database_url, clock, log, challenge, say):
    owners = [str(UUID(int=number)) for number in range(200, 260)]
    for owner in owners:
        say(challenge, owner, "1")
    process = get_context("spawn").Process(target=_tick, args=(database_url, SEAL))
    process.start()
    process.join(0.45)
    process.kill()
    process.join()

    clock.step(SEAL)

    assert [len(seals(log, challenge, owner)) for owner in owners] == [1] * 60
