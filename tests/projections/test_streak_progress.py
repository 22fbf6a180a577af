"""Reading streak progress: right at every moment, written or not (RULES 5)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.application import ProgressLog
from domain.commands import KeepUser, Redefine, VoidEntry
from domain.ids import engagement_id
from domain.vocabulary import DefinitionStatus, Period, Slug
from projections import streak_progress
from projections.database import Reader
from projections.following.projector import Projector
from projections.listing import Page
from projections.streak_windows import task
from tests.projections.conftest import ADA, APRIL_3, BOB, Say, define_streak

DAY = timedelta(days=1)
APRIL_5, APRIL_6 = datetime(2026, 4, 5, tzinfo=UTC), datetime(2026, 4, 6, tzinfo=UTC)
SEALED = APRIL_5 + timedelta(minutes=5)
STATUSES = ("in_progress", "completed", "broken")

pytestmark = pytest.mark.usefixtures("others")


@pytest.fixture(params=[False, True], ids=["before the seal is written", "after the seal is written"])
def seal(request: pytest.FixtureRequest, log: ProgressLog, level, streak: UUID):
    """Level the tables; in half of the tests the clock has been there before."""

    def seal(now: datetime = SEALED) -> None:
        if request.param:
            log.advance("acme", [engagement_id("acme", streak, one, Slug.STREAK) for one in (ADA, BOB)], now=now)
        level()

    return seal


def read(reader: Reader, now: datetime, owner: str | None = ADA, **filters: object):
    page = Page(sort="created_at", descending=False)
    return streak_progress.of_tenant(reader, "acme", filters, page, now=now, owner_id=owner).rows


def shown(record: streak_progress.Record, now: datetime) -> tuple[str, Decimal, int]:
    found = task(record, now)
    return found.window.key, found.value, found.count


def pause(log: ProgressLog, streak: UUID, start: datetime, end: datetime) -> None:
    for now, status in ((start, DefinitionStatus.PAUSED), (end, DefinitionStatus.LIVE)):
        log.define("acme", streak, Redefine(id=streak, slug=Slug.STREAK, changes={"status": status}), now=now)


def test_three_days_met_and_the_fourth_empty_so_far_reads_in_progress_with_nothing_today(reader, level, streak, play):
    for day in range(3):
        play(streak, ADA, "60", at=APRIL_3 + day * DAY)
    level()
    now = APRIL_6 + timedelta(hours=3)

    (record,) = read(reader, now)

    assert (record.status, record.value, record.target, record.task_target) == ("in_progress", 3, None, 50)
    assert shown(record, now) == ("2026-04-06", 0, 0)
    assert record.last_completed_at == record.last_contribution_at == APRIL_3 + 2 * DAY


def test_what_today_has_gathered_is_shown_as_it_is(reader, level, streak, play):
    play(streak, ADA, "42.50")
    level()

    (record,) = read(reader, APRIL_3)

    assert shown(record, APRIL_3) == ("2026-04-03", Decimal("42.5"), 1)
    assert (record.value, record.last_completed_at) == (0, None)


def test_from_the_boundary_on_a_missed_period_reads_broken_at_that_boundary(reader, streak, play, seal):
    play(streak, ADA, "60")
    seal()

    (record,) = read(reader, SEALED)

    assert (record.status, record.value, record.broken_at) == ("broken", 1, APRIL_5)
    assert record.updated_at == APRIL_5
    assert shown(record, SEALED) == ("2026-04-04", 0, 0)
    assert (record.period_key, record.period_end_at) == ("2026-04-04", APRIL_5)


def test_a_broken_run_shows_what_its_last_period_had_gathered(reader, streak, play, seal):
    play(streak, ADA, "60")
    play(streak, ADA, "20", at=APRIL_3 + DAY)
    seal()

    (record,) = read(reader, SEALED + 10 * DAY)

    assert (record.status, record.last_contribution_at) == ("broken", APRIL_3 + DAY)
    assert shown(record, SEALED + 10 * DAY) == ("2026-04-04", 20, 1)


def test_until_the_boundary_it_reads_in_progress(reader, level, streak, play):
    play(streak, ADA, "60")
    level()
    now = APRIL_5 - timedelta(microseconds=1)

    (record,) = read(reader, now)

    assert (record.status, record.broken_at, record.updated_at) == ("in_progress", None, APRIL_3)
    assert shown(record, now) == ("2026-04-04", 0, 0)


@pytest.mark.parametrize(
    ("now", "ada", "bob"),
    [
        (APRIL_5 - DAY - timedelta(microseconds=1), "in_progress", "in_progress"),
        (APRIL_5 - DAY, "in_progress", "broken"),
        (APRIL_5 - timedelta(microseconds=1), "in_progress", "broken"),
        (APRIL_5, "broken", "broken"),
        (SEALED, "broken", "broken"),
    ],
)
def test_filters_by_status_agree_with_what_is_read(reader, level, streak, play, now, ada, bob):
    play(streak, ADA, "60")
    level()

    by_status = {status: {one.owner_id for one in read(reader, now, None, status=status)} for status in STATUSES}

    expected = {status: {who for who, reads in ((ADA, ada), (BOB, bob)) if reads == status} for status in STATUSES}
    assert by_status == expected


def test_a_late_entry_inside_the_grace_turns_a_broken_reading_round(reader, level, streak, play):
    play(streak, ADA, "60")
    level()
    broken = read(reader, APRIL_5 + timedelta(minutes=1))[0].status
    play(streak, ADA, "50", at=APRIL_5 - timedelta(minutes=1), now=APRIL_5 + timedelta(minutes=2))
    level()

    (record,) = read(reader, APRIL_5 + timedelta(minutes=3))

    assert broken == "broken"
    assert (record.status, record.value, record.period_key) == ("in_progress", 2, "2026-04-05")


def test_a_window_that_a_pause_touches_breaks_nothing(reader, log, streak, play, seal):
    play(streak, ADA, "60")
    pause(log, streak, APRIL_3 + DAY, APRIL_3 + DAY + timedelta(hours=1))
    seal()

    (record,) = read(reader, SEALED)

    assert (record.status, record.value, record.broken_at) == ("in_progress", 1, None)
    assert shown(record, SEALED) == ("2026-04-05", 0, 0)
    assert [one.id for one in read(reader, SEALED, status="in_progress")] == [record.id]
    assert read(reader, SEALED, status="broken") == []


def test_the_period_after_an_excused_one_breaks_the_run_when_it_is_missed(reader, log, level, streak, play):
    play(streak, ADA, "60")
    pause(log, streak, APRIL_3 + DAY, APRIL_3 + DAY + timedelta(hours=1))
    log.advance("acme", [engagement_id("acme", streak, ADA, Slug.STREAK)], now=SEALED)
    level()

    before, after = (read(reader, APRIL_6 + timedelta(microseconds=step))[0] for step in (-1, 0))

    assert (before.status, before.period_key) == ("in_progress", "2026-04-05")
    assert (after.status, after.broken_at, after.value) == ("broken", APRIL_6, 1)


@pytest.mark.parametrize("period", [Period.DAILY, Period.ROLLING])
def test_a_missed_period_is_seen_behind_an_excused_one_that_is_not_sealed(reader, log, level, play, period):
    """RULES 5: broken at the first missed window, whether or not a process has written anything by then."""
    streak = define_streak(log, aggregation_period=period, late_grace_seconds=9 * 86_400)
    ends = APRIL_3 + 3 * DAY if period is Period.ROLLING else APRIL_6
    play(streak, ADA, "60")
    pause(log, streak, APRIL_3 + DAY, APRIL_3 + DAY + timedelta(hours=1))
    level()

    before, after = (read(reader, ends + timedelta(microseconds=step))[0] for step in (-1, 0))

    assert (before.status, shown(before, ends - timedelta(microseconds=1))[1:]) == ("in_progress", (0, 0))
    assert (after.status, after.broken_at, after.period_end_at, after.value) == ("broken", ends, ends, 1)
    assert shown(after, ends)[0] == ("2026-04-05" if period is Period.DAILY else "2026-04-05T10:00:00Z")
    assert [one.id for one in read(reader, ends, status="broken")] == [after.id]


def test_a_run_that_waits_for_a_break_is_not_there_once_a_pause_excuses_the_missed_window(
    reader, log, level, streak, play
):
    early = APRIL_5 - timedelta(minutes=4)
    play(streak, ADA, "60")
    play(streak, ADA, "70", at=APRIL_5 + timedelta(seconds=30), now=early)
    pause(log, streak, early + timedelta(minutes=1), early + timedelta(minutes=2))
    level()
    now = APRIL_5 + timedelta(minutes=1)

    (record,) = read(reader, now)
    log.advance("acme", [engagement_id("acme", streak, ADA, Slug.STREAK)], now=SEALED)
    level()

    assert (record.number, record.status, record.broken_at) == (1, "in_progress", None)
    assert [(one.number, one.value) for one in read(reader, SEALED)] == [(1, 2)]


def test_a_completed_run_stays_completed_and_a_new_one_starts_beside_it(reader, log, level, play):
    short = define_streak(log, completion_target_value=2)
    for day in range(2):
        play(short, ADA, "60", at=APRIL_3 + day * DAY)
    play(short, ADA, "5", at=APRIL_3 + DAY + timedelta(hours=1))
    play(short, ADA, "30", at=APRIL_3 + 3 * DAY)
    level()
    now = APRIL_6 + timedelta(hours=11)

    first, second = read(reader, now)

    assert (first.number, first.status, first.value, first.completed_at) == (1, "completed", 2, APRIL_3 + DAY)
    assert shown(first, now) == ("2026-04-04", 65, 2)
    assert (second.number, second.status, second.value, second.target) == (2, "in_progress", 0, 2)
    assert shown(second, now) == ("2026-04-06", 30, 1)
    assert first.id != second.id


def test_a_broken_run_and_the_one_after_it_keep_their_own_periods(reader, log, level, streak, play):
    play(streak, ADA, "60")
    play(streak, ADA, "10", at=APRIL_3 + 5 * DAY)
    level()
    now = APRIL_3 + 5 * DAY

    first, second = read(reader, now)

    assert (first.status, shown(first, now)) == ("broken", ("2026-04-04", 0, 0))
    assert (second.status, shown(second, now)) == ("in_progress", ("2026-04-08", 10, 1))


def test_an_entry_that_comes_early_starts_a_run_whose_period_is_still_to_begin(reader, level, streak, play, log):
    short = define_streak(log, completion_target_value=1)
    late = APRIL_5 - timedelta(minutes=2)
    play(short, ADA, "60", at=late - timedelta(minutes=1))
    play(short, ADA, "7", at=APRIL_5 + timedelta(minutes=1), now=late)
    level()

    first, second = read(reader, late)

    assert (first.status, shown(first, late)) == ("completed", ("2026-04-04", 60, 1))
    assert (second.status, shown(second, late)) == ("in_progress", ("2026-04-05", 7, 1))


def test_a_void_takes_the_value_and_the_tally_down(reader, log, level, streak, play):
    play(streak, ADA, "30")
    last = play(streak, ADA, "25", at=APRIL_3 + timedelta(minutes=1))
    later = APRIL_3 + timedelta(minutes=2)
    log.void_entry("acme", VoidEntry(entry_id=last.id, reason="refunded", actor="me"), now=later)
    level()

    (record,) = read(reader, later)

    assert (record.value, record.period_key, record.updated_at) == (0, "2026-04-03", later)
    assert (record.last_contribution_at, record.last_completed_at) == (APRIL_3, None)
    assert shown(record, later) == ("2026-04-03", 30, 1)


def test_a_void_that_undoes_a_completion_reads_in_progress_again(reader, log, level, play):
    short = define_streak(log, completion_target_value=1, rollback_after_completion=True)
    logged = play(short, ADA, "60")
    log.void_entry("acme", VoidEntry(entry_id=logged.id, reason="refunded", actor="me"), now=APRIL_3)
    level()

    (record,) = read(reader, APRIL_3)

    assert (record.status, record.completed_at, record.value, record.period_key) == (
        "in_progress",
        None,
        0,
        "2026-04-03",
    )


def test_a_completion_that_a_void_does_not_undo_keeps_its_window(reader, log, level, play):
    short = define_streak(log, completion_target_value=1)
    logged = play(short, ADA, "60")
    log.void_entry("acme", VoidEntry(entry_id=logged.id, reason="refunded", actor="me"), now=APRIL_3)
    level()

    (record,) = read(reader, APRIL_3 + 9 * DAY)

    assert (record.status, record.completed_at, record.period_key) == ("completed", APRIL_3, "2026-04-03")
    assert shown(record, APRIL_3 + 9 * DAY) == ("2026-04-03", 0, 0)


def test_a_rolling_run_counts_its_periods_from_its_first_entry(reader, log, level, play):
    rolling = define_streak(log, aggregation_period=Period.ROLLING, rolling_seconds=36 * 3600)
    play(rolling, ADA, "60")
    level()
    now = APRIL_3 + timedelta(hours=50)

    (record,) = read(reader, now)

    assert shown(record, now) == ("2026-04-04T22:00:00Z", 0, 0)
    assert read(reader, APRIL_3 + timedelta(hours=72))[0].status == "broken"


def test_a_streak_that_has_ended_shows_its_last_period(reader, log, level, play):
    ending = define_streak(log, ends_at=APRIL_5)
    for day in range(2):
        play(ending, ADA, "60", at=APRIL_3 + day * DAY)
    level()

    (record,) = read(reader, APRIL_5 + DAY)

    assert (record.status, record.value, record.period_key) == ("in_progress", 2, None)
    assert shown(record, APRIL_5 + DAY) == ("2026-04-04", 60, 1)
    assert read(reader, APRIL_5 + DAY, ends_before=APRIL_5 + DAY) == []


def test_entries_after_a_missed_period_are_the_next_run_before_and_after_the_seal(reader, log, level, streak, play):
    """RULES 5: entries in later windows start the next run, as if just logged; a boundary counts, written or not."""
    late = APRIL_5 + timedelta(minutes=2)
    play(streak, ADA, "60")
    play(streak, ADA, "20", at=APRIL_3 + DAY)
    play(streak, ADA, "7", at=late)
    level()
    before = read(reader, late)
    waiting = read(reader, late, status="in_progress")
    before_the_boundary = read(reader, APRIL_5 - timedelta(microseconds=1))
    log.advance("acme", [engagement_id("acme", streak, ADA, Slug.STREAK)], now=SEALED)
    level()

    first, second = read(reader, SEALED)

    assert [replace(one, through=late, updated_at=late) for one in before] == [
        replace(one, through=late, updated_at=late) for one in (first, second)
    ]
    assert [one.id for one in waiting] == [before[1].id]
    assert [(one.number, one.status) for one in before_the_boundary] == [(1, "in_progress")]
    assert (first.status, shown(first, SEALED)) == ("broken", ("2026-04-04", 20, 1))
    assert first.last_contribution_at == APRIL_3 + DAY
    assert (second.status, shown(second, SEALED)) == ("in_progress", ("2026-04-05", 7, 1))


def test_a_void_that_changes_a_tally_only_is_an_update(reader, log, level, streak, play):
    logged = [play(streak, ADA, "5", at=APRIL_3 + timedelta(minutes=minute)) for minute in range(3)]
    later = APRIL_3 + timedelta(minutes=9)
    log.void_entry("acme", VoidEntry(entry_id=logged[1].id, reason="refunded", actor="me"), now=later)
    level()

    (record,) = read(reader, later, updated_since=later)

    assert shown(record, later) == ("2026-04-03", 10, 2)


def test_a_window_that_was_written_is_shown_as_it_was_written(reader, level, streak, play):
    play(streak, ADA, "60")
    level()
    (record,) = read(reader, APRIL_3)
    written = replace(record, period_key="another-release", period_end_at=APRIL_5 + timedelta(hours=1))

    assert shown(written, APRIL_5) == ("another-release", 0, 0)


def test_another_tenant_and_another_owner_see_nothing_of_it(reader, level, streak, play):
    play(streak, ADA, "60")
    level()
    (record,) = read(reader, APRIL_3)

    assert record.definition_id == streak
    assert streak_progress.one(reader, "other", record.id, now=APRIL_3) is None
    assert streak_progress.one(reader, "acme", record.id, now=APRIL_3, owner_id=BOB) is None
    assert streak_progress.one(reader, "acme", record.id, now=APRIL_3, owner_id=ADA).value == 1
    assert [one.task_value for one in read(reader, APRIL_3, BOB)] == [1]


def test_the_owner_is_joined_when_it_is_known(reader, log, level, streak, play):
    user, _ = log.keep_user("acme", KeepUser(external_id="u-1", personal={"first_name": "Ada"}), now=APRIL_3)
    play(streak, user, "5")
    level()

    names = {one.owner_id: (one.external_id, one.first_name) for one in read(reader, APRIL_3, None)}

    assert names == {user: ("u-1", "Ada"), BOB: (None, None)}


@pytest.mark.parametrize("sort", ["created_at", "updated_at", "value"])
@pytest.mark.parametrize("descending", [False, True])
def test_keyset_pages_hold_every_run_once(reader, projector: Projector, streak, play: Say, sort, descending):
    for number in range(3, 9):
        play(streak, str(UUID(int=number)), str(number % 3 * 30), at=APRIL_3 + timedelta(minutes=number % 4))
    projector.catch_up()
    seen: list[UUID] = []
    after = None

    while True:
        page = Page(sort=sort, descending=descending, limit=2, after=after, with_total=True)
        found = streak_progress.of_tenant(reader, "acme", {}, page, now=APRIL_3)
        seen += [one.id for one in found.rows]
        if not found.more:
            break
        after = (getattr(found.rows[-1], sort), found.rows[-1].id)

    assert len(seen) == len(set(seen)) == found.total == 7


def test_ends_before_and_updated_since_look_at_what_is_read(reader, streak, play, seal):
    play(streak, ADA, "60")
    seal()

    assert read(reader, SEALED, updated_since=APRIL_5) != []
    assert read(reader, SEALED, updated_since=APRIL_5 + timedelta(seconds=1)) == []
    assert read(reader, SEALED, ends_before=APRIL_5) == []
    assert read(reader, SEALED, ends_before=APRIL_5 + timedelta(seconds=1)) != []
    assert read(reader, SEALED, definition_id=streak) != []
    assert read(reader, SEALED, definition_id=UUID(int=1)) == []
