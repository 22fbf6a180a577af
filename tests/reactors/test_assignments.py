"""Assignments are completed once, by whatever happens last, and stay completed (RULES 8)."""

import time
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from typing import Any
from uuid import UUID

import pytest

from domain.assignment_progress import AssignmentCompleted
from domain.ids import assignment_progress_id
from projections.following.projector import Projector
from reactors.assignments import AssignmentCompletion
from tests.given_training import Training

MAY_1 = datetime(2026, 5, 1, 9, tzinfo=UTC)
ADA, BOB, EVE = "ada", "bob", "eve"
HOUR = timedelta(hours=1)


class Clock:
    """A clock that moves when it is told to."""

    moment = MAY_1

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, span: timedelta = HOUR) -> datetime:
        self.moment += span
        return self.moment


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def training(log, clock):
    """Two topics of a module, two scenarios of a course. The same is in another tenant, where Ada has done it all."""
    for tenant in ("other", "acme"):
        training = Training(log, clock, tenant)
        training.item("web", "category").item("injection", "module", "web")
        training.topic("sql", 2, "injection").topic("xss", 1, "injection")
        training.item("auth", "course").scenario("jwt", 3, "auth").scenario("saml", 2, "auth")
        if tenant == "other":
            training.practise(ADA, "sql", 0, 1).practise(ADA, "xss", 0)
    clock.advance()
    return training


@pytest.fixture
def react(database_url, projector, clock):
    """React until nothing is left; how many assignments that completed."""
    reactor = AssignmentCompletion(database_url, clock)

    def react() -> int:
        projector.catch_up()
        done = reactor.step()
        projector.catch_up()
        done += reactor.step()
        assert reactor.errors == {}
        assert reactor.level()
        return done

    yield react
    reactor.close()


@pytest.fixture
def completions(log):
    """`completions(assignment, ADA)`: what is on record, as often as it is."""

    def completions(assignment: UUID, owner: str, tenant: str = "acme") -> list[Any]:
        history = log.history(assignment_progress_id(tenant, owner, assignment))
        return [one.event for one in history if isinstance(one.event, AssignmentCompleted)]

    return completions


def test_the_last_item_completes_an_assignment_with_the_time_of_that_item(training, clock, react, completions):
    assignment = training.assign("module", "injection", ADA)
    training.practise(ADA, "sql", 0, 1)
    training.practise(BOB, "xss", 0)
    before = react()
    last = clock.advance()
    training.practise(ADA, "xss", 0, at=last)
    clock.advance()

    after = react()

    assert (before, after) == (0, 1)
    assert completions(assignment, ADA) == [
        AssignmentCompleted(assignment_id=assignment, owner_id=ADA, completed_at=last, total_items=3)
    ]
    assert completions(assignment, BOB) == completions(assignment, ADA, "other") == []


def test_it_is_completed_once_however_often_it_is_looked_at(training, clock, react, completions):
    assignment = training.assign("topic", "xss")
    training.practise(ADA, "xss", 0)
    react()
    clock.advance()
    training.practise(ADA, "xss", 0)
    training.reassign(assignment, note="again")

    assert react() == 0
    assert len(completions(assignment, ADA)) == 1


@pytest.mark.parametrize(
    ("target_type", "target"), [("category", "web"), ("module", "injection"), ("custom-course", "mine")]
)
def test_every_target_of_practice_is_what_lies_under_it(training, react, completions, target_type, target):
    training.item("mine", "custom-course", content_area="practice", items=["xss", "sql", "xss"])
    assignment = training.assign(target_type, target)
    training.practise(ADA, "sql", 0, 1).practise(BOB, "sql", 0, 1)
    training.practise(ADA, "xss", 0)

    react()

    assert [one.total_items for one in completions(assignment, ADA)] == [3]
    assert completions(assignment, BOB) == []


