"""What follows from an entry, a void and the passing of time for streak progress (RULES 4 to 7)."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from msgspec.structs import replace

from domain.commands import LogEntry, VoidEntry
from domain.decision import Decision
from domain.definitions import Rules
from domain.engagement import (
    EntryCounted,
    EntryNotCounted,
    EntryVoided,
    attribute_of,
    clear_of,
    in_utc,
    later,
    not_live,
    refuse_impossible,
    refuse_incomplete,
)
from domain.ids import entry_id
from domain.streak import Streak
from domain.streak_clock import advance
from domain.streak_events import PeriodUnmet
from domain.streak_progress import StreakProgress
from domain.streak_run import OpenWindow, StreakRun
from domain.streak_settling import meet, settle, start, value_without
from domain.tally import EMPTY, add
from domain.vocabulary import OwnerStatus, Period, Reason, Slug
from domain.voids import History
from domain.windows import Window, rolling_window, window_at

Decided = Decision[StreakProgress]


class Place(NamedTuple):
    """Where an entry belongs: its window, the run that has the window (None: it starts one), and the rules there."""

    window: Window | None
    run: StreakRun | None
    rules: Rules

    def sealed(self, clock: datetime) -> bool:
        """Whether the outcome of the window is final at this time."""
        if self.window is None:
            return False
        return clock - self.window.end >= timedelta(seconds=self.rules.late_grace_seconds)


def log_entry(
    decision: Decided,
    entry: LogEntry,
    streak: Streak,
    rules_now: Rules,
    owner: OwnerStatus,
    *,
    identifier: UUID | None = None,
    backfill: bool = False,
) -> None:
    """Record what follows from an entry (RULES 4). Raises InvalidInput when it cannot be recorded at all.

    `rules_now` are `streak.rules`, worked out once for many entries; a run in progress keeps its own. `identifier` is
    the entry's id, where it is known already.
    """
    entry = in_utc(entry)
    refuse_impossible(entry, decision.now)
    clock = later(decision.state.seen_until, entry.activity_at) if backfill else decision.now
    identifier = identifier or entry_id(decision.originator_id, entry.unique_identifier)
    with decision.or_nothing():
        advance(decision, streak.pauses, clock)
        place = _place(decision.state, rules_now, entry.activity_at)
        refuse_incomplete(entry, place.rules)
    reason = _not_counted(decision.state, entry, streak, owner, place)
    if reason is None and not backfill and place.sealed(clock):
        reason = Reason.TOO_LATE
    if reason is None and place.window is not None:
        _count(decision, entry, streak, place, identifier, backfill)
        return
    why = reason or Reason.AFTER_END
    decision.record(EntryNotCounted(entry=entry, reason=why, window=place.window, backfill=backfill), identifier)


def void(decision: Decided, command: VoidEntry, history: History, streak: Streak) -> None:
    """Take an entry back (RULES 7). A second void is the same void: nothing follows from it."""
    if history.repeats(command):
        return
    advance(decision, streak.pauses, decision.now)
    progress, counted = decision.state, history.counted(command.entry_id)
    held = progress.window_at(counted.entry.activity_at) if counted else None
    voided = EntryVoided(
        entry_id=command.entry_id,
        reason=command.reason,
        actor=command.actor,
        voided_at=decision.now,
        effective=held is not None,
        run_id=counted.run_id if counted else None,
        window=counted.window if counted else None,
        slug=Slug.STREAK,
    )
    if held is None or counted is None:
        decision.record(voided)
    else:
        _take_back(decision, voided, counted, held, history, streak)


def _take_back(
    decision: Decided, voided: EntryVoided, counted: EntryCounted, held: OpenWindow, history: History, streak: Streak
) -> None:
    """Leave an entry out of its window, and out of what the window was worth."""
    run = decision.state.held(held.window)
    remaining = history.without(voided.entry_id, counted, run.rules)
    voided = replace(
        voided,
        run_id=run.id,
        tally=remaining.tally,
        total=remaining.total,
        started_at=remaining.started_at,
        last_at=remaining.last_at,
    )
    unmet = held.met_at is not None and remaining.total < run.rules.target
    follows = PeriodUnmet(run_id=run.id, window=held.window) if unmet else None
    value = value_without(decision, streak.pauses, run, voided, follows)
    decision.record(replace(voided, rewards=tuple(one.reward_id for one in run.above(value))))
    if follows:
        decision.record(follows)
    settle(decision, streak.pauses, run.rules, changed=held.window)


def _place(progress: StreakProgress, rules_now: Rules, at: datetime) -> Place:
    run = progress.run_at(at)
    rules = run.rules if run else rules_now
    known = progress.window_at(at)
    if known is not None:
        return Place(known.window, run, rules)
    if run is not None and run.due is not None and run.due.start <= at < run.due.end:
        return Place(run.due, run, rules)
    if rules.schedule.period is Period.ROLLING:
        window = rolling_window(rules.schedule, run.window.start if run else at, at)
    else:
        window = window_at(rules.schedule, at)
    others = [one.window for one in progress.windows]
    return Place(window and clear_of(window, at, others, progress.sealed_until), run, rules)


def _not_counted(
    progress: StreakProgress, entry: LogEntry, streak: Streak, owner: OwnerStatus, place: Place
) -> Reason | None:
    """Why an entry does not count; the clock is not asked here."""
    at, ends_at, idle = entry.activity_at, place.rules.schedule.ends_at, not_live(streak.fields.status, owner)
    if idle is Reason.NOT_LIVE:
        return idle
    if ends_at is not None and at >= ends_at:
        return Reason.AFTER_END
    if place.window is None:
        return Reason.BEFORE_START
    if idle is not None:
        return idle
    outcome_written = progress.sealed_until is not None and at < progress.sealed_until
    return Reason.TOO_LATE if outcome_written else None


def _count(decision: Decided, entry: LogEntry, streak: Streak, place: Place, identifier: UUID, backfill: bool) -> None:
    """Count the entry in its window, and record what follows for the runs. The first entry starts one."""
    at, window = entry.activity_at, place.window
    if window is None:
        return
    if place.run is None:
        start(decision, window, at, place.rules)
    if _add(decision, entry, window, identifier, backfill):
        meet(decision, streak.pauses, window, at)
    settle(decision, streak.pauses, place.rules, changed=window, at=at, backfill=backfill)


def _add(decision: Decided, entry: LogEntry, window: Window, identifier: UUID, backfill: bool) -> bool:
    """Add the entry to its window's tally. Answers whether the window is met with it."""
    run, known = decision.state.held(window), decision.state.window_at(entry.activity_at)
    rules = run.rules
    before, attribute = known.tally if known else EMPTY, attribute_of(entry, rules)
    tally = add(before, rules.method, entry.activity_value, attribute)
    total = tally.total(rules.method)
    decision.record(
        EntryCounted(
            entry=entry,
            run_id=run.id,
            window=window,
            count=tally.count,
            total=total,
            started_at=min(run.started_at, entry.activity_at),
            new_value=attribute if len(tally.distinct) > len(before.distinct) else None,
            backfill=backfill,
            distinct=tally.distinct,
            last_contribution_at=later(run.last_contribution_at, entry.activity_at),
        ),
        identifier,
    )
    return total >= rules.target and (known is None or known.met_at is None)
