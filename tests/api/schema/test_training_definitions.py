"""API, Writing: the catalogue, teams and assignments, made and changed one by one."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from api.wire import moment
from domain.application import ProgressLog
from domain.commands import KeepUser
from domain.ids import user_id
from domain.vocabulary import Slug
from tests.api.conftest import ACME, NOW, Clock
from tests.api.schema.conftest import ADA, BOB, Ask, Asker
from tests.api.schema.given_training import ASSIGNMENT, CATALOGUE, TEAM, TEAM_RED, item, made

EVE = str(UUID(int=0xE7E))
FOR_ALL = {"contentArea": "practice", "targetType": "topic", "targetId": "xss", "assigneeType": "org"}
STAMPS = {"createdAt": "2026-04-03T10:15:00.000Z", "updatedAt": "2026-04-03T10:15:00.000Z", "version": 1}
ITEM = {"parentId": None, "totalChallenges": None, "totalSteps": None, "items": [], "status": "live"}
NEW = {
    CATALOGUE: item("xss"),
    TEAM: {"id": TEAM_RED, "name": "red", "members": [ADA]},
    ASSIGNMENT: {**FOR_ALL, "id": str(UUID(int=0xA55))},
}
CHANGE: dict[str, tuple[str, Any]] = {
    CATALOGUE: ("title", "Cross-Site Scripting"),
    TEAM: ("name", "blue"),
    ASSIGNMENT: ("note", "Soon."),
}
every_kind = pytest.mark.parametrize("path", NEW)


@pytest.fixture
def topic(acme: Asker) -> None:
    """A topic that can be assigned."""
    made(acme, CATALOGUE, item("xss"))


def there(asker: Asker, path: str) -> dict[str, Any]:
    """A record of this kind, with what it needs."""
    if path == ASSIGNMENT:
        made(asker, CATALOGUE, NEW[CATALOGUE])
    return made(asker, path, NEW[path])


@every_kind
def test_what_is_made_is_read_changed_and_read_again(path: str, acme: Asker, clock: Clock):
    first = there(acme, path)
    field, value = CHANGE[path]
    clock.advance(minutes=1)

    read = acme.get(f"{path}/{first['id']}")
    changed = acme.patch(f"{path}/{first['id']}", {field: value})
    again = acme.patch(f"{path}/{first['id']}", {field: value})

    assert read.body == first
    assert changed.status == 200
    assert changed.body == {**first, field: value, "version": 2, "updatedAt": "2026-04-03T10:16:00.000Z"}
    assert again.body == changed.body
    assert "Position" not in again.headers
    assert acme.get(f"{path}/{first['id']}").body == changed.body
    assert acme.get(path).body["data"] == [changed.body]


@every_kind
def test_an_id_is_taken_once(path: str, acme: Asker):
    there(acme, path)

    answer = acme.post(path, NEW[path])

    assert (answer.status, answer.body["code"]) == (409, "already_exists")


@every_kind
def test_each_tenant_has_its_own(path: str, acme: Asker, globex: Asker):
    first = there(acme, path)

    assert globex.get(f"{path}/{first['id']}").status == 404
    assert globex.patch(f"{path}/{first['id']}", dict([CHANGE[path]])).status == 404
    assert globex.get(path).body["data"] == []
    assert there(globex, path)["id"] == first["id"]


@every_kind
def test_what_may_be_read_and_written_says_the_scope(path: str, acme: Asker, ask: Ask):
    first = there(acme, path)
    reader, of_progress, end_user = ask("definitions:read"), ask("progress:read"), ask(owner=ADA)

    assert reader.get(path).status == reader.get(f"{path}/{first['id']}").status == 200
    assert reader.post(path, NEW[path]).status == 403
    assert reader.patch(f"{path}/{first['id']}", {}).status == 403
    assert end_user.post(path, NEW[path]).status == 403
    # Who is in a team and what others are assigned is not for everybody's eyes.
    expected = 200 if path == CATALOGUE else 403
    assert of_progress.get(path).status == end_user.get(f"{path}/{first['id']}").status == expected


@every_kind
def test_what_is_not_there_is_not_found_and_what_is_no_field_is_named(path: str, acme: Asker):
    missing = "nothing" if path == CATALOGUE else str(uuid4())

    assert acme.get(f"{path}/{missing}").status == 404
    assert acme.patch(f"{path}/{missing}", {}).status == 404
    assert acme.post(path, {**NEW[path], "colour": "red"}).errors["colour"] == ["is not a field"]
    assert acme.send("DELETE", path, {}).status == 405


def test_the_catalogue_holds_every_kind(acme: Asker):
    told = [
        item("injection", "category"),
        item("databases", "module", parentId="injection"),
        item("sql-injection", parentId="databases"),
        item("tokens", "course"),
        item("jwt", "scenario", parentId="tokens"),
        item("mine", "custom-course", contentArea="learn", items=["jwt"]),
    ]

    answers = [made(acme, CATALOGUE, one) for one in told]

    areas = ["practice", "practice", "practice", "learn", "learn", "learn"]
    assert answers == [{**ITEM, **one, "contentArea": area, **STAMPS} for one, area in zip(told, areas, strict=True)]
    assert [one["id"] for one in acme.get(f"{CATALOGUE}?contentArea=learn&sortBy=createdAt").body["data"]] == [
        "jwt", "mine", "tokens",
    ]  # fmt: skip
    assert [one["id"] for one in acme.get(f"{CATALOGUE}?parentId=databases").body["data"]] == ["sql-injection"]
    assert [one["id"] for one in acme.get(f"{CATALOGUE}?kind=course").body["data"]] == ["tokens"]


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (item("a", totalChallenges=None), {"totalChallenges": ["is needed"]}),
        (item("a", totalChallenges=0), {"totalChallenges": ["must be from 1 to 10000"]}),
        (item("a", totalSteps=3), {"totalSteps": ["belongs to scenarios only"]}),
        (item("a", "scenario", totalSteps=None), {"totalSteps": ["is needed"]}),
        (item("a", "course", parentId="x"), {"parentId": ["a course lies under nothing"]}),
        (item("a", parentId="x"), {"parentId": ["there is no module x"]}),
        (item("a", "custom-course"), {"contentArea": ["is needed for a custom course: practice or learn"]}),
        (
            item("a", "custom-course", contentArea="learn", items=["xss", "y"]),
            {"items": ["there is no scenario xss", "there is no scenario y"]},
        ),
        (item("a", contentArea="learn"), {"contentArea": ["of a topic is practice"]}),
        (item("a", status="draft"), {"status": ["must be one of live, archived"]}),
        (item("a", title=""), {"title": ["must have 1 to 256 characters"]}),
        (item("a", "dance"), {"kind": ["must be one of category, module, topic, course, scenario, custom-course"]}),
        (
            item("a/b"),
            {"id": ["must begin with a letter or a digit and hold letters, digits and . _ ~ - only"]},
        ),
        ({}, {"id": ["is needed"], "kind": ["is needed"], "title": ["is needed"]}),
    ],
)
def test_what_is_wrong_with_an_item_is_named_and_nothing_is_stored(
    body: dict[str, Any], errors: dict[str, list[str]], topic: None, acme: Asker
):
    answer = acme.post(CATALOGUE, body)

    assert (answer.status, answer.errors) == (400, errors)
    assert [one["id"] for one in acme.get(CATALOGUE).body["data"]] == ["xss"]


def test_a_change_of_an_item_is_checked_as_well(topic: None, acme: Asker):
    path = f"{CATALOGUE}/xss"

    assert acme.patch(path, {"parentId": "nothing"}).errors == {"parentId": ["there is no module nothing"]}
    assert acme.patch(path, {"kind": "course"}).errors == {"kind": ["is not a field"]}
    assert acme.patch(path, {"totalChallenges": 0}).errors == {"totalChallenges": ["must be from 1 to 10000"]}
    assert acme.patch(path, {"totalChallenges": 9}).body["totalChallenges"] == 9


def test_members_come_by_id_or_by_external_id_and_those_not_named_leave(acme: Asker):
    made(acme, "/schema/account_user/record", {"id": ADA, "externalId": "ada"})

    first = made(acme, TEAM, {"name": "red", "members": [{"externalId": "ada"}, BOB, BOB, {"externalId": "new"}]})
    second = acme.patch(f"{TEAM}/{first['id']}", {"members": [EVE, BOB]})
    renamed = acme.patch(f"{TEAM}/{first['id']}", {"name": "blue"})

    assert first["members"] == sorted([ADA, BOB, str(user_id(ACME, "new"))])
    assert second.body["members"] == renamed.body["members"] == sorted([EVE, BOB])
    assert acme.get(f"{TEAM}/{first['id']}").body["members"] == sorted([EVE, BOB])
    assert second.headers["Position"]
    assert acme.get(f"/schema/account_user/record/{user_id(ACME, 'new')}").body["externalId"] == "new"
    assert acme.patch(f"{TEAM}/{first['id']}", {"members": []}).body["members"] == []


def test_a_change_of_members_is_a_change_of_the_team(acme: Asker, clock: Clock):
    path = f"{TEAM}/{made(acme, TEAM, {'name': 'red', 'members': [ADA]})['id']}"
    before = clock.moment
    later = clock.advance(hours=1)

    same = acme.patch(path, {"members": [ADA]}).body
    changed = acme.patch(path, {"members": [BOB]}).body

    assert (same["updatedAt"], changed["updatedAt"]) == (moment(before), moment(later))
    assert changed["version"] == same["version"] + 1
    assert acme.get(path).body == changed


def test_of_two_lists_of_members_at_once_one_is_what_is_left(acme: Asker):
    path = f"{TEAM}/{made(acme, TEAM, {'name': 'red', 'members': [ADA]})['id']}"
    lists = [[str(uuid5(UUID(ADA), f"{name} {number}")) for number in range(5)] for name in ("one", "another", "third")]

    for _ in range(3):
        together = Barrier(len(lists))

        def replace(members: list[str], together: Barrier = together) -> int:
            together.wait(10)
            return acme.patch(path, {"members": members}).status

        with ThreadPoolExecutor(len(lists)) as pool:
            statuses = list(pool.map(replace, lists))

        assert statuses == [200, 200, 200]
        assert acme.get(path).body["members"] in [sorted(one) for one in lists]


def test_one_may_be_in_several_teams(acme: Asker):
    red, blue = (made(acme, TEAM, {"name": name, "members": [ADA]}) for name in ("red", "blue"))

    acme.patch(f"{TEAM}/{red['id']}", {"members": []})

    assert acme.get(f"{TEAM}/{blue['id']}").body["members"] == [ADA]


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"name": ""}, {"name": ["must have 1 to 256 characters"]}),
        ({"members": "ada"}, {"members": ["must be a list of end users"]}),
        (
            {"members": [ADA, "ada", {"externalId": ""}]},
            {
                "members[1]": ['must be the id of an end user (a UUID), or {"externalId": …}'],
                "members[2]": ["externalId must be a text of 1 to 256 characters without U+0000"],
            },
        ),
    ],
)
def test_what_is_wrong_with_a_team_is_named_and_nothing_is_stored(
    changes: dict[str, Any], errors: dict[str, list[str]], acme: Asker
):
    answer = acme.post(TEAM, {"name": "red", **changes})

    assert (answer.status, answer.errors) == (400, errors)
    assert acme.get(TEAM).body["data"] == []


def test_an_assignment_is_for_a_user_a_team_or_the_organisation(topic: None, acme: Asker):
    made(acme, TEAM, {"id": TEAM_RED, "name": "red"})
    whole = {"deadline": "2026-06-15T00:00:00Z", "isMandatory": True, "note": "After a finding."}

    of_all = made(acme, ASSIGNMENT, {**FOR_ALL, **whole})
    of_ada = made(acme, ASSIGNMENT, {**FOR_ALL, "assigneeType": "user", "assigneeId": ADA.upper()})
    of_red = made(acme, ASSIGNMENT, {**FOR_ALL, "assigneeType": "team", "assigneeId": TEAM_RED})

    assert {name: value for name, value in of_all.items() if name != "id"} == {
        **FOR_ALL, **whole, "assigneeId": None, "deadline": "2026-06-15T00:00:00.000Z", "isActive": True, **STAMPS,
    }  # fmt: skip
    assert (of_ada["assigneeId"], of_red["assigneeId"]) == (ADA, TEAM_RED)
    assert [one["id"] for one in acme.get(f"{ASSIGNMENT}?assigneeId={TEAM_RED}").body["data"]] == [of_red["id"]]
    ended = acme.patch(f"{ASSIGNMENT}/{of_all['id']}", {"isActive": False, "deadline": None}).body
    assert (ended["isActive"], ended["deadline"]) == (False, None)
    assert [one["id"] for one in acme.get(f"{ASSIGNMENT}?isActive=false").body["data"]] == [of_all["id"]]
    assert acme.patch(f"{ASSIGNMENT}/{of_all['id']}", {"targetId": "csrf"}).errors == {"targetId": ["is not a field"]}


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"targetId": "csrf"}, {"targetId": ["there is no topic csrf"]}),
        ({"targetType": "module"}, {"targetId": ["there is no module xss"]}),
        ({"contentArea": "learn"}, {"targetType": ["of learn is one of course, scenario, custom-course"]}),
        (
            {"contentArea": "learn", "targetType": "custom-course", "targetId": "mine"},
            {"targetId": ["there is no custom-course of learn mine"]},
        ),
        ({"assigneeType": "team"}, {"assigneeId": ["is needed: which team"]}),
        ({"assigneeType": "team", "assigneeId": TEAM_RED}, {"assigneeId": [f"there is no team {TEAM_RED}"]}),
        ({"assigneeType": "user", "assigneeId": "ada"}, {"assigneeId": ["must be a UUID"]}),
        (
            {"assigneeId": ADA},
            {"assigneeId": ["is not given for an assignment of the organisation, which is the tenant"]},
        ),
        (
            {"deadline": "tomorrow"},
            {"deadline": ["must be a time with its offset from UTC: 2026-04-03T10:15:00Z"]},
        ),
        ({"isMandatory": "yes"}, {"isMandatory": ["must be true or false"]}),
        ({"note": "a" * 1025}, {"note": ["must have at most 1024 characters"]}),
    ],
)
def test_what_is_wrong_with_an_assignment_is_named_and_nothing_is_stored(
    changes: dict[str, Any], errors: dict[str, list[str]], topic: None, acme: Asker
):
    made(acme, CATALOGUE, item("mine", "custom-course", contentArea="practice", items=["xss"]))

    answer = acme.post(ASSIGNMENT, {**FOR_ALL, **changes})

    assert (answer.status, answer.errors) == (400, errors)
    assert acme.get(ASSIGNMENT).body["data"] == []


def test_members_are_not_taken_while_nobody_can_say_who_leaves(log: ProgressLog, make_key: Any, client_of: Any):
    client = client_of(make_key("definitions:write", "definitions:read").key)
    log.keep_user(ACME, KeepUser(id=ADA), now=NOW)

    answer = client.post(TEAM, json={"name": "red", "id": TEAM_RED, "members": [ADA]})

    assert (answer.status_code, answer.json["code"]) == (503, "busy")
    assert answer.headers["Retry-After"]
    assert log.definition(ACME, Slug.TEAM, UUID(TEAM_RED), now=NOW) is None
