"""Lists: filters, a sorted page by keyset or offset, and a total when it is asked for."""

from collections.abc import Iterable
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from projections.database import Reader

Row = TypeVar("Row")


class Page(NamedTuple):
    """Which rows of a list: `after` is the sort value and the id of the last row of the page before."""

    sort: str = "created_at"
    descending: bool = True
    limit: int = 20
    offset: int = 0
    after: tuple[Any, UUID | str] | None = None
    with_total: bool = False


class Listed(NamedTuple, Generic[Row]):
    """A page of rows; `more` when another follows; `total` when it was asked for."""

    rows: list[Row]
    more: bool
    total: int | None


def listed(
    reader: Reader, row_type: type[Row], source: str, filters: Iterable[str], parameters: dict[str, Any], page: Page
) -> Listed[Row]:
    """One page of `source`, a SELECT with the columns `id` and the one to sort by.

    `source`, `filters` and `page.sort` are text of this project's own; values travel as parameters.
    """
    conditions = list(filters)
    total = None
    if page.with_total:
        total = int(reader.value(f"SELECT count(*) FROM ({source}) AS record {_where(conditions)}", parameters) or 0)
    if page.after is not None:
        conditions.append(f"({page.sort}, id) {'<' if page.descending else '>'} (%(after)s, %(after_id)s)")
        parameters = {**parameters, "after": page.after[0], "after_id": page.after[1]}
    direction = "DESC" if page.descending else "ASC"
    query = f"""
        SELECT *
        FROM ({source}) AS record
        {_where(conditions)}
        ORDER BY {page.sort} {direction}, id {direction}
        LIMIT %(limit)s
        OFFSET %(offset)s
    """
    found = reader.rows(row_type, query, {**parameters, "limit": page.limit + 1, "offset": page.offset})
    return Listed(found[: page.limit], len(found) > page.limit, total)


def _where(conditions: list[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""
