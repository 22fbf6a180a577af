"""A chronicle: the events of a challenge's or a streak's engagement, gathered by run and by window."""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from domain import explained_entries, words
from domain.challenge_progress import RunExcused, RunFailed, RunSealed
from domain.definitions import Rules
from domain.engagement import (
    CompletionRolledBack,
    EntryCounted,
    EntryNotCounted,
    EntryVoided,
    MilestoneReached,
    RunCompleted,
    RunStarted,
)
from domain.events import Recorded
from domain.explained_entries import voids_of
from domain.explanation import ExplainedEntry
from domain.numbers import ZERO
from domain.streak_events import (
    BreakForeseen,
    Foreseen,
    PeriodMet,
    PeriodSealed,
    PeriodUnmet,
    RunRecounted,
    RunWithdrawn,
    StreakBroken,
)
from domain.vocabulary import Outcome, Slug
from domain.windows import Window


class WindowTold(msgspec.Struct):
    """What events tell of one window. `outcome` is the one that was written at its seal."""

    window: Window
    count: int = 0
    total: Decimal = ZERO
    met_at: datetime | None = None
    outcome: Outcome | None = None
    entries: list[ExplainedEntry] = []


class RunTold(msgspec.Struct, kw_only=True):
    """What events tell of one run.

    `window` is its first, `due` the one that it waits for, `completed_in` and `missed_in` the one that ended it. Should
    the one that it waits for be missed, `kept_contribution_at` is its latest activity. A streak's run that is only
    foreseen is there once every window of `after_missed` has ended unmet.
    """

    id: UUID
    number: int
    slug: Slug
    rules: Rules
    said_target: str
    window: Window
    started_at: datetime
    due: Window | None
    value: Decimal = ZERO
    completed_at: datetime | None = None
    completed_in: Window | None = None
    missed_in: Window | None = None
    withdrawn: bool = False
    excused: bool = False
    milestones: list[MilestoneReached] = []
    last_contribution_at: datetime | None = None
    kept_contribution_at: datetime | None = None
    after_missed: tuple[Window, ...] = ()


