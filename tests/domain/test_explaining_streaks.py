"""Why a streak is as it is (RULES 2, 4 to 7), told from its events and the pauses of its definition."""

from datetime import datetime, timedelta

from hypothesis import given as examples
from hypothesis import settings

from domain.explaining import explain_game
from domain.explanation import ExplainedEntry, ExplainedRun, ExplainedWindow, Explanation
from domain.vocabulary import Outcome, OwnerStatus, Slug
from tests.domain.given import at, milestone_id
from tests.domain.given_streak import Engagement, add_milestone, after, days, defined, entry, given
from tests.domain.streak_oracle import Story, gathered, oracle, stories
from tests.domain.test_streak_order_independence import played_by

WORKOUTS = {
    "aggregation_method": "count",
    "aggregation_period": "monthly",
    "aggregation_target_value": 3,
    "completion_target_value": 3,
    "timezone": "Europe/Vienna",
}


def explained(engagement: Engagement, now: str | datetime) -> Explanation:
    moment = at(now) if isinstance(now, str) else now
    return explain_game(Slug.STREAK, engagement.recorded, engagement.streak, moment)


def window(explanation: Explanation, key: str) -> ExplainedWindow:
    (found,) = [one for one in explanation.windows if one.window.key == key]
    return found


def only(explanation: Explanation, name: str) -> ExplainedEntry:
    inside = [one for window in explanation.windows for one in window.entries]
    (found,) = [one for one in [*inside, *explanation.entries] if one.unique_identifier == name]
    return found


def january_met(**rules: object) -> Engagement:
    return given(defined(**{**WORKOUTS, **rules}), *[entry(f"2026-01-{day}T10:00") for day in (10, 11, 12)])


def test_a_lost_streak_names_the_window_its_bound_and_its_tally_before_the_seal_and_after():
    """RULES 5: broken, brokenAt = that window's end (1 March 00:00 in the zone), whether or not it is written yet."""
    engagement = january_met()
    sentence = (
        "broken: the window 2026-02 ended at 1 March 2026 00:00 (Europe/Vienna) with 0 of 3, "
        "after 1 of 3 windows met in a row"
    )

    unsealed = explained(engagement, "2026-02-28T23:00")
    engagement.advance("2026-02-28T23:05")
    sealed = explained(engagement, "2026-02-28T23:05")

    assert unsealed.summary == sealed.summary == sentence
    for told, is_sealed in ((unsealed, False), (sealed, True)):
        february = window(told, "2026-02")
        assert (february.outcome, february.sealed) == (Outcome.MISSED, is_sealed)
        assert february.why == "missed: 0 of 3 when it ended at 1 March 2026 00:00 (Europe/Vienna)"
        (run,) = told.runs
        assert (run.status, run.value, run.target, run.ended_at) == ("broken", 1, 3, at("2026-02-28T23:00"))


def test_a_streak_in_progress_says_what_it_waits_for():
    told = explained(january_met(), "2026-02-14")

    assert told.summary == (
        "in progress: 1 of 3 windows met in a row; 0 of 3 in the window 2026-02, "
        "which ends at 1 March 2026 00:00 (Europe/Vienna)"
    )
    assert [(one.window.key, one.outcome) for one in told.windows] == [("2026-01", "met"), ("2026-02", "open")]
    assert window(told, "2026-01").why == "met: 3 of 3, reached at 12 January 2026 11:00 (Europe/Vienna)"


def test_an_entry_that_came_too_late_says_by_how_much_and_so_does_its_run():
    """RULES 4: `too_late` (its window is sealed)."""
    engagement = january_met()
    engagement.log(entry("2026-02-28T12:00", name="late"), "2026-03-01T01:16")

    told = explained(engagement, "2026-03-02")

    assert only(told, "late").why == "not counted: arrived 2 h 11 min after its window was sealed"
    assert told.summary.endswith("; 1 entry in it did not count (arrived 2 h 11 min after its window was sealed)")
    assert window(told, "2026-02").entries == (only(told, "late"),)


