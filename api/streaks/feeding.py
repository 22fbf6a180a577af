"""Feeding: events to the definitions that name them, and what came of each event."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from api import state
from api.schema.wording import reworded
from api.streaks.event import Happened
from domain.application import Logged, Position
from domain.commands import LogEntry
from domain.errors import EntryConflict, InvalidInput, Refused
from projections.live import live_definitions_by_type

INCOMPLETE = "incomplete"
NAMES = {
    "definition_id": "definition_id",
    "owner_id": "user_id",
    "activity_at": "timestamp",
    "unique_identifier": "event_id",
    "activity_id": "event_type",
    "activity_value": "attributes.value",
}
# An event is checked before it is given to the log. What the log still misses in these is what a definition adds up.
ADDED_UP = {"activity_value", "attributes"}


class Fed(NamedTuple):
    """What came of an event: what it fed, or why it was refused; and where in the log it is."""

    fed: list[dict[str, Any]] | None = None
    refusal: Refused | None = None
    positions: tuple[Position, ...] = ()


def feed(events: Sequence[Happened | Refused], now: datetime) -> list[Fed]:
    """Record events in order, each for every live definition that names its type. One question, one call of the log."""
    tenant = state.caller().tenant
    wanted = list(_once(events))
    entries = list(_entries(wanted, tenant))
    logged = (
        state.progress_log().log_entries(tenant, [one for _, one in entries], now=now, brief=True) if entries else []
    )
    outcomes: dict[int, list[tuple[UUID, Logged | Refused]]] = {}
    for (index, entry), outcome in zip(entries, logged, strict=True):
        outcomes.setdefault(index, []).append((entry.definition_id, outcome))
    return [
        Fed(refusal=one) if isinstance(one, Refused) else _answer(outcomes.get(index, []))
        for index, one in enumerate(wanted)
    ]


def _once(events: Sequence[Happened | Refused]) -> Iterator[Happened | Refused]:
    """The events, with a refusal in place of one whose id came earlier among them with other content."""
    first: dict[str, Happened] = {}
    for one in events:
        if isinstance(one, Happened) and first.setdefault(one.event.event_id, one) != one:
            yield EntryConflict(f"{one.event.event_id!r} came before with other content")
        else:
            yield one


def _entries(events: Sequence[Happened | Refused], tenant: str) -> Iterator[tuple[int, LogEntry]]:
    """What the events are to the definitions that they feed, each with the number of its event."""
    types = {one.event.event_type for one in events if isinstance(one, Happened)}
    fed = live_definitions_by_type(state.reader(), tenant, types) if types else {}
    for index, one in enumerate(events):
        if isinstance(one, Happened):
            for slug, definition_id in fed[one.event.event_type]:
                yield index, one.entry(slug, definition_id)


def _answer(outcomes: Sequence[tuple[UUID, Logged | Refused]]) -> Fed:
    """What one event came to. A definition that it has nothing for does not stop the others."""
    positions = tuple(one.position for _, one in outcomes if isinstance(one, Logged) and one.position)
    for _, one in outcomes:
        if isinstance(one, Refused) and not _incomplete(one):
            return Fed(refusal=reworded(one, NAMES), positions=positions)
    return Fed(fed=[_fed(definition_id, one) for definition_id, one in outcomes], positions=positions)


def _fed(definition_id: UUID, outcome: Logged | Refused) -> dict[str, Any]:
    if isinstance(outcome, Refused):
        return {"definition_id": definition_id, "counted": False, "reason": INCOMPLETE, "replayed": False}
    reason = getattr(outcome.event, "reason", None)
    return {
        "definition_id": definition_id,
        "counted": reason is None,
        "reason": reason,
        "replayed": outcome.replayed,
    }


def _incomplete(refusal: Refused) -> bool:
    return isinstance(refusal, InvalidInput) and bool(refusal.errors) and refusal.errors.keys() <= ADDED_UP
