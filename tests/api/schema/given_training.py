"""Training as it is given: items of the catalogue, and what Ada logs in them."""

from typing import Any, NamedTuple
from uuid import UUID

import pytest

from tests.api.schema.conftest import ADA, Asker

TEAM_RED = str(UUID(int=0x7ED))
CATALOGUE, TEAM, ASSIGNMENT = (f"/schema/{name}/record" for name in ("catalogue", "team", "assignment"))
COUNTS = {"topic": {"totalChallenges": 5}, "scenario": {"totalSteps": 7}}


def item(identifier: str, kind: str = "topic", **fields: Any) -> dict[str, Any]:
    """An item of the catalogue. `None` leaves a field out."""
    told = {"id": identifier, "kind": kind, "title": identifier.title(), **COUNTS.get(kind, {}), **fields}
    return {name: value for name, value in told.items() if value is not None}


def made(asker: Asker, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """A new record."""
    answer = asker.post(path, body)
    assert answer.status == 201, answer.body
    return answer.body


class Training(NamedTuple):
    """A half of training: what is true of practice and of learning is tested with both."""

    slug: str
    kind: str
    item: str
    said: dict[str, Any]
    row: dict[str, Any] | None

    @property
    def log(self) -> str:
        """Where entries are."""
        return f"/schema/{self.slug}_log/record"

    @property
    def named_by(self) -> str:
        """The field that names what an entry is about."""
        return f"{self.kind}Id"

    def there(self, asker: Asker, **fields: Any) -> None:
        """What entries are about is in the catalogue."""
        made(asker, CATALOGUE, item(self.item, self.kind, **fields))

    def entry(self, name: str = "attempt-1", **changes: Any) -> dict[str, Any]:
        """What Ada did on the third of April. `None` leaves a field out."""
        fields = {
            "ownedById": ADA,
            self.named_by: self.item,
            **self.said,
            "activityAt": "2026-04-03T10:15:00Z",
            "uniqueIdentifier": name,
            **changes,
        }
        return {field: value for field, value in fields.items() if value is not None}

    def logged(self, asker: Asker, *args: Any, **changes: Any) -> dict[str, Any]:
        """The answer to a new entry."""
        return made(asker, self.log, self.entry(*args, **changes))

    def progress(self, body: dict[str, Any]) -> Any:
        """The row in the answer to an entry."""
        return body[f"{self.slug}Progress"]


PRACTICE = Training(
    "practice",
    "topic",
    "sql-injection",
    {"challengeIndex": 0, "phase": 1, "score": 50, "hintUsed": True, "language": "python"},
    None,
)
LEARN = Training(
    "learn",
    "scenario",
    "jwt-tampering",
    {"step": 3},
    {
        "scenarioId": "jwt-tampering",
        "currentStep": 3,
        "totalSteps": 7,
        "status": "started",
        "startedAt": "2026-04-03T10:15:00Z",
        "completedAt": None,
        "lastAccessAt": "2026-04-03T10:15:00Z",
    },
)
both = pytest.mark.parametrize("training", [PRACTICE, LEARN], ids=lambda one: one.slug)
