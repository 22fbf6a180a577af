"""Assignments as they are read (RULES 8): resolved to each user, in the catalogue and the teams as they are now."""

import random
from datetime import timedelta
from uuid import uuid4

import pytest

from domain.assignments import complete_assignment
from projections.assignment_completion import completed
from projections.database import connect
from tests.projections.conftest import ADA, BOB
from tests.projections.given_training import clock, level, shown, training

__all__ = ["clock", "level", "shown", "training"]


def counted(found):
    return [(row.completed_items, row.total_items, row.is_completed) for row in found.rows]


@pytest.mark.parametrize(
    ("target_type", "target", "expected"),
    [
        ("topic", "sql", (2, 3, False)),
        ("module", "injection", (2, 3, False)),
        ("category", "web", (4, 5, False)),
        ("custom-course", "mine", (2, 2, True)),
        ("course", "auth", (1, 2, False)),
        ("scenario", "saml", (1, 1, True)),
    ],
)
def test_a_target_counts_what_lies_under_it(training, shown, target_type, target, expected):
    training.item("mine", "custom-course", content_area="practice", items=["xss", "xss", "nothing"])
    training.practise(ADA, "sql", 0, 2).practise(ADA, "xss", 0, 1)
    training.learn(ADA, "saml", 2)
    training.learn(ADA, "jwt", 3)
    training.assign(target_type, target, ADA)

    assert counted(shown.assignments()) == [expected]


def test_a_title_is_that_of_the_target_now(training, shown):
    training.assign("topic", "sql")
    training.change("sql", title="SQL Injection")

    assert [row.target_title for row in shown.assignments().rows] == ["SQL Injection"]


def test_those_of_the_user_of_a_team_and_of_the_organisation_are_listed_in_the_order_they_were_made(
    training, shown, clock
):
    team, other = training.team(ADA, BOB), training.team(BOB)
    made = []
    for to in (team, None, ADA):
        made.append(training.assign("topic", "sql", to))
        clock.advance()
    training.assign("topic", "sql", BOB)
    training.assign("topic", "sql", other)
    training.of("other").assign("topic", "sql")

    assert [row.id for row in shown.assignments().rows] == made
    assert len(shown.assignments(BOB).rows) == 4
    assert len(shown.assignments(tenant="other").rows) == 1


def test_the_same_target_assigned_twice_is_there_twice(training, shown):
    training.assign("topic", "xss")
    training.assign("topic", "xss", ADA)

    assert counted(shown.assignments()) == [(0, 2, False)] * 2


def test_the_listing_follows_who_belongs_to_the_team_now(training, shown, clock):
    team = training.team(BOB)
    training.assign("topic", "xss", team)
    before = shown.assignments().rows
    joined = clock.advance()
    training.join(team, ADA)
    during = shown.assignments().rows
    training.leave(team, ADA)

    assert (before, shown.assignments().rows) == ([], [])
    assert [row.updated_at for row in during] == [joined]
    assert len(shown.assignments(BOB).rows) == 1


def test_an_assignment_that_ends_is_listed_no_longer_and_its_progress_is_kept(training, shown):
    assignment = training.assign("topic", "xss")
    training.practise(ADA, "xss", 0, 1)
    training.reassign(assignment, is_active=False)
    ended = shown.assignments()
    training.reassign(assignment, is_active=True)

    assert (ended.rows, ended.known) == ([], True)
    assert counted(shown.assignments()) == [(2, 2, True)]


def test_it_is_overdue_from_its_deadline_on_unless_it_is_completed(training, shown, clock):
    deadline = clock.moment + timedelta(hours=1)
    training.assign("topic", "xss", deadline=deadline)
    training.assign("topic", "xss")
    clock.moment = deadline - timedelta(microseconds=1)
    before = {row.deadline: bool(row.is_overdue) for row in shown.assignments().rows}
    clock.moment = deadline
    after = {row.deadline: bool(row.is_overdue) for row in shown.assignments().rows}
    training.practise(ADA, "xss", 0, 1)

    assert before == {deadline: False, None: False}
    assert after == {deadline: True, None: False}
    assert not any(row.is_overdue for row in shown.assignments().rows)


