"""Read tables in memory: folded from some events, and written as common table expressions that take their names."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from domain.events import Recorded
from projections.change import Projection
from projections.log_reading import classes_read
from projections.tables import merge

Row = Mapping[str, Any]

COLUMN = re.compile(r"^ +(\w+) +(\w+)( +NOT NULL)?,?$", re.MULTILINE)
encode = msgspec.json.Encoder(decimal_format="number").encode


def rows_of(projection: Projection, events: Iterable[Recorded], slice_number: int) -> list[Row]:
    """The rows that the events of a slice make, by column."""
    columns, fixed, read = _columns(projection), ("slice", *projection.key), classes_read(projection.events)
    needed = {name for name, (_, needed) in columns.items() if needed and name not in fixed}
    told = (one for one in events if not read or type(one.event) in read)
    return [
        {"slice": slice_number, **dict(zip(projection.key, change.key, strict=True)), **change.columns}
        for change in merge(change for one in told for change in projection.rows(one)).values()
        # Columns of a row that is not there change nothing.
        if not change.gone and needed <= change.columns.keys()
    ]


def expression(projection: Projection, rows: Sequence[Row]) -> tuple[str, dict[str, Any]]:
    """A common table expression with these rows under the table's own name, and its parameters.

    A column that is the same in all rows is written as a value: the planner takes a condition on it for what it is,
    and not for one that leaves next to nothing.
    """
    types = {name: type_ for name, (type_, _) in _columns(projection).items()}
    same = {name: rows[0].get(name) if rows else None for name in types if len(_values(rows, name)) < 2}
    told = f"past_{projection.name}"
    selected = [f"%({told}_{name})s::{types[name]} AS {name}" if name in same else name for name in types]
    source = _source(told, {name: type_ for name, type_ in types.items() if name not in same}, bool(rows))
    varied = [{name: _json(types[name], row.get(name)) for name in types if name not in same} for row in rows]
    parameters = {f"{told}_{name}": value for name, value in same.items()}
    return f"{projection.name} AS NOT MATERIALIZED (SELECT {', '.join(selected)} {source})", {
        **parameters,
        told: encode(varied).decode(),
    }


def select(projection: Projection, condition: str) -> str:
    """A query of the rows of a read table, in the form that `expression` takes. `condition` is SQL."""
    columns = ", ".join(
        f"{name}::text AS {name}" if type_ == "jsonb" else name for name, (type_, _) in _columns(projection).items()
    )
    return f"SELECT {columns} FROM {projection.name} WHERE {condition}"


def _values(rows: Sequence[Row], name: str) -> list[Any]:
    """One or two different values of a column."""
    first = rows[0].get(name) if rows else None
    return [first, *[row.get(name) for row in rows if row.get(name) != first][:1]]


def _source(told: str, varied: Mapping[str, str], there: bool) -> str:
    if not varied:
        # One row, of which everything is said already, or none.
        return "" if there else "WHERE false"
    columns = ", ".join(f"{name} {type_}" for name, type_ in varied.items())
    return f"FROM jsonb_to_recordset(%({told})s::jsonb) AS told ({columns})"


@cache
def _columns(projection: Projection) -> dict[str, tuple[str, bool]]:
    """The columns of a read table: the type of each, and whether a row must have it."""
    return {name: (type_, bool(needed)) for name, type_, needed in COLUMN.findall(projection.table)}


def _json(type_: str, value: Any) -> Any:
    return msgspec.Raw(value) if type_ == "jsonb" and value is not None else value
