"""An example of the demo, and how its entries come into the log."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from domain.application import ProgressLog
from domain.commands import Entry
from domain.errors import EntryConflict, Refused
from domain.vocabulary import Slug
from domain.windows import Schedule, Window, window_at

EVENING = timedelta(hours=20)
LATE_GRACE = timedelta(seconds=300)


class Example(NamedTuple):
    """One answer that the demo shows, and the path that gives it."""

    name: str
    says: str
    owner_id: str
    path: str
    slug: Slug | None = None
    definition_id: UUID | None = None
    progress_id: UUID | None = None


def window(schedule: Schedule, at: datetime) -> Window:
    """The window that holds a moment. Raises ValueError when there is none."""
    found = window_at(schedule, at)
    if found is None:
        raise ValueError(f"{at} is in no window")
    return found


def spread(within: Window, now: datetime, count: int) -> Iterator[datetime]:
    """Moments between the window's start and now, evenly spread: right in its first second, too."""
    for number in range(1, count + 1):
        at = within.start + (now - within.start) * number / (count + 1)
        yield at.replace(microsecond=at.microsecond // 1000 * 1000)


def accept(outcomes: list[Any]) -> None:
    """An entry of this month that an earlier demo logged has another activityAt: that one stays."""
    for outcome in outcomes:
        if isinstance(outcome, Refused) and not isinstance(outcome, EntryConflict):
            raise outcome


def backfill(log: ProgressLog, tenant: str, entries: Sequence[Entry], now: datetime) -> None:
    """Log what was done before today."""
    import_id = log.log_recorder.begin_import(tenant)
    try:
        accept(log.log_entries(tenant, entries, now=now, import_id=import_id))
    finally:
        log.log_recorder.end_import(import_id)