def test_a_catalogue_that_grows_lowers_what_is_done_and_takes_no_completion_back(training, shown, log, clock):
    recorded, unrecorded = training.assign("topic", "xss", ADA), training.assign("module", "scripts", ADA)
    training.practise(ADA, "xss", 0, 1)
    done = counted(shown.assignments())
    complete_assignment(log, "acme", recorded, ADA, clock.moment, 2, now=clock.moment)
    training.change("xss", total_challenges=4)

    found = {row.id: row for row in shown.assignments().rows}

    assert done == [(2, 2, True)] * 2
    assert (found[recorded].is_completed, found[recorded].completed_items, found[recorded].total_items) == (True, 2, 4)
    assert (found[unrecorded].is_completed, found[unrecorded].total_items) == (False, 4)


def test_a_challenge_that_the_topic_no_longer_has_does_not_count(training, shown):
    training.assign("topic", "sql")
    training.practise(ADA, "sql", 2, 0)
    training.change("sql", total_challenges=2)

    assert counted(shown.assignments()) == [(1, 2, False)]


@pytest.mark.parametrize(("item", "total"), [("sql", 2), ("injection", 2), ("web", 0)])
def test_an_archived_item_counts_no_longer_nor_does_what_lies_under_it(training, shown, item, total):
    training.assign("category", "web")
    training.practise(ADA, "sql", 0, 1, 2)
    training.change(item, status="archived")

    assert counted(shown.assignments()) == [(0, total, False)]


def test_an_item_that_moves_counts_where_it_is_now(training, shown, clock):
    training.assign("module", "injection")
    clock.advance()
    training.assign("module", "scripts")
    training.practise(ADA, "sql", 0)
    training.change("sql", parent_id="scripts")

    assert counted(shown.assignments()) == [(0, 0, False), (1, 5, False)]


@pytest.mark.parametrize(
    ("target_type", "target"), [("topic", "nothing"), ("module", "sql"), ("custom-course", "mine")]
)
def test_a_target_that_is_not_there_or_something_else_is_nothing(training, shown, target_type, target):
    training.item("mine", "custom-course", content_area="learn", items=["saml"])
    training.assign(target_type, target)
    training.learn(ADA, "saml", 2)
    training.practise(ADA, "sql", 0, 1, 2)

    found = shown.assignments()

    assert counted(found) == [(0, 0, False)]
    assert found.rows[0].target_title == target


def test_a_custom_course_holds_items_of_its_own_area_only(training, shown):
    training.item("mine", "custom-course", content_area="practice", items=["xss", "saml"])
    training.assign("custom-course", "mine")

    assert counted(shown.assignments()) == [(0, 2, False)]


def test_a_catalogue_that_lies_under_itself_ends(training, shown):
    training.change("injection", parent_id="scripts")
    training.change("scripts", parent_id="injection")
    training.assign("module", "scripts")

    assert counted(shown.assignments()) == [(0, 5, False)]


@pytest.mark.parametrize("seed", range(5))
def test_what_is_read_agrees_with_the_rules_and_with_what_the_reactor_asks(training, shown, database_url, seed):
    chance = random.Random(seed)
    topics = {f"topic-{number}": chance.randint(1, 3) for number in range(6)}
    modules = {f"module-{number}": set() for number in range(3)}
    for module in modules:
        training.item(module, "module", "web")
    for topic, total in topics.items():
        module = chance.choice(list(modules))
        modules[module].add(topic)
        training.topic(topic, total, module)
    chosen = chance.sample(list(topics), 3)
    training.item("chosen", "custom-course", content_area="practice", items=chosen)
    owners = [ADA, BOB, str(uuid4())]
    done = {owner: {(t, i) for t, n in topics.items() for i in range(n) if chance.random() < 0.8} for owner in owners}
    for owner, items in done.items():
        for topic, index in items:
            training.practise(owner, topic, index)
    team = training.team(*owners[1:])
    targets = {**modules, "chosen": set(chosen)}
    assigned = {}
    for target in targets:
        for to, whom in ((None, owners), (team, owners[1:]), (owners[0], owners[:1])):
            kind = "custom-course" if target == "chosen" else "module"
            assigned[training.assign(kind, target, to)] = (target, whom)
    expected = {
        (one, owner): (
            sum(topic in targets[target] for topic, _ in done[owner]),
            sum(topics[topic] for topic in targets[target]),
        )
        for one, (target, whom) in assigned.items()
        for owner in whom
    }

    read = {
        (row.id, owner): (row.completed_items, row.total_items)
        for owner in owners
        for row in shown.assignments(owner).rows
    }
    with connect(database_url, "a test") as connection:
        asked = [completed(connection, "acme", list(assigned), whom, 4) for whom in (None, owners)]

    assert read == expected
    everything = {key for key, (items, total) in expected.items() if items == total > 0}
    for found in asked:
        assert {(one.assignment_id, one.owner_id) for one in found} == everything
