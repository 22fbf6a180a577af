"""The windows of an engagement in order, those without an entry too, each with its outcome and why (RULES 2, 5, 6)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from domain import words
from domain.chronicle import WindowTold
from domain.definitions import Pause, Rules
from domain.explained_runs import Standing, Standings
from domain.explanation import ExplainedWindow, Stretch
from domain.vocabulary import Outcome, Period
from domain.windows import Schedule, Window, window_after

MAX_IN_A_ROW = 100
MAX_WITHOUT_ENTRIES = 1_000
WAITS = "; the next run begins with it, and is written once the break before it is sealed"


class Row:
    """Windows in a row at a moment. Of those in which nothing happened, some are listed; `left_out` says the rest."""

    def __init__(self, standings: Standings, now: datetime) -> None:
        self.left_out: list[Stretch] = []
        self._standings = standings
        self._now = now
        self._left = MAX_WITHOUT_ENTRIES
        known = dict(standings.told.windows)
        for one in standings.all:
            waited = one.window
            if waited is not None and waited.start <= now and waited.start not in known:
                known[waited.start] = WindowTold(waited)
        self._known = [known[start] for start in sorted(known)]

    def windows(self) -> Iterator[WindowTold]:
        """Every window from the first that has something to tell up to that of `now`."""
        for told, following in pairwise([*self._known, None]):
            if told is not None:
                yield told
                yield from self._between(told.window, following.window if following else None)

    def _between(self, window: Window, following: Window | None) -> Iterator[WindowTold]:
        schedule = self._standings.rules(window).schedule
        until = following.start if following else self._now
        if window.end > until or (following and window.end == until) or not _regular(schedule):
            return
        for _ in range(MAX_IN_A_ROW):
            found = window_after(schedule, window)
            # The next window with something in it may have been cut from other rules, and begin within this one.
            if found is None or found.start > until or (following is not None and found.end > until):
                return
            if not self._left:
                break
            self._left -= 1
            yield WindowTold(found)
            window = found
        if window.end < until:
            self.left_out.append(Stretch(window.end, until))


def _regular(schedule: Schedule) -> bool:
    """Whether windows follow each other by the calendar, entries or not. Those that roll begin with a run."""
    return schedule.period not in (Period.ONCE, Period.ROLLING)


def explained(told: WindowTold, standings: Standings, pauses: tuple[Pause, ...], now: datetime) -> ExplainedWindow:
    """One window with its outcome and why, as they are at `now`."""
    window, owner = told.window, standings.of(told.window)
    rules = standings.rules(window)
    touching = tuple(pause for pause in pauses if pause.touches(window))
    outcome = _outcome(told, touching, now)
    waits = WAITS if told.count and owner is None else ""
    return ExplainedWindow(
        window=window,
        timezone=rules.schedule.timezone,
        seals_at=window.end + timedelta(seconds=rules.late_grace_seconds),
        sealed=told.outcome is not None,
        count=told.count,
        total=told.total,
        target=rules.target,
        outcome=outcome,
        why=_why(told, outcome, owner, rules, touching) + waits,
        entries=tuple(told.entries),
        run_id=owner.run.id if owner else None,
        pauses=touching,
    )


def _outcome(told: WindowTold, touching: tuple[Pause, ...], now: datetime) -> Outcome:
    if told.outcome is not None:
        return told.outcome
    if told.met_at is not None:
        return Outcome.MET
    if now < told.window.end:
        return Outcome.OPEN
    return Outcome.EXCUSED if touching else Outcome.MISSED


def _why(told: WindowTold, outcome: Outcome, owner: Standing | None, rules: Rules, touching: tuple[Pause, ...]) -> str:
    zone = rules.schedule.timezone
    tally = f"{words.number(told.total)} of {words.number(rules.target)}"
    ended = words.said(told.window.end, zone)
    match outcome:
        case Outcome.MET:
            at = f", reached at {words.said(told.met_at, zone)}" if told.met_at else ""
            return f"met: {tally}{at}"
        case Outcome.EXCUSED:
            return f"excused: {_paused(touching, zone)}; neither met nor missed, with {tally}"
        case Outcome.OPEN:
            return f"open: {tally} so far, it ends at {ended}"
        case _ if owner is None and not told.count:
            nothing = "nothing in it counted" if told.entries else "nothing was logged in it"
            return f"missed: {nothing}, and no run was in progress"
    return f"missed: {tally} when it ended at {ended}"


def _paused(touching: tuple[Pause, ...], zone: str) -> str:
    if not touching:
        return "the definition was paused"
    first = touching[0]
    until = f"until {words.said(first.end, zone)}" if first.end else "and still is"
    return f"the definition was paused from {words.said(first.start, zone)} {until}"
