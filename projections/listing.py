"""Lists: filters, a sorted page by keyset or offset, and a total when it is asked for."""

from collections.abc import Iterable
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from projections.database import Reader

Row = TypeVar("Row")

ALONE = "SELECT * FROM ({page}) AS record"


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
    reader: Reader,
    row_type: type[Row],
    source: str,
    filters: Iterable[str],
    parameters: dict[str, Any],
    page: Page,
    details: str = ALONE,
) -> Listed[Row]:
    """One page of `source`, a SELECT with the columns `id` and the one to sort by.

    `details` is a SELECT from the `{page}`, which it calls record, that adds columns to each row: what they cost is
    paid for the rows of the page and for no others. All these and `page.sort` are text of this project's own; values
    travel as parameters.
    """
    conditions = list(filters)
    total = None
    if page.with_total:
        total = int(reader.value(f"SELECT count(*) FROM ({source}) AS record {_where(conditions)}", parameters) or 0)
    if page.after is not None:
        conditions.append(f"({page.sort}, id) {'<' if page.descending else '>'} (%(after)s, %(after_id)s)")
        parameters = {**parameters, "after": page.after[0], "after_id": page.after[1]}
    direction = "DESC" if page.descending else "ASC"
    order = f"ORDER BY record.{page.sort} {direction}, record.id {direction}"
    query = f"""
        SELECT *
        FROM ({source}) AS record
        {_where(conditions)}
        {order}
        LIMIT %(limit)s
        OFFSET %(offset)s
    """
    parameters = {**parameters, "limit": page.limit + 1, "offset": page.offset}
    found = reader.rows(row_type, f"{details.format(page=query)} {order}", parameters)
    return Listed(found[: page.limit], len(found) > page.limit, total)


def _where(conditions: list[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""
