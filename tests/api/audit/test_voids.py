"""RULES 7: an entry of any kind is taken back once, by somebody and for a reason, and the log says so for ever."""

from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from flask import Flask

from api.access import keys
from api.state import state_of
from tests.api.conftest import ACME, Clock
from tests.api.schema.conftest import ADA, BOB, CHALLENGE, EVERYTHING, STREAK, Asker, Game, acme, ask, projector
from tests.api.schema.given_training import LEARN, PRACTICE, Training

__all__ = ["acme", "ask", "projector"]

DEFINITION = str(UUID(int=0xDEF))


class Log(NamedTuple):
    """A kind of log: what it is about, what an owner does that shows, and how that shows."""

    slug: str
    event: str
    begin: Callable[[Asker], object]
    entries: Callable[[str], list[dict[str, Any]]]
    shown: Callable[[Asker, str, dict[str, str]], Any]

    @property
    def path(self) -> str:
        return f"/schema/{self.slug}_log/record"


def of_game(game: Game) -> Log:
    def shown(asker: Asker, owner: str, at: dict[str, str]) -> Any:
        (record,) = asker.get(f"{game.progress}?ownedById={owner}", **at).body["data"]
        return record["taskProgress"]["currentProgressValue"]

    return Log(
        game.slug,
        "EntryVoided",
        lambda asker: game.made(asker, id=DEFINITION),
        lambda owner: [
            game.entry(DEFINITION, "1", 100, ownedById=owner),
            game.entry(DEFINITION, "2", 30, ownedById=owner),
        ],
        shown,
    )


def of_training(training: Training, event: str, *said: dict[str, Any]) -> Log:
    def shown(asker: Asker, owner: str, at: dict[str, str]) -> Any:
        rows = asker.get(f"/api/public/v1/users/{owner}/{training.slug}-progress", **at).body
        return [row.get("score", row.get("currentStep")) for row in rows]

    return Log(
        training.slug,
        event,
        training.there,
        lambda owner: [training.entry(str(number), ownedById=owner, **one) for number, one in enumerate(said)],
        shown,
    )


LOGS = [
    (of_game(CHALLENGE), 130, 100),
    (of_game(STREAK), 130, 100),
    (of_training(PRACTICE, "PracticeVoided", {"phase": 1}, {"phase": 2}), [100], []),
    (of_training(LEARN, "LearnVoided", {"step": 2}, {"step": 5}), [5], [2]),
]


@pytest.mark.parametrize(("log", "before", "after"), LOGS, ids=[log.slug for log, *_ in LOGS])
def test_a_void_names_who_and_why_counts_once_and_takes_the_effect_back(
    app: Flask, acme: Asker, clock: Clock, log: Log, before: Any, after: Any
):
    made = [keys.create(state_of(app).reader, tenant=ACME, name="a test", scopes=EVERYTHING) for _ in range(2)]
    first, second = (Asker(app.test_client(), key.key) for key in made)
    log.begin(acme)
    logged = {owner: [acme.post(log.path, one) for one in log.entries(owner)] for owner in (ADA, BOB)}
    entry, position = logged[ADA][-1].body["id"], {"If-Position": logged[BOB][-1].headers["Position"]}
    assert log.shown(acme, ADA, {"If-Position": logged[ADA][-1].headers["Position"]}) == before
    clock.advance(minutes=1)

    answer = first.post(f"{log.path}/{entry}/void", {"reason": "refunded"})
    again = second.post(f"{log.path}/{entry}/void", {"reason": "fraud"})

    at = {"If-Position": answer.headers["Position"]}
    assert (answer.status, again.status, again.body) == (200, 200, answer.body)
    assert (log.shown(acme, ADA, at), log.shown(acme, BOB, position)) == (after, before)
    (event,) = acme.get(f"/audit/events?ownedById={ADA}&type={log.event}").body["data"]
    said = {name: event["payload"][name] for name in ("entry_id", "actor", "reason")}
    assert said == {"entry_id": entry, "actor": str(made[0].id), "reason": "refunded"}
    assert event["recordedAt"] == "2026-04-03T10:16:00.000000Z"
    # The entry itself stays as it was recorded.
    kept = acme.get(f"/audit/events?ownedById={ADA}").body["data"]
    recorded, voided = (one for one in kept if one["entryId"] == entry)
    assert (recorded["payload"]["entry"]["owner_id"], voided["type"]) == (ADA, log.event)
