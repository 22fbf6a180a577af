"""What events change in streak progress. Values are copied, never worked out."""

from collections.abc import Iterator
from typing import Any

import msgspec

from domain.definitions import Rules
from domain.engagement import CompletionRolledBack, EntryCounted, EntryVoided, RunCompleted, RunStarted
from domain.events import Recorded
from domain.streak_events import BreakForeseen, Foreseen, PeriodMet, RunRecounted, RunWithdrawn, StreakBroken
from domain.vocabulary import ProgressStatus, Slug
from domain.windows import Window
from projections.change import Change, ranges

EVENTS = (
    RunStarted,
    EntryCounted,
    PeriodMet,
    RunRecounted,
    EntryVoided,
    RunCompleted,
    CompletionRolledBack,
    StreakBroken,
    RunWithdrawn,
    BreakForeseen,
)


def rows(recorded: Recorded) -> Iterator[Change]:
    """The columns that an event sets."""
    event, at = recorded.event, recorded.recorded_at
    match event:
        case RunStarted() if event.slug is Slug.STREAK:
            yield _started(event, recorded)
        case EntryCounted() if event.entry.slug is Slug.STREAK:
            contributed = event.last_contribution_at
            yield Change(event.run_id, started_at=event.started_at, last_contribution_at=contributed, updated_at=at)
        case PeriodMet():
            due, completed = _window("period", event.due), event.last_completed_at
            yield Change(event.run_id, value=event.value, last_completed_at=completed, updated_at=at, **due)
        case RunRecounted():
            yield _recounted(event, recorded)
        case EntryVoided() if event.slug is Slug.STREAK and event.effective:
            yield Change(event.run_id, updated_at=at)
        case RunCompleted() if event.slug is Slug.STREAK:
            status, window = ProgressStatus.COMPLETED.value, _window("completed", event.window)
            yield Change(event.run_id, status=status, completed_at=event.completed_at, updated_at=at, **window)
        case CompletionRolledBack() if event.slug is Slug.STREAK:
            yield Change(event.run_id, status=ProgressStatus.IN_PROGRESS.value, completed_at=None, updated_at=at)
        case StreakBroken():
            yield _broken(event)
        case RunWithdrawn():
            yield Change(event.run_id, gone=True)
        case BreakForeseen():
            yield Change(event.run_id, kept_contribution_at=event.kept_contribution_at)
            yield from (Change(identifier, gone=True) for identifier in event.withdrawn)
            yield from (_foreseen(event, one, recorded) for one in event.next)


def _started(event: RunStarted, recorded: Recorded) -> Change:
    return Change(
        event.run_id,
        tenant=recorded.tenant,
        definition_id=event.definition_id,
        owner_id=event.owner_id,
        engagement_id=recorded.originator_id,
        number=event.number,
        status=ProgressStatus.IN_PROGRESS.value,
        value=0,
        after_missed=None,
        first_period_start_at=event.window.start,
        started_at=event.started_at,
        completed_at=None,
        broken_at=None,
        last_contribution_at=event.started_at,
        kept_contribution_at=None,
        last_completed_at=None,
        created_at=event.created_at or recorded.recorded_at,
        updated_at=recorded.recorded_at,
        **_rules(event.rules),
        **_window("period", event.window),
        **_window("completed", None),
    )


def _foreseen(event: BreakForeseen, one: Foreseen, recorded: Recorded) -> Change:
    """The row of a run that is there once windows are missed. Its start, when it is written, replaces it."""
    status = ProgressStatus.COMPLETED if one.completed_in else ProgressStatus.IN_PROGRESS
    return Change(
        one.id,
        tenant=recorded.tenant,
        definition_id=event.definition_id,
        owner_id=event.owner_id,
        engagement_id=recorded.originator_id,
        number=one.number,
        status=status.value,
        value=one.value,
        after_missed=ranges((window.start, window.end) for window in one.missed),
        first_period_start_at=one.window.start,
        started_at=one.started_at,
        completed_at=one.last_completed_at if one.completed_in else None,
        broken_at=None,
        last_contribution_at=one.last_contribution_at,
        kept_contribution_at=one.kept_contribution_at,
        last_completed_at=one.last_completed_at,
        created_at=one.created_at,
        updated_at=one.updated_at,
        **_rules(one.rules),
        **_window("period", one.due),
        **_window("completed", one.completed_in),
    )


def _rules(rules: Rules) -> dict[str, Any]:
    return {
        "target": rules.completion,
        "task_target": rules.target,
        "method": rules.method.value,
        "distinct_by": rules.distinct_by,
        "schedule": msgspec.json.encode(rules.schedule).decode(),
    }


def _recounted(event: RunRecounted, recorded: Recorded) -> Change:
    return Change(
        event.run_id,
        value=event.value,
        first_period_start_at=event.window.start,
        started_at=event.started_at,
        last_contribution_at=event.last_contribution_at,
        last_completed_at=event.last_completed_at,
        updated_at=recorded.recorded_at,
        **_window("period", event.due),
        **(_window("completed", event.completed_in) if event.completed_in else {}),
    )


def _broken(event: StreakBroken) -> Change:
    # It read broken from the window's end on: writing it down is no change that anybody sees.
    return Change(
        event.run_id,
        status=ProgressStatus.BROKEN.value,
        broken_at=event.broken_at,
        value=event.value,
        last_contribution_at=event.last_contribution_at,
        **_window("period", event.window),
    )


def _window(name: str, window: Window | None) -> dict[str, Any]:
    key, start, end = (window.key, window.start, window.end) if window else (None, None, None)
    return {f"{name}_key": key, f"{name}_start_at": start, f"{name}_end_at": end}
