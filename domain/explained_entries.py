"""Why an entry counted or did not, and what a void of it did, in words (RULES 4 and 7)."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from domain import words
from domain.commands import LogEntry
from domain.definitions import Rules
from domain.engagement import EntryCounted, EntryNotCounted, EntryVoided
from domain.events import Recorded, Voided
from domain.explanation import ExplainedEntry, ExplainedVoid
from domain.vocabulary import Method, Reason

Voids = dict[UUID, Recorded]

ALWAYS = {
    Reason.NOT_LIVE: "the definition was not live when it arrived",
    Reason.OWNER_PAUSED: "the owner was paused when it arrived",
    Reason.PHASE_MISSING: "no phase 1 of an attempt came before it",
}


def voids_of(events: Iterable[Recorded]) -> Voids:
    """The events that took entries back, by entry."""
    return {one.event.entry_id: one for one in events if isinstance(one.event, Voided)}


def counted(recorded: Recorded, event: EntryCounted, rules: Rules, target: str, voids: Voids) -> ExplainedEntry:
    """An entry that was added to the tally of its window. `target` is that of the rules, in words."""
    why = f"counted: {words.number(event.total)} of {target}"
    if event.new_value is None and rules.method is Method.DISTINCT:
        why += ", its value was there already"
    return _entry(recorded, event.entry, True, why, None, _void(recorded, voids, rules) if voids else None)


def not_counted(recorded: Recorded, event: EntryNotCounted, rules: Rules, voids: Voids) -> ExplainedEntry:
    """An entry that was recorded and changed nothing else."""
    why = f"not counted: {_because(recorded, event, rules)}"
    return _entry(recorded, event.entry, False, why, event.reason, _void(recorded, voids, None))


def plain(recorded: Recorded, why: str, reason: Reason | None, void: ExplainedVoid | None) -> ExplainedEntry:
    """An entry of training."""
    event: Any = recorded.event
    return _entry(recorded, event.entry, reason is None, why, reason, void)


def _entry(
    recorded: Recorded, entry: Any, is_counted: bool, why: str, reason: Reason | None, void: ExplainedVoid | None
) -> ExplainedEntry:
    return ExplainedEntry(
        id=recorded.entry_id or recorded.originator_id,
        version=recorded.originator_version,
        position=recorded.position,
        unique_identifier=entry.unique_identifier,
        activity_at=entry.activity_at,
        recorded_at=recorded.recorded_at,
        counted=is_counted,
        why=why,
        reason=reason,
        activity_id=entry.activity_id if isinstance(entry, LogEntry) else None,
        activity_value=entry.activity_value if isinstance(entry, LogEntry) else None,
        void=void,
    )


def _because(recorded: Recorded, event: EntryNotCounted, rules: Rules) -> str:
    schedule = rules.schedule
    match event.reason:
        case Reason.TOO_LATE:
            return _late(recorded, event, rules)
        case Reason.BEFORE_START if schedule.starts_at and event.entry.activity_at < schedule.starts_at:
            return f"it happened before the start at {words.said(schedule.starts_at, schedule.timezone)}"
        case Reason.BEFORE_START:
            return "it happened before the first window"
        case Reason.AFTER_END if schedule.ends_at:
            return f"it happened at or after the end at {words.said(schedule.ends_at, schedule.timezone)}"
        case Reason.AFTER_END:
            return "it happened at or after the end"
    return ALWAYS[event.reason]


def _late(recorded: Recorded, event: EntryNotCounted, rules: Rules) -> str:
    if event.window is not None and not event.backfill:
        late = recorded.recorded_at - event.window.end - timedelta(seconds=rules.late_grace_seconds)
        if late >= timedelta():
            return f"arrived {words.span(late)} after its window was sealed"
    return "the outcome of its window, or of a later one, was written before it arrived"


def _void(recorded: Recorded, voids: Voids, rules: Rules | None) -> ExplainedVoid | None:
    found = voids.get(recorded.entry_id) if voids and recorded.entry_id else None
    if found is None or not isinstance(found.event, EntryVoided):
        return None
    event = found.event
    if rules is None:
        effect = "none: the entry had not counted"
    elif not event.effective:
        effect = "none: the window was sealed by then, its outcome stays"
    else:
        effect = f"taken off the tally: {words.number(event.total)} of {words.number(rules.target)} were left"
    if event.rewards:
        stay = "stays" if len(event.rewards) == 1 else "stay"
        effect += f"; {words.counted(len(event.rewards), 'reward')} that it supported {stay} given"
    return void(event, effect=effect, effective=event.effective, rewards=event.rewards)


def void(event: Voided, *, effect: str, effective: bool, rewards: tuple[UUID, ...] = ()) -> ExplainedVoid:
    """A void with what it did."""
    return ExplainedVoid(
        voided_at=event.voided_at,
        reason=event.reason,
        actor=event.actor,
        effective=effective,
        effect=effect,
        rewards=rewards,
    )
