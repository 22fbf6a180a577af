"""Runs, of challenges and of streaks: how one is found, and how they are listed."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from domain.ids import owner_slice, slice_of
from projections import listing
from projections.database import Reader
from projections.listing import Listed, Page

Row = TypeVar("Row")

FILTERS = {
    "definition_id": "definition_id = %(definition_id)s",
    "status": "status = %(status)s",
    "updated_since": "updated_at >= %(updated_since)s",
    "ends_before": "period_end_at < %(ends_before)s",
}


class Runs(NamedTuple, Generic[Row]):
    """A kind of run: its rows, and the SELECT that finds them under conditions, in one slice or in all.

    `details` is the SELECT that adds to them what is of no account for which of them are shown (`listing.listed`).
    """

    row: type[Row]
    source: Callable[[list[str], bool], str]
    details: str = listing.ALONE

    def one(
        self, reader: Reader, tenant: str, progress_id: UUID, *, now: datetime, owner_id: str | None = None
    ) -> Row | None:
        """One run; None when the tenant (or the owner, if one is given) has none with this id. One slice is read."""
        number = slice_of(progress_id, reader.slices)
        conditions = ["progress.slice = %(slice)s", "progress.id = %(id)s"]
        parameters: dict[str, Any] = {"tenant": tenant, "now": now, "slice": number, "id": progress_id}
        if owner_id is not None:
            conditions.append("progress.owner_id = %(owner_id)s")
            parameters["owner_id"] = owner_id
        return reader.row(self.row, self.details.format(page=self.source(conditions, True)), parameters)

    def of_tenant(
        self,
        reader: Reader,
        tenant: str,
        filters: dict[str, Any],
        page: Page,
        *,
        now: datetime,
        owner_id: str | None = None,
    ) -> Listed[Row]:
        """A page of runs as they read at `now`. With an owner, one slice is read; `filters` has keys of FILTERS."""
        parameters: dict[str, Any] = {"tenant": tenant, "now": now, **filters}
        conditions = []
        if owner_id is not None:
            conditions = ["progress.slice = %(slice)s", "progress.owner_id = %(owner_id)s"]
            parameters |= {"slice": owner_slice(tenant, owner_id, reader.slices), "owner_id": owner_id}
        source = self.source(conditions, owner_id is not None)
        chosen = [FILTERS[name] for name in filters]
        return listing.listed(reader, self.row, source, chosen, parameters, page, self.details)