def test_every_reason_is_said_in_words():
    """RULES 4: it is counted unless `not_live`, `before_start`, `after_end`, `owner_paused`."""
    engagement = given(defined(starts_at=at("2026-04-01"), ends_at=at("2026-04-05")), *days("2026-04-01", 1))
    engagement.log(entry("2026-03-31T10:00", 50, "before"), "2026-04-01T11:00")
    engagement.owner = OwnerStatus.PAUSED
    engagement.log(entry("2026-04-01T12:00", 50, "paused owner"))
    engagement.owner = OwnerStatus.LIVE
    engagement.change("2026-04-01T13:00", status="paused")
    engagement.log(entry("2026-04-01T14:00", 50, "paused definition"))
    engagement.change("2026-04-01T15:00", status="live")
    engagement.log(entry("2026-04-06T10:00", 50, "after"))

    told = explained(engagement, "2026-04-06T11:00")

    assert {one: only(told, one).why for one in ("before", "paused owner", "paused definition", "after")} == {
        "before": "not counted: it happened before the start at 1 April 2026 00:00 (UTC)",
        "paused owner": "not counted: the owner was paused when it arrived",
        "paused definition": "not counted: the definition was not live when it arrived",
        "after": "not counted: it happened at or after the end at 5 April 2026 00:00 (UTC)",
    }
    assert {one.unique_identifier for one in told.entries} == {"before", "after"}


def test_a_void_says_who_why_and_what_it_did():
    """RULES 7: window not sealed: the tally goes down. Window sealed: recorded, no effect on the outcome."""
    rules = {"late_grace_seconds": 86_400}
    early = given(defined(**rules), entry("2026-04-01T09:00", 20), entry("2026-04-01T10:00", 30, "taken back"))
    early.void("taken back", "2026-04-01T11:00", "refunded")
    late = given(defined(**rules), entry("2026-04-01T10:00", 50, "taken back"))
    late.void("taken back", "2026-04-03T11:00", "fraud")

    before, after_seal = explained(early, "2026-04-03T00:00"), explained(late, "2026-04-03T12:00")

    undone, kept = only(before, "taken back").void, only(after_seal, "taken back").void
    assert undone
    assert kept
    assert (undone.actor, undone.reason, undone.effective) == ("support", "refunded", True)
    assert undone.effect == "taken off the tally: 20 of 50 were left"
    assert (kept.reason, kept.effective) == ("fraud", False)
    assert kept.effect == "none: the window was sealed by then, its outcome stays"
    assert (window(before, "2026-04-01").total, window(after_seal, "2026-04-01").total) == (20, 50)
    assert window(after_seal, "2026-04-01").outcome is Outcome.MET
    assert before.summary.endswith("with 20 of 50; 1 entry in it was voided")


def test_windows_that_a_pause_excused_say_so():
    """RULES 5: windows that a pause touches are *excused*, neither met nor missed."""
    engagement = given(defined(timezone="Europe/Vienna"), *days("2026-04-01", 2))
    engagement.pause("2026-04-03T12:00", "2026-04-05T12:00")
    engagement.log(entry("2026-04-06T10:00", 50))

    told = explained(engagement, "2026-04-06T11:00")

    assert [one.outcome for one in told.windows] == ["met", "met", "excused", "excused", "excused", "met"]
    assert window(told, "2026-04-04").why == (
        "excused: the definition was paused from 3 April 2026 14:00 (Europe/Vienna) until "
        "5 April 2026 14:00 (Europe/Vienna); neither met nor missed, with 0 of 50"
    )
    assert told.summary.endswith("; a pause excused 3 windows")
    assert len({one.run_id for one in told.windows}) == 1


def test_windows_that_nobody_logged_in_after_a_break_are_there_without_a_run():
    """RULES 5: broken at the first missed window, however many were missed."""
    engagement = given(defined(), *days("2026-04-01", 1), entry("2026-04-05T10:00", 50))

    told = explained(engagement, "2026-04-07T10:00")

    first, second = told.runs
    assert [(one.window.key[-2:], one.outcome, one.run_id) for one in told.windows] == [
        ("01", "met", first.id),
        ("02", "missed", first.id),
        ("03", "missed", None),
        ("04", "missed", None),
        ("05", "met", second.id),
        ("06", "missed", second.id),
        ("07", "open", None),
    ]
    assert window(told, "2026-04-03").why == "missed: nothing was logged in it, and no run was in progress"


