"""What became of the runs of an engagement at a moment, written or not (RULES 5, never stale)."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from domain import words
from domain.chronicle import Chronicle, RunTold
from domain.definitions import Pause, Rules, touched
from domain.explanation import ExplainedMilestone, ExplainedRun
from domain.numbers import ZERO
from domain.vocabulary import ProgressStatus, Slug
from domain.windows import Window, window_after

WITHDRAWN, EXCUSED = "withdrawn", "excused"
MAX_WALKED = 100_000


class Standing(msgspec.Struct, frozen=True):
    """How a run reads at a moment. `window` is the one that ended it, or that it waits for."""

    run: RunTold
    status: str
    window: Window | None
    ended_at: datetime | None = None


class Standings:
    """The runs of an engagement as they read at a moment, and which of them has a window."""

    def __init__(self, told: Chronicle, pauses: tuple[Pause, ...], now: datetime) -> None:
        self.told = told
        self.all = [standing(told, run, pauses, now) for run in _there(told, pauses, now)]
        self.all.sort(key=lambda one: one.run.window.start)
        self._with_windows = [one for one in self.all if one.status != WITHDRAWN]
        self._starts = [one.run.window.start for one in self._with_windows]

    def of(self, window: Window) -> Standing | None:
        """The run whose window this is; None when no run was waiting for it."""
        index = bisect_right(self._starts, window.start) - 1
        if index < 0:
            return None
        found = self._with_windows[index]
        over = found.ended_at is not None or found.run.slug is Slug.CHALLENGE
        if over and found.window is not None and window.start >= found.window.end:
            return None
        return found

    def rules(self, window: Window) -> Rules:
        """The rules that judge a window: its run's, or those of the run before it."""
        index = bisect_right(self._starts, window.start) - 1
        if self._with_windows:
            return self._with_windows[max(index, 0)].run.rules
        return self.told.rules


def _there(told: Chronicle, pauses: tuple[Pause, ...], now: datetime) -> Iterable[RunTold]:
    """The runs by now: those that are written, and those that missed windows let be before it is written."""
    foreseen = {
        run.id: run
        for run in told.foreseen
        if all(window.end <= now and not touched(pauses, window) for window in run.after_missed)
    }
    # One that was withdrawn is foreseen under the same id when its windows wait for the break before it.
    return {**told.runs, **foreseen}.values()


def standing(told: Chronicle, run: RunTold, pauses: tuple[Pause, ...], now: datetime) -> Standing:
    """How a run reads at `now`: a boundary that has passed counts, whether or not it is written."""
    if run.withdrawn:
        return Standing(run, WITHDRAWN, None)
    if run.completed_at is not None:
        return Standing(run, ProgressStatus.COMPLETED, run.completed_in, run.completed_at)
    lost = ProgressStatus.FAILED if run.slug is Slug.CHALLENGE else ProgressStatus.BROKEN
    if run.missed_in is not None:
        return Standing(run, lost, run.missed_in, run.missed_in.end)
    if run.slug is Slug.CHALLENGE:
        return _of_challenge(run, pauses, now)
    window = _waited(told, run, pauses, now)
    if window is not None and window.end <= now and not touched(pauses, window):
        return Standing(run, lost, window, window.end)
    return Standing(run, ProgressStatus.IN_PROGRESS, window)


def _of_challenge(run: RunTold, pauses: tuple[Pause, ...], now: datetime) -> Standing:
    if run.excused or (run.window.end <= now and touched(pauses, run.window)):
        return Standing(run, EXCUSED, run.window, run.window.end)
    if run.window.end <= now:
        return Standing(run, ProgressStatus.FAILED, run.window, run.window.end)
    return Standing(run, ProgressStatus.IN_PROGRESS, run.window)


def _waited(told: Chronicle, run: RunTold, pauses: tuple[Pause, ...], now: datetime) -> Window | None:
    """The first window from `due` on that is neither met nor, being over, excused."""
    window = run.due
    for _ in range(MAX_WALKED):
        if window is None:
            return None
        known = told.windows.get(window.start)
        over = (known is not None and known.met_at is not None) or (window.end <= now and touched(pauses, window))
        if not over:
            return window
        window = window_after(run.rules.schedule, window)
    return window


def explained(standings: Standings, excused: Mapping[UUID | None, int], now: datetime) -> Iterable[ExplainedRun]:
    """Each run with its summary. `excused` says how many windows a pause excused, by run."""
    for one in standings.all:
        run, streak = one.run, one.run.slug is Slug.STREAK
        completion = None if run.rules.completion is None else Decimal(run.rules.completion)
        yield ExplainedRun(
            id=run.id,
            number=run.number,
            status=one.status,
            summary=_summary(standings.told, one, excused.get(run.id, 0), now),
            started_at=run.started_at,
            ended_at=one.ended_at,
            last_contribution_at=_last_contribution(one),
            value=run.value,
            target=completion if streak else run.rules.target,
            definition_version=run.rules.definition_version,
            timezone=run.rules.schedule.timezone,
            milestones=tuple(_milestones(run, standings.told)),
        )


