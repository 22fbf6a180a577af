"""The catalogue (RULES 8): practice has category > module > topic, learn has course > scenario, and custom courses."""

from typing import Any
from uuid import UUID

import pytest

from domain.catalogue import CatalogueItemChanged, CatalogueItemDefined, decide, evolve
from domain.commands import AddMilestone, Define, Redefine
from domain.errors import AlreadyExists, InvalidInput, NotFound
from domain.vocabulary import ContentArea, DefinitionStatus, Slug
from tests.domain.given import at
from tests.domain.given_training import item

NOW = at("2026-04-03T12:00")
TOPIC = {"kind": "topic", "title": "SQL Injection", "total_challenges": 5}


def define(**fields: Any) -> Define:
    return Define(id="sql-injection", slug=Slug.CATALOGUE, fields=fields)


def change(**changes: Any) -> Redefine:
    return Redefine(id="sql-injection", slug=Slug.CATALOGUE, changes=changes)


@pytest.mark.parametrize(
    ("fields", "area"),
    [
        ({"kind": "category"}, ContentArea.PRACTICE),
        ({"kind": "module", "parent_id": "web"}, ContentArea.PRACTICE),
        ({"kind": "topic", "parent_id": "injection", "total_challenges": 1}, ContentArea.PRACTICE),
        ({"kind": "course"}, ContentArea.LEARN),
        ({"kind": "scenario", "parent_id": "auth", "total_steps": 1}, ContentArea.LEARN),
        ({"kind": "custom-course", "content_area": "practice", "items": ["a", "b"]}, ContentArea.PRACTICE),
        ({"kind": "custom-course", "content_area": "learn"}, ContentArea.LEARN),
    ],
)
def test_an_item_of_each_kind_is_made_live_in_its_area(fields, area):
    found = item(title="An item", **fields)

    assert (found.version, found.fields.area, found.fields.status) == (1, area, DefinitionStatus.LIVE)


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"kind": "chapter"}, "kind", "Invalid enum value 'chapter'"),
        ({"title": ""}, "title", "must have 1 to 256 characters"),
        ({"total_challenges": None}, "total_challenges", "is needed"),
        ({"total_challenges": 0}, "total_challenges", "must be from 1 to 10000"),
        ({"total_challenges": 10_001}, "total_challenges", "must be from 1 to 10000"),
        ({"total_steps": 3}, "total_steps", "belongs to scenarios only"),
        ({"status": "draft"}, "status", "must be live or archived"),
        ({"parent_id": "x" * 257}, "parent_id", "must have at most 256 characters"),
        ({"content_area": "learn"}, "content_area", "of a topic is practice"),
        ({"items": ["a"]}, "items", "belong to a custom course only"),
        ({"nickname": "x"}, "nickname", "is not a field"),
    ],
)
def test_what_is_wrong_with_a_topic_is_named(fields, field, message):
    with pytest.raises(InvalidInput) as refused:
        list(decide(None, define(**{**TOPIC, **fields}), NOW))

    assert refused.value.errors == {field: [message]}


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"kind": "category", "parent_id": "web"}, "parent_id", "a category lies under nothing"),
        ({"kind": "course", "parent_id": "web"}, "parent_id", "a course lies under nothing"),
        ({"kind": "category", "total_challenges": 3}, "total_challenges", "belongs to topics only"),
        ({"kind": "scenario"}, "total_steps", "is needed"),
        ({"kind": "custom-course"}, "content_area", "is needed for a custom course: practice or learn"),
        (
            {"kind": "custom-course", "content_area": "learn", "items": [""]},
            "items",
            "must have 1 to 256 characters",
        ),
    ],
)
def test_what_is_wrong_with_an_item_of_another_kind_is_named(fields, field, message):
    with pytest.raises(InvalidInput) as refused:
        list(decide(None, define(title="An item", **fields), NOW))

    assert refused.value.errors == {field: [message]}


def test_an_item_is_made_once():
    with pytest.raises(AlreadyExists):
        list(decide(item(), define(**TOPIC), NOW))


def test_a_change_says_what_changed_and_the_result():
    before = item()

    (event,) = decide(before, change(total_challenges=6, title="SQL Injection"), NOW)

    assert isinstance(event, CatalogueItemChanged)
    assert (event.item_id, event.changed, event.fields.total_challenges) == ("sql-injection", ("total_challenges",), 6)
    after = evolve(before, event, NOW)
    assert (after.version, after.fields) == (2, event.fields)


def test_a_change_of_nothing_is_no_event():
    assert list(decide(item(), change(title="SQL Injection"), NOW)) == []


def test_what_an_item_is_stays():
    with pytest.raises(InvalidInput) as refused:
        list(decide(item(), change(kind="module", total_challenges=None), NOW))

    assert refused.value.errors == {"kind": ["stays topic"]}


def test_what_is_not_there_is_not_changed():
    with pytest.raises(NotFound):
        list(decide(None, change(title="x"), NOW))


def test_an_item_has_no_milestones():
    command = AddMilestone(id=UUID(int=1), slug=Slug.CATALOGUE, definition_id=UUID(int=2), fields={"target_value": 1})

    with pytest.raises(NotFound):
        list(decide(item(), command, NOW))


def test_an_items_events_fold_to_it():
    (event,) = decide(None, define(**TOPIC), NOW)

    assert isinstance(event, CatalogueItemDefined)
    assert evolve(None, event, NOW) == item()
