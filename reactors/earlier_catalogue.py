"""The catalogue as it was when something happened, if it has changed since: what was done then stays done (RULES 8)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec
from psycopg import Connection

from domain import catalogue
from domain.application import ProgressLog
from domain.catalogue import CatalogueItem
from domain.events import Recorded
from domain.ids import catalogue_id
from projections.earlier_catalogue import Earlier, changed_since

Histories = Mapping[str, Sequence[Recorded]]


def before_changes(
    log: ProgressLog, connection: Connection, tenant: str, events: Sequence[Recorded]
) -> Iterator[tuple[list[Recorded], Earlier]]:
    """The events between one change of the catalogue and the next, with the catalogue of that time.

    Those after the latest change are left out: for them it is as it is now.
    """
    first = min((one.recorded_at for one in events), default=None)
    changed = [] if first is None else changed_since(connection, tenant, first)
    histories = {item: log.history(catalogue_id(tenant, item)) for item in changed}
    moments = sorted({one.recorded_at for history in histories.values() for one in history})
    waiting = sorted(events, key=lambda one: one.recorded_at)
    for moment in moments:
        before = [one for one in waiting if one.recorded_at < moment]
        waiting = waiting[len(before) :]
        if before:
            yield before, _at(histories, before[-1].recorded_at)


def _at(histories: Histories, moment: datetime) -> Earlier:
    items = [found for history in histories.values() if (found := _folded(history, moment))]
    rows = [
        {
            "id": one.id,
            "kind": one.fields.kind,
            "content_area": one.fields.area,
            "parent_id": one.fields.parent_id,
            "total_challenges": one.fields.total_challenges,
            "items": one.fields.items,
            "status": one.fields.status,
        }
        for one in items
    ]
    return Earlier(moment, msgspec.json.encode(rows).decode())


def _folded(history: Sequence[Recorded], moment: datetime) -> CatalogueItem | None:
    """An item as it was; None when it had not come yet."""
    item: CatalogueItem | None = None
    for one in history:
        if one.recorded_at <= moment:
            item = catalogue.evolve(item, one.event, one.recorded_at)
    return item
