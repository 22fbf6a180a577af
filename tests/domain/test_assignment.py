"""Assignments (RULES 8): what may be assigned to whom, what stays, and that one is completed once."""

from typing import Any
from uuid import UUID

import pytest

from domain import assignment_progress
from domain.assignment import Assignment, AssignmentChanged, decide, evolve
from domain.assignment_progress import AssignmentCompleted, AssignmentProgress
from domain.commands import Define, Redefine
from domain.errors import AlreadyExists, InvalidInput, NotFound
from domain.vocabulary import Slug
from tests.domain.given import at

NOW = at("2026-04-03T12:00")
ID, TEAM = UUID(int=1, version=4), UUID("f1a2b3c4-d5e6-4708-8192-03405e6f7081")
TOPIC = {
    "content_area": "practice",
    "target_type": "topic",
    "target_id": "sql-injection",
    "assignee_type": "user",
    "assignee_id": "ana",
}


def define(**fields: Any) -> Define:
    return Define(id=ID, slug=Slug.ASSIGNMENT, fields={**TOPIC, **fields})


def change(**changes: Any) -> Redefine:
    return Redefine(id=ID, slug=Slug.ASSIGNMENT, changes=changes)


def assigned(**fields: Any) -> Assignment:
    (event,) = decide(None, define(**fields), NOW)
    found = evolve(None, event, NOW)
    assert found is not None
    return found


def complaints(**fields: Any) -> dict[str, Any]:
    with pytest.raises(InvalidInput) as refused:
        list(decide(None, define(**fields), NOW))
    return refused.value.errors


def test_an_assignment_is_active_and_neither_mandatory_nor_due_unless_it_says_so():
    fields = assigned().fields

    assert (fields.is_active, fields.is_mandatory, fields.deadline, fields.note) == (True, False, None, None)


@pytest.mark.parametrize(
    ("area", "target_type"),
    [
        ("practice", "category"),
        ("practice", "module"),
        ("practice", "topic"),
        ("practice", "custom-course"),
        ("learn", "course"),
        ("learn", "scenario"),
        ("learn", "custom-course"),
    ],
)
def test_a_target_is_of_its_area(area, target_type):
    assert assigned(content_area=area, target_type=target_type).fields.target_type == target_type


@pytest.mark.parametrize(
    ("area", "target_type", "message"),
    [
        ("practice", "course", "of practice is one of category, module, topic, custom-course"),
        ("practice", "scenario", "of practice is one of category, module, topic, custom-course"),
        ("learn", "topic", "of learn is one of course, scenario, custom-course"),
        ("learn", "category", "of learn is one of course, scenario, custom-course"),
    ],
)
def test_a_target_of_the_other_area_is_refused(area, target_type, message):
    assert complaints(content_area=area, target_type=target_type) == {"target_type": [message]}


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"assignee_type": "everybody"}, "assignee_type", "Invalid enum value 'everybody'"),
        ({"assignee_id": None}, "assignee_id", "is needed: which user"),
        ({"assignee_type": "team", "assignee_id": None}, "assignee_id", "is needed: which team"),
        (
            {"assignee_type": "org"},
            "assignee_id",
            "is not given for an assignment of the organisation, which is the tenant",
        ),
        ({"assignee_id": "x" * 201}, "assignee_id", "must have 1 to 200 characters"),
        (
            {"assignee_type": "team", "assignee_id": str(TEAM).upper()},
            "assignee_id",
            "must be the id of a team: a UUID in its usual form, in small letters",
        ),
        (
            {"assignee_type": "team", "assignee_id": "red"},
            "assignee_id",
            "must be the id of a team: a UUID in its usual form, in small letters",
        ),
        ({"target_id": ""}, "target_id", "must have 1 to 256 characters"),
        ({"note": "x" * 1025}, "note", "must have at most 1024 characters"),
    ],
)
def test_what_is_wrong_with_an_assignment_is_named(fields, field, message):
    assert complaints(**fields) == {field: [message]}


def test_a_user_a_team_and_the_organisation_may_be_assigned():
    assert assigned().fields.assignee_id == "ana"
    assert assigned(assignee_type="team", assignee_id=str(TEAM)).fields.assignee_id == str(TEAM)
    assert assigned(assignee_type="org", assignee_id=None).fields.assignee_id is None


def test_an_assignment_is_made_once():
    with pytest.raises(AlreadyExists):
        list(decide(assigned(), define(), NOW))


def test_what_is_not_there_is_not_changed():
    with pytest.raises(NotFound):
        list(decide(None, change(note="x"), NOW))


def test_a_deadline_a_note_and_whether_it_is_active_may_change():
    before = assigned()

    (event,) = decide(before, change(deadline=at("2026-06-15"), is_active=False, is_mandatory=False), NOW)

    assert isinstance(event, AssignmentChanged)
    assert event.changed == ("deadline", "is_active")
    assert evolve(before, event, NOW).fields.deadline == at("2026-06-15")


@pytest.mark.parametrize("field", ["content_area", "target_type", "target_id", "assignee_type", "assignee_id"])
def test_what_is_assigned_to_whom_stays(field):
    other = {
        "content_area": {"content_area": "learn", "target_type": "scenario"},
        "target_type": {"target_type": "module"},
        "target_id": {"target_id": "xss"},
        "assignee_type": {"assignee_type": "org", "assignee_id": None},
        "assignee_id": {"assignee_id": "bob"},
    }[field]

    with pytest.raises(InvalidInput) as refused:
        list(decide(assigned(), change(**other), NOW))

    assert field in refused.value.errors


def test_an_assignment_is_completed_once():
    progress = AssignmentProgress(id=UUID(int=2), assignment_id=ID, owner_id="ana")

    event = assignment_progress.decide(progress, at("2026-05-20"), 5)
    assert event == AssignmentCompleted(assignment_id=ID, owner_id="ana", completed_at=at("2026-05-20"), total_items=5)
    completed = assignment_progress.evolve(progress, event, NOW)

    assert completed.completed_at == at("2026-05-20")
    assert assignment_progress.decide(completed, at("2026-05-21"), 6) is None
