"""API, Writing: training in the declarative document, applied again and again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from threading import Barrier
from typing import Any
from uuid import UUID, uuid5

import pytest

from api.schema.definitions import apply
from api.schema.differences import Difference
from domain.application import ProgressLog
from domain.errors import InvalidInput
from domain.ids import user_id
from domain.vocabulary import Slug
from projections.following.projector import Projector
from tests.api.conftest import ACME, NOW
from tests.api.schema.conftest import ADA, BOB

RED = str(UUID(int=0x7ED))
DOCUMENT: dict[str, Any] = {
    # What is named may stand behind what names it.
    "assignments": [
        {"contentArea": "practice", "targetType": "topic", "targetId": "xss", "assigneeType": "org", "note": "Soon."},
        {
            "contentArea": "learn",
            "targetType": "custom-course",
            "targetId": "mine",
            "assigneeType": "team",
            "assigneeId": RED,
            "deadline": "2026-06-15T00:00:00Z",
        },
    ],
    "users": [{"externalId": "u1", "id": BOB}],
    "teams": [{"id": RED, "name": "red", "members": [ADA, {"externalId": "u1"}, {"externalId": "u2"}]}],
    "catalogue": {
        "customCourses": [{"id": "mine", "title": "Mine", "contentArea": "learn", "items": ["jwt"]}],
        "topics": [
            {"id": "xss", "title": "XSS", "moduleId": "web", "totalChallenges": 3},
            {"id": "csrf", "title": "CSRF", "totalChallenges": 2},
        ],
        "modules": [{"id": "web", "title": "Web", "categoryId": "injection"}],
        "categories": [{"id": "injection", "title": "Injection"}],
        "scenarios": [{"id": "jwt", "title": "JWT", "courseId": "tokens", "totalSteps": 7}],
        "courses": [{"id": "tokens", "title": "Tokens"}],
    },
}
NO_ID = "must begin with a letter or a digit and hold letters, digits and . _ ~ - only"
MEMBERS = sorted([ADA, BOB, str(user_id(ACME, "u2"))])


@pytest.fixture
def log(database_url: str) -> Iterator[ProgressLog]:
    with ProgressLog(database_url) as log:
        yield log


def applied(log: ProgressLog, document: dict[str, Any] = DOCUMENT, **options: Any) -> list[Difference]:
    return apply(log, ACME, deepcopy(document), now=NOW, **options)


def refused(log: ProgressLog, document: dict[str, Any]) -> dict[str, list[str]]:
    with pytest.raises(InvalidInput) as caught:
        applied(log, document)
    return caught.value.errors


def test_a_document_makes_the_catalogue_teams_and_assignments(log: ProgressLog):
    differences = applied(log)

    assert [(one.kind, one.name, one.action) for one in differences] == [
        ("category", "Injection", "made"),
        ("module", "Web", "made"),
        ("topic", "XSS", "made"),
        ("topic", "CSRF", "made"),
        ("course", "Tokens", "made"),
        ("scenario", "JWT", "made"),
        ("custom-course", "Mine", "made"),
        ("team", "red", "made"),
        ("assignment", "xss for org", "made"),
        ("assignment", f"mine for team {RED}", "made"),
        ("user", "u1", "made"),
    ]
    assert differences[7].changes["members"] == ([], MEMBERS)
    assert log.definition(ACME, Slug.CATALOGUE, "xss", now=NOW).fields.parent_id == "web"
    assert log.definition(ACME, Slug.ASSIGNMENT, UUID(differences[8].id), now=NOW).fields.note == "Soon."


def test_applied_again_it_changes_nothing(log: ProgressLog):
    applied(log)

    again = applied(log)

    assert {one.action for one in again} == {"unchanged"}


def test_a_dry_run_says_the_difference_and_writes_nothing(log: ProgressLog, database_url: str):
    planned = applied(log, dry_run=True)

    assert planned == applied(log)
    later = deepcopy(DOCUMENT)
    later["catalogue"]["topics"][0] |= {"totalChallenges": 5, "moduleId": None}
    later["teams"][0]["members"] = [BOB]
    later["assignments"][0]["isActive"] = False
    planned = [one for one in applied(log, later, dry_run=True) if one.action != "unchanged"]
    assert [(one.kind, one.changes) for one in planned] == [
        ("topic", {"totalChallenges": (3, 5), "parentId": ("web", None)}),
        ("team", {"members": (MEMBERS, [BOB])}),
        ("assignment", {"isActive": (True, False)}),
    ]
    assert {one.action for one in applied(log, dry_run=True)} == {"unchanged"}
    assert [one for one in applied(log, later) if one.action != "unchanged"] == planned
    assert {one.action for one in applied(log, later)} == {"unchanged"}


def test_it_is_applied_beside_a_projector_that_runs(log: ProgressLog, database_url: str):
    projector = Projector(database_url)
    applied(log)
    projector.catch_up()
    projector.close()

    assert {one.action for one in applied(log)} == {"unchanged"}


def test_of_two_documents_with_lists_of_members_at_once_one_is_what_is_left(log: ProgressLog):
    red, blue = str(UUID(int=1)), str(UUID(int=2))
    lists = [[str(uuid5(UUID(ADA), f"{name} {number}")) for number in range(5)] for name in ("one", "another", "third")]
    documents = [
        {"teams": [{"id": one, "name": one, "members": members} for one in order]}
        for members, order in zip(lists, ((red, blue), (blue, red), (red, blue)), strict=True)
    ]
    applied(log, {"teams": [{"id": one, "name": one} for one in (red, blue)]})
    together = Barrier(len(documents))

    def replace(document: dict[str, Any]) -> None:
        together.wait(10)
        applied(log, document)

    with ThreadPoolExecutor(len(documents)) as pool:
        list(pool.map(replace, documents))

    nobody = {"teams": [{"id": one, "name": one, "members": []} for one in (red, blue)]}
    found = [one.changes["members"][0] for one in applied(log, nobody, dry_run=True)]
    assert found[0] == found[1]
    assert found[0] in [sorted(one) for one in lists]


def test_a_team_that_names_no_members_keeps_them_and_is_found_by_name(log: ProgressLog):
    first = applied(log, {"teams": [{"name": "blue", "members": [ADA]}]})

    (again,) = applied(log, {"teams": [{"name": "blue"}]})
    (other,) = applied(log, {"teams": [{"name": "blue", "members": []}]})

    assert (again.id, again.action) == (first[0].id, "unchanged")
    assert other.changes == {"members": ([ADA], [])}


def test_an_assignment_is_found_by_what_it_assigns_to_whom_or_by_its_id(log: ProgressLog):
    first = {one.name: one.id for one in applied(log)}
    told = DOCUMENT["assignments"][0]

    (changed,) = applied(log, {"assignments": [{**told, "note": "Now."}]})
    (other,) = applied(log, {"assignments": [{**told, "id": str(UUID(int=7))}]})
    (ended,) = applied(log, {"assignments": [{**told, "id": str(UUID(int=7)), "isActive": False}]})

    assert (changed.id, changed.changes) == (first["xss for org"], {"note": ("Soon.", "Now.")})
    assert (other.id, other.action) == (str(UUID(int=7)), "made")
    assert (ended.id, ended.changes) == (str(UUID(int=7)), {"isActive": (True, False)})


def test_every_mistake_is_named_by_its_path_and_nothing_is_written(log: ProgressLog):
    applied(log, {"catalogue": {"courses": [{"id": "web", "title": "Web"}]}})
    document = deepcopy(DOCUMENT)
    document["catalogue"]["topics"].append({"id": "csrf", "title": "CSRF", "totalChallenges": 2})
    document["assignments"].append({**document["assignments"][0], "assigneeId": ADA})
    document["teams"].append({"id": RED, "name": "also red"})

    assert refused(log, document) == {
        "catalogue.modules[0].kind": ["stays course"],
        "catalogue.topics[2]": ["is there twice: csrf, 'CSRF'"],
        "teams[1]": [f"is there twice: {RED}, 'also red'"],
        "assignments[2].assigneeId": ["is not given for an assignment of the organisation, which is the tenant"],
    }
    assert log.definition(ACME, Slug.TEAM, UUID(RED), now=NOW) is None


def test_what_is_named_must_be_in_the_document_or_there_already(log: ProgressLog):
    document = deepcopy(DOCUMENT)
    document["catalogue"]["modules"] = document["catalogue"]["courses"] = []
    document["catalogue"]["customCourses"][0]["items"] = ["jwt", "xss"]
    document["assignments"][0]["targetId"] = "sqli"
    document["teams"] = []

    assert refused(log, document) == {
        "catalogue.topics[0].moduleId": ["there is no module web"],
        "catalogue.scenarios[0].courseId": ["there is no course tokens"],
        "catalogue.customCourses[0].items": ["there is no scenario xss"],
        "assignments[0].targetId": ["there is no topic sqli"],
        "assignments[1].assigneeId": [f"there is no team {RED}"],
    }
    assert log.definition(ACME, Slug.CATALOGUE, "xss", now=NOW) is None
    applied(log)
    assert {one.action for one in applied(log, {"assignments": DOCUMENT["assignments"]})} == {"unchanged"}


@pytest.mark.parametrize(
    ("document", "errors"),
    [
        ({"catalogue": []}, {"catalogue": ["must be an object"]}),
        ({"catalogue": {"themes": []}}, {"catalogue.themes": ["is not a field"]}),
        (
            {"catalogue": {"topics": [{"id": "a", "title": "A", "totalChallenges": 1}, {"id": "b c", "title": ""}]}},
            {
                "catalogue.topics[1].id": [NO_ID],
                "catalogue.topics[1].title": ["must have 1 to 256 characters"],
                "catalogue.topics[1].totalChallenges": ["is needed"],
            },
        ),
        ({"teams": [{}]}, {"teams[0].name": ["is needed"]}),
        ({"teams": [{"name": "red", "members": "ada"}]}, {"teams[0].members": ["must be a list of end users"]}),
        (
            {"assignments": [{"note": "later"}]},
            {
                f"assignments[0].{name}": ["is needed"]
                for name in ("contentArea", "targetType", "targetId", "assigneeType")
            },
        ),
    ],
)
def test_a_document_of_another_shape_is_refused(
    log: ProgressLog, document: dict[str, Any], errors: dict[str, list[str]]
):
    assert refused(log, document) == errors
