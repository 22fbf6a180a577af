"""Long work as it goes: a bar with rate and ETA on a terminal, one JSON line a second elsewhere. Both on stderr."""

import json
import sys
import time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

SECOND = 1.0


class Display:
    """How far a piece of work is. `done` and `total` measure the way; `count` is what the rate counts."""

    def __init__(self, title: str, unit: str, total: int | None) -> None:
        self._started = time.monotonic()
        self._next_line = self._started + SECOND
        self._unit = unit
        self._total = total
        self._begun: int | None = None
        self._bar = _bar() if sys.stderr.isatty() else None
        if self._bar is not None:
            self._task = self._bar.add_task(title, total=total, count="")

    def __enter__(self) -> "Display":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    @property
    def seconds(self) -> float:
        """How long the work has taken so far."""
        return time.monotonic() - self._started

    def show(
        self, done: int, count: int, *, of: int | None = None, begun: int = 0, title: str | None = None, **figures: Any
    ) -> None:
        """Tell how far it is. `begun` is how much of `done` was done before this process began."""
        self._total = of or self._total
        if self._bar is not None and self._begun != begun:
            self._bar.reset(self._task, completed=begun, total=self._total, count="")
        self._begun = begun
        rate = count / max(self.seconds, 0.001)
        if self._bar is not None:
            text = f"{count:,} {self._unit}, {rate:,.0f}/s"
            named = {"description": title} if title else {}
            self._bar.update(self._task, completed=done, total=self._total, count=text, **named)
        elif time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + SECOND
            line = {self._unit: count, **figures, "rate": round(rate), "etaSeconds": self._eta(done, begun)}
            print(json.dumps(line), file=sys.stderr, flush=True)  # noqa: T201 - this is where lines are told

    def _eta(self, done: int, begun: int) -> int | None:
        if done <= begun or not self._total:
            return None
        return round(self.seconds * max(self._total - done, 0) / (done - begun))


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[count]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
