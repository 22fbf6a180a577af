"""Whether the read tables can be trusted, in words: behind, stalled, poisoned, rebuilding; which, and since when."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from projections import PROJECTIONS
from projections.database import Reader
from projections.following.leases import release_of
from projections.status import REBUILDING, Process, Status, of_processes, of_projections


class Complaint(NamedTuple):
    """Something that is wrong. Answers can be good all the same when it is not `grave`."""

    text: str
    grave: bool = True


def complaints(reader: Reader, now: datetime, bound_seconds: float) -> list[Complaint]:
    """What is wrong with the read tables of this release and with what fills them.

    Grave: a table is missing, an event stops a slice, nothing is applied or no projector beats any more, events wait
    for longer than `bound_seconds`. Not grave: a rebuild, because reads go on meanwhile.
    """
    found, processes = of_projections(reader), of_processes(reader)
    projectors = [one for one in processes if one.process == "projector" and one.release == release_of(PROJECTIONS)]
    return [
        *_missing(found),
        *_poisoned(found),
        *_silent(projectors),
        *_stalled(found, now),
        *_behind(found, now, bound_seconds),
        *_rebuilding(found),
    ]


def _missing(found: Sequence[Status]) -> Iterator[Complaint]:
    if absent := [one.projection for one in found if not one.slices]:
        yield Complaint(f"there is no read table of this version for {', '.join(absent)}: run milepost init")


def _poisoned(found: Sequence[Status]) -> Iterator[Complaint]:
    poisoned = [one for one in found if one.poisoned]
    if poisoned:
        since = min(one.poisoned_since for one in poisoned if one.poisoned_since is not None)
        slices = max(one.poisoned for one in poisoned)
        where = f"in {slices} slice{'s' if slices > 1 else ''}"
        yield Complaint(f"{_names(poisoned)} poisoned {where} since {_moment(since)}: an event cannot be applied")


def _silent(projectors: Sequence[Process]) -> Iterator[Complaint]:
    """One of several that falls silent is replaced by the others; nobody replaces the last."""
    if projectors and all(one.silent for one in projectors):
        last = min(projectors, key=lambda one: one.silent_seconds)
        since = _moment(last.beat_at)
        yield Complaint(f"the read tables are stalled: projector {last.id} has not beaten since {since}")


def _stalled(found: Sequence[Status], now: datetime) -> Iterator[Complaint]:
    stalled = [one for one in found if one.slices and one.stalled(now)]
    if stalled:
        # Before there was anything to apply, nothing was wrong.
        still = f"{max(min(one.still_seconds or 0, one.waiting_seconds(now)) for one in stalled):,.0f} s"
        waiting = max(one.lag_events for one in stalled)
        yield Complaint(f"{_names(stalled)} stalled: nothing was applied for {still}, and {waiting:,} events wait")


def _behind(found: Sequence[Status], now: datetime, bound: float) -> Iterator[Complaint]:
    slowest = max(found, key=lambda one: one.waiting_seconds(now))
    lag = slowest.waiting_seconds(now)
    if lag > bound and slowest.waiting_since is not None:
        yield Complaint(
            f"{slowest.projection} is behind since {_moment(slowest.waiting_since)}: {lag:,.0f} s and "
            f"{slowest.lag_events:,} events; {bound:g} s are allowed"
        )


def _rebuilding(found: Sequence[Status]) -> Iterator[Complaint]:
    for one in found:
        if one.rebuilding_since is not None:
            yield Complaint(f"{one.projection} is {REBUILDING} since {_moment(one.rebuilding_since)}", grave=False)


def _names(found: Sequence[Status]) -> str:
    """The first by name, the others by number."""
    first, others = found[0].projection, len(found) - 1
    return f"{first} is" if not others else f"{first} and {others} more are"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"