@pytest.mark.parametrize(("target_type", "target", "total"), [("course", "auth", 2), ("scenario", "saml", 1)])
def test_a_learn_target_counts_scenarios(training, clock, react, completions, target_type, target, total):
    assignment = training.assign(target_type, target, ADA)
    training.learn(ADA, "saml", 2)
    training.learn(ADA, "jwt", 2)
    clock.advance()
    training.learn(ADA, "jwt", 9)
    training.learn(BOB, "saml", 1)

    react()

    assert [one.total_items for one in completions(assignment, ADA)] == [total]
    assert completions(assignment, BOB) == []


def test_who_had_done_everything_completes_it_when_it_is_assigned(training, clock, react, completions):
    training.practise(ADA, "xss", 0).practise(BOB, "xss", 0)
    react()
    assigned = clock.advance()
    team = training.team(BOB)
    to_ada, to_all = training.assign("topic", "xss", ADA), training.assign("topic", "xss")
    to_team, to_eve = training.assign("topic", "xss", team), training.assign("topic", "xss", EVE)
    clock.advance()

    assert react() == 4
    assert [one.completed_at for one in completions(to_ada, ADA)] == [assigned]
    assert [len(completions(to_all, owner)) for owner in (ADA, BOB, EVE)] == [1, 1, 0]
    assert [len(completions(to_team, owner)) for owner in (ADA, BOB, EVE)] == [0, 1, 0]
    assert completions(to_eve, ADA) == completions(to_eve, EVE) == []


def test_who_joins_a_team_having_done_everything_completes_it_by_joining(training, clock, react, completions):
    team = training.team(BOB)
    assignment = training.assign("topic", "xss", team)
    training.practise(ADA, "xss", 0).practise(BOB, "xss", 0)
    react()
    joined = clock.advance()
    training.join(team, ADA)
    clock.advance()

    assert react() == 1
    assert [one.completed_at for one in completions(assignment, ADA)] == [joined]
    assert len(completions(assignment, BOB)) == 1


def test_who_has_left_a_team_does_not_complete_its_assignments(training, react, completions):
    team = training.team(ADA, BOB)
    assignment = training.assign("topic", "xss", team)
    training.leave(team, ADA)
    training.practise(ADA, "xss", 0).practise(BOB, "xss", 0)

    assert react() == 1
    assert completions(assignment, ADA) == []


def test_a_deactivated_assignment_is_not_completed_until_it_is_active_again(training, react, completions):
    assignment = training.assign("topic", "xss", is_active=False)
    training.practise(ADA, "xss", 0)
    ended = react()
    training.reassign(assignment, is_active=True)

    assert (ended, react()) == (0, 1)
    assert len(completions(assignment, ADA)) == 1


def test_a_catalogue_that_grows_takes_no_completion_back(training, react, completions):
    assignment = training.assign("module", "injection")
    training.practise(ADA, "sql", 0, 1).practise(ADA, "xss", 0)
    react()
    training.topic("csrf", 4, "injection")
    training.change("xss", total_challenges=2)

    assert react() == 0
    assert [one.total_items for one in completions(assignment, ADA)] == [3]


@pytest.mark.parametrize("growth", ["another topic", "another challenge", "a topic that was archived"])
def test_what_was_done_before_the_catalogue_grew_was_done(training, clock, react, completions, growth):
    """RULES 8: completed at the moment the last item is done, also when nobody has looked before it grew."""
    training.topic("csrf", 1, "injection", status="archived")
    to_all, to_ada = training.assign("module", "injection"), training.assign("category", "web", ADA)
    for one in (ADA, BOB):
        training.practise(one, "sql", 0, 1)
    last = clock.advance()
    training.practise(ADA, "xss", 0)
    clock.advance()
    match growth:
        case "another topic":
            training.topic("xxe", 1, "injection")
        case "another challenge":
            training.change("xss", total_challenges=2)
        case _:
            training.change("csrf", status="live")
    clock.advance()
    training.practise(BOB, "xss", 0)
    to_late = training.assign("module", "injection", ADA)

    assert react() == 2
    done = [(one.completed_at, one.total_items) for one in completions(to_all, ADA) + completions(to_ada, ADA)]
    assert done == [(last, 3), (last, 3)]
    assert completions(to_all, BOB) == completions(to_late, ADA) == []
    assert react() == 0


