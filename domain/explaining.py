"""Why things are as they are: an engagement's events explained as they read at a moment."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from domain import explained_runs, explained_training, explained_windows
from domain.chronicle import Chronicle
from domain.events import Recorded
from domain.explanation import ExplainedRun, Explanation
from domain.past import Past
from domain.vocabulary import Outcome, ProgressStatus, Slug

NOTHING = "nothing was recorded"
IN_PROGRESS = ProgressStatus.IN_PROGRESS.value


def explain(past: Past, now: datetime) -> Explanation:
    """What became of an engagement by `now`, as far as `past` knows, and why."""
    if not past.events:
        return Explanation(slug=past.slug, summary=NOTHING)
    match past.slug:
        case Slug.PRACTICE:
            return explained_training.practice(past.events, past.state)
        case Slug.LEARN:
            return explained_training.learn(past.events, past.state)
    return explain_game(past.slug, past.events, past.definition, now)


def explain_game(slug: Slug, events: Sequence[Recorded], definition: Any, now: datetime) -> Explanation:
    """A challenge or a streak: its definition says what a pause excuses, and judges what came before the first run."""
    told = Chronicle(events, definition.rules)
    standings = explained_runs.Standings(told, definition.pauses, now)
    row = explained_windows.Row(standings, now)
    windows = tuple(explained_windows.explained(one, standings, definition.pauses, now) for one in row.windows())
    excused = Counter(one.run_id for one in windows if one.outcome is Outcome.EXCUSED)
    runs = tuple(explained_runs.explained(standings, excused, now))
    return Explanation(
        slug=slug,
        summary=_summary(runs),
        runs=runs,
        windows=windows,
        entries=tuple(told.outside),
        left_out=tuple(row.left_out),
    )


def _summary(runs: Sequence[ExplainedRun]) -> str:
    """The latest run's, and that of the run before while the latest has only begun."""
    known = [run for run in runs if run.status != explained_runs.WITHDRAWN]
    if not known:
        return "no run has begun: no entry counted"
    latest = known[-1]
    if latest.status == IN_PROGRESS and len(known) > 1:
        return f"{latest.summary}. The run before was {known[-2].summary}"
    return latest.summary
