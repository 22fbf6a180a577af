"""What waits behind a missed window is foreseen as the runs that it makes (RULES 5, never stale)."""

from domain.streak_events import BreakForeseen
from domain.streak_reading import readings
from tests.domain.given import at, kinds
from tests.domain.given_streak import days, defined, entry, given, records

EARLY_ON_THE_FIFTH = "2026-04-05T00:02"


def waiting(**changes):
    """Met on the third of April, nothing on the fourth, and met early on the fifth: the grace of the fourth is on."""
    return given(defined(**changes), *days("2026-04-03", 1), entry(EARLY_ON_THE_FIFTH, 60, "early"))


def read(engagement, now):
    found = readings(engagement.state, engagement.streak.pauses, at(now))
    return [(run.number, run.value, run.status.value, missed and missed.key) for run, missed in found]


def test_entries_behind_a_missed_window_read_as_the_next_run_and_are_written_with_the_break():
    engagement = waiting()

    before = read(engagement, EARLY_ON_THE_FIFTH)
    events = engagement.advance("2026-04-05T00:05")

    assert before == [(1, 1, "in_progress", "2026-04-04"), (2, 1, "in_progress", None)]
    assert kinds(events)[:2] == ["StreakBroken", "RunStarted"]
    assert "BreakForeseen" not in kinds(events)
    assert read(engagement, "2026-04-05T00:05") == before[1:]


def test_a_record_is_as_old_as_it_was_foreseen():
    engagement = waiting()

    engagement.advance("2026-04-05T09:00")

    assert engagement.run.created_at == at(EARLY_ON_THE_FIFTH)


def test_an_entry_that_fills_the_gap_withdraws_what_was_foreseen():
    engagement = waiting()
    (foreseen,) = engagement.state.foreseen

    events = engagement.log(entry("2026-04-04T23:59", 50), "2026-04-05T00:03")

    assert [one.withdrawn for one in events if isinstance(one, BreakForeseen)] == [(foreseen.id,)]
    assert read(engagement, "2026-04-05T00:03") == [(1, 3, "in_progress", None)]
    assert [one.number for one in records(engagement)] == [1]


def test_breaks_behind_breaks_are_foreseen_as_far_as_entries_wait():
    engagement = waiting(late_grace_seconds=9 * 86_400)
    engagement.log(entry("2026-04-08T12:00", 10))

    assert read(engagement, "2026-04-08T12:00") == [
        (1, 1, "in_progress", "2026-04-04"),
        (2, 1, "in_progress", "2026-04-06"),
        (3, 0, "in_progress", None),
    ]


def test_a_run_that_is_foreseen_may_complete():
    engagement = waiting(completion_target_value=1)
    unmet = given(defined(completion_target_value=1), entry("2026-04-04T10:00", 10), entry(EARLY_ON_THE_FIFTH, 60))

    assert read(engagement, EARLY_ON_THE_FIFTH)[-1][1:3] == (1, "completed")
    assert read(unmet, EARLY_ON_THE_FIFTH) == [(1, 0, "in_progress", "2026-04-04"), (2, 1, "completed", None)]


def test_a_pause_that_ends_says_which_window_counts_next():
    """RULES 5: windows that a pause touches are excused; the one after them has to be met."""
    engagement = given(defined(timezone="Europe/Vienna"), *days("2026-04-03", 1))

    engagement.pause("2026-04-04T10:00", "2026-04-06T21:59")
    engagement.change("2026-04-07T10:00", name="renamed")

    (resumed,) = engagement.streak.resumptions
    assert (resumed.window.key, resumed.window.start) == ("2026-04-07", at("2026-04-06T22:00"))
    assert read(engagement, "2026-04-07T21:59") == [(1, 1, "in_progress", None)]
    assert read(engagement, "2026-04-07T22:00") == [(1, 1, "in_progress", "2026-04-07")]


def test_where_windows_roll_a_pause_cannot_say_it():
    engagement = given(defined(aggregation_period="rolling"), *days("2026-04-03", 1))

    engagement.pause("2026-04-04T11:00", "2026-04-04T12:00")

    assert engagement.streak.resumptions == ()
    assert read(engagement, "2026-04-06T09:59") == [(1, 1, "in_progress", None)]
    assert read(engagement, "2026-04-06T10:00") == [(1, 1, "in_progress", "2026-04-05T10:00:00Z")]


def test_nothing_is_foreseen_when_nothing_waits():
    engagement = given(defined(), *days("2026-04-03", 3))

    assert engagement.log(entry("2026-04-06T10:00", 10))[-1].TOPIC == "EntryCounted"
    assert engagement.state.foreseen == ()
