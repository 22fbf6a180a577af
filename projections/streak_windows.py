"""The period that a streak's record shows: found from its windows, or from its schedule when nothing was logged."""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache

import msgspec

from domain.numbers import ZERO
from domain.vocabulary import Period, ProgressStatus
from domain.windows import Schedule, Window, rolling_window, window_at
from projections.streak_progress import Record

_decode = msgspec.json.Decoder(Schedule).decode
IN_PROGRESS = ProgressStatus.IN_PROGRESS.value


class Task(msgspec.Struct, frozen=True, gc=False):
    """What one window has gathered."""

    window: Window
    value: Decimal = ZERO
    count: int = 0


def task(record: Record, now: datetime) -> Task:
    """The tally of the current period, zero if nothing was logged in it yet; of a record that is over, of its last."""
    latest, waited = _latest(record), _waited(record)
    if record.status != IN_PROGRESS:
        if latest is not None and (waited is None or latest.window.start == waited.start):
            return latest
        return Task(waited or _first(record))
    if latest is not None and now < latest.window.end:
        return latest
    if waited is not None and waited.start <= now < waited.end:
        return Task(waited)
    current = window_of(record.schedule, record.first_period_start_at, now)
    if current is not None:
        return Task(current)
    # The streak has ended: its last period is known by its entries, or by being waited for.
    return latest or Task(waited or _first(record))


def window_of(schedule: str, first_start_at: datetime, moment: datetime) -> Window | None:
    """The window that holds a moment in a run whose first window started then; None when the streak has ended."""
    known = schedule_of(schedule)
    if known.period is Period.ROLLING:
        return rolling_window(known, first_start_at, moment)
    return window_at(known, moment)


@lru_cache(maxsize=1024)
def schedule_of(text: str) -> Schedule:
    """The schedule that a row keeps as JSON."""
    return _decode(text)


def window_from(key: str | None, start: datetime | None, end: datetime | None) -> Window | None:
    """A window that a row keeps in three columns, all of them NULL when there is none."""
    return None if key is None or start is None or end is None else Window(key, start, end)


def _latest(record: Record) -> Task | None:
    window = window_from(record.task_period_key, record.task_period_start_at, record.task_period_end_at)
    if window is None or record.task_value is None or record.task_count is None:
        return None
    return Task(window, record.task_value, record.task_count)


def _waited(record: Record) -> Window | None:
    return window_from(record.period_key, record.period_start_at, record.period_end_at)


def _first(record: Record) -> Window:
    """The first window of a run of which the table of periods does not tell anything yet."""
    start = record.first_period_start_at
    return window_of(record.schedule, start, start) or Window("", start, start)
