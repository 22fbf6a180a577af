"""Time travel: the parameters that ask for another moment, and what reads the tables of that moment."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from api import state
from api.fields import Moment, Query
from domain.errors import invalid
from domain.vocabulary import Slug
from projections import assignments_then, owner_streams
from projections.time_travel import PastReader, When, reader_of

AS_OF = (
    "Asks what was true at this moment, with all that is known now: what had happened by then, whenever it was "
    "recorded. Answered from the log. Personal data is that of today."
)
KNOWN_AT = (
    "Asks what had been recorded by this moment: the answer that was given then. Together with `{as_of}`: what was "
    "true at that moment, as far as it was known at this one."
)
NAMES = ("asOf", "knownAt")


def moments(names: tuple[str, str] = NAMES, condition: str = "") -> dict[str, Any]:
    """The fields of a query that ask for another moment, under the names of a dialect; `condition` is said of both."""
    said = {"as_of": AS_OF, "known_at": KNOWN_AT.format(as_of=names[0])}
    return {
        attribute: Moment(
            data_key=name,
            metadata={"description": f"{said[attribute]}{condition}", "examples": ["2026-04-03T10:00:00Z"]},
        )
        for attribute, name in zip(said, names, strict=True)
    }


MomentQuery: Any = Query.from_dict(moments(), name="MomentQuery")


def asked(query: Mapping[str, Any], names: tuple[str, str] = NAMES) -> When | None:
    """The moment that a query asks about, in UTC; None when it asks about now. Raises InvalidInput for the future."""
    found = (query.get("as_of"), query.get("known_at"))
    when = When(*(moment and _in_utc(name, moment) for name, moment in zip(names, found, strict=True)))
    for name, moment in zip(names, when, strict=True):
        if moment is not None and moment > state.now():
            raise invalid(name, "must not be in the future")
    return None if when == (None, None) else when


def of_owner(when: When, owner_id: str, slug: Slug, tables: Iterable[str]) -> PastReader:
    """What reads an owner's progress of that moment. Each engagement's own stream of the log is read."""
    return _reader(owner_streams.of_owner(state.reader(), state.caller().tenant, owner_id, slug), when, tables)


def each_of_owner(
    when: When, owner_id: str, slug: Slug, definition_id: UUID | None, tables: Collection[str]
) -> list[PastReader]:
    """The same, for each engagement alone: without indexes, the runs of one are not to be looked for among all."""
    streams = owner_streams.of_owner(state.reader(), state.caller().tenant, owner_id, slug, definition_id)
    return [_reader([stream], when, tables) for stream in streams] or [_reader([], when, tables)]


def assignments_of(when: When, owner_id: str) -> PastReader:
    """What reads a user's assignments of that moment, of which the whole training of the user is a part."""
    reader, tenant = state.reader(), state.caller().tenant
    streams = [
        stream
        for slug in (Slug.PRACTICE, Slug.LEARN)
        for stream in owner_streams.of_owner(reader, tenant, owner_id, slug)
    ]
    return assignments_then.reader_of(reader, state.progress_log().history, tenant, owner_id, streams, when)


def of_run(when: When, run_id: UUID, tables: Iterable[str]) -> PastReader:
    """What reads one progress record of that moment."""
    return _reader(owner_streams.of_run(state.reader(), state.caller().tenant, run_id), when, tables)


def _in_utc(name: str, moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise invalid(name, "must be within the years 1 to 9999 in UTC") from None


def _reader(streams: Iterable[UUID], when: When, tables: Iterable[str]) -> PastReader:
    history: Callable[[UUID], Any] = state.progress_log().history
    return reader_of(state.reader(), history, streams, when, tables)
