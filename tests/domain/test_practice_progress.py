"""Practice (RULES 8): both phases scored completes a challenge, the latest completion counts."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from domain.errors import DefinitionNotFound, InvalidInput
from domain.practice_progress import Completion, PhaseScored, PracticeCompleted, PracticeNotCounted, PracticeVoided
from domain.vocabulary import OwnerStatus, Reason
from tests.domain.given import at, kinds
from tests.domain.given_training import Practice, item, scored


def refusal(practice: Practice, *entries: object, now: str | None = None) -> InvalidInput:
    with pytest.raises(InvalidInput) as refused:
        practice.log(*entries, now=now)
    assert practice.recorded == []
    return refused.value


def test_both_phases_scored_is_completed_with_the_sum_at_the_later_phases_time():
    practice = Practice()

    events = practice.log(
        scored(1, 30, "2026-05-21T09:10", hint_used=True), scored(2, 50, "2026-05-21T09:14:55", language="ruby")
    )

    assert kinds(events) == ["PhaseScored", "PracticeCompleted"]
    completion = practice.state.completion
    assert completion == Completion(
        language="ruby",
        phase1_score=30,
        phase2_score=50,
        completed_at=at("2026-05-21T09:14:55"),
        phase1_hint_used=True,
        phase2_hint_used=False,
    )
    assert completion.score == 80


def test_the_later_phase_is_the_later_one_by_its_activity_not_by_its_arrival():
    practice = Practice()

    practice.log(scored(1, 50, "2026-05-21T10:00"), scored(2, 50, "2026-05-21T09:00"), now="2026-05-22")

    assert practice.state.completion.completed_at == at("2026-05-21T10:00")


def test_an_attempt_in_flight_is_not_completed():
    practice = Practice()

    assert kinds(practice.log(scored(1, 50, "2026-05-20"))) == ["PhaseScored"]
    assert practice.state.completion is None


def test_phase_2_without_its_phase_1_is_recorded_and_not_counted():
    practice = Practice()

    (event,) = practice.log(scored(2, 50, "2026-05-20"))

    assert isinstance(event, PracticeNotCounted)
    assert event.reason is Reason.PHASE_MISSING
    assert practice.state == Practice().state


def test_a_phase_2_uses_its_phase_1_up():
    practice = Practice()
    practice.log(scored(1, 50, "2026-05-20T10"), scored(2, 40, "2026-05-20T11"))

    (event,) = practice.log(scored(2, 50, "2026-05-20T12"))

    assert (type(event), event.reason) == (PracticeNotCounted, Reason.PHASE_MISSING)
    assert practice.state.completion.score == 90


def test_a_new_attempt_starts_with_phase_1_and_changes_nothing_before_it_completes():
    practice = Practice()
    practice.log(scored(1, 50, "2026-05-20T10"), scored(2, 50, "2026-05-20T11"))

    practice.log(scored(1, 10, "2026-05-21T10"))
    in_flight = practice.state.completion
    practice.log(scored(2, 20, "2026-05-21T11"))

    assert (in_flight.score, in_flight.completed_at) == (100, at("2026-05-20T11"))
    assert (practice.state.completion.score, practice.state.completion.completed_at) == (30, at("2026-05-21T11"))


def test_a_phase_1_that_comes_again_begins_the_attempt_anew():
    practice = Practice()

    practice.log(scored(1, 10, "2026-05-20T10"), scored(1, 40, "2026-05-20T11"), scored(2, 50, "2026-05-20T12"))

    assert practice.state.completion.score == 90


def test_the_latest_completion_counts_whatever_came_last():
    practice = Practice()
    practice.log(scored(1, 50, "2026-05-20T10"), scored(2, 50, "2026-05-20T11"))

    events = practice.log(scored(1, 0, "2026-01-01T10"), scored(2, 0, "2026-01-01T11"), now="2026-05-21")

    assert kinds(events) == ["PhaseScored"]
    assert practice.state.completion.score == 100


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"score": 51}, "score", "must be from 0 to 50"),
        ({"score": -1}, "score", "must be from 0 to 50"),
        ({"phase": 0}, "phase", "must be 1 (identify) or 2 (patch)"),
        ({"phase": 3}, "phase", "must be 1 (identify) or 2 (patch)"),
        ({"language": ""}, "language", "must have 1 to 256 characters"),
        ({"owner_id": "x" * 201}, "owner_id", "must have 1 to 200 characters"),
        ({"unique_identifier": "a\x00b"}, "unique_identifier", "must not hold the character U+0000"),
        ({"challenge_index": 5}, "challenge_index", "must be from 0 to 4: the topic has 5 challenges"),
        ({"challenge_index": -1}, "challenge_index", "must be from 0 to 4: the topic has 5 challenges"),
        ({"activity_at": datetime(2026, 5, 20)}, "activity_at", "2026-05-20T00:00:00 has no time zone"),  # noqa: DTZ001
    ],
)
def test_what_cannot_be_is_refused_by_its_field(changes, field, message):
    entry = replace(scored(1, 50, "2026-05-20"), **changes)

    assert refusal(Practice(), entry, now="2026-05-20").errors == {field: [message]}


def test_a_score_at_either_end_is_taken():
    practice = Practice()

    practice.log(scored(1, 0, "2026-05-20T10"), scored(2, 50, "2026-05-20T11"))

    assert practice.state.completion.score == 50


def test_an_activity_more_than_300_s_ahead_is_refused():
    ahead = at("2026-05-20") + timedelta(seconds=301)

    found = refusal(Practice(), scored(1, 50, ahead.isoformat()[:19]), now="2026-05-20")

    assert list(found.errors) == ["activity_at"]


@pytest.mark.parametrize("kind", ["module", "scenario"])
def test_what_is_no_topic_is_not_found(kind):
    about = item("sql-injection", kind=kind, **({"total_steps": 3} if kind == "scenario" else {}))

    found = refusal(Practice(about), scored(1, 50, "2026-05-20"))

    assert isinstance(found, DefinitionNotFound)
    assert list(found.errors) == ["topic_id"]


@pytest.mark.parametrize(
    ("status", "owner", "reason"),
    [("archived", OwnerStatus.LIVE, Reason.NOT_LIVE), ("live", OwnerStatus.PAUSED, Reason.OWNER_PAUSED)],
)
def test_what_does_not_count_at_the_moment_is_recorded_with_its_reason(status, owner, reason):
    practice = Practice(item(status=status))
    practice.owner = owner

    (event,) = practice.log(scored(1, 50, "2026-05-20"))

    assert (type(event), event.reason) == (PracticeNotCounted, reason)


def test_a_void_of_the_only_completion_leaves_none():
    practice = Practice()
    practice.log(scored(1, 50, "2026-05-20T10", "first"), scored(2, 50, "2026-05-20T11", "second"))

    (event,) = practice.void("second")

    assert isinstance(event, PracticeVoided)
    assert (event.completion, event.phase1.score) == (None, 50)
    assert practice.state.completion is None


def test_a_void_brings_the_completion_before_back():
    practice = Practice()
    practice.log(scored(1, 10, "2026-05-20T10"), scored(2, 10, "2026-05-20T11"))
    practice.log(scored(1, 50, "2026-05-21T10", "better"), scored(2, 50, "2026-05-21T11"))

    (event,) = practice.void("better")

    assert (event.completion.score, event.completion.completed_at) == (20, at("2026-05-20T11"))


def test_voiding_twice_is_the_same_void():
    practice = Practice()
    practice.log(scored(1, 50, "2026-05-20T10", "first"), scored(2, 50, "2026-05-20T11"))
    practice.void("first")

    assert practice.void("first") == []


def test_an_entry_that_was_not_counted_can_be_voided_and_changes_nothing():
    practice = Practice()
    practice.log(scored(2, 50, "2026-05-20T10", "alone"))

    (event,) = practice.void("alone")

    assert (event.phase1, event.completion) == (None, None)


def test_what_is_written_is_what_was_decided():
    practice = Practice()
    practice.log(scored(1, 50, "2026-05-20T10", "first"), scored(2, 50, "2026-05-20T11"), scored(1, 9, "2026-05-21"))
    practice.void("first")

    assert practice.replayed() == practice.state
    assert sum(isinstance(one.event, PhaseScored) for one in practice.recorded) == 3
    assert sum(isinstance(one.event, PracticeCompleted) for one in practice.recorded) == 1
