"""Time travel: the events of a stream as they were known at a moment, and as they were at one with what is known."""

from collections.abc import Sequence
from datetime import datetime

from domain.engagement import happened_at
from domain.events import Recorded, Voided
from domain.replay import replayed


def as_it_was(
    events: Sequence[Recorded],
    definition: Sequence[Recorded],
    *,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
) -> list[Recorded]:
    """The events of an engagement at a moment (docs/decisions/0020-time-travel.md).

    `events` and `definition` are the whole streams of the engagement and of its definition, in order. `known_at` keeps
    what was recorded by then; of that, `as_of` keeps what had happened by then. When everything that had happened by
    `as_of` was recorded by then too, that is what was recorded by then. Otherwise it is decided again, without what
    happened later: events that come out otherwise than the log has them have their entry's place in the log, those of
    no entry the position and the version 0.
    """
    known = known_by(events, known_at)
    if as_of is None:
        return known
    seen = known_by(known, as_of)
    if not _told_later(seen, known[len(seen) :], as_of):
        return seen
    return replayed(known, known_by(definition, known_at), as_of)


def known_by(events: Sequence[Recorded], moment: datetime | None) -> list[Recorded]:
    """The events up to the first one that was recorded after a moment; all of them without a moment."""
    if moment is None:
        return list(events)
    # Two processes' clocks may differ: what stands behind a later event was not known before it.
    end = next((index for index, one in enumerate(events) if one.recorded_at > moment), len(events))
    return list(events[:end])


def _told_later(seen: Sequence[Recorded], later: Sequence[Recorded], as_of: datetime) -> bool:
    """Whether something of what had happened by then was told, or taken back, only later."""
    if any(one.entry_id is not None and happened_at(one) <= as_of for one in later):
        return True
    voided = {one.event.entry_id for one in later if isinstance(one.event, Voided)}
    return bool(voided) and any(one.entry_id in voided for one in seen)
