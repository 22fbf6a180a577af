"""What follows from an entry, a void and the passing of time for challenge progress (RULES 4 to 7)."""

from datetime import datetime, timedelta
from uuid import UUID

from domain.challenge import Challenge
from domain.challenge_progress import ChallengeProgress, Run, RunExcused, RunFailed, RunSealed
from domain.commands import LogEntry, VoidEntry
from domain.decision import Decision
from domain.definitions import Pause, Rules, touched
from domain.engagement import (
    CompletionRolledBack,
    EntryCounted,
    EntryNotCounted,
    EntryVoided,
    MilestoneReached,
    RunCompleted,
    RunStarted,
    attribute_of,
    clear_of,
    in_utc,
    later,
    not_live,
    refuse_impossible,
    refuse_incomplete,
)
from domain.ids import entry_id, reward_id, run_id
from domain.tally import add
from domain.vocabulary import DefinitionStatus, OwnerStatus, Period, Reason
from domain.voids import History
from domain.windows import Window, rolling_window, window_at

Decided = Decision[ChallengeProgress]


def log_entry(
    decision: Decided,
    entry: LogEntry,
    challenge: Challenge,
    rules_now: Rules,
    owner: OwnerStatus,
    *,
    identifier: UUID | None = None,
    backfill: bool = False,
) -> None:
    """Record what follows from an entry (RULES 4). Raises InvalidInput when it cannot be recorded at all.

    `rules_now` are `challenge.rules`, worked out once for many entries; a run in progress keeps its own.
    `identifier` is the entry's id, where it is known already.
    """
    entry = in_utc(entry)
    refuse_impossible(entry, decision.now)
    clock = later(decision.state.seen_until, entry.activity_at) if backfill else decision.now
    run = _open_run(decision.state, entry.activity_at, clock)
    refuse_incomplete(entry, rules := run.rules if run else rules_now)
    # Nothing can be refused from here on: a refused entry does not even seal a window.
    advance(decision, challenge.pauses, clock)
    window = run.window if run else _new_window(decision.state, rules, entry.activity_at)
    reason = not_live(challenge.fields.status, owner)
    if run is None:
        reason = _not_counted(decision.state, entry, challenge, owner, window)
        if reason is None and not backfill and window and _seal(window, rules) <= clock:
            reason = Reason.TOO_LATE
    identifier = identifier or entry_id(decision.originator_id, entry.unique_identifier)
    if reason is None and window is not None:
        _count(decision, entry, run or _start(decision, entry, window, rules), identifier, backfill)
        return
    why = reason or Reason.AFTER_END
    decision.record(EntryNotCounted(entry=entry, reason=why, window=window, backfill=backfill), identifier)


def void(decision: Decided, command: VoidEntry, history: History, challenge: Challenge) -> None:
    """Take an entry back (RULES 7). A second void is the same void: nothing follows from it."""
    if history.repeats(command):
        return
    advance(decision, challenge.pauses, decision.now)
    counted = history.counted(command.entry_id)
    run = decision.state.run(counted.run_id) if counted else None
    rules = run.rules if run else history.rules(counted)
    remaining = history.without(command.entry_id, counted, rules)
    decision.record(
        EntryVoided(
            entry_id=command.entry_id,
            reason=command.reason,
            actor=command.actor,
            voided_at=decision.now,
            effective=run is not None,
            run_id=counted.run_id if counted else None,
            window=counted.window if counted else None,
            tally=remaining.tally,
            total=remaining.total,
            started_at=remaining.started_at,
            last_at=remaining.last_at,
            rewards=history.rewards_above(counted.run_id, remaining.total) if counted else (),
        )
    )
    if run and run.completed_at and run.rules.rollback_after_completion and remaining.total < run.rules.target:
        decision.record(CompletionRolledBack(run_id=run.id))


def advance(decision: Decided, pauses: tuple[Pause, ...], clock: datetime) -> None:
    """Seal every window that is due at `clock` (RULES 6). Late or run twice: the same events."""
    for run in decision.state.runs:
        if run.seals_at > clock:
            continue
        if run.completed_at is not None:
            decision.record(RunSealed(run_id=run.id, window=run.window))
        elif touched(pauses, run.window):
            decision.record(RunExcused(run_id=run.id, window=run.window))
        else:
            decision.record(RunFailed(run_id=run.id, window=run.window, failed_at=run.window.end, value=run.value))


