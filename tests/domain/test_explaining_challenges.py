"""Why a challenge is as it is (RULES 2, 4, 5 and 7), told from its events and the pauses of its definition."""

from datetime import datetime, timedelta

from domain import words
from domain.explaining import explain_game
from domain.explanation import Explanation
from domain.vocabulary import Slug
from tests.domain.given import Engagement, at, defined, entry, given

VIENNA = "Europe/Vienna"


def explained(engagement: Engagement, now: str | datetime) -> Explanation:
    moment = at(now) if isinstance(now, str) else now
    return explain_game(Slug.CHALLENGE, engagement.recorded, engagement.challenge, moment)


def test_a_failed_challenge_names_the_window_its_bound_and_its_tally():
    """RULES 9: weekly sum 100000: 61,420 by the end: failed, failedAt = end of week."""
    rules = {"aggregation_period": "weekly", "completion_target_value": 100_000}
    engagement = given(defined(**rules), entry("2026-04-22T10:00", "61420"))

    unsealed = explained(engagement, "2026-04-27")
    engagement.advance("2026-04-27T00:05")

    told = explained(engagement, "2026-04-27T00:05")
    assert told.summary == unsealed.summary
    assert told.summary == "failed: the window 2026-W17 ended at 27 April 2026 00:00 (UTC) with 61420 of 100000"
    assert (told.runs[0].status, told.runs[0].ended_at) == ("failed", at("2026-04-27"))


def test_a_completed_challenge_says_when_and_keeps_what_came_after():
    """RULES 5: entries in the same window still add to the value (750 of 500 is shown as 750)."""
    engagement = given(defined(timezone=VIENNA), entry("2026-04-02T10:00", 500), entry("2026-04-03T10:00", 250))

    told = explained(engagement, "2026-04-04")

    assert told.summary == (
        "completed: 750 of 500 in the window 2026-04, reached at 2 April 2026 12:00 (Europe/Vienna)"
    )
    (april,) = told.windows
    assert [one.why for one in april.entries] == ["counted: 500 of 500", "counted: 750 of 500"]
    assert (april.outcome, april.total, april.count, april.sealed) == ("met", 750, 2, False)


def test_a_void_that_takes_a_completion_back_opens_the_window_again():
    """RULES 7: a completed run stays completed unless the definition says `rollbackAfterCompletion`."""
    kept = given(defined(), entry("2026-04-02T10:00", 500, "gone"))
    undone = given(defined(rollback_after_completion=True), entry("2026-04-02T10:00", 500, "gone"))
    for engagement in (kept, undone):
        engagement.void("gone", "2026-04-03")

    assert [explained(one, "2026-04-04").windows[0].outcome for one in (kept, undone)] == ["met", "open"]
    assert [explained(one, "2026-04-04").runs[0].status for one in (kept, undone)] == ["completed", "in_progress"]
    assert explained(undone, "2026-04-04").windows[0].total == 0


def test_an_excused_challenge_has_no_record_any_more():
    """RULES 5: windows that a pause touches are *excused*, neither met nor missed."""
    engagement = given(defined(), entry("2026-04-02T10:00", 100))
    engagement.change("2026-04-10", status="paused")
    engagement.change("2026-04-12", status="live")

    before, unsealed = explained(engagement, "2026-04-20"), explained(engagement, "2026-05-01")
    engagement.advance("2026-05-02")
    told = explained(engagement, "2026-05-02")

    assert [one.runs[0].status for one in (before, unsealed, told)] == ["in_progress", "excused", "excused"]
    assert [one.windows[0].outcome for one in (before, unsealed, told)] == ["open", "excused", "excused"]
    assert told.summary == "excused: a pause touched the window 2026-04, which is neither met nor missed"


def test_windows_between_two_tries_are_there_although_nobody_tried():
    engagement = given(defined(), entry("2026-01-10T10:00", 500), entry("2026-04-10T10:00", 20))

    told = explained(engagement, "2026-04-11")

    assert [(one.window.key, one.outcome, one.run_id is None) for one in told.windows] == [
        ("2026-01", "met", False),
        ("2026-02", "missed", True),
        ("2026-03", "missed", True),
        ("2026-04", "open", False),
    ]
    assert told.summary.startswith("in progress: 20 of 500 in the window 2026-04, which ends at 1 May 2026 00:00 (UTC)")
    assert "The run before was completed: 500 of 500" in told.summary


def test_without_a_counted_entry_there_is_no_run():
    engagement = Engagement(defined(status="draft"))
    engagement.log(entry("2026-04-10T10:00", 20))

    told = explained(engagement, "2026-04-11")

    assert told.summary == "no run has begun: no entry counted"
    assert told.runs == ()
    assert [one.why for window in told.windows for one in window.entries] == [
        "not counted: the definition was not live when it arrived"
    ]


def test_a_distinct_value_that_was_there_already_says_so():
    """RULES 4: `distinct` counts new values of `distinctBy`."""
    rules = {"aggregation_method": "distinct", "distinct_by": "shop", "completion_target_value": 3}
    visits = [entry(f"2026-04-0{day}T10:00", shop="Linz") for day in (1, 2)]

    (april,) = explained(given(defined(**rules), *visits), "2026-04-03").windows

    assert [one.why for one in april.entries] == [
        "counted: 1 of 3",
        "counted: 1 of 3, its value was there already",
    ]


def test_the_time_of_a_zone_is_said_with_its_summer():
    assert words.said(at("2026-03-29T00:59:30"), VIENNA) == "29 March 2026 01:59:30 (Europe/Vienna)"
    assert words.said(at("2026-03-29T01:00"), VIENNA) == "29 March 2026 03:00 (Europe/Vienna)"
    assert words.local(at("2026-03-29T01:00"), VIENNA).isoformat() == "2026-03-29T03:00:00+02:00"


def test_a_span_is_said_in_its_two_largest_units():
    said = {seconds: words.span(timedelta(seconds=seconds)) for seconds in (0.5, 59, 60, 7_865, 86_460, 200_000)}

    assert list(said.values()) == ["less than a second", "59 s", "1 min", "2 h 11 min", "1 d", "2 d 7 h"]
