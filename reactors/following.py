"""Following the log: every slice from where a reactor left off, in batches, by one process at a time."""

from collections.abc import Callable, Collection, Sequence
from threading import Event as Flag

from psycopg import Connection

from domain.events import Recorded
from projections.following.going_on import Report, report_nothing
from projections.log_reading import decoder, recorded
from projections.versions import versions_of
from reactors.at_work import UNREACHABLE, AtWork

BATCH = 2_000
REST_SECONDS = 0.2

BEGIN = """
    INSERT INTO reactions (reactor, slice)
    SELECT %s, slice
    FROM slices
    ON CONFLICT DO NOTHING
"""

BEHIND = """
    SELECT slice
    FROM reactions
    JOIN slices USING (slice)
    WHERE reactor = %s
      AND position < head
    ORDER BY slice
"""

LOCK = """
    SELECT position
    FROM reactions
    WHERE reactor = %s
      AND slice = %s
    FOR UPDATE SKIP LOCKED
"""

# A batch goes as far as all the read tables do in its slice, if they hold what was reacted to before in the others.
BATCH_END = """
    SELECT
        least(min(checkpoints.position) FILTER (WHERE checkpoints.slice = %(slice)s), %(position)s + %(batch)s),
        bool_and(checkpoints.position >= reactions.position)
    FROM checkpoints
    JOIN reactions
      ON reactions.slice = checkpoints.slice
     AND reactions.reactor = %(reactor)s
    WHERE (projection, version) IN (SELECT * FROM unnest(%(projections)s::text[], %(versions)s::integer[]))
"""

EVENTS = """
    SELECT originator_id, originator_version, topic, state, tenant, recorded_at, entry_id, position
    FROM events
    WHERE slice = %s
      AND position > %s
      AND position <= %s
      AND topic = ANY(%s)
    ORDER BY position
"""

MOVE = "UPDATE reactions SET position = %s WHERE reactor = %s AND slice = %s"


class Follower:
    """Hands the events of some topics to `react`, batch by batch, at least once, and remembers how far it is.

    `react` is called when the read tables `after` hold the batch, and everything that was reacted to before. What it
    does must be idempotent: it is done again when this process is killed before it has noted how far it came. A batch
    that cannot be reacted to stops its slice, is named in `errors`, and is tried again.
    """

    def __init__(
        self,
        database_url: str,
        name: str,
        topics: Collection[str],
        after: Collection[str],
        react: Callable[[Connection, Sequence[Recorded]], int],
    ) -> None:
        self.errors: dict[int, str] = {}
        self._name = name
        self._topics, self._after = list(topics), versions_of(after)
        self._react = react
        self._decode = decoder(database_url)
        self._work = AtWork(
            database_url,
            name,
            begin=lambda connection: connection.execute(BEGIN, (name,)),
            detail=lambda: "; ".join(self.errors.values()),
        )

    def step(self) -> int:
        """React to what is there now, one batch a slice; how many things that did."""
        connection = self._work.connection()
        slices = [row[0] for row in connection.execute(BEHIND, (self._name,)).fetchall()]
        done = 0
        for slice_number in slices:
            done += self._work_off(connection, slice_number)
            self._work.beat()
        return done

    def level(self) -> bool:
        """Whether everything in the log was reacted to."""
        return self._work.connection().execute(BEHIND, (self._name,)).fetchone() is None

    def run(self, stop: Flag, report: Report = report_nothing) -> None:
        """Follow the log until `stop` is set. A database that does not answer is asked again."""
        self._work.run(stop, report, self.step, REST_SECONDS)

    def close(self) -> None:
        """Close the connection. Safe to call twice."""
        self._work.close()

    def _work_off(self, connection: Connection, slice_number: int) -> int:
        try:
            with connection.transaction():
                done = self._batch(connection, slice_number)
        except UNREACHABLE:
            raise
        except Exception as error:
            # One bad event must not stop the other slices; it stays first in line and is named until it is mended.
            self.errors[slice_number] = f"slice {slice_number}: {type(error).__name__}: {error}"
            return 0
        self.errors.pop(slice_number, None)
        return done

    def _batch(self, connection: Connection, slice_number: int) -> int:
        row = connection.execute(LOCK, (self._name, slice_number)).fetchone()
        if row is None:  # Somebody else is at work on this slice.
            return 0
        position: int = row[0]
        asked = {"reactor": self._name, "slice": slice_number, "position": position, "batch": BATCH}
        read = {"projections": list(self._after), "versions": list(self._after.values())}
        end = connection.execute(BATCH_END, {**asked, **read}).fetchone()
        if end is None or not end[1] or end[0] <= position:
            return 0
        done = self._react(connection, self._events(connection, slice_number, position, end[0]))
        connection.execute(MOVE, (end[0], self._name, slice_number))
        return done

    def _events(self, connection: Connection, slice_number: int, after: int, end: int) -> list[Recorded]:
        rows = connection.execute(EVENTS, (slice_number, after, end, self._topics), binary=True)
        return recorded(rows, self._decode)
