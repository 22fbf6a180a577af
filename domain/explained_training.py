"""Training explained: each entry, what it did, and how far the owner is with it (RULES 8)."""

from collections.abc import Iterable
from typing import Any

from domain import explained_entries, words
from domain.events import Recorded
from domain.explained_entries import Voids, voids_of
from domain.explanation import ExplainedEntry, ExplainedVoid, Explanation
from domain.learn_progress import LearnNotCounted, LearnProgress, LearnVoided, ScenarioAccessed
from domain.practice_progress import (
    PhaseScored,
    PracticeCompleted,
    PracticeNotCounted,
    PracticeProgress,
    PracticeVoided,
)
from domain.vocabulary import Slug

UTC = "UTC"
IDLE = "none: the entry had not counted"


def practice(events: Iterable[Recorded], state: PracticeProgress) -> Explanation:
    """One owner on one challenge of a topic. `state` is what the events have led to."""
    events = list(events)
    voids, entries = voids_of(events), []
    for one in events:
        match one.event:
            case PhaseScored(entry=entry):
                what = "an attempt began" if entry.phase == 1 else "the attempt is complete"
                entries.append(_entry(one, f"counted: phase {entry.phase} scored {entry.score} of 50, {what}", voids))
            case PracticeNotCounted():
                entries.append(_idle(one, voids))
    times = sum(isinstance(one.event, PracticeCompleted) for one in events)
    return Explanation(slug=Slug.PRACTICE, summary=_practised(state, times), entries=tuple(entries))


def learn(events: Iterable[Recorded], state: LearnProgress) -> Explanation:
    """One owner on one scenario. `state` is what the events have led to."""
    events = list(events)
    voids, entries = voids_of(events), []
    for one in events:
        match one.event:
            case ScenarioAccessed(entry=entry, steps=steps):
                what = "the scenario was opened" if entry.step is None else f"step {entry.step} was reached"
                why = f"counted: {what}, {steps.current_step} of {steps.total_steps} after it"
                entries.append(_entry(one, why, voids))
            case LearnNotCounted():
                entries.append(_idle(one, voids))
    return Explanation(slug=Slug.LEARN, summary=_learned(state), entries=tuple(entries))


def _entry(recorded: Recorded, why: str, voids: Voids) -> ExplainedEntry:
    return explained_entries.plain(recorded, why, None, _void(recorded, voids, counted=True))


def _idle(recorded: Recorded, voids: Voids) -> ExplainedEntry:
    event: Any = recorded.event
    why = f"not counted: {explained_entries.ALWAYS[event.reason]}"
    return explained_entries.plain(recorded, why, event.reason, _void(recorded, voids, counted=False))


def _void(recorded: Recorded, voids: Voids, *, counted: bool) -> ExplainedVoid | None:
    found = voids.get(recorded.entry_id) if recorded.entry_id else None
    match found.event if found else None:
        case PracticeVoided() as event:
            left = "a completion is left" if event.completion else "no completion is left"
        case LearnVoided() as event:
            left = f"step {event.steps.current_step} is left" if event.steps else "nothing is left"
        case _:
            return None
    return explained_entries.void(event, effect=f"left out: {left}" if counted else IDLE, effective=counted)


def _practised(state: PracticeProgress, times: int) -> str:
    if state.completion is not None:
        found = state.completion
        phases = f"{found.phase1_score} and {found.phase2_score}"
        of = f", the latest of {times} completions" if times > 1 else ""
        return f"completed: {found.score} of 100 ({phases}) at {words.said(found.completed_at, UTC)}{of}"
    if state.phase1 is not None:
        return f"not completed: phase 1 scored {state.phase1.score} of 50, phase 2 is to come"
    return "not completed: no attempt has both phases"


def _learned(state: LearnProgress) -> str:
    steps = state.steps
    if steps is None:
        return "not begun: no entry counts"
    far = f"step {steps.current_step} of {steps.total_steps}"
    if steps.completed_at is not None:
        return f"completed: {far}, reached at {words.said(steps.completed_at, UTC)}"
    return f"not completed: {far}, last accessed at {words.said(steps.last_access_at, UTC)}"
