"""Learn (RULES 8): currentStep never falls and is capped, equal is completed, every entry moves lastAccessAt."""

from datetime import timedelta

import pytest

from domain.errors import DefinitionNotFound, InvalidInput
from domain.learn_progress import LearnNotCounted, LearnVoided, ScenarioCompleted, Steps
from domain.vocabulary import OwnerStatus, Reason
from tests.domain.given import at, kinds
from tests.domain.given_training import Learn, item, opened, scenario


def test_a_scenario_that_is_opened_is_started_at_step_0():
    learn = Learn()

    assert kinds(learn.log(opened("2026-05-23T16:20"))) == ["ScenarioAccessed"]
    assert learn.state.steps == Steps(
        current_step=0,
        total_steps=7,
        started_at=at("2026-05-23T16:20"),
        last_access_at=at("2026-05-23T16:20"),
        completed_at=None,
    )


def test_the_last_step_completes_it_at_its_time():
    learn = Learn()

    events = learn.log(opened("2026-05-18T13:02"), opened("2026-05-18T13:41", 7))

    assert kinds(events) == ["ScenarioAccessed", "ScenarioCompleted"]
    assert learn.state.steps.current_step == learn.state.steps.total_steps == 7
    assert learn.state.steps.completed_at == events[1].completed_at == at("2026-05-18T13:41")


def test_a_step_never_falls():
    learn = Learn()

    learn.log(opened("2026-05-23", 5), opened("2026-05-24", 3), opened("2026-05-25"))

    assert learn.state.steps.current_step == 5
    assert learn.state.steps.last_access_at == at("2026-05-25")


def test_a_step_beyond_the_last_is_capped_and_completes():
    learn = Learn()

    learn.log(opened("2026-05-23", 99))

    assert (learn.state.steps.current_step, learn.state.steps.completed_at) == (7, at("2026-05-23"))


def test_it_is_completed_once_and_stays_completed():
    learn = Learn()
    learn.log(opened("2026-05-23", 7))

    events = learn.log(opened("2026-05-24", 7), opened("2026-05-25", 2))

    assert sum(isinstance(one.event, ScenarioCompleted) for one in learn.recorded) == 1
    assert kinds(events) == ["ScenarioAccessed"]
    assert learn.state.steps.completed_at == at("2026-05-23")


def test_what_happened_earlier_and_arrives_later_moves_the_start_and_not_the_last_access():
    learn = Learn()
    learn.log(opened("2026-05-23", 2))

    learn.log(opened("2026-05-20", 1), now="2026-05-24")

    steps = learn.state.steps
    assert (steps.started_at, steps.last_access_at, steps.current_step) == (at("2026-05-20"), at("2026-05-23"), 2)


@pytest.mark.parametrize("step", [0, -1, 100_001])
def test_a_step_that_cannot_be_is_refused(step):
    learn = Learn()

    with pytest.raises(InvalidInput) as refused:
        learn.log(opened("2026-05-23", step))

    assert refused.value.errors == {"step": ["must be from 1 to 100000"]}
    assert learn.recorded == []


def test_an_activity_more_than_300_s_ahead_is_refused():
    ahead = (at("2026-05-23") + timedelta(seconds=301)).isoformat()[:19]

    with pytest.raises(InvalidInput) as refused:
        Learn().log(opened(ahead), now="2026-05-23")

    assert list(refused.value.errors) == ["activity_at"]


def test_what_is_no_scenario_is_not_found():
    with pytest.raises(DefinitionNotFound) as refused:
        Learn(item("jwt-tampering")).log(opened("2026-05-23"))

    assert list(refused.value.errors) == ["scenario_id"]


@pytest.mark.parametrize(
    ("status", "owner", "reason"),
    [("archived", OwnerStatus.LIVE, Reason.NOT_LIVE), ("live", OwnerStatus.PAUSED, Reason.OWNER_PAUSED)],
)
def test_what_does_not_count_at_the_moment_is_recorded_with_its_reason(status, owner, reason):
    learn = Learn(item("jwt-tampering", kind="scenario", total_steps=7, status=status))
    learn.owner = owner

    (event,) = learn.log(opened("2026-05-23", 7))

    assert (type(event), event.reason) == (LearnNotCounted, reason)
    assert learn.state.steps is None


def test_a_scenario_that_grows_keeps_what_was_completed():
    learn = Learn()
    learn.log(opened("2026-05-23", 7))
    learn.about = scenario(9)

    learn.log(opened("2026-05-24"))

    steps = learn.state.steps
    assert (steps.current_step, steps.total_steps, steps.completed_at) == (7, 9, at("2026-05-23"))


def test_a_void_takes_back_what_only_that_entry_reached():
    learn = Learn()
    learn.log(opened("2026-05-23", 2), opened("2026-05-24", 7, "last"))

    (event,) = learn.void("last")

    assert isinstance(event, LearnVoided)
    assert (event.steps.current_step, event.steps.completed_at) == (2, None)
    assert event.steps.last_access_at == at("2026-05-23")


def test_a_void_of_the_only_entry_leaves_nothing():
    learn = Learn()
    learn.log(opened("2026-05-23", 2, "only"))

    (event,) = learn.void("only")

    assert event.steps is None
    assert learn.state.steps is None


def test_voiding_twice_is_the_same_void():
    learn = Learn()
    learn.log(opened("2026-05-23", 2, "only"))
    learn.void("only")

    assert learn.void("only") == []


def test_what_is_written_is_what_was_decided():
    learn = Learn()
    learn.log(opened("2026-05-23", 2, "first"), opened("2026-05-24", 7), opened("2026-05-25"))
    learn.void("first")

    assert learn.replayed() == learn.state
