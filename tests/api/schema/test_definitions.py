"""API, Writing: the declarative document, applied again and again."""

from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.schema.definitions import apply
from api.schema.differences import Difference
from domain.application import ProgressLog
from domain.errors import InvalidInput
from domain.vocabulary import Slug
from tests.api.conftest import NOW
from tests.api.schema.conftest import SPEND, SPEND_IN_A_ROW, Asker

DOCUMENT: dict[str, Any] = {
    "challenges": [
        {**SPEND, "completionTargetValue": Decimal("500.50"), "milestones": [{"targetValue": 100, "name": "hundred"}]},
        {**SPEND, "id": "1e495236-21b3-5a15-8694-16126bc7f035", "name": "yearly spend", "aggregationPeriod": "yearly"},
    ],
    "streaks": [
        {
            **SPEND_IN_A_ROW,
            "aggregationTargetValue": Decimal("50.50"),
            "milestones": [{"targetValue": 2, "name": "two"}],
        }
    ],
    "users": [{"externalId": "u1", "firstName": "Ada"}],
}


@pytest.fixture
def log(database_url: str) -> Iterator[ProgressLog]:
    with ProgressLog(database_url) as log:
        yield log


def changed(**changes: Any) -> dict[str, Any]:
    """The document with other fields in its first challenge."""
    document = deepcopy(DOCUMENT)
    document["challenges"][0].update(changes)
    return document


def applied(log: ProgressLog, document: dict[str, Any], **options: Any) -> list[Difference]:
    return apply(log, "acme", deepcopy(document), now=NOW, **options)


def actions(differences: list[Difference]) -> list[tuple[str, str, str]]:
    return [(one.kind, one.name, one.action) for one in differences]


def refused(log: ProgressLog, document: Any) -> dict[str, list[str]]:
    with pytest.raises(InvalidInput) as caught:
        apply(log, "acme", deepcopy(document), now=NOW)
    return caught.value.errors


def test_a_document_makes_what_is_not_there(log: ProgressLog, acme: Asker, projector: None):
    differences = applied(log, DOCUMENT)

    assert actions(differences) == [
        ("challenge", "monthly spend", "made"),
        ("milestone", "monthly spend: hundred", "made"),
        ("challenge", "yearly spend", "made"),
        ("streak", "spend in three months", "made"),
        ("milestone", "spend in three months: two", "made"),
        ("user", "u1", "made"),
    ]
    challenge = log.definition("acme", Slug.CHALLENGE, UUID(differences[0].id), now=NOW)
    assert challenge.fields.completion_target_value == Decimal("500.5")
    assert [one.name for one in challenge.milestones] == ["hundred"]
    assert differences[2].id == DOCUMENT["challenges"][1]["id"]
    streak = log.definition("acme", Slug.STREAK, UUID(differences[3].id), now=NOW)
    assert streak.fields.aggregation_target_value == Decimal("50.5")
    assert [(one.name, one.repeatable) for one in streak.milestones] == [("two", False)]
    assert acme.get(f"/schema/account_user/record/{differences[5].id}").body["firstName"] == "Ada"


def test_applied_again_it_changes_nothing(log: ProgressLog):
    applied(log, DOCUMENT)
    recorded = log.definition("acme", Slug.CHALLENGE, UUID(DOCUMENT["challenges"][1]["id"]), now=NOW)

    again = applied(log, DOCUMENT)

    assert {one.action for one in again} == {"unchanged"}
    assert log.definition("acme", Slug.CHALLENGE, recorded.id, now=NOW) == recorded


def test_a_dry_run_says_the_difference_and_writes_nothing(log: ProgressLog):
    planned = applied(log, DOCUMENT, dry_run=True)

    assert planned == applied(log, DOCUMENT)
    later = changed(status="paused", milestones=[{"targetValue": 100, "name": "a hundred"}, {"targetValue": 200}])
    later["streaks"][0] |= {"completionTargetValue": None, "milestones": [{"targetValue": 2, "repeatable": True}]}
    later["users"][0]["email"] = "ada@example.org"
    planned = applied(log, later, dry_run=True)
    assert actions(planned) == [
        ("challenge", "monthly spend", "changed"),
        ("milestone", "monthly spend: a hundred", "changed"),
        ("milestone", "monthly spend: 200", "made"),
        ("challenge", "yearly spend", "unchanged"),
        ("streak", "spend in three months", "changed"),
        ("milestone", "spend in three months: two", "changed"),
        ("user", "u1", "changed"),
    ]
    assert planned[0].changes == {"status": ("live", "paused")}
    assert planned[1].changes == {"name": ("hundred", "a hundred")}
    assert planned[4].changes == {"completionTargetValue": (3, None)}
    assert planned[5].changes == {"repeatable": (False, True)}
    assert planned[6].changes == {"email": (None, "ada@example.org")}
    assert {one.action for one in applied(log, DOCUMENT, dry_run=True)} == {"unchanged"}
    assert planned == applied(log, later)


def test_what_a_document_leaves_out_stays(log: ProgressLog):
    first = applied(log, DOCUMENT)

    applied(log, {"challenges": [{**SPEND, "completionTargetValue": 600}]})

    challenge = log.definition("acme", Slug.CHALLENGE, UUID(first[0].id), now=NOW)
    assert challenge.fields.completion_target_value == 600
    assert len(challenge.milestones) == 1


