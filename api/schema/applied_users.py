"""Users of an applied document: which of them are new, and what changes of the others."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any, NamedTuple

from api.schema.account_user import PERSONAL
from domain.application import ProgressLog
from domain.commands import KeepUser
from domain.vocabulary import OwnerStatus
from projections import records
from projections.database import Reader
from projections.records import ACCOUNT_USER, Row


class UserPlan(NamedTuple):
    """A user as the document wants it: its id, its row as it stands, and what changes of it."""

    id: str
    before: Row | None
    changes: Mapping[str, Any]

    @property
    def command(self) -> KeepUser:
        """What has to be said; without changes there is nothing to say."""
        changes = self.changes
        return KeepUser(
            id=self.id,
            external_id=changes.get("external_id"),
            status=OwnerStatus(changes["status"]) if "status" in changes else None,
            personal={name: changes[name] for name in PERSONAL if name in changes},
        )


def plan_users(
    log: ProgressLog, tenant: str, users: Sequence[Mapping[str, Any]], errors: dict[str, list[str]]
) -> list[UserPlan]:
    """What becomes of the users. A wrong one is noted in `errors` by its path."""
    if not users:
        return []
    external_ids = [one["external_id"] for one in users]
    with closing(Reader(str(log.env["DATABASE_URL"]), pool_size=1)) as reader:
        named = records.users_named(reader, tenant, external_ids)
        others = records.with_ids(reader, ACCOUNT_USER, tenant, [_id(log, tenant, one) for one in users])
    plans = []
    for index, (said, external_id) in enumerate(zip(users, external_ids, strict=True)):
        if external_id in external_ids[:index]:
            errors[f"users[{index}].externalId"] = [f"{external_id!r} is there twice"]
        row = named.get(external_id)
        if row and "id" in said and row["id"] != str(said["id"]):
            errors[f"users[{index}].externalId"] = [f"is that of user {row['id']}"]
        if row is None and (other := others.get(_id(log, tenant, said))):
            row = other
            if other["erased_at"] is not None:
                errors[f"users[{index}]"] = ["was erased: take the user out, or register them anew with the api first"]
            elif other["external_id"] is not None:
                errors[f"users[{index}].id"] = [f"is that of the user {other['external_id']!r}"]
        changes = {name: value for name, value in said.items() if name != "id" and (row or {}).get(name, ...) != value}
        plans.append(UserPlan(row["id"] if row else _id(log, tenant, said), row, changes))
    return plans


def _id(log: ProgressLog, tenant: str, said: Mapping[str, Any]) -> str:
    return str(said["id"]) if "id" in said else log.user_id(tenant, said["external_id"])