def _open_run(progress: ChallengeProgress, at: datetime, clock: datetime) -> Run | None:
    run = progress.run_at(at)
    return run if run and run.seals_at > clock else None


def _new_window(progress: ChallengeProgress, rules: Rules, at: datetime) -> Window | None:
    """The window of a run that would start now; None before or after the definition's time."""
    if rules.schedule.period is not Period.ROLLING:
        window = window_at(rules.schedule, at)
    elif any(at < run.window.start for run in progress.runs):
        return None
    else:
        window = rolling_window(rules.schedule, at, at)
    return window and clear_of(window, at, [run.window for run in progress.runs], progress.sealed_until)


def _not_counted(
    progress: ChallengeProgress, entry: LogEntry, challenge: Challenge, owner: OwnerStatus, window: Window | None
) -> Reason | None:
    """Why an entry cannot start a run; the clock is not asked here."""
    at, fields = entry.activity_at, challenge.fields
    if fields.status is not DefinitionStatus.LIVE:
        return Reason.NOT_LIVE
    if fields.ends_at is not None and at >= fields.ends_at:
        return Reason.AFTER_END
    if window is None:
        return Reason.BEFORE_START
    if owner is OwnerStatus.PAUSED:
        return Reason.OWNER_PAUSED
    outcome_written = progress.sealed_until is not None and at < progress.sealed_until
    return Reason.TOO_LATE if outcome_written else None


def _seal(window: Window, rules: Rules) -> datetime:
    return window.end + timedelta(seconds=rules.late_grace_seconds)


def _start(decision: Decided, entry: LogEntry, window: Window, rules: Rules) -> Run:
    """Start the run of a window with its first counted entry."""
    progress = decision.state
    started = RunStarted(
        run_id=run_id(progress.id, window.key),
        definition_id=progress.definition_id,
        owner_id=progress.owner_id,
        window=window,
        started_at=entry.activity_at,
        rules=rules,
    )
    decision.record(started)
    return _run(decision, started.run_id)


def _count(decision: Decided, entry: LogEntry, run: Run, identifier: UUID, backfill: bool) -> None:
    """Add the entry to its window's tally, and record what the new value reaches."""
    method, attribute = run.rules.method, attribute_of(entry, run.rules)
    tally = add(run.tally, method, entry.activity_value, attribute)
    # A run whose entries were all taken back starts with the next one.
    started_at = min(run.started_at, entry.activity_at) if run.tally.count else entry.activity_at
    decision.record(
        EntryCounted(
            entry=entry,
            run_id=run.id,
            window=run.window,
            count=tally.count,
            total=tally.total(method),
            started_at=started_at,
            new_value=attribute if len(tally.distinct) > len(run.tally.distinct) else None,
            backfill=backfill,
        ),
        identifier,
    )
    _reach(decision, entry, run.id, backfill)


def _reach(decision: Decided, entry: LogEntry, identity: UUID, backfill: bool) -> None:
    """Record the completion and the milestones that the run's value has reached by now."""
    run = _run(decision, identity)
    value = run.value
    if value >= run.rules.target and run.completed_at is None:
        decision.record(RunCompleted(run_id=run.id, completed_at=entry.activity_at, value=value))
    for milestone in run.rules.milestones:
        earned = run.milestones if milestone.repeatable else decision.state.milestones
        if milestone.target_value <= value and milestone.id not in earned:
            decision.record(
                MilestoneReached(
                    milestone=milestone,
                    reward_id=reward_id(decision.state.id, milestone.id, run.id if milestone.repeatable else None),
                    run_id=run.id,
                    definition_id=decision.state.definition_id,
                    owner_id=decision.state.owner_id,
                    reached_at=entry.activity_at,
                    period_key=run.window.key,
                    backfill=backfill,
                )
            )


def _run(decision: Decided, identity: UUID) -> Run:
    """The run as what was recorded has left it."""
    run = decision.state.run(identity)
    if run is None:
        raise LookupError(f"there is no unsealed run {identity}")
    return run
