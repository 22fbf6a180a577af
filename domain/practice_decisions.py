"""What follows from an entry and a void for practice progress (RULES 8)."""

from uuid import UUID

from msgspec.structs import replace

from domain.catalogue import CatalogueItem, CatalogueKind, total_of
from domain.commands import VoidEntry
from domain.decision import Decision
from domain.engagement import in_utc, not_live
from domain.errors import invalid
from domain.practice_progress import (
    Completion,
    PhaseScored,
    PracticeCompleted,
    PracticeNotCounted,
    PracticeProgress,
    PracticeVoided,
    evolve,
)
from domain.training import PracticeEntry, refuse_impossible
from domain.vocabulary import OwnerStatus, Reason
from domain.voids import History

Decided = Decision[PracticeProgress]


def log_entry(
    decision: Decided,
    entry: PracticeEntry,
    topic: CatalogueItem,
    rules: None,
    owner: OwnerStatus,
    *,
    identifier: UUID,
    backfill: bool = False,
) -> None:
    """Record what follows from a scored phase. Raises InvalidInput when it cannot be recorded at all."""
    entry = in_utc(entry)
    refuse_impossible(entry, decision.now)
    _refuse_unknown(topic, entry)
    reason = not_live(topic.fields.status, owner)
    if reason is None and entry.phase == 2 and decision.state.phase1 is None:
        reason = Reason.PHASE_MISSING
    if reason is not None:
        decision.record(PracticeNotCounted(entry=entry, reason=reason, backfill=backfill), identifier)
        return
    completion = completed_with(decision.state, entry)
    decision.record(PhaseScored(entry=entry, backfill=backfill), identifier)
    # The latest completion counts, whatever order they came in.
    if completion is not None and completion != decision.state.completion:
        decision.record(PracticeCompleted(**entry.engaged(), completion=completion, backfill=backfill))


def void(decision: Decided, command: VoidEntry, history: History, topic: CatalogueItem) -> None:
    """Take an entry back: the challenge is as if it had never come. A second void is the same void."""
    if history.repeats(command):
        return
    progress = replace(decision.state, phase1=None, completion=None)
    for one in history.entries_without(command.entry_id):
        if isinstance(one.event, PhaseScored):
            completion = completed_with(progress, one.event.entry)
            progress = replace(evolve(progress, one.event, one.recorded_at), completion=completion)
    decision.record(
        PracticeVoided(
            entry_id=command.entry_id,
            reason=command.reason,
            actor=command.actor,
            voided_at=decision.now,
            owner_id=progress.owner_id,
            topic_id=progress.topic_id,
            challenge_index=progress.challenge_index,
            phase1=progress.phase1,
            completion=progress.completion,
        )
    )


def _refuse_unknown(topic: CatalogueItem, entry: PracticeEntry) -> None:
    total = total_of(topic, CatalogueKind.TOPIC, "topic_id")
    if not 0 <= entry.challenge_index < total:
        raise invalid("challenge_index", f"must be from 0 to {total - 1}: the topic has {total} challenges")


def completed_with(progress: PracticeProgress, entry: PracticeEntry) -> Completion | None:
    """The completion that counts once this phase is scored: the latest by its time."""
    phase1, before = progress.phase1, progress.completion
    if entry.phase == 1 or phase1 is None:
        return before
    completion = Completion(
        language=entry.language,
        phase1_score=phase1.score,
        phase2_score=entry.score,
        completed_at=max(phase1.activity_at, entry.activity_at),
        phase1_hint_used=phase1.hint_used,
        phase2_hint_used=entry.hint_used,
    )
    return completion if before is None or before.completed_at <= completion.completed_at else before
