"""API, Writing: milestones are added to challenges and streaks, changed, listed."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.api.conftest import Clock
from tests.api.schema.conftest import ADA, CHALLENGE, STREAK, Ask, Asker, Game

RECORD = "/schema/milestone/record"


def milestone(game: Game, definition: str, target: Any = 100, **more: Any) -> dict[str, Any]:
    return {
        "linkedSchemaSlug": game.slug,
        "linkedSchemaRecordId": definition,
        "milestoneTargetValue": target,
        **more,
    }


def test_a_milestone_is_answered_with_everything_that_holds_for_it(game: Game, acme: Asker, projector: None):
    definition = game.made(acme)

    answer = acme.post(RECORD, milestone(game, definition, name="hundred"))

    assert answer.status == 201
    assert UUID(answer.body["id"])
    assert answer.body == {
        "id": answer.body["id"],
        "createdAt": "2026-04-03T10:15:00.000Z",
        "updatedAt": "2026-04-03T10:15:00.000Z",
        "linkedSchemaSlug": game.slug,
        "linkedSchemaRecordId": definition,
        "name": "hundred",
        "description": "",
        "milestoneTargetValue": 100,
        "rewardItemId": None,
        "repeatable": game is CHALLENGE,
        "status": "live",
    }
    read = acme.get(f"{RECORD}/{answer.body['id']}", **{"If-Position": answer.headers["Position"]})
    assert read.body == answer.body


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"milestoneTargetValue": -1}, {"milestoneTargetValue": ["must not be negative"]}),
        ({"milestoneTargetValue": 0}, {"milestoneTargetValue": ["must be greater than 0"]}),
        ({"milestoneTargetValue": 50}, {"milestoneTargetValue": ["another milestone has 50 already"]}),
        (
            {"linkedSchemaSlug": "dance"},
            {"linkedSchemaSlug": ["'dance' has no milestones here: must be challenge or streak"]},
        ),
        ({"linkedSchemaSlug": 5}, {"linkedSchemaSlug": ["5 has no milestones here: must be challenge or streak"]}),
        ({"repeatable": None}, {"repeatable": ["must not be null"]}),
        ({"targetValue": 5}, {"targetValue": ["is not a field"]}),
    ],
)
def test_a_wrong_field_is_named_with_what_it_must_be(
    game: Game, acme: Asker, changes: dict[str, Any], errors: dict[str, list[str]]
):
    definition = game.made(acme)
    acme.post(RECORD, milestone(game, definition, 50))

    answer = acme.post(RECORD, {**milestone(game, definition), **changes})

    assert answer.status == 400
    assert answer.errors == errors


def test_a_milestone_belongs_to_a_definition_that_is_there_under_its_kind(game: Game, acme: Asker):
    other = STREAK if game.slug == "challenge" else CHALLENGE

    for definition in (str(UUID(int=7)), other.made(acme)):
        answer = acme.post(RECORD, milestone(game, definition))

        assert (answer.status, answer.errors) == (
            400,
            {"linkedSchemaRecordId": [f"there is no {game.slug} {definition}"]},
        )


def test_what_is_missing_is_named(acme: Asker):
    needed = ("linkedSchemaSlug", "linkedSchemaRecordId", "milestoneTargetValue")

    assert acme.post(RECORD, {}).errors == {name: ["is needed"] for name in needed}


def test_an_id_is_taken_once(game: Game, acme: Asker, projector: None):
    definition, identifier = game.made(acme), str(uuid4())
    first = acme.post(RECORD, milestone(game, definition, id=identifier))
    acme.get(RECORD, **{"If-Position": first.headers["Position"]})

    assert acme.post(RECORD, milestone(game, definition, 200, id=identifier)).status == 409
    assert acme.post(RECORD, milestone(game, game.made(acme), 200, id=identifier)).status == 409


def test_a_change_leaves_the_rest_and_says_when(game: Game, acme: Asker, projector: None, clock: Clock):
    first = acme.post(RECORD, milestone(game, game.made(acme), name="hundred", rewardItemId="mug")).body
    clock.advance(minutes=1)

    answer = acme.patch(f"{RECORD}/{first['id']}", {"milestoneTargetValue": 200.5, "rewardItemId": None})

    changes = {"milestoneTargetValue": answer.body["milestoneTargetValue"], "rewardItemId": None}
    assert (answer.status, str(changes["milestoneTargetValue"])) == (200, "200.5")
    assert answer.body == {**first, **changes, "updatedAt": "2026-04-03T10:16:00.000Z"}
    again = acme.patch(f"{RECORD}/{first['id']}", {"rewardItemId": None})
    assert (again.status, again.headers.get("Position")) == (200, None)


def test_a_change_right_after_the_milestone_was_made_finds_it(game: Game, acme: Asker, projector: None):
    for target in range(100, 110):
        body = acme.post(RECORD, milestone(game, game.made(acme), target)).body

        assert acme.patch(f"{RECORD}/{body['id']}", {"name": "found"}).body["name"] == "found"


def test_a_change_is_checked_like_a_new_milestone(game: Game, acme: Asker, projector: None):
    definition = game.made(acme)
    acme.post(RECORD, milestone(game, definition, 50))
    path = f"{RECORD}/{acme.post(RECORD, milestone(game, definition)).body['id']}"

    taken = acme.patch(path, {"milestoneTargetValue": 50})

    assert taken.errors == {"milestoneTargetValue": ["another milestone has 50 already"]}
    assert acme.patch(path, {"linkedSchemaRecordId": definition}).errors == {"linkedSchemaRecordId": ["is not a field"]}
    assert acme.patch(f"{RECORD}/{uuid4()}", {"name": "x"}).status == 404


def test_milestones_are_filtered_and_of_one_tenant(game: Game, acme: Asker, globex: Asker, ask: Ask, projector: None):
    one, two = game.made(acme), game.made(acme)
    first = acme.post(RECORD, milestone(game, one, 50)).body["id"]
    second = acme.post(RECORD, milestone(game, two, 50, status="draft")).body["id"]
    other = globex.post(RECORD, milestone(game, game.made(globex)))
    ada = ask(owner=ADA)
    ada.get(RECORD, **{"If-Position": other.headers["Position"]})

    def ids(query: str) -> set[str]:
        return {found["id"] for found in ada.get(f"{RECORD}?{query}").body["data"]}

    acme.patch(f"{RECORD}/{second}", {})
    assert ids("") == {first, second}
    assert ids(f"linkedSchemaRecordId={two}") == ids("status=draft") == {second}
    assert ids(f"linkedSchemaSlug={game.slug}") == {first, second}
    assert ids("linkedSchemaSlug=dance") == set()
    assert acme.get(f"{RECORD}/{other.body['id']}").status == 404
    assert acme.patch(f"{RECORD}/{other.body['id']}", {"name": "mine"}).status == 404
    assert ada.post(RECORD, milestone(game, one)).status == 403
