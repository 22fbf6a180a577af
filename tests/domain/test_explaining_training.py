"""Why training is as it is (RULES 7 and 8): every entry, what it did, and how far the owner is."""

from domain.explained_training import learn, practice
from tests.domain.given_training import Learn, Practice, opened, scored


def test_a_completed_practice_says_its_score_and_every_phase():
    """RULES 8: both phases scored = completed; the latest completion counts."""
    engagement = Practice()
    engagement.log(scored(2, 10, "2026-04-01T09:00"))
    engagement.log(scored(1, 40, "2026-04-01T10:00"), scored(2, 45, "2026-04-01T10:05"))
    engagement.log(scored(1, 50, "2026-04-02T10:00"), scored(2, 50, "2026-04-02T10:05", "mistake"))
    engagement.void("mistake")

    told = practice(engagement.recorded, engagement.state)

    assert told.summary == "completed: 85 of 100 (40 and 45) at 1 April 2026 10:05 (UTC), the latest of 2 completions"
    assert [one.why for one in told.entries] == [
        "not counted: no phase 1 of an attempt came before it",
        "counted: phase 1 scored 40 of 50, an attempt began",
        "counted: phase 2 scored 45 of 50, the attempt is complete",
        "counted: phase 1 scored 50 of 50, an attempt began",
        "counted: phase 2 scored 50 of 50, the attempt is complete",
    ]
    assert [one.counted for one in told.entries] == [False, True, True, True, True]
    void = told.entries[-1].void
    assert void
    assert (void.actor, void.reason, void.effect) == ("support", "a mistake", "left out: a completion is left")


def test_a_practice_without_both_phases_is_not_completed():
    engagement = Practice()
    nothing = practice(engagement.recorded, engagement.state)

    engagement.log(scored(1, 40, "2026-04-01T10:00"))

    assert nothing.summary == "not completed: no attempt has both phases"
    told = practice(engagement.recorded, engagement.state)
    assert told.summary == "not completed: phase 1 scored 40 of 50, phase 2 is to come"


def test_a_scenario_says_how_far_each_entry_came():
    """RULES 8: `currentStep` never falls; equal = `completed`."""
    engagement = Learn()
    engagement.log(opened("2026-04-01T10:00"), opened("2026-04-01T10:10", 3), opened("2026-04-01T10:20", 1, "twice"))
    so_far = learn(engagement.recorded, engagement.state)
    engagement.log(opened("2026-04-02T10:00", 7))

    told = learn(engagement.recorded, engagement.state)

    assert so_far.summary == "not completed: step 3 of 7, last accessed at 1 April 2026 10:20 (UTC)"
    assert told.summary == "completed: step 7 of 7, reached at 2 April 2026 10:00 (UTC)"
    assert [one.why for one in told.entries][1:3] == [
        "counted: step 3 was reached, 3 of 7 after it",
        "counted: step 1 was reached, 3 of 7 after it",
    ]


def test_a_voided_step_says_what_is_left():
    engagement = Learn()
    engagement.log(opened("2026-04-01T10:00", 2), opened("2026-04-01T10:10", 5, "mistake"))
    engagement.void("mistake")

    void = learn(engagement.recorded, engagement.state).entries[-1].void

    assert void
    assert (void.effective, void.effect) == (True, "left out: step 2 is left")
