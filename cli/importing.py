"""Loading many log entries: lines are read and parsed here, and written by lanes that share no slice of the log."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from queue import Queue
from threading import Lock, Thread
from typing import NamedTuple
from uuid import UUID

import msgspec

from api.schema.entries import parse_entry
from api.schema.wording import ENTRY_NAMES, reworded
from cli.lines import Line, Source
from cli.rejects import Rejects
from domain.application import ProgressLog
from domain.commands import Entry
from domain.errors import InvalidInput, Refused
from domain.ids import owner_slice

BATCH = 5_000
COLLECT = 100_000
LANES = 2
LEASE_SECONDS = 60


class _Kind(msgspec.Struct):
    kind: str | None = None


_kind_of = msgspec.json.Decoder(_Kind).decode


class Parsed(NamedTuple):
    """A line that is an entry."""

    line: Line
    entry: Entry


class Import:
    """One import: what it reads goes into one tenant's log, what is refused into the rejects file.

    `kind` is the log that a line belongs to which names none. `import_id` is the lease of a backfill.
    """

    def __init__(
        self, log: ProgressLog, tenant: str, rejects: Rejects, *, kind: str | None = None, import_id: UUID | None = None
    ) -> None:
        self.read = 0
        self.loaded = 0
        self.replayed = 0
        self._log = log
        self._tenant = tenant
        self._rejects = rejects
        self._kind = kind
        self._import_id = import_id
        self._counting = Lock()
        self._progress: Callable[[], None] = lambda: None
        self._slices = log.log_recorder.slices
        self._lanes = [_Lane(self._write) for _ in range(min(LANES, self._slices))]

    @property
    def refused(self) -> int:
        """How many lines are in the rejects file."""
        return self._rejects.count

    @property
    def done(self) -> int:
        """How many lines are in the log, or refused. Those that are read and not done are on their way."""
        return self.loaded + self.replayed + self.refused

    def run(self, source: Source, progress: Callable[[], None]) -> None:
        """Load every line. `progress` is called again and again. What is written stays when this is cut off."""
        self._progress = progress
        with _collecting_by_hand():
            try:
                for line in source:
                    self.read += 1
                    self._take(line)
                    if self.read % BATCH == 0:
                        self._count()
                    if self.read % COLLECT == 0:
                        gc.collect()
            finally:
                for lane in self._lanes:
                    lane.finish()
        for lane in self._lanes:
            lane.raise_failure()

    def _take(self, line: Line) -> None:
        try:
            entry = self._parse(line)
        except InvalidInput as refusal:
            self._rejects.add(line.number, line.text, refusal.message, refusal.errors)
            return
        number = owner_slice(self._tenant, entry.owner_id, self._slices)
        self._lanes[number % len(self._lanes)].take(Parsed(line, entry))

    def _parse(self, line: Line) -> Entry:
        if line.complaint:
            raise InvalidInput(line.complaint)
        kind = self._kind
        # A line that cannot be read at all is explained by the parser.
        with suppress(msgspec.MsgspecError, UnicodeDecodeError):
            kind = _kind_of(line.text).kind or kind
            if kind is None:
                raise InvalidInput("kind: the line names none, and --kind was not given", {"kind": ["is needed"]})
        return parse_entry(line.text, kind or "challenge_log")

    def _write(self, batch: list[Parsed]) -> None:
        if self._import_id is not None:
            self._log.log_recorder.renew_import(self._import_id, LEASE_SECONDS)
        entries = [parsed.entry for parsed in batch]
        now, import_id = datetime.now(UTC), self._import_id
        outcomes = self._log.log_entries(self._tenant, entries, now=now, import_id=import_id, brief=True)
        refused = replayed = 0
        for (line, entry), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Refused):
                refusal = reworded(outcome, ENTRY_NAMES[entry.slug])
                self._rejects.add(line.number, line.text, refusal.message, refusal.errors)
                refused += 1
            elif outcome.replayed:
                replayed += 1
        self._count(len(batch) - refused - replayed, replayed)

    def _count(self, loaded: int = 0, replayed: int = 0) -> None:
        with self._counting:
            self.loaded += loaded
            self.replayed += replayed
            self._progress()


@contextmanager
def _collecting_by_hand() -> Iterator[None]:
    """Leave it to the reader to look for garbage in cycles, once in a while: there is next to none.

    Python would look many times in every batch, where everything is in use: half of the time would go there.
    """
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


class _Lane:
    """Batches on their way into the log, one after the other, in a thread of its own.

    While a lane waits for the database the others and the reader go on. An owner's entries all take the same lane,
    so they stay in order; two lanes never want the same slice.
    """

    def __init__(self, write: Callable[[list[Parsed]], None]) -> None:
        self._write = write
        self._gathered: list[Parsed] = []
        self._batches: Queue[list[Parsed] | None] = Queue(maxsize=1)
        self._failure: Exception | None = None
        self._thread = Thread(target=self._work, name="lane", daemon=True)
        self._thread.start()

    def take(self, parsed: Parsed) -> None:
        """Send an entry along. Raises what an earlier batch failed with."""
        self._gathered.append(parsed)
        if len(self._gathered) >= BATCH:
            self.raise_failure()
            self._batches.put(self._gathered)
            self._gathered = []

    def finish(self) -> None:
        """Write what is gathered, and end."""
        self._batches.put(self._gathered)
        self._batches.put(None)
        self._thread.join()

    def raise_failure(self) -> None:
        """Raise what a batch failed with, if any did."""
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        while (batch := self._batches.get()) is not None:
            # After a failure batches are only taken, so that nobody waits for ever.
            if batch and self._failure is None:
                try:
                    self._write(batch)
                except Exception as failure:
                    self._failure = failure
