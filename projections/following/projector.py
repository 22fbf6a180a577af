"""The projector: reads every slice in batches, folds the changes, writes them with the checkpoint."""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from threading import Event as Flag

import psycopg
from psycopg import Connection

from projections import PROJECTIONS
from projections.change import Change, Projection
from projections.database import connect_watched
from projections.following import poison
from projections.following.apart import Event, apply_apart, lost, readable
from projections.following.checkpoints import Held, behind, locked, move, neighbours
from projections.following.going_on import Report, go_on, report_nothing
from projections.following.heartbeat import Heartbeat, process_id
from projections.following.leases import LEASE_SECONDS, Leases, release_of
from projections.following.rates import Rates
from projections.log_reading import BATCH, EVENTS, classes_read, decoder, read_slice, recorded
from projections.rebuilding.filling import apply as write
from projections.tables import Table, describe, merge

CHANNEL = "milepost"
REST_SECONDS = 0.02
IDLE_SECONDS = 1.0
RESTS = 10


class Projector:
    """Keeps the read tables level with the log. Several may run: they share the slices, and the checkpoint's own row
    keeps them apart.

    A batch of a slice is one transaction: at most one INSERT, one UPDATE and one DELETE a table, and the
    checkpoint. An event that a projection cannot apply stops that projection in that slice (`following.poison`).
    """

    def __init__(self, database_url: str, projections: Sequence[Projection] = PROJECTIONS) -> None:
        self.id = process_id()
        self._database_url = database_url
        self._projections = {projection.name: projection for projection in projections}
        self._decode = decoder(database_url)
        self._connection: Connection | None = None
        self._tables: dict[str, Table] = {}
        self._rates = Rates(projection.schema for projection in projections)
        release = release_of(projections)
        self._heartbeat = Heartbeat("projector", self.id, release)
        self._leases = Leases(release, self.id)
        self._mine: list[int] = []

    def step(self, slices: Collection[int] | None = None) -> int:
        """Work off a batch of each of these slices, or of all, that is behind; how many events were applied."""
        connection, applied = self._connect(), 0
        for slice_number in behind(connection, self._projections.values(), slices):
            applied += self._apply(connection, slice_number)
            if slices is not None and self._heartbeat.due():
                self._beat()
        return applied

    def catch_up(self) -> None:
        """Work until the read tables are level with the log. Raises RuntimeError when an event cannot be applied."""
        poison.retry(self._connect(), self._projections.values())
        while self.step():
            pass
        if found := poison.stops(self._connect(), self._projections.values()):
            raise RuntimeError("; ".join(f"{one.projection}: {one.event}: {one.error}" for one in found))

    def run(self, stop: Flag, report: Report = report_nothing) -> None:
        """Follow the log until `stop` is set, in a fair share of the slices. A lost connection is made again."""
        rests = 0

        def turn() -> None:
            nonlocal rests
            if self._heartbeat.due():
                self._beat()
            rests = 0 if self.step(self._mine) else rests + 1
            self._wait(stop, IDLE_SECONDS if rests > RESTS else REST_SECONDS)

        go_on(stop, turn, self._lost, self.close, report)
        self._leave()

    def close(self) -> None:
        """Close the connection. Safe to call twice."""
        self._tables.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _apply(self, connection: Connection, slice_number: int) -> int:
        """One batch of one slice, in one transaction; if that fails, each projection apart from the others."""
        try:
            with connection.transaction():
                held = locked(connection, slice_number, self._projections.values())
                return sum(self._apply_together(connection, slice_number, group) for group in neighbours(held, BATCH))
        except Exception as error:
            if lost(connection, error):
                raise
        return self._apply_apart(connection, slice_number)

    def _apply_together(self, connection: Connection, slice_number: int, held: dict[str, Held]) -> int:
        after = min(one.position for one in held.values())
        events = read_slice(connection, self._decode, slice_number, after, BATCH)
        if not events:
            return 0
        projections = [self._projections[name] for name in held]
        for projection in projections:
            position, _, parked = held[projection.name]
            fresh = events if position < events[0].position else [one for one in events if one.position > position]
            if parked:
                fresh = [one for one in fresh if one.position not in parked]
            read = classes_read(projection.events)
            wanted = (one for one in fresh if not read or type(one.event) in read)
            changes = (change for one in wanted for change in projection.rows(one))
            self._write(connection, projection, slice_number, changes)
            self._rates.count(projection.schema, len(fresh))
        if mended := [one for one in projections if held[one.name].stopped]:
            poison.forget(connection, mended, slice_number)
        move(connection, slice_number, projections, events[-1].position, events[-1].recorded_at)
        return len(events)

    def _apply_apart(self, connection: Connection, slice_number: int) -> int:
        """Find out which projection cannot apply which event; the others go on."""
        self._tables.clear()  # Another process may have changed a table since it was described.

        @cache
        def read(after: int) -> list[Event]:
            rows = connection.execute(EVENTS, (slice_number, after, BATCH), binary=True).fetchall()
            return [readable(row, lambda one: recorded(one, self._decode)) for row in rows]

        def apply(projection: Projection) -> int:
            def put(changes: Iterable[Change]) -> None:
                self._write(connection, projection, slice_number, changes)

            return apply_apart(connection, projection, slice_number, read, put)

        return max(map(apply, self._projections.values()))

    def _write(
        self, connection: Connection, projection: Projection, slice_number: int, changes: Iterable[Change]
    ) -> None:
        if merged := merge(changes):
            write(connection, self._table(connection, projection), slice_number, merged)

    def _table(self, connection: Connection, projection: Projection) -> Table:
        if projection.name not in self._tables:
            self._tables[projection.name] = describe(connection, projection)
        return self._tables[projection.name]

    def _connect(self) -> Connection:
        if self._connection is None:
            versions = {one.name: one.version for one in self._projections.values()}
            self._connection = connect_watched(
                self._database_url, "milepost projector", versions, idle_seconds=LEASE_SECONDS
            )
            self._connection.execute(f"LISTEN {CHANNEL}")
        return self._connection

    def _beat(self) -> None:
        """Say that this projector is there and what it fills, and learn which slices are its own for the next while."""
        connection, first = self._connect(), not self._mine
        self._heartbeat.beat(connection, rates=self._rates.a_second())
        if first:
            self._leases.begin(connection)
        self._mine = self._leases.renew(connection)

    def _lost(self, error: Exception) -> bool:
        return isinstance(error, psycopg.Error) and lost(self._connection, error)

    def _leave(self) -> None:
        """Let others have the slices at once. When the database does not answer, they take them a little later."""
        try:
            self._leases.give_back(self._connect())
            self._heartbeat.leave(self._connect())
        except psycopg.Error:
            self.close()

    def _wait(self, stop: Flag, seconds: float) -> None:
        """Rest; a NOTIFY ends a long rest early. It is only a hint: the next poll would find the events too."""
        if seconds < IDLE_SECONDS:
            stop.wait(seconds)
            return
        for _ in self._connect().notifies(timeout=seconds, stop_after=1):
            pass
