"""What an auditor asks for: an engagement, by whose it is or by one of its progress records, as it was at a moment."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from marshmallow import validate

from api import state
from api.fields import CANONICAL, Id, Query, WholeNumber, Word
from api.time_travel import asked
from domain.application import ProgressLog
from domain.errors import NotFound
from domain.past import About, Past, past_of, pasts
from domain.vocabulary import Slug
from projections import engagements
from projections.database import Reader
from projections.time_travel import When

MAX_INDEX = 10_000


class Name(Word):
    """What somebody or something is called."""

    def __init__(self, description: str, longest: int) -> None:
        length = validate.Length(1, longest, error="must have {min} to {max} characters")
        whole = validate.ContainsNoneOf("\x00", error="must not hold the character U+0000")
        super().__init__(description, required=True, validate=[length, whole])


# The attributes are called like the path parameters: a path is read field by field.
EngagementPath: Any = Query.from_dict(
    {
        "definitionId": Name("The challenge or streak; the topic or scenario.", 256),
        "ownerId": Name("The end user, as log entries call them.", 200),
    },
    name="EngagementPath",
)


class ProgressPath(Query):
    """Which progress record."""

    id = Id(
        required=True,
        metadata={"description": "A challenge or streak progress record, or the engagement itself by its stream's id."},
    )


CHALLENGE_INDEX = WholeNumber(
    data_key="challengeIndex",
    validate=validate.Range(0, MAX_INDEX, error="must be {min} to {max}"),
    metadata={
        "description": "Of a topic: the challenge, by its index. Without it, all challenges of the topic that the "
        "owner has entries on."
    },
)


class Asked(NamedTuple):
    """The engagements that were found, the moment at which they are told, and the run that was asked for by its id.

    `when` is the moment that was asked about; None for now.
    """

    pasts: list[Past]
    moment: datetime
    when: When | None
    run_id: UUID | None = None


def of_engagement(path: dict[str, Any], query: dict[str, Any]) -> Asked:
    """What an owner has on a definition. Raises NotFound when nothing was ever logged there."""
    log, reader, tenant = state.progress_log(), state.reader(), state.caller().tenant
    index = query.get("challenge_index")
    found = engagements_of(log, reader, tenant, path["definitionId"], path["ownerId"], index)
    return as_it_was(found, state.now(), asked(query))


def of_progress(path: dict[str, Any], query: dict[str, Any]) -> Asked:
    """The engagement of a progress record. Raises NotFound when the tenant has no record with this id."""
    tenant, identifier = state.caller().tenant, path["id"]
    engaged = engagements.of_record(state.reader(), tenant, identifier)
    if engaged is not None:
        about = About(slug=Slug(engaged.slug), definition_id=str(engaged.definition_id), owner_id=engaged.owner_id)
        found = pasts(state.progress_log(), tenant, [about])
        return as_it_was(found, state.now(), asked(query), identifier)
    past = past_of(state.progress_log(), tenant, identifier)
    if past is None:
        raise NotFound(f"there is no progress record {identifier}")
    return as_it_was([past], state.now(), asked(query))


def engagements_of(
    log: ProgressLog, reader: Reader, tenant: str, definition: str, owner: str, index: int | None = None
) -> list[Past]:
    """The engagements of an owner with whatever is called so. Raises NotFound when there is none."""
    found = pasts(log, tenant, _candidates(reader, tenant, definition, owner, index))
    if not found:
        raise NotFound(f"owner {owner!r} has no engagement with {definition!r}")
    return found


def as_it_was(found: list[Past], now: datetime, when: When | None, run_id: UUID | None = None) -> Asked:
    """What was found, as it was at the moment that is asked about."""
    if when is None:
        return Asked(found, now, None, run_id)
    return Asked([one.as_it_was(**when._asdict()) for one in found], when.question, when, run_id)


def _candidates(reader: Reader, tenant: str, definition: str, owner: str, index: int | None) -> Iterator[About]:
    """Ids of items of the catalogue are names, and may look like those of challenges and streaks."""
    tried = [index] if index is not None else engagements.challenges_tried(reader, tenant, owner, definition)
    for one in tried:
        yield About(slug=Slug.PRACTICE, definition_id=definition, owner_id=owner, challenge_index=one)
    if index is not None:
        return
    yield About(slug=Slug.LEARN, definition_id=definition, owner_id=owner)
    if CANONICAL.fullmatch(definition):
        for slug in (Slug.CHALLENGE, Slug.STREAK):
            yield About(slug=slug, definition_id=str(UUID(definition)), owner_id=owner)