def _last_contribution(one: Standing) -> datetime | None:
    """What was logged behind the window that broke a run is not its own."""
    missed = one.status == ProgressStatus.BROKEN
    return (one.run.kept_contribution_at if missed else None) or one.run.last_contribution_at


def _milestones(run: RunTold, told: Chronicle) -> Iterable[ExplainedMilestone]:
    for event in run.milestones:
        yield ExplainedMilestone(
            milestone_id=event.milestone.id,
            reward_id=event.reward_id,
            name=event.milestone.name,
            target_value=event.milestone.target_value,
            reached_at=event.reached_at,
            period_key=event.period_key,
            listed=event.reward_id in told.listed,
        )


def _summary(told: Chronicle, one: Standing, excused: int, now: datetime) -> str:
    run, zone = one.run, one.run.rules.schedule.timezone
    in_a_row = _in_a_row(run) if run.slug is Slug.STREAK else ""
    match one.status:
        case "withdrawn":
            return "withdrawn: what came later showed that this run had not begun"
        case "excused":
            return f"excused: a pause touched the window {run.window.key}, which is neither met nor missed"
        case ProgressStatus.COMPLETED:
            what = in_a_row or f"{_tally(told, run, run.window)} in the window {run.window.key}"
            said = f"completed: {what}, reached at {words.said(run.completed_at or run.started_at, zone)}"
        case ProgressStatus.IN_PROGRESS:
            said = _in_progress(told, one, in_a_row, now)
        case lost:
            after = f", after {in_a_row}" if in_a_row and run.value else ""
            window = one.window or run.window
            said = f"{lost}: {_ended(told, run, window)}{after}{_in_vain(told, window)}"
    paused = f"; a pause excused {words.counted(excused, 'window')}" if excused and in_a_row else ""
    return f"{said}{paused}{_revocable(run, now)}"


def _revocable(run: RunTold, now: datetime) -> str:
    """Until when the break before a run, and with it the run, is not final."""
    if not run.after_missed:
        return ""
    sealed_at = run.after_missed[-1].end + timedelta(seconds=run.rules.late_grace_seconds)
    if sealed_at <= now:
        return ""
    until = words.said(sealed_at, run.rules.schedule.timezone)
    return f"; until {until} late entries can still join it to the run before"


def _in_a_row(run: RunTold) -> str:
    value = int(run.value)
    of = f" of {run.rules.completion}" if run.rules.completion is not None else ""
    return f"{value}{of} {'window' if value == 1 and not of else 'windows'} met in a row"


def _tally(told: Chronicle, run: RunTold, window: Window) -> str:
    known = told.windows.get(window.start)
    return f"{words.number(known.total if known else ZERO)} of {words.number(run.rules.target)}"


def _ended(told: Chronicle, run: RunTold, window: Window) -> str:
    zone = run.rules.schedule.timezone
    return f"the window {window.key} ended at {words.said(window.end, zone)} with {_tally(told, run, window)}"


def _in_vain(told: Chronicle, window: Window) -> str:
    """What came for a window and did not count, or does not any more."""
    known = told.windows.get(window.start)
    entries = known.entries if known else []
    idle = [one for one in entries if not one.counted]
    gone = [one for one in entries if one.void is not None and one.void.effective]
    said = []
    if idle:
        of_one = f" ({idle[0].why.removeprefix('not counted: ')})" if len(idle) == 1 else ""
        said.append(f"; {words.counted(len(idle), 'entry')} in it did not count{of_one}")
    if gone:
        said.append(f"; {words.counted(len(gone), 'entry')} in it {'was' if len(gone) == 1 else 'were'} voided")
    return "".join(said)


def _in_progress(told: Chronicle, one: Standing, in_a_row: str, now: datetime) -> str:
    run, window, zone = one.run, one.window, one.run.rules.schedule.timezone
    if window is None:
        return f"in progress: {in_a_row}; the definition has no further window"
    tally = f"{_tally(told, run, window)} in the window {window.key}"
    if window.start > now:
        what = f"the next window is {window.key}, from {words.said(window.start, zone)} on"
    else:
        what = f"{tally}, which ends at {words.said(window.end, zone)}"
    return f"in progress: {in_a_row}; {what}" if in_a_row else f"in progress: {what}"
