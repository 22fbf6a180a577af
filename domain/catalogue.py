"""The catalogue: what there is to train. An item is an aggregate: topics and scenarios, and what they lie under."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

import msgspec

from domain import definition, texts
from domain.definition import DefinitionCommand, DefinitionKind
from domain.definitions import text_complaints
from domain.errors import DefinitionNotFound
from domain.events import Event
from domain.vocabulary import ContentArea, DefinitionStatus

MAX_ITEMS = 10_000
MAX_COUNT = 10_000


class CatalogueKind(StrEnum):
    """The kinds of items: practice has category > module > topic, learn has course > scenario (RULES 8)."""

    CATEGORY = "category"
    MODULE = "module"
    TOPIC = "topic"
    COURSE = "course"
    SCENARIO = "scenario"
    CUSTOM_COURSE = "custom-course"


# What an item of a kind lies under.
PARENTS = {
    CatalogueKind.MODULE: CatalogueKind.CATEGORY,
    CatalogueKind.TOPIC: CatalogueKind.MODULE,
    CatalogueKind.SCENARIO: CatalogueKind.COURSE,
}
AREAS = {
    CatalogueKind.CATEGORY: ContentArea.PRACTICE,
    CatalogueKind.MODULE: ContentArea.PRACTICE,
    CatalogueKind.TOPIC: ContentArea.PRACTICE,
    CatalogueKind.COURSE: ContentArea.LEARN,
    CatalogueKind.SCENARIO: ContentArea.LEARN,
}


class CatalogueFields(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is said of an item. A topic says its `total_challenges`, a scenario its `total_steps`.

    `parent_id` is what it lies under; `items` are the topics or the scenarios of a custom course. An archived item
    counts for no assignment any more.
    """

    kind: CatalogueKind
    title: str
    parent_id: str | None = None
    total_challenges: int | None = None
    total_steps: int | None = None
    content_area: ContentArea | None = None
    items: tuple[str, ...] = ()
    status: DefinitionStatus = DefinitionStatus.LIVE

    @property
    def area(self) -> ContentArea:
        """Whether it is practised or learned."""
        return AREAS.get(self.kind) or self.content_area or ContentArea.PRACTICE


class CatalogueItemDefined(Event, frozen=True, kw_only=True):
    """An item was added to the catalogue."""

    TOPIC = "CatalogueItemDefined"
    item_id: str
    fields: CatalogueFields


class CatalogueItemChanged(Event, frozen=True, kw_only=True):
    """Some fields of an item changed; `fields` is the result."""

    TOPIC = "CatalogueItemChanged"
    item_id: str
    changed: tuple[str, ...]
    fields: CatalogueFields


class CatalogueItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An item as its events tell it. `version` counts its changes."""

    id: str
    version: int
    fields: CatalogueFields

    @property
    def rules(self) -> None:
        """What an entry is judged by is in the fields."""


def catalogue_complaints(fields: CatalogueFields) -> Iterator[tuple[str, str]]:
    """What is wrong with an item, as (field, message)."""
    yield from text_complaints("title", fields.title, texts.MAX_NAME_LENGTH, 1)
    if fields.status not in (DefinitionStatus.LIVE, DefinitionStatus.ARCHIVED):
        yield "status", "must be live or archived"
    if fields.parent_id is not None and fields.kind not in PARENTS:
        yield "parent_id", f"a {fields.kind} lies under nothing"
    yield from text_complaints("parent_id", fields.parent_id or "", texts.MAX_NAME_LENGTH)
    yield from _count_complaints("total_challenges", fields.total_challenges, fields.kind is CatalogueKind.TOPIC)
    yield from _count_complaints("total_steps", fields.total_steps, fields.kind is CatalogueKind.SCENARIO)
    custom = fields.kind is CatalogueKind.CUSTOM_COURSE
    if custom and fields.content_area is None:
        yield "content_area", "is needed for a custom course: practice or learn"
    elif not custom and fields.content_area not in (None, AREAS[fields.kind]):
        yield "content_area", f"of a {fields.kind} is {AREAS[fields.kind]}"
    if fields.items and not custom:
        yield "items", "belong to a custom course only"
    if len(fields.items) > MAX_ITEMS:
        yield "items", f"must be at most {MAX_ITEMS}"
    for one in fields.items:
        yield from text_complaints("items", one, texts.MAX_NAME_LENGTH, 1)


def total_of(item: CatalogueItem, kind: CatalogueKind, field: str) -> int:
    """How many challenges a topic has, how many steps a scenario. Raises DefinitionNotFound, by the field that names
    the item, when it is of another kind.
    """
    total = item.fields.total_challenges if kind is CatalogueKind.TOPIC else item.fields.total_steps
    if item.fields.kind is not kind or total is None:
        message = f"there is no {kind} {item.id!r}: it is a {item.fields.kind}"
        raise DefinitionNotFound(message, {field: [message]})
    return total


def _count_complaints(field: str, count: int | None, wanted: bool) -> Iterator[tuple[str, str]]:
    if wanted and count is None:
        yield field, "is needed"
    elif not wanted and count is not None:
        yield field, "belongs to topics only" if field == "total_challenges" else "belongs to scenarios only"
    elif count is not None and not 1 <= count <= MAX_COUNT:
        yield field, f"must be from 1 to {MAX_COUNT}"


KIND = DefinitionKind(
    noun="catalogue item",
    identified="item_id",
    state=CatalogueItem,
    fields=CatalogueFields,
    complaints=catalogue_complaints,
    defined=CatalogueItemDefined,
    changed=CatalogueItemChanged,
    fixed=("kind", "content_area"),
)


def decide(item: CatalogueItem | None, command: DefinitionCommand, now: datetime) -> Iterator[Event]:
    """Yield what follows from a command on an item. Raises InvalidInput by field, AlreadyExists, NotFound."""
    return definition.decide(KIND, item, command, now)


def evolve(item: CatalogueItem | None, event: Event, recorded_at: datetime) -> CatalogueItem | None:
    """Fold one event. Refuses nothing: it runs again on every replay."""
    return definition.evolve(KIND, item, event)