@pytest.mark.parametrize("change", ["archived", "smaller", "moved"])
def test_a_catalogue_that_shrinks_completes_for_who_had_the_rest(training, react, completions, change):
    to_all, to_ada = training.assign("module", "injection"), training.assign("category", "web", ADA)
    training.practise(ADA, "sql", 0, 1).practise(BOB, "xss", 0)
    training.change("xss", total_challenges=2)
    training.practise(ADA, "xss", 0)
    before = react()
    match change:
        case "archived":
            training.change("xss", status="archived")
        case "smaller":
            training.change("xss", total_challenges=1)
        case "moved":
            training.item("scripts", "module").change("xss", parent_id="scripts")

    assert (before, react()) == (0, 2)
    assert len(completions(to_all, ADA)) == len(completions(to_ada, ADA)) == 1
    assert completions(to_all, BOB) == []


def test_a_target_that_comes_after_its_assignment_completes_it(training, react, completions):
    assignment = training.assign("custom-course", "mine", ADA)
    training.practise(ADA, "xss", 0)
    before = react()
    training.item("mine", "custom-course", content_area="practice", items=["xss"])

    assert (before, react()) == (0, 1)
    assert len(completions(assignment, ADA)) == 1


def test_a_target_of_another_type_or_area_than_is_said_completes_nothing(training, react):
    training.assign("module", "xss")
    training.item("mine", "custom-course", content_area="learn", items=["saml"])
    training.assign("custom-course", "mine")
    training.practise(ADA, "xss", 0)
    training.learn(ADA, "saml", 2)

    assert react() == 0


def test_a_completion_that_is_backfilled_counts_from_when_it_was_assigned(training, log, react, completions):
    assignment = training.assign("topic", "xss")
    import_id = log.log_recorder.begin_import("acme")
    training.practise(ADA, "xss", 0, at=datetime(2024, 1, 1, tzinfo=UTC), import_id=import_id)

    assert react() == 1
    assert [one.completed_at for one in completions(assignment, ADA)] == [MAY_1 + HOUR]


def test_what_is_taken_back_afterwards_leaves_it_completed(training, react, completions):
    assignment = training.assign("topic", "xss")
    training.phase(ADA, "xss", 0, 1)
    second = training.phase(ADA, "xss", 0, 2)
    react()
    training.void(second)

    assert react() == 0
    assert len(completions(assignment, ADA)) == 1


def test_it_waits_for_the_read_tables(database_url, training, projector, clock, completions):
    reactor = AssignmentCompletion(database_url, clock)
    assignment = training.assign("topic", "xss")
    training.practise(ADA, "xss", 0)

    before = reactor.step()
    projector.catch_up()
    after = reactor.step()
    reactor.close()

    assert (before, after) == (0, 1)
    assert len(completions(assignment, ADA)) == 1


OWNERS = [f"owner-{number:03d}" for number in range(60)]


def _complete(database_url: str) -> None:
    reactor = AssignmentCompletion(database_url)
    while not reactor.level():
        reactor.step()
    reactor.close()


def test_several_at_once_complete_each_once(database_url, training, projector, completions):
    assignment = training.assign("topic", "xss")
    for owner in OWNERS:
        training.practise(owner, "xss", 0)
    projector.catch_up()
    context = get_context("spawn")
    heads = Projector(database_url)

    processes = [context.Process(target=_complete, args=(database_url,)) for _ in range(3)]
    for one in processes:
        one.start()
    while any(one.is_alive() for one in processes):
        heads.catch_up()
    heads.close()

    assert [len(completions(assignment, owner)) for owner in OWNERS] == [1] * 60


def test_one_that_is_killed_loses_nothing(database_url, training, projector, react, completions):
    assignment = training.assign("topic", "xss")
    for owner in OWNERS:
        training.practise(owner, "xss", 0)
    projector.catch_up()
    process = get_context("spawn").Process(target=_complete, args=(database_url,))
    process.start()
    while process.is_alive() and not completions(assignment, OWNERS[0]):
        time.sleep(0.001)
    process.kill()
    process.join()

    react()

    assert [len(completions(assignment, owner)) for owner in OWNERS] == [1] * 60
