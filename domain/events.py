"""What every event has: a frozen body, and the envelope that it is recorded in."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec
from eventsourcing.utils import register_topic


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A fact, in the past tense. It carries results, so that nobody downstream works them out again.

    `TOPIC` is the stable name that rows carry. A changed shape gets a higher `class_version` and a static method
    `upcast_v1_v2(state)`; rows are never edited.
    """

    TOPIC: ClassVar[str]
    class_version: ClassVar[int] = 1

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "TOPIC" in cls.__dict__:
            register_topic(cls.TOPIC, cls)


class Voided(Event, frozen=True, kw_only=True):
    """An entry was taken back (RULES 7). What that means, each kind of entry adds."""

    entry_id: UUID
    reason: str
    actor: str
    voided_at: datetime


class Recorded(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An event in its stream: where, when and for whom it was recorded."""

    originator_id: UUID
    originator_version: int
    tenant: str
    recorded_at: datetime
    event: Event
    entry_id: UUID | None = None
    position: int = 0
