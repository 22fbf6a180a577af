"""Paths of the streaks dialect: whose streaks, of which user, which one; and at which moment."""

from typing import Any

from marshmallow import validate

from api import state, time_travel
from api.access.refusals import AccessRefused
from api.fields import Id, Query, Word

MAX_LENGTH = 200


class Name(Word):
    """What a tenant or a user is called."""

    def __init__(self, description: str) -> None:
        length = validate.Length(1, MAX_LENGTH, error="must have {min} to {max} characters")
        whole = validate.ContainsNoneOf("\x00", error="must not hold the character U+0000")
        super().__init__(description, required=True, validate=[length, whole])


class TenantPath(Query):
    """Whose streaks."""

    tenant_id = Name("The tenant of the credential.")


class UserPath(TenantPath):
    """Of which user."""

    user_id = Name("The user, as events call them.")


class StreakPath(UserPath):
    """Which one."""

    definition_id = Id(required=True, metadata={"description": "The streak's definition."})


class NoQuery(Query):
    """No parameters: one that is given is refused by its name."""


MOMENTS = ("as_of", "known_at")
MomentQuery: Any = Query.from_dict(time_travel.moments(MOMENTS), name="MomentQuery")


def own_tenant(path: dict[str, Any]) -> str:
    """The tenant of the path. Raises AccessRefused when it is not that of the credential."""
    tenant: str = path["tenant_id"]
    if tenant != state.caller().tenant:
        raise AccessRefused(f"the credential is not one of tenant {tenant!r}")
    return tenant
