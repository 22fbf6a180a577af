"""An assignment: something of the catalogue that a user, a team or the organisation is to complete (RULES 8)."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from domain import definition, texts
from domain.catalogue import CatalogueKind
from domain.definition import DefinitionCommand, DefinitionKind
from domain.definitions import text_complaints
from domain.events import Event
from domain.vocabulary import ContentArea


class Assignee(StrEnum):
    """Whom an assignment is for. An organisation is the tenant."""

    USER = "user"
    TEAM = "team"
    ORGANISATION = "org"


class AssignmentFields(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is said of an assignment. One that is not active is listed no longer; progress is kept."""

    content_area: ContentArea
    target_type: CatalogueKind
    target_id: str
    assignee_type: Assignee
    assignee_id: str | None = None
    deadline: datetime | None = None
    is_mandatory: bool = False
    note: str | None = None
    is_active: bool = True


class AssignmentDefined(Event, frozen=True, kw_only=True):
    """An assignment was made."""

    TOPIC = "AssignmentDefined"
    assignment_id: UUID
    fields: AssignmentFields


class AssignmentChanged(Event, frozen=True, kw_only=True):
    """Some fields of an assignment changed; `fields` is the result."""

    TOPIC = "AssignmentChanged"
    assignment_id: UUID
    changed: tuple[str, ...]
    fields: AssignmentFields


class Assignment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An assignment as its events tell it. `version` counts its changes."""

    id: UUID
    version: int
    fields: AssignmentFields


# What an assignment may ask for, by area (RULES 8).
TARGETS = {
    ContentArea.PRACTICE: (
        CatalogueKind.CATEGORY,
        CatalogueKind.MODULE,
        CatalogueKind.TOPIC,
        CatalogueKind.CUSTOM_COURSE,
    ),
    ContentArea.LEARN: (CatalogueKind.COURSE, CatalogueKind.SCENARIO, CatalogueKind.CUSTOM_COURSE),
}


def assignment_complaints(fields: AssignmentFields) -> Iterator[tuple[str, str]]:
    """What is wrong with an assignment, as (field, message)."""
    if fields.target_type not in TARGETS[fields.content_area]:
        yield "target_type", f"of {fields.content_area} is one of {', '.join(TARGETS[fields.content_area])}"
    yield from text_complaints("target_id", fields.target_id, texts.MAX_NAME_LENGTH, 1)
    yield from text_complaints("note", fields.note or "", texts.MAX_DESCRIPTION_LENGTH)
    if fields.assignee_type is Assignee.ORGANISATION:
        if fields.assignee_id is not None:
            yield "assignee_id", "is not given for an assignment of the organisation, which is the tenant"
    elif fields.assignee_id is None:
        yield "assignee_id", f"is needed: which {fields.assignee_type}"
    elif fields.assignee_type is Assignee.TEAM and not _is_team_id(fields.assignee_id):
        yield "assignee_id", "must be the id of a team: a UUID in its usual form, in small letters"
    else:
        yield from text_complaints("assignee_id", fields.assignee_id, texts.MAX_OWNER_LENGTH, 1)


def _is_team_id(text: str) -> bool:
    """Whether a text is a UUID as teams are compared with: one team has one spelling."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


KIND = DefinitionKind(
    noun="assignment",
    identified="assignment_id",
    state=Assignment,
    fields=AssignmentFields,
    complaints=assignment_complaints,
    defined=AssignmentDefined,
    changed=AssignmentChanged,
    fixed=("content_area", "target_type", "target_id", "assignee_type", "assignee_id"),
)


def decide(assignment: Assignment | None, command: DefinitionCommand, now: datetime) -> Iterator[Event]:
    """Yield what follows from a command on an assignment. Raises InvalidInput by field, AlreadyExists, NotFound."""
    return definition.decide(KIND, assignment, command, now)


def evolve(assignment: Assignment | None, event: Event, recorded_at: datetime) -> Assignment | None:
    """Fold one event. Refuses nothing: it runs again on every replay."""
    return definition.evolve(KIND, assignment, event)
