"""What an event changes in a read table, and what a read model is."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from domain.events import Recorded

Key = tuple[Any, ...]


class Change:
    """The columns of one row that an event sets, or that the row goes."""

    __slots__ = ("columns", "gone", "key")

    def __init__(self, *key: Any, gone: bool = False, **columns: Any) -> None:
        self.key: Key = key
        self.gone = gone
        self.columns = columns


class Projection(NamedTuple):
    """A read model: a table, the columns that find a row beside its slice, and what events change in it.

    A changed table or a changed `rows` gets the next `version`; the table is then filled anew.
    """

    name: str
    version: int
    key: tuple[str, ...]
    table: str
    rows: Callable[[Recorded], Iterable[Change]]
