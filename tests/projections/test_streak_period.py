"""Periods of streaks: what each window has gathered, whatever run it belongs to."""

from datetime import timedelta
from uuid import UUID

import pytest

from domain.commands import VoidEntry
from domain.ids import engagement_id
from domain.vocabulary import Method, Slug
from tests.projections.conftest import ADA, APRIL_3, BOB, define_streak

DAY = timedelta(days=1)

pytestmark = pytest.mark.usefixtures("others")


def periods(reader, streak: UUID, owner: str = ADA, tenant: str = "acme"):
    query = """
        SELECT period_key, value, count, distinct_values
        FROM streak_period
        WHERE tenant = %(tenant)s
          AND engagement_id = %(id)s
        ORDER BY period_start_at
    """
    stream = engagement_id(tenant, streak, owner, Slug.STREAK)
    return [tuple(row.values()) for row in reader.rows(dict, query, {"tenant": tenant, "id": stream})]


def test_a_window_has_a_row_from_its_first_entry_on(reader, level, streak, play):
    play(streak, ADA, "42.50")
    play(streak, ADA, "7.5")
    play(streak, ADA, "1", at=APRIL_3 + DAY)
    level()

    assert periods(reader, streak) == [("2026-04-03", 50, 2, []), ("2026-04-04", 1, 1, [])]


def test_an_entry_that_does_not_count_changes_no_window(reader, level, streak, play):
    play(streak, ADA, "60", at=APRIL_3)
    play(streak, ADA, "60", at=APRIL_3 - 2 * DAY, now=APRIL_3)
    level()

    assert periods(reader, streak) == [("2026-04-03", 60, 1, [])]


def test_a_window_knows_its_distinct_values(reader, log, level, play):
    games = define_streak(log, aggregation_method=Method.DISTINCT, distinct_by="game")
    for game in ("arcade", "ranked", "arcade"):
        logged = play(games, ADA, "1", game=game)
    level()
    before = periods(reader, games)
    last = play(games, ADA, "1", game="casual")
    for entry in (logged, last):
        log.void_entry("acme", VoidEntry(entry_id=entry.id, reason="refunded", actor="me"), now=APRIL_3)
    level()

    assert before == [("2026-04-03", 2, 3, ["arcade", "ranked"])]
    assert periods(reader, games) == [("2026-04-03", 2, 2, ["arcade", "ranked"])]


def test_a_void_of_a_sealed_window_changes_nothing(reader, log, level, streak, play):
    logged = play(streak, ADA, "60")
    void = VoidEntry(entry_id=logged.id, reason="refunded", actor="me")
    log.void_entry("acme", void, now=APRIL_3 + 3 * DAY)
    level()

    assert periods(reader, streak) == [("2026-04-03", 60, 1, [])]


def test_windows_outlive_the_runs_that_they_are_dealt_to(reader, log, level, play):
    slow = define_streak(log, late_grace_seconds=3 * 86_400)
    play(slow, ADA, "60", at=APRIL_3 + 2 * DAY)
    play(slow, ADA, "50", at=APRIL_3, now=APRIL_3 + 2 * DAY)
    level()

    assert [key for key, *_ in periods(reader, slow)] == ["2026-04-03", "2026-04-05"]


def test_other_owners_and_tenants_have_windows_of_their_own(reader, level, streak, play):
    play(streak, ADA, "60")
    level()

    assert periods(reader, streak, BOB) == [("2026-04-03", 1, 1, [])]
    assert periods(reader, streak, ADA, "other") == []


def test_challenges_have_none_and_streaks_have_no_tasks_of_challenges(reader, level, challenge, say, streak, play):
    say(challenge, ADA, "5")
    play(streak, ADA, "60")
    level()

    assert reader.value("SELECT count(*) FROM streak_period WHERE tenant = 'acme'") == 2
    assert reader.value("SELECT count(*) FROM task_progress") == 1
    assert reader.value("SELECT count(*) FROM challenge_progress") == 1
