"""The read tables of a moment: folded in memory from events as they were, and read with the queries of today."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from domain.engagement import first_entry
from domain.events import Recorded
from domain.ids import slice_of
from domain.time_travel import as_it_was, known_by
from projections import PROJECTIONS
from projections.change import Projection
from projections.database import Reader
from projections.listing import Listed, Page
from projections.memory_tables import Row, expression, rows_of

Found = TypeVar("Found")
History = Callable[[UUID], Sequence[Recorded]]


class When(NamedTuple):
    """A moment that is asked about: what was true at `as_of`, what had been recorded by `known_at`. One is given."""

    as_of: datetime | None
    known_at: datetime | None

    @property
    def question(self) -> datetime:
        """The time of the question: what follows from time alone is worked out for it."""
        moment = self.as_of or self.known_at
        if moment is None:
            raise ValueError("a moment is needed")
        return moment


class PastReader(Reader):
    """Reads tables of a moment in the place of the read tables. Common table expressions take their names."""

    def __init__(self, reader: Reader, tables: Mapping[Projection, Sequence[Row]], through: datetime) -> None:
        self._reader, self.through = reader, through
        self._parameters: dict[str, Any] = {
            "past_tables": [one.name for one in tables],
            "past_versions": [one.version for one in tables],
            "past_through": through,
        }
        expressions = [CHECKPOINTS]
        for projection, rows in tables.items():
            text, parameters = expression(projection, rows)
            expressions.append(text)
            self._parameters |= parameters
        self._with = ", ".join(expressions)

    @property
    def slices(self) -> int:
        """Into how many slices the log is cut."""
        return self._reader.slices

    def rows(self, row_type: type[Found], query: str, parameters: dict[str, Any]) -> list[Found]:
        """All rows."""
        return self._reader.rows(row_type, self._of_then(query), {**parameters, **self._parameters})

    def row(self, row_type: type[Found], query: str, parameters: dict[str, Any]) -> Found | None:
        """The first row, or None."""
        return self._reader.row(row_type, self._of_then(query), {**parameters, **self._parameters})

    def value(self, query: str, parameters: dict[str, Any] | None = None) -> Any:
        """The first column of the first row, or None."""
        return self._reader.value(self._of_then(query), {**(parameters or {}), **self._parameters})

    def _of_then(self, query: str) -> str:
        own = query.lstrip().removeprefix(RECURSIVE)
        if own != query.lstrip():
            return f"{RECURSIVE} {self._with}, {own}"
        return f"WITH {self._with} {query}"


RECURSIVE = "WITH RECURSIVE"

# The tables hold what the log held before they were folded.
CHECKPOINTS = """
    checkpoints AS (
        SELECT projection, version, slice, -1::bigint AS position, %(past_through)s::timestamptz AS through
        FROM slices
        CROSS JOIN unnest(%(past_tables)s::text[], %(past_versions)s::integer[]) AS told (projection, version)
    )
"""


def reader_of(
    reader: Reader, history: History, streams: Iterable[UUID], when: When, tables: Iterable[str]
) -> PastReader:
    """What reads these engagements, and their definitions, as they were then. `history` reads a stream of the log."""
    through: datetime = reader.value("SELECT statement_timestamp()")
    return PastReader(reader, tables_of(reader, history, streams, when, tables), through)


def tables_of(
    reader: Reader, history: History, streams: Iterable[UUID], when: When, tables: Iterable[str]
) -> dict[Projection, list[Row]]:
    """The rows of these engagements, and of their definitions, as they were then."""
    found: dict[Projection, list[Row]] = {one: [] for one in PROJECTIONS if one.name in set(tables)}
    definitions: dict[UUID, Sequence[Recorded]] = {}
    for stream in streams:
        events = history(stream)
        about = _definition_of(events)
        if about not in definitions:
            definitions[about] = history(about)
        then = as_it_was(events, definitions[about], as_of=when.as_of, known_at=when.known_at)
        _add(found, stream, then, reader.slices)
    for about, events in definitions.items():
        _add(found, about, _defined(events, when), reader.slices)
    return found


def then_known(events: Sequence[Recorded], when: When) -> Sequence[Recorded]:
    """Of a stream in which everything happened when it was recorded, what there was then."""
    return known_by(known_by(events, when.known_at), when.as_of)


def merged(pages: Sequence[Listed[Any]], page: Page) -> Listed[Any]:
    """One page of several lists, each of which was asked for `whole(page)`."""
    rows = [row for one in pages for row in one.rows]
    rows.sort(key=lambda row: (getattr(row, page.sort), row.id), reverse=page.descending)
    end = page.offset + page.limit
    more = len(rows) > end or any(one.more for one in pages)
    return Listed(rows[page.offset : end], more, sum(one.total or 0 for one in pages))


def whole(page: Page) -> Page:
    """A page together with those before it."""
    return page._replace(offset=0, limit=page.offset + page.limit)


def _add(tables: dict[Projection, list[Row]], stream: UUID, events: Sequence[Recorded], slices: int) -> None:
    for projection, rows in tables.items():
        rows += rows_of(projection, events, slice_of(stream, slices))


def _definition_of(events: Sequence[Recorded]) -> UUID:
    """The stream of the definition that an engagement is about."""
    stream: UUID = first_entry(events).stream_of_definition(events[0].tenant)
    return stream


def _defined(events: Sequence[Recorded], when: When) -> Sequence[Recorded]:
    """What a definition said then. One that was made after what was logged to it (history was loaded) has its first."""
    return then_known(events, when) or events[:1]