def test_of_a_long_time_without_entries_some_windows_are_listed_and_the_rest_is_named():
    engagement = given(defined(aggregation_period="hourly"), entry("2024-01-01T10:10", 50))
    engagement.advance("2024-01-02")
    engagement.log(entry("2026-01-01T10:10", 50))

    told = explained(engagement, "2026-01-01T10:20")

    (gap,) = told.left_out
    assert len(told.windows) == 2 + 100 + 1
    assert gap.start == told.windows[-2].window.end
    assert gap.end == told.windows[-1].window.start == at("2026-01-01T10:00")


def test_milestones_are_those_of_their_run_and_say_whether_they_may_be_clawed_back():
    """RULES 7: milestones and rewards already given stay; the void lists them."""
    engagement = Engagement(after(defined(), add_milestone(1, name="One day")))
    engagement.log(entry("2026-04-01T10:00", 50, "taken back"))
    engagement.void("taken back", "2026-04-01T11:00")

    (run,) = explained(engagement, "2026-04-01T12:00").runs

    (milestone,) = run.milestones
    assert (milestone.milestone_id, milestone.name, milestone.period_key) == (milestone_id(1), "One day", "2026-04-01")
    assert milestone.listed
    void = only(explained(engagement, "2026-04-01T12:00"), "taken back").void
    assert void
    assert void.rewards == (milestone.reward_id,)
    assert void.effect.endswith("; 1 reward that it supported stays given")


def test_a_run_that_has_not_begun_after_all_says_so_until_the_window_before_it_is_missed():
    """RULES 5: entries in later windows start the next run when a break is found, as if just logged."""
    rules = {"completion_target_value": 1, "rollback_after_completion": True}
    engagement = given(defined(**rules), entry("2026-04-02T10:00", 50, "taken back"))
    engagement.log(entry("2026-04-03T00:01", 50), "2026-04-02T23:57")
    engagement.void("taken back", "2026-04-02T23:58", "refunded")

    before, behind = explained(engagement, "2026-04-02T23:59"), explained(engagement, "2026-04-03T00:01")

    assert [(run.number, run.status) for run in before.runs] == [(1, "in_progress"), (2, "withdrawn")]
    assert before.runs[1].summary == "withdrawn: what came later showed that this run had not begun"
    assert [(run.number, run.status) for run in behind.runs] == [(1, "broken"), (2, "completed")]


def test_what_waits_behind_a_missed_window_is_the_next_run_until_late_entries_join_it_to_the_one_before():
    """RULES 5, never stale: from the boundary `end` on, whether or not a process has written it yet."""
    engagement = given(defined(), *days("2026-04-03", 1), entry("2026-04-05T00:02", 60, "early"))

    unsealed = explained(engagement, "2026-04-05T00:03")
    engagement.advance("2026-04-05T00:05")
    sealed = explained(engagement, "2026-04-05T00:05")

    assert unsealed.runs[1].summary == (
        "in progress: 1 of 7 windows met in a row; the next window is 2026-04-06, from 6 April 2026 00:00 (UTC) on; "
        "until 5 April 2026 00:05 (UTC) late entries can still join it to the run before"
    )
    assert read(unsealed.runs) == read(sealed.runs)
    assert [one.last_contribution_at for one in unsealed.runs] == [one.last_contribution_at for one in sealed.runs]
    assert window(unsealed, "2026-04-05").run_id == unsealed.runs[1].id == sealed.runs[1].id


def read(runs: tuple[ExplainedRun, ...]) -> list[tuple[object, ...]]:
    """What a record shows of each run."""
    known = [one for one in runs if one.status != "withdrawn"]
    return [(one.number, one.status, int(one.value), one.started_at) for one in known]


@settings(max_examples=60, deadline=None)
@examples(stories(pauses=True))
def test_runs_and_windows_are_what_the_sorted_entries_make_whatever_order_they_came_in(story: Story):
    """RULES 5, never stale: from the boundary on, with the target unmet, a record reads broken."""
    engagement, seen = played_by(story.rules, []), []
    at_once = story.rules._replace(grace=timedelta())
    for one, now in story.arrivals:
        seen.append(one)
        engagement.log(one, now)
        told = explained(engagement, now)

        expected = [(run.number, run.status, run.value, run.started_at) for run in oracle(at_once, seen, now)]
        assert read(told.runs) == expected
        counts = sorted(len(group) for group in gathered(story.rules, seen).values())
        assert sorted(one.count for one in told.windows if one.count) == counts
        assert all(one.run_id for one in told.windows if one.count)
