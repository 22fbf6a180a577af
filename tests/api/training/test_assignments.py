"""API, Reading: assignments of a user. What RULES 8 says, as a client sees it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from api.training.assignments import percent
from tests.api.training.conftest import ADA


@pytest.mark.parametrize(
    ("completed", "total", "expected"),
    [
        (0, 0, "0.0"),
        (0, 5, "0.0"),
        (2, 5, "40.0"),
        (1, 3, "33.3"),
        (2, 3, "66.6"),
        (999, 1000, "99.9"),
        (9999, 10000, "99.9"),
        (5, 5, "100.0"),
    ],
)
def test_a_percentage_has_one_decimal_rounded_down_and_is_100_when_all_is_done(completed, total, expected):
    found = percent(completed, total)

    assert (str(found), found) == (expected, Decimal(expected))


def test_an_assignment_without_anything_to_do_is_not_completed(training, ask):
    training.assign("module", "nothing", ADA)

    response = ask("assignments")

    assert b'"totalItems":0,"completedItems":0,"progressPercent":0.0,' in response.data
    assert (response.json[0]["isCompleted"], response.json[0]["targetTitle"]) == (False, "nothing")


def test_a_catalogue_that_grows_shows_what_is_left_of_what_stays_completed(training, read, react):
    training.assign("topic", "xss", deadline=None)
    training.practise(ADA, "xss", 0, 1)
    react()
    training.change("xss", total_challenges=3)

    (found,) = read("assignments")

    assert (found["isCompleted"], found["isOverdue"]) == (True, False)
    assert (found["totalItems"], found["completedItems"], found["progressPercent"]) == (3, 2, 66.6)


def test_a_completed_assignment_is_never_overdue(training, read, react, clock):
    deadline = clock.moment + timedelta(hours=1)
    training.assign("topic", "xss", ADA, deadline=deadline)
    training.assign("topic", "sql-injection", training.team(ADA), deadline=deadline)
    training.practise(ADA, "xss", 0, 1)
    react()
    clock.advance(hours=1)

    found = {row["targetId"]: (row["isCompleted"], row["isOverdue"]) for row in read("assignments")}

    assert found == {"xss": (True, False), "sql-injection": (False, True)}


def test_a_deadline_that_passes_changes_the_etag(training, ask, clock):
    training.assign("topic", "xss", deadline=clock.moment + timedelta(hours=1))
    training.user(ADA)
    before = ask("assignments").headers["ETag"]
    clock.advance(minutes=59)
    same = ask("assignments", headers={"If-None-Match": before})
    clock.advance(minutes=1)
    overdue = ask("assignments", headers={"If-None-Match": before})

    assert (same.status_code, overdue.status_code) == (304, 200)
    assert [row["isOverdue"] for row in overdue.json] == [True]


def test_who_joins_sees_the_teams_assignments_and_who_leaves_does_not(training, read):
    team = training.team("bob")
    training.assign("course", "auth", team)
    training.user(ADA)
    before = read("assignments")
    training.join(team, ADA)
    during = read("assignments")
    training.leave(team, ADA)

    assert (before, read("assignments")) == ([], [])
    assert [(row["contentArea"], row["targetType"], row["totalItems"]) for row in during] == [("learn", "course", 2)]


def test_an_assignment_that_is_deactivated_is_not_listed(training, read):
    assignment = training.assign("topic", "xss", ADA)
    training.reassign(assignment, is_active=False)

    assert read("assignments") == []


def test_practice_that_is_not_completed_is_never_shown(training, read):
    training.phase(ADA, "xss", 0, 2)
    training.phase(ADA, "xss", 1, 1)
    training.assign("topic", "xss")

    assert read("practice-progress") == []
    assert [row["completedItems"] for row in read("assignments")] == [0]
