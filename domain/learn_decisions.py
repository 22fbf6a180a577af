"""What follows from an entry and a void for learn progress (RULES 8)."""

from uuid import UUID

from domain.catalogue import CatalogueItem, CatalogueKind, total_of
from domain.commands import VoidEntry
from domain.decision import Decision
from domain.engagement import in_utc, not_live
from domain.learn_progress import (
    LearnNotCounted,
    LearnProgress,
    LearnVoided,
    ScenarioAccessed,
    ScenarioCompleted,
    Steps,
)
from domain.training import LearnEntry, refuse_impossible
from domain.vocabulary import OwnerStatus
from domain.voids import History

Decided = Decision[LearnProgress]


def log_entry(
    decision: Decided,
    entry: LearnEntry,
    scenario: CatalogueItem,
    rules: None,
    owner: OwnerStatus,
    *,
    identifier: UUID,
    backfill: bool = False,
) -> None:
    """Record what follows from an opened scenario or a step. Raises InvalidInput when it cannot be recorded at all."""
    entry = in_utc(entry)
    refuse_impossible(entry, decision.now)
    total = total_of(scenario, CatalogueKind.SCENARIO, "scenario_id")
    reason = not_live(scenario.fields.status, owner)
    if reason is not None:
        decision.record(LearnNotCounted(entry=entry, reason=reason, backfill=backfill), identifier)
        return
    before = decision.state.steps
    steps = steps_with(before, entry, total)
    decision.record(ScenarioAccessed(entry=entry, steps=steps, backfill=backfill), identifier)
    completed_at = steps.completed_at
    if completed_at is not None and (before is None or before.completed_at is None):
        scenario_id, owner_id = entry.scenario_id, entry.owner_id
        completed = ScenarioCompleted(
            owner_id=owner_id, scenario_id=scenario_id, completed_at=completed_at, backfill=backfill
        )
        decision.record(completed)


def void(decision: Decided, command: VoidEntry, history: History, scenario: CatalogueItem) -> None:
    """Take an entry back: the scenario is as if it had never come. A second void is the same void."""
    if history.repeats(command):
        return
    steps: Steps | None = None
    for one in history.entries_without(command.entry_id):
        if isinstance(one.event, ScenarioAccessed):
            steps = steps_with(steps, one.event.entry, one.event.steps.total_steps)
    decision.record(
        LearnVoided(
            entry_id=command.entry_id,
            reason=command.reason,
            actor=command.actor,
            voided_at=decision.now,
            owner_id=decision.state.owner_id,
            scenario_id=decision.state.scenario_id,
            steps=steps,
        )
    )


def steps_with(before: Steps | None, entry: LearnEntry, total: int) -> Steps:
    """How far the owner is with one more entry: a step never falls and is capped, a completion stays."""
    at, step = entry.activity_at, min(entry.step or 0, total)
    if before is None:
        completed_at = at if step >= total else None
        return Steps(current_step=step, total_steps=total, started_at=at, last_access_at=at, completed_at=completed_at)
    step = max(step, min(before.current_step, total))
    return Steps(
        current_step=step,
        total_steps=total,
        started_at=min(before.started_at, at),
        last_access_at=max(before.last_access_at, at),
        completed_at=before.completed_at or (at if step >= total else None),
    )
