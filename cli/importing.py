"""Loading many log entries: lines are read here, and written by processes that share no slice of the log."""

from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

import msgspec

from cli.lanes import BATCH, Lane
from cli.lines import Line, Source
from cli.rejects import Rejects
from cli.writing import Target, Written, write
from domain.application import ProgressLog
from domain.ids import owner_slice


class Into(NamedTuple):
    """Where an import goes: a log and its database, the target in it, and how many processes may write."""

    log: ProgressLog
    database_url: str
    target: Target
    workers: int


class _Owned(msgspec.Struct, rename="camel"):
    owned_by_id: UUID


_owned = msgspec.json.Decoder(_Owned).decode


class Import:
    """One import: what it reads goes into one tenant's log, what is refused into the rejects file."""

    def __init__(self, into: Into, rejects: Rejects) -> None:
        self.read = 0
        self.loaded = 0
        self.replayed = 0
        self._into = into
        self._rejects = rejects
        self._progress: Callable[[], None] = lambda: None
        self._slices = into.log.log_recorder.slices
        lanes = min(into.workers, self._slices)
        self._lanes = [Lane(into.database_url, into.target, self._settle) for _ in range(lanes)]

    @property
    def refused(self) -> int:
        """How many lines are in the rejects file."""
        return self._rejects.count

    @property
    def done(self) -> int:
        """How many lines are in the log, or refused. Those that are read and not done are on their way."""
        return self.loaded + self.replayed + self.refused

    def run(self, source: Source, progress: Callable[[], None]) -> None:
        """Load every line. `progress` is called again and again. What is read stays when this is cut off."""
        self._progress = progress
        try:
            try:
                for line in source:
                    self.read += 1
                    self._lane(line).take(line)
                    if self.read % BATCH == 0:
                        progress()
            finally:
                self._finish()
        finally:
            for lane in self._lanes:
                lane.close()

    def _lane(self, line: Line) -> Lane:
        """The lane of the line's owner. One that names none that can be read is refused in any."""
        owner_id = ""
        with suppress(msgspec.MsgspecError, UnicodeDecodeError):
            owner_id = str(_owned(line.text).owned_by_id)
        return self._lanes[owner_slice(self._into.target.tenant, owner_id, self._slices) % len(self._lanes)]

    def _finish(self) -> None:
        """Write what is gathered. What is too little for a process of its own is written in this one."""
        few: list[Line] = []
        for lane in self._lanes:
            if lane.started:
                lane.send()
            else:
                few += lane.gathered
        if few:
            self._settle(write(self._into.log, self._into.target, sorted(few)))
        for lane in self._lanes:
            lane.finish()

    def _settle(self, written: Written) -> None:
        self.loaded += written.loaded
        self.replayed += written.replayed
        for line, reason, errors in written.refused:
            self._rejects.add(line.number, line.text, reason, errors)
        self._progress()