def test_a_milestone_is_found_by_id_or_by_target(log: ProgressLog):
    identifier = str(uuid4())
    applied(log, changed(milestones=[{"id": identifier, "targetValue": 100}]))

    by_target = applied(log, changed(milestones=[{"targetValue": 100, "name": "x"}]))
    by_id = applied(log, changed(milestones=[{"id": identifier, "targetValue": 150}]))

    assert (by_target[1].id, by_target[1].action) == (identifier, "changed")
    assert (by_id[1].id, by_id[1].changes) == (identifier, {"targetValue": (100, 150)})


def test_numbers_of_yaml_are_what_was_written(log: ProgressLog):
    differences = applied(log, changed(completionTargetValue=0.1))

    assert differences[0].changes["completionTargetValue"] == (None, Decimal("0.1"))


def test_every_mistake_is_named_by_its_path_and_nothing_is_written(log: ProgressLog):
    document = changed(timezone="Mars/Olympus")
    taken = {**SPEND, "name": "daily", "milestones": [{"targetValue": 5}, {"targetValue": 6}]}
    identifier = applied(log, {"challenges": [taken]})[2].id
    document["challenges"].append({**taken, "milestones": [{"id": identifier, "targetValue": 5}]})
    document["challenges"].append(SPEND)
    document["streaks"] += [{**SPEND_IN_A_ROW, "name": "distinct", "aggregationMethod": "distinct"}]
    document["streaks"] += [{**SPEND_IN_A_ROW, "name": "on Mars", "timezone": "Mars/Olympus"}]
    document["users"] += [{"externalId": "u1"}]

    assert refused(log, document) == {
        "challenges[0].timezone": ["'Mars/Olympus' is not an IANA time zone"],
        "challenges[2].milestones[0].targetValue": ["another milestone has 5 already"],
        "challenges[3]": [f"is there twice: {applied(log, DOCUMENT, dry_run=True)[0].id}, 'monthly spend'"],
        "streaks[1].distinctBy": ["is needed to count distinct values"],
        "streaks[2].timezone": ["'Mars/Olympus' is not an IANA time zone"],
        "users[1].externalId": ["'u1' is there twice"],
    }
    assert {one.action for one in applied(log, DOCUMENT, dry_run=True)} == {"made"}


@pytest.mark.parametrize(
    ("document", "errors"),
    [
        ([], {"body": ["must be an object"]}),
        ({"challenge": []}, {"challenge": ["is not a field"]}),
        (
            {"challenges": [{**SPEND, "completionTargetValue": "500"}]},
            {"challenges[0].completionTargetValue": ["must be a number"]},
        ),
        (
            {"challenges": [{**SPEND, "milestones": [{"name": "x"}]}]},
            {"challenges[0].milestones[0].targetValue": ["is needed"]},
        ),
        (
            {"challenges": [{**SPEND, "milestones": [{"targetValue": 5}, {"targetValue": 5}]}]},
            {"challenges[0].milestones[1].targetValue": ["is there twice"]},
        ),
        (
            {"streaks": [{**SPEND_IN_A_ROW, "completionTargetValue": 1.5}]},
            {"streaks[0].completionTargetValue": ["must be a whole number"]},
        ),
        (
            {"streaks": [{**SPEND_IN_A_ROW, "milestones": [{"targetValue": 5}, {"targetValue": 5}]}]},
            {"streaks[0].milestones[1].targetValue": ["is there twice"]},
        ),
        (
            {"streaks": [{**SPEND_IN_A_ROW, "milestones": [{"targetValue": 0}]}]},
            {"streaks[0].milestones[0].targetValue": ["must be greater than 0"]},
        ),
        ({"users": [{"firstName": "Ada"}]}, {"users[0].externalId": ["is needed"]}),
        ({"users": [{"externalId": "a", "email": "b"}]}, {"users[0].email": ["must be an e-mail address"]}),
    ],
)
def test_a_document_of_another_shape_is_refused(log: ProgressLog, document: Any, errors: dict[str, list[str]]):
    assert refused(log, document) == errors


def test_a_user_keeps_the_id_and_the_external_id_they_have(log: ProgressLog):
    ids = [str(UUID(int=1)), str(UUID(int=2))]
    applied(log, {"users": [{"id": ids[0], "externalId": "u1"}]})

    assert refused(log, {"users": [{"id": ids[1], "externalId": "u1"}]}) == {
        "users[0].externalId": [f"is that of user {ids[0]}"]
    }
    assert refused(log, {"users": [{"id": ids[0], "externalId": "u2"}]}) == {
        "users[0].id": ["is that of the user 'u1'"]
    }
    assert actions(applied(log, {"users": [{"externalId": "u1"}]})) == [("user", "u1", "unchanged")]


def test_a_challenge_and_a_streak_of_one_name_are_two(log: ProgressLog):
    same = {"challenges": [SPEND], "streaks": [{**SPEND_IN_A_ROW, "name": SPEND["name"]}]}

    differences = applied(log, same)

    assert actions(differences) == [("challenge", "monthly spend", "made"), ("streak", "monthly spend", "made")]
    assert differences[0].id != differences[1].id


def test_tenants_do_not_share_what_is_named(log: ProgressLog):
    here = applied(log, DOCUMENT)
    there = apply(log, "globex", deepcopy(DOCUMENT), now=NOW)

    assert {one.action for one in there} == {"made"}
    assert here[0].id != there[0].id
