"""Rebuilding read tables beside the live ones, which go on answering and being filled meanwhile.

Nothing is emitted outward: events are read again for the rows that they make, and no reactor looks at them.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from psycopg import Connection

from projections import PROJECTIONS
from projections.change import Projection
from projections.log_reading import Decode, decoder
from projections.rebuilding.runner import alone, giving_way, leave, sign
from projections.rebuilding.shadow import (
    BUILD,
    FILLING,
    FOLLOWING,
    INDEXING,
    VERIFIED,
    Shadow,
    advance,
    analyze,
    become,
    begin,
    behind,
    described,
    index,
    state,
)
from projections.rebuilding.switching import switch
from projections.rebuilding.verifying import Checked, verify
from projections.rebuilding.workers import fill_apart, fill_here
from projections.refusals import (
    NotVerified,
    UnknownProjection,
)

SAMPLE = 1_000
# So few events may be missing when the switch begins, which reads them while the projector waits.
LEVEL = 1_000

FAR = """
    SELECT coalesce(sum(position), 0)::bigint, coalesce(sum(greatest(head, position)), 0)::bigint
    FROM build_slices
    JOIN slices USING (slice)
    WHERE role = 'build'
      AND (projection, version) IN (SELECT * FROM unnest(%s::text[], %s::integer[]))
"""


class Progress(NamedTuple):
    """How far a rebuild is: what it does now, with which table, and its events over all its tables."""

    state: str
    projection: str
    done: int
    total: int


Tell = Callable[[Progress], None]


def projection_named(name: str) -> Projection:
    """The projection with this name. Raises UnknownProjection that lists the names there are."""
    known = {projection.name: projection for projection in PROJECTIONS}
    if name not in known:
        raise UnknownProjection(f"{name}: is not a projection; there are {', '.join(known)}")
    return known[name]


def rebuild(database_url: str, *names: str, workers: int = 0, tell: Tell = lambda progress: None) -> int:
    """Build these tables anew from the first event on, verify a sample, switch; how many events were read.

    One that was begun before goes on from where it was. `workers` processes fill them, none: this one does. Readers
    are kept waiting for at most 100 ms, and the table that was live is kept. Raises AlreadyRunning, UnreadableEvent,
    WorkerFailed, NotVerified or TableBlocked; what is done by then stays done.
    """
    projections = [projection_named(name) for name in names]
    with alone(database_url, projections) as connection:
        for projection in projections:
            begin(connection, projection)
            sign(connection, Shadow(projection, BUILD), workers)
        work = _Work(connection, database_url, projections, workers, tell)
        work.fill()
        for projection in projections:
            work.finish(projection)
            leave(connection, projection)
        return work.finished


def catch_up(connection: Connection, decode: Decode, shadow: Shadow, tell: Callable[[], None]) -> None:
    """Bring a table beside the live one so near to the head that the switch can read what is missing."""
    table = described(connection, shadow)
    while behind(connection, shadow) > LEVEL and advance(connection, decode, shadow, table):
        tell()


class _Work:
    """The work of one run on the tables of some projections."""

    def __init__(
        self, connection: Connection, database_url: str, projections: Sequence[Projection], workers: int, tell: Tell
    ) -> None:
        self.finished = 0
        self._connection = connection
        self._database_url = database_url
        self._projections = projections
        self._workers = workers
        self._tell = tell
        self._decode = decoder(database_url)

    def fill(self) -> None:
        """Fill what is not filled yet, all together."""
        unfilled = [one for one in self._projections if state(self._connection, Shadow(one, BUILD)) == FILLING]
        if unfilled:
            report = partial(self._report, FILLING, ", ".join(one.name for one in unfilled))
            if self._workers:
                fill_apart(self._database_url, unfilled, self._workers, report)
            else:
                fill_here(self._database_url, unfilled, report)
            report()

    def finish(self, projection: Projection) -> None:
        """Indexes, level with the log, the proof, the switch."""
        shadow, connection = Shadow(projection, BUILD), self._connection
        if state(connection, shadow) in (FILLING, INDEXING):
            become(connection, shadow, INDEXING)
            self._index(shadow)
        become(connection, shadow, FOLLOWING)
        follow = partial(catch_up, connection, self._decode, shadow, partial(self._report, FOLLOWING, projection.name))
        follow()
        for checked in verify(connection, self._decode, projection, shadow=shadow, sample=SAMPLE):
            if checked.different:
                raise NotVerified(f"{projection.name}: {_told(checked)}; --discard drops what was built")
        become(connection, shadow, VERIFIED)
        self._report(VERIFIED, projection.name)
        switch(connection, self._decode, shadow, follow)
        self.finished += _read(connection, projection)

    def _index(self, shadow: Shadow) -> None:
        # Helpers of the server do not give way: they are half as many as the processes that filled the table.
        helpers = max(self._workers // 2 - 1, 0)
        self._report(INDEXING, shadow.projection.name)
        with giving_way(self._database_url, shadow.projection, helpers) as connection:
            while index(connection, shadow):
                self._report(INDEXING, shadow.projection.name)
            analyze(connection, shadow)

    def _report(self, doing: str, names: str) -> None:
        done, total = _far(self._connection, self._projections)
        self._tell(Progress(doing, names, self.finished + done, self.finished + total))


def _told(checked: Checked) -> str:
    first = checked.differences[0]
    fields = ", ".join(f"{name} {said} there, {held} here" for name, (said, held) in first.fields.items())
    rows = "1 row of slice {} is" if checked.different == 1 else f"{checked.different:,} rows of slice {{}} are"
    return f"{rows.format(checked.slice)} not what its events say, first {' '.join(first.key)} ({fields})"


def _far(connection: Connection, projections: Sequence[Projection]) -> tuple[int, int]:
    names, versions = [one.name for one in projections], [one.version for one in projections]
    row = connection.execute(FAR, (names, versions)).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _read(connection: Connection, projection: Projection) -> int:
    query = "SELECT sum(position)::bigint FROM checkpoints WHERE projection = %s AND version = %s"
    row = connection.execute(query, (projection.name, projection.version)).fetchone()
    return int(row[0]) if row else 0
