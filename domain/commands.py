"""What may be asked of the domain: frozen values in the imperative."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Protocol
from uuid import UUID

import msgspec

from domain import ids
from domain.vocabulary import OwnerStatus, Slug


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Something that may be refused."""


class LogEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """This owner did this, then. Immutable; recorded once under its `unique_identifier`."""

    definition_id: UUID
    owner_id: str
    activity_at: datetime
    unique_identifier: str
    activity_id: str | None = None
    activity_value: Decimal | None = None
    attributes: dict[str, str | int | float | bool | None] = {}
    slug: Slug = Slug.CHALLENGE

    NAMED_BY: ClassVar[str] = "definition_id"

    def engagement_id(self, tenant: str) -> UUID:
        """The stream of this owner on this definition."""
        return ids.engagement_id(tenant, self.definition_id, self.owner_id, self.slug)

    def stream_of_definition(self, tenant: str) -> UUID:
        """The stream of the definition."""
        return ids.definition_id(tenant, self.slug, self.definition_id)

    def engaged(self) -> dict[str, Any]:
        """What an engagement that begins with this entry is about."""
        return {"definition_id": self.definition_id, "owner_id": self.owner_id}


class Entry(Protocol):
    """What is logged, whatever it is about. `NAMED_BY` is the field that names its definition."""

    NAMED_BY: ClassVar[str]

    @property
    def slug(self) -> Slug: ...
    @property
    def owner_id(self) -> str: ...
    @property
    def activity_at(self) -> datetime: ...
    @property
    def unique_identifier(self) -> str: ...
    def engagement_id(self, tenant: str) -> UUID: ...
    def stream_of_definition(self, tenant: str) -> UUID: ...
    def engaged(self) -> dict[str, Any]: ...


class VoidEntry(Command, frozen=True, kw_only=True):
    """Take an entry back: it stays in the log, its effect goes (RULES 7). `slug`: only if it is one of this kind."""

    entry_id: UUID
    reason: str
    actor: str
    slug: Slug | None = None


class Define(Command, frozen=True, kw_only=True):
    """Make a definition, with the given fields of its kind."""

    id: UUID | str
    slug: Slug
    fields: dict[str, Any]


class Redefine(Command, frozen=True, kw_only=True):
    """Change some fields of a definition; runs in progress keep the rules they started with."""

    id: UUID | str
    slug: Slug
    changes: dict[str, Any]


class AddMilestone(Command, frozen=True, kw_only=True):
    """Add a reward checkpoint to a definition."""

    id: UUID
    slug: Slug
    definition_id: UUID
    fields: dict[str, Any]


class ChangeMilestone(Command, frozen=True, kw_only=True):
    """Change some fields of a milestone."""

    id: UUID
    slug: Slug
    definition_id: UUID
    changes: dict[str, Any]


class ChangeReward(Command, frozen=True, kw_only=True):
    """Note on a reward what the tenant did with it."""

    reward_id: UUID
    definition_id: UUID
    owner_id: str
    changes: dict[str, Any]
    slug: Slug = Slug.CHALLENGE


class KeepUser(Command, frozen=True, kw_only=True):
    """Create an end user, or change the given personal data and status. `id` or `external_id` names the user.

    `anew`: also if they were erased.
    """

    id: str | None = None
    external_id: str | None = None
    status: OwnerStatus | None = None
    personal: dict[str, str | None] = {}
    anew: bool = False


class EraseUser(Command, frozen=True, kw_only=True):
    """Forget the personal data of an end user, for ever; what they did stays under their id."""

    id: str
    actor: str
