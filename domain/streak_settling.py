"""What a change of windows means for the runs of a streak: values, completions, milestones (RULES 5)."""

from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from domain.decision import Decision
from domain.definitions import Given, Milestone, Pause, Rules
from domain.engagement import CompletionRolledBack, EntryVoided, MilestoneReached, RunCompleted, RunStarted
from domain.ids import reward_id, run_id
from domain.streak_events import PeriodMet, PeriodUnmet, RunRecounted, RunWithdrawn
from domain.streak_foresight import foresee
from domain.streak_progress import StreakProgress, evolve
from domain.streak_run import OpenWindow, StreakRun
from domain.streak_spans import Span, spans
from domain.vocabulary import Slug
from domain.windows import Window

Decided = Decision[StreakProgress]


def start(decision: Decided, window: Window, started_at: datetime, rules: Rules) -> None:
    """Start the next run."""
    progress = decision.state
    number = progress.over + len(progress.runs) + 1
    decision.record(
        RunStarted(
            run_id=run_id(progress.id, str(number)),
            definition_id=progress.definition_id,
            owner_id=progress.owner_id,
            window=window,
            started_at=started_at,
            rules=rules,
            slug=Slug.STREAK,
            number=number,
            given=_left_over(progress, number),
            created_at=next((one.created_at for one in progress.foreseen if one.number == number), None),
        )
    )


def meet(decision: Decided, pauses: tuple[Pause, ...], window: Window, at: datetime) -> None:
    """Record that an entry met a window, with what its run is worth then."""
    run = decision.state.held(window)
    met = PeriodMet(run_id=run.id, window=window, met_at=at, value=run.value, due=run.due, last_completed_at=at)
    span = _span_of(evolve(decision.state, met, decision.now), pauses, run)
    if span is not None:
        met = replace(met, value=span.value, due=span.due, last_completed_at=span.last_completed_at or at)
    decision.record(met)


def value_without(
    decision: Decided, pauses: tuple[Pause, ...], run: StreakRun, voided: EntryVoided, unmet: PeriodUnmet | None
) -> int:
    """What a run is worth once an entry is taken back."""
    progress = evolve(decision.state, voided, decision.now)
    if unmet is not None:
        progress = evolve(progress, unmet, decision.now)
    span = _span_of(progress, pauses, run)
    return span.value if span else 0


def settle(
    decision: Decided,
    pauses: tuple[Pause, ...],
    rules: Rules,
    *,
    changed: Window | None = None,
    at: datetime | None = None,
    backfill: bool = False,
) -> None:
    """Record what the windows make of the runs by now. A run that starts with it keeps `rules`.

    `changed` is the window whose tally an entry or a void changed. `at` is the activityAt of the entry that came;
    without one the windows speak for themselves.
    """
    found = list(spans(decision.state, pauses, rules))
    for run in decision.state.runs[len(found) :]:
        decision.record(RunWithdrawn(run_id=run.id))
    for index, span in enumerate(found):
        if index == len(decision.state.runs):
            start(decision, span.window, span.started_at, span.rules)
        _settle_run(decision, decision.state.runs[index], span, at)
        _reward(decision, decision.state.runs[index], span, at, backfill)
    foresight = foresee(decision.state, pauses, decision.now, changed)
    if foresight is not None:
        decision.record(foresight)


def _span_of(progress: StreakProgress, pauses: tuple[Pause, ...], run: StreakRun) -> Span | None:
    return next((span for span in spans(progress, pauses, run.rules) if span.number == run.number), None)


def _left_over(progress: StreakProgress, number: int) -> tuple[Given, ...]:
    """What a run takes over, each milestone once: first what was issued in its own name, so that it never is again."""
    able = [one for one in progress.left_over if one.number == number or (one.number < number and not one.listed)]
    able.sort(key=lambda one: (one.number != number, one.number))
    return tuple({one.milestone_id: one for one in reversed(able)}.values())


def _settle_run(decision: Decided, run: StreakRun, span: Span, at: datetime | None) -> None:
    moved = run.completed_in is not None and span.completed_in not in (None, run.completed_in)
    if moved or _facts(run) != _facts(span):
        decision.record(
            RunRecounted(
                run_id=run.id,
                window=span.window,
                started_at=span.started_at,
                value=span.value,
                due=span.due,
                completed_in=span.completed_in if moved else None,
                last_contribution_at=span.last_contribution_at,
                last_completed_at=span.last_completed_at,
            )
        )
    if span.completed_in is not None and run.completed_at is None:
        completed_at = at or span.last_completed_at or span.started_at
        decision.record(
            RunCompleted(
                run_id=run.id,
                completed_at=completed_at,
                value=Decimal(span.value),
                slug=Slug.STREAK,
                window=span.completed_in,
            )
        )
    elif span.completed_in is None and run.completed_at is not None:
        decision.record(CompletionRolledBack(run_id=run.id, slug=Slug.STREAK))


def _facts(of: Any) -> tuple[Any, ...]:
    """What a run and its span have in common."""
    return of.window, of.started_at, of.value, of.due, of.last_contribution_at, of.last_completed_at


def _reward(decision: Decided, run: StreakRun, span: Span, at: datetime | None, backfill: bool) -> None:
    """Record the milestones that the run's value has reached by now."""
    given = {one.milestone_id for one in run.milestones}
    for milestone in span.rules.milestones:
        earned = given if milestone.repeatable else decision.state.milestones
        if milestone.target_value <= span.value and milestone.id not in earned:
            decision.record(_reached(decision.state, run, span, milestone, at, backfill))


def _reached(
    progress: StreakProgress, run: StreakRun, span: Span, milestone: Milestone, at: datetime | None, backfill: bool
) -> MilestoneReached:
    reached_in = _window_reaching(span, milestone)
    window = reached_in.window if reached_in else run.window
    repeats: UUID | None = run.id if milestone.repeatable else None
    return MilestoneReached(
        milestone=milestone,
        reward_id=reward_id(progress.id, milestone.id, repeats),
        run_id=run.id,
        definition_id=progress.definition_id,
        owner_id=progress.owner_id,
        reached_at=at or (reached_in and reached_in.met_at) or run.started_at,
        period_key=window.key,
        slug=Slug.STREAK,
        backfill=backfill,
    )


def _window_reaching(span: Span, milestone: Milestone) -> OpenWindow | None:
    """The window that took the value to the milestone; None when it is sealed already."""
    index = ceil(milestone.target_value) - (span.value - len(span.met)) - 1
    return span.met[index] if 0 <= index < len(span.met) else None
