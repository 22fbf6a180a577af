"""The demo's training: the rows of the training document, as they stand there."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cli.example import Example, backfill
from domain.application import ProgressLog
from domain.training import LearnEntry, PracticeEntry

GRACE = "1a2b3c4d-5e6f-7081-9203-4d5e6f708192"
BETWEEN_PHASES = timedelta(minutes=7)


class Solved(NamedTuple):
    """A challenge with both phases."""

    topic: str
    index: int
    language: str
    scores: tuple[int, int]
    hint_used: bool
    at: datetime


class Reached(NamedTuple):
    """A step of a scenario; none when it was only opened."""

    scenario: str
    step: int | None
    at: datetime


def _may(day: int, hour: int, minute: int, second: int) -> datetime:
    return datetime(2026, 5, day, hour, minute, second, tzinfo=UTC)


SOLVED = (
    Solved("sql-injection", 0, "python", (50, 50), False, _may(20, 14, 32, 8)),
    Solved("sql-injection", 1, "python", (30, 50), True, _may(21, 9, 14, 55)),
    Solved("xss", 0, "javascript", (50, 50), False, _may(22, 11, 48, 31)),
)
REACHED = (
    Reached("auth-bypass-walkthrough", None, _may(18, 13, 2, 11)),
    Reached("auth-bypass-walkthrough", 8, _may(18, 13, 41, 7)),
    Reached("jwt-tampering", None, _may(23, 16, 20, 0)),
    Reached("jwt-tampering", 3, _may(23, 16, 31, 0)),
    Reached("jwt-tampering", None, _may(24, 10, 8, 42)),
)


def load(log: ProgressLog, tenant: str, now: datetime) -> list[Example]:
    """Log what Grace practised and learned in May 2026."""
    entries = [entry for entry in (*_practised(), *_learned()) if entry.activity_at <= now]
    backfill(log, tenant, sorted(entries, key=lambda entry: entry.activity_at), now)
    return [
        _example("practice", "Grace has solved three practice challenges", "practice-progress"),
        _example("learn", "Grace has finished one scenario and begun another", "learn-progress"),
        _example("assignments", "Grace has two assignments: 40 % of one, all of the other", "assignments"),
    ]


def _practised() -> Iterator[PracticeEntry]:
    for one in SOLVED:
        for phase, score in enumerate(one.scores, 1):
            yield PracticeEntry(
                owner_id=GRACE,
                topic_id=one.topic,
                challenge_index=one.index,
                phase=phase,
                score=score,
                hint_used=one.hint_used and phase == 1,
                language=one.language,
                activity_at=one.at - BETWEEN_PHASES * (2 - phase),
                unique_identifier=f"{one.topic}-{one.index}-{phase}",
            )


def _learned() -> Iterator[LearnEntry]:
    for number, one in enumerate(REACHED, 1):
        yield LearnEntry(
            owner_id=GRACE,
            scenario_id=one.scenario,
            step=one.step,
            activity_at=one.at,
            unique_identifier=f"{one.scenario}-{number}",
        )


def _example(name: str, says: str, path: str) -> Example:
    return Example(name, says, GRACE, f"/api/public/v1/users/{GRACE}/{path}")
