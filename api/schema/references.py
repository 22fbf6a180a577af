"""References: what a definition names must be there, and be what it is named as."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from domain.application import Definition, ProgressLog
from domain.assignment import Assignee, Assignment
from domain.catalogue import PARENTS, CatalogueItem, CatalogueKind
from domain.errors import InvalidInput
from domain.vocabulary import ContentArea, Slug

PRACTISED_OR_LEARNED = {ContentArea.PRACTICE: CatalogueKind.TOPIC, ContentArea.LEARN: CatalogueKind.SCENARIO}

Known = Mapping[tuple[Slug, UUID | str], Definition]


class Reference(NamedTuple):
    """A field that names something of a kind; of the catalogue, something of an area where `area` says so."""

    field: str
    slug: Slug
    id: UUID | str
    kind: str
    area: ContentArea | None = None

    def met_by(self, found: Any) -> bool:
        """Whether that is what was meant."""
        if not isinstance(found, CatalogueItem):
            return found is not None
        return found.fields.kind == self.kind and self.area in (None, found.fields.area)


def references_of(definition: Definition) -> Iterator[Reference]:
    """What a definition names."""
    match definition:
        case CatalogueItem(fields=item):
            if item.parent_id is not None:
                yield Reference("parent_id", Slug.CATALOGUE, item.parent_id, PARENTS[item.kind])
            kind = PRACTISED_OR_LEARNED[item.area]
            yield from (Reference("items", Slug.CATALOGUE, one, kind) for one in item.items)
        case Assignment(fields=asked):
            yield Reference("target_id", Slug.CATALOGUE, asked.target_id, asked.target_type, asked.content_area)
            if asked.assignee_type is Assignee.TEAM and asked.assignee_id is not None:
                yield Reference("assignee_id", Slug.TEAM, UUID(asked.assignee_id), "team")


def dangling(
    log: ProgressLog, tenant: str, definition: Definition, now: datetime, planned: Known | None = None
) -> dict[str, list[str]]:
    """What a definition names and the tenant does not have, by field. `planned` is what there will be beside it."""
    errors: dict[str, list[str]] = {}
    for one in references_of(definition):
        found = (planned or {}).get((one.slug, one.id)) or log.definition(tenant, one.slug, one.id, now=now)
        if not one.met_by(found):
            area = f" of {one.area}" if one.kind == CatalogueKind.CUSTOM_COURSE and one.area else ""
            errors.setdefault(one.field, []).append(f"there is no {one.kind}{area} {one.id}")
    return errors


def refuse_dangling(log: ProgressLog, tenant: str, definition: Definition, now: datetime) -> None:
    """Raises InvalidInput that names every field that names nothing."""
    errors = dangling(log, tenant, definition, now)
    if errors:
        raise InvalidInput("; ".join(f"{field}: {', '.join(found)}" for field, found in errors.items()), errors)
