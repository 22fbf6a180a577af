"""What an event changes in a read table, and what a read model is."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from domain.events import Event, Recorded

Key = tuple[Any, ...]


class Change:
    """The columns of one row that an event sets, or that the row goes."""

    __slots__ = ("columns", "gone", "key")

    def __init__(self, *key: Any, gone: bool = False, **columns: Any) -> None:
        self.key: Key = key
        self.gone = gone
        self.columns = columns


def schema_of(name: str, version: int) -> str:
    """The schema of the database that holds a version of a read table."""
    return f"{name}_v{version}"


class Projection(NamedTuple):
    """A read model: a table, the columns that find a row beside its slice, and what events change in it.

    A changed table or a changed `rows` gets the next version (`projections.versions`). `events` are the classes that
    `rows` looks at, so that others need not be decoded for it; none means all.
    """

    name: str
    version: int
    key: tuple[str, ...]
    table: LiteralString
    rows: Callable[[Recorded], Iterable[Change]]
    events: tuple[type[Event], ...] = ()

    @property
    def schema(self) -> str:
        """The schema of the database that holds this version's table."""
        return schema_of(self.name, self.version)


def ranges(stretches: Iterable[tuple[datetime, datetime | None]]) -> str:
    """Stretches of time as PostgreSQL reads a multirange of them; one without an end is open."""
    return "{" + ",".join(f"[{start.isoformat()},{end.isoformat() if end else ''})" for start, end in stretches) + "}"


def another_version(recorded: Recorded, identifier: UUID | str, **columns: Any) -> Change:
    """What every event of a thing that tenants define sets in its row, with these columns."""
    return Change(
        recorded.tenant,
        identifier,
        version=recorded.originator_version,
        updated_at=recorded.recorded_at,
        **columns,
    )
