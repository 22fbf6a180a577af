"""Where an owner stands in each streak, at every moment."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from domain.commands import AddMilestone, Redefine
from domain.vocabulary import DefinitionStatus, Method, Period, Slug
from projections.streak_standing import current_window, of_user
from tests.projections.conftest import ADA, APRIL_3, BOB, define_streak

DAY = timedelta(days=1)
APRIL_5 = datetime(2026, 4, 5, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("others")


@pytest.fixture
def earning(log) -> UUID:
    """Two windows are worth a reward once, three each time."""
    streak = define_streak(log, name="earning")
    for number, target, repeatable in ((1, 2, False), (2, 3, True)):
        told = {"target_value": Decimal(target), "repeatable": repeatable}
        command = AddMilestone(id=UUID(int=number), slug=Slug.STREAK, definition_id=streak, fields=told)
        log.define("acme", streak, command, now=APRIL_3)
    return streak


def standing(reader, streak: UUID, now: datetime, owner: str = ADA):
    (found,) = of_user(reader, "acme", owner, now=now, definition_id=streak)
    return found


def key(found, now: datetime) -> str | None:
    window = current_window(found, now)
    return window and window.key


def test_a_run_in_progress_shows_its_count_and_the_window_that_is_now(reader, level, streak, play):
    play(streak, ADA, "60")
    play(streak, ADA, "42.5", at=APRIL_3 + DAY)
    level()
    now = APRIL_3 + DAY

    found = standing(reader, streak, now)

    assert (found.value, found.status, found.definition_name) == (1, "in_progress", "daily spend")
    assert (key(found, now), found.window_value, found.window_count) == ("2026-04-04", Decimal("42.5"), 1)
    assert (found.task_target, found.last_contribution_at, found.created_at) == (50, now, APRIL_3)


def test_a_window_without_entries_is_empty(reader, level, streak, play):
    play(streak, ADA, "60")
    level()
    now = APRIL_3 + DAY

    found = standing(reader, streak, now)

    assert (found.value, key(found, now), found.window_value) == (1, "2026-04-04", None)


def test_a_broken_run_reads_broken_and_the_window_goes_on(reader, level, streak, play):
    play(streak, ADA, "60")
    level()
    before, after = (standing(reader, streak, APRIL_5 + timedelta(microseconds=step)) for step in (-1, 0))

    assert (before.status, before.value) == ("in_progress", 1)
    assert (after.status, after.value, after.broken_at) == ("broken", 1, APRIL_5)
    assert key(after, APRIL_5) == "2026-04-05"


def test_what_came_before_the_break_was_written_is_in_the_next_run_already(reader, level, streak, play):
    play(streak, ADA, "60")
    now = APRIL_5 + timedelta(minutes=2)
    play(streak, ADA, "7", at=now)
    level()

    found = standing(reader, streak, now)

    assert (found.number, found.status, found.value, found.last_contribution_at) == (2, "in_progress", 0, now)
    assert (key(found, now), found.window_value) == ("2026-04-05", 7)


def test_the_latest_run_is_shown(reader, level, streak, play):
    play(streak, ADA, "60")
    play(streak, ADA, "70", at=APRIL_3 + 4 * DAY)
    level()

    found = standing(reader, streak, APRIL_3 + 4 * DAY)

    assert (found.number, found.value, found.created_at) == (2, 1, APRIL_3 + 4 * DAY)


def test_a_completed_run_keeps_its_count_and_the_window_goes_on(reader, log, level, play):
    short = define_streak(log, completion_target_value=1)
    play(short, ADA, "60")
    level()
    now = APRIL_3 + DAY

    found = standing(reader, short, now)

    assert (found.status, found.value, key(found, now)) == ("completed", 1, "2026-04-04")


def test_a_rolling_streak_has_a_window_only_while_a_run_is_in_progress(reader, log, level, play):
    rolling = define_streak(log, aggregation_period=Period.ROLLING)
    play(rolling, ADA, "60")
    level()
    running, over = APRIL_3 + timedelta(hours=30), APRIL_3 + timedelta(hours=50)

    assert key(standing(reader, rolling, running), running) == "2026-04-04T10:00:00Z"
    assert key(standing(reader, rolling, over), over) is None


def test_distinct_values_of_the_window_are_told(reader, log, level, play):
    games = define_streak(log, aggregation_method=Method.DISTINCT, distinct_by="game")
    for game in ("arcade", "ranked", "arcade"):
        play(games, ADA, "1", game=game)
    level()

    found = standing(reader, games, APRIL_3)

    assert (found.window_distinct, found.window_count, found.window_value) == (["arcade", "ranked"], 3, 2)


def test_milestones_earned_are_told_for_ever(reader, earning, level, play):
    play(earning, ADA, "60")
    level()
    first = standing(reader, earning, APRIL_3)
    for day in (1, 2, 5):
        play(earning, ADA, "60", at=APRIL_3 + day * DAY)
    level()
    again = standing(reader, earning, APRIL_3 + 5 * DAY)

    assert (first.earned, first.value) == ([], 1)
    assert (again.earned, again.value) == ([2, 3], 1)
    assert [one.target_value for one in again.milestones] == [2, 3]


def test_an_owner_stands_in_every_streak_that_they_logged_in(reader, log, level, streak, earning, play):
    define_streak(log, name="never played")
    play(earning, ADA, "60")
    play(streak, ADA, "60")
    log.define(
        "acme",
        earning,
        Redefine(id=earning, slug=Slug.STREAK, changes={"status": DefinitionStatus.ARCHIVED}),
        now=APRIL_3,
    )
    level()

    assert [one.definition_id for one in of_user(reader, "acme", ADA, now=APRIL_3)] == [streak, earning]
    assert [one.definition_id for one in of_user(reader, "acme", BOB, now=APRIL_3)] == [streak]
    assert of_user(reader, "acme", "nobody", now=APRIL_3) == []
    assert of_user(reader, "acme", BOB, now=APRIL_3, definition_id=earning) == []
    (foreign,) = of_user(reader, "other", ADA, now=APRIL_3)
    assert (foreign.window_value, foreign.earned) == (2, [])