class Chronicle:
    """Runs and windows as a stream's events tell of them; `outside` are entries that no window holds.

    `foreseen` are the runs that wait for the break of the one before to be written. `rules` judge what came before the
    first run.
    """

    def __init__(self, events: Iterable[Recorded], rules: Rules) -> None:
        self.runs: dict[UUID, RunTold] = {}
        self.foreseen: tuple[RunTold, ...] = ()
        self.windows: dict[datetime, WindowTold] = {}
        self.outside: list[ExplainedEntry] = []
        self.listed: set[UUID] = set()
        self.rules = rules
        events = list(events)
        self._voids = voids_of(events)
        for recorded in events:
            tell = TELLING.get(type(recorded.event))
            if tell is not None:
                tell(self, recorded, recorded.event)

    def window(self, window: Window) -> WindowTold:
        """What is told of a window."""
        told = self.windows.get(window.start)
        if told is None:
            told = self.windows[window.start] = WindowTold(window)
        return told

    def _start(self, recorded: Recorded, event: RunStarted) -> None:
        # A run that was withdrawn may begin again under the same id, after others.
        before = self.runs.pop(event.run_id, None)
        self.rules = event.rules
        self.foreseen = tuple(one for one in self.foreseen if one.id != event.run_id)
        self.runs[event.run_id] = RunTold(
            id=event.run_id,
            number=event.number or len(self.runs) + 1,
            slug=event.slug,
            rules=event.rules,
            said_target=words.number(event.rules.target),
            window=event.window,
            started_at=event.started_at,
            due=event.window,
            milestones=before.milestones if before else [],
            last_contribution_at=event.started_at,
        )

    def _count(self, recorded: Recorded, event: EntryCounted) -> None:
        told, run = self.window(event.window), self.runs[event.run_id]
        told.count, told.total = event.count, event.total
        told.entries.append(explained_entries.counted(recorded, event, run.rules, run.said_target, self._voids))
        run.started_at = event.started_at
        if run.slug is Slug.CHALLENGE:
            run.value = event.total
        else:
            run.last_contribution_at = event.last_contribution_at

    def _pass_over(self, recorded: Recorded, event: EntryNotCounted) -> None:
        entry = explained_entries.not_counted(recorded, event, self.rules, self._voids)
        (self.window(event.window).entries if event.window else self.outside).append(entry)

    def _void(self, recorded: Recorded, event: EntryVoided) -> None:
        self.listed.update(event.rewards)
        if not event.effective or event.window is None:
            return
        told = self.window(event.window)
        told.count, told.total = event.tally.count, event.total
        run = self.runs.get(event.run_id) if event.run_id else None
        if run is not None and run.slug is Slug.CHALLENGE:
            run.value, run.started_at = event.total, event.started_at or run.started_at

    def _complete(self, recorded: Recorded, event: RunCompleted) -> None:
        run = self.runs[event.run_id]
        run.completed_at, run.completed_in = event.completed_at, event.window or run.window
        if run.slug is Slug.CHALLENGE:
            self.window(run.window).met_at = event.completed_at
        else:
            run.value = event.value

    def _roll_back(self, recorded: Recorded, event: CompletionRolledBack) -> None:
        run = self.runs[event.run_id]
        run.completed_at = run.completed_in = None
        if run.slug is Slug.CHALLENGE:
            self.window(run.window).met_at = None

    def _reach(self, recorded: Recorded, event: MilestoneReached) -> None:
        self.runs[event.run_id].milestones.append(event)

    def _fail(self, recorded: Recorded, event: RunFailed) -> None:
        self.window(event.window).outcome = Outcome.MISSED
        self.runs[event.run_id].missed_in = event.window

    def _seal_run(self, recorded: Recorded, event: RunSealed) -> None:
        self.window(event.window).outcome = Outcome.MET

    def _excuse(self, recorded: Recorded, event: RunExcused) -> None:
        self.window(event.window).outcome = Outcome.EXCUSED
        self.runs[event.run_id].excused = True

    def _meet(self, recorded: Recorded, event: PeriodMet) -> None:
        run = self.runs[event.run_id]
        self.window(event.window).met_at = event.met_at
        run.value, run.due = Decimal(event.value), event.due

    def _unmeet(self, recorded: Recorded, event: PeriodUnmet) -> None:
        self.window(event.window).met_at = None

    def _recount(self, recorded: Recorded, event: RunRecounted) -> None:
        run = self.runs[event.run_id]
        run.window, run.started_at, run.due = event.window, event.started_at, event.due
        run.value, run.completed_in = Decimal(event.value), event.completed_in or run.completed_in
        run.last_contribution_at = event.last_contribution_at

    def _withdraw(self, recorded: Recorded, event: RunWithdrawn) -> None:
        self.runs[event.run_id].withdrawn = True

    def _seal(self, recorded: Recorded, event: PeriodSealed) -> None:
        self.window(event.window).outcome = event.outcome

    def _break(self, recorded: Recorded, event: StreakBroken) -> None:
        run = self.runs[event.run_id]
        self.window(event.window).outcome = Outcome.MISSED
        run.missed_in, run.value = event.window, Decimal(event.value)
        run.last_contribution_at, run.kept_contribution_at = event.last_contribution_at, None

    def _foresee(self, recorded: Recorded, event: BreakForeseen) -> None:
        self.runs[event.run_id].kept_contribution_at = event.kept_contribution_at
        self.foreseen = tuple(_foreseen(one) for one in event.next)


def _foreseen(one: Foreseen) -> RunTold:
    return RunTold(
        id=one.id,
        number=one.number,
        slug=Slug.STREAK,
        rules=one.rules,
        said_target=words.number(one.rules.target),
        window=one.window,
        started_at=one.started_at,
        due=one.due,
        value=Decimal(one.value),
        completed_at=one.last_completed_at if one.completed_in else None,
        completed_in=one.completed_in,
        last_contribution_at=one.last_contribution_at,
        kept_contribution_at=one.kept_contribution_at,
        after_missed=one.missed,
    )


TELLING: dict[type, Callable[[Chronicle, Recorded, Any], None]] = {
    RunStarted: Chronicle._start,
    EntryCounted: Chronicle._count,
    EntryNotCounted: Chronicle._pass_over,
    EntryVoided: Chronicle._void,
    RunCompleted: Chronicle._complete,
    CompletionRolledBack: Chronicle._roll_back,
    MilestoneReached: Chronicle._reach,
    RunFailed: Chronicle._fail,
    RunSealed: Chronicle._seal_run,
    RunExcused: Chronicle._excuse,
    PeriodMet: Chronicle._meet,
    PeriodUnmet: Chronicle._unmeet,
    RunRecounted: Chronicle._recount,
    RunWithdrawn: Chronicle._withdraw,
    PeriodSealed: Chronicle._seal,
    StreakBroken: Chronicle._break,
    BreakForeseen: Chronicle._foresee,
}
