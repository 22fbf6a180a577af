"""An explanation as it is answered: runs and windows, each with what became of it and why."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from api.audit.asked import Asked
from api.audit.history_record import engagement, moments_of
from api.exact import exact_moment, exact_moments
from domain.explaining import explain
from domain.explanation import (
    ExplainedEntry,
    ExplainedRun,
    ExplainedVoid,
    ExplainedWindow,
    Explanation,
)
from domain.past import Past
from domain.words import local


class EntryShown(msgspec.Struct, kw_only=True, rename="camel", gc=False):
    """An entry as it is answered. There may be ten thousand of them, and a struct takes half the time of a dict."""

    id: UUID
    unique_identifier: str
    activity_id: str | None
    activity_at: str | None
    activity_value: Decimal | None
    recorded_at: str | None
    version: int
    counted: bool
    reason: str | None
    why: str
    void: dict[str, Any] | None


class OutsideEntryShown(EntryShown, kw_only=True, rename="camel", gc=False):
    """One that no window holds."""

    engagement_id: UUID


class Explained(NamedTuple):
    """An engagement and what became of it."""

    past: Past
    explanation: Explanation


def explained(asked: Asked) -> list[Explained]:
    """Each engagement explained as it reads at the moment that was asked for."""
    return [Explained(past, explain(past, asked.moment)) for past in asked.pasts]


def written(asked: Asked) -> dict[str, Any]:
    """The answer."""
    found = explained(asked)
    return {
        "progressId": asked.run_id,
        **moments_of(asked),
        "summary": summary(found, asked.run_id),
        "engagements": [{**engagement(one.past), "summary": one.explanation.summary} for one in found],
        "runs": [_run(one.past.id, run) for one in found for run in one.explanation.runs],
        "windows": [_window(one.past.id, window) for one in found for window in one.explanation.windows],
        "entries": [entry for one in found for entry in _outside(one)],
        "leftOut": [
            {"engagementId": one.past.id, "startAt": exact_moment(gap.start), "endAt": exact_moment(gap.end)}
            for one in found
            for gap in one.explanation.left_out
        ],
    }


def summary(found: Iterable[Explained], run_id: UUID | None) -> str:
    """What became of the run that was asked for, or of everything."""
    of_run = [run.summary for one in found for run in one.explanation.runs if run.id == run_id]
    if of_run:
        return of_run[0]
    said = [(one.past.about.challenge_index, one.explanation.summary) for one in found]
    if len(said) == 1:
        return said[0][1]
    return "; ".join(text if index is None else f"challenge {index} {text}" for index, text in said)


def _run(engagement_id: UUID, run: ExplainedRun) -> dict[str, Any]:
    return {
        "progressId": run.id,
        "engagementId": engagement_id,
        "number": run.number,
        "status": run.status,
        "summary": run.summary,
        "startedAt": exact_moment(run.started_at),
        "endedAt": exact_moment(run.ended_at),
        "lastTaskContributionAt": exact_moment(run.last_contribution_at),
        "currentProgressValue": run.value,
        "completionTargetValue": run.target,
        "definitionVersion": run.definition_version,
        "timezone": run.timezone,
        "milestones": [
            {
                "milestoneId": one.milestone_id,
                "name": one.name,
                "milestoneTargetValue": one.target_value,
                "reachedAt": exact_moment(one.reached_at),
                "periodKey": one.period_key,
                "rewardLogId": one.reward_id,
                "clawBack": one.listed,
            }
            for one in run.milestones
        ],
    }


def _window(engagement_id: UUID, one: ExplainedWindow) -> dict[str, Any]:
    window = one.window
    return {
        "key": window.key,
        "progressId": one.run_id,
        "engagementId": engagement_id,
        "startAt": exact_moment(window.start),
        "endAt": exact_moment(window.end),
        "localStartAt": local(window.start, one.timezone).isoformat(timespec="microseconds"),
        "localEndAt": local(window.end, one.timezone).isoformat(timespec="microseconds"),
        "timezone": one.timezone,
        "sealsAt": exact_moment(one.seals_at),
        "isSealed": one.sealed,
        "tally": one.total,
        "count": one.count,
        "target": one.target,
        "outcome": one.outcome,
        "why": one.why,
        "pauses": [{"startAt": exact_moment(pause.start), "endAt": exact_moment(pause.end)} for pause in one.pauses],
        "entries": _entries(one.entries),
    }


def _entries(entries: Sequence[ExplainedEntry]) -> list[EntryShown]:
    if not entries:
        return []
    happened = exact_moments(one.activity_at for one in entries)
    recorded = exact_moments(one.recorded_at for one in entries)
    return [
        EntryShown(
            id=one.id,
            unique_identifier=one.unique_identifier,
            activity_id=one.activity_id,
            activity_at=activity_at,
            activity_value=one.activity_value,
            recorded_at=recorded_at,
            version=one.version,
            counted=one.counted,
            reason=one.reason,
            why=one.why,
            void=None if one.void is None else _void(one.void),
        )
        for one, activity_at, recorded_at in zip(entries, happened, recorded, strict=True)
    ]


def _outside(one: Explained) -> list[OutsideEntryShown]:
    shown = _entries(one.explanation.entries)
    return [OutsideEntryShown(engagement_id=one.past.id, **msgspec.structs.asdict(entry)) for entry in shown]


def _void(one: ExplainedVoid) -> dict[str, Any]:
    return {
        "voidedAt": exact_moment(one.voided_at),
        "reason": one.reason,
        "actor": one.actor,
        "isEffective": one.effective,
        "effect": one.effect,
        "rewardLogIds": one.rewards,
    }
