"""Patience: what needs a table for itself for a moment gives way to those who have it, and tries again."""

import time
from collections.abc import Callable, Iterator, Sequence

from psycopg import Connection, errors

from projections.refusals import TableBlocked

# For so long a reader may wait behind the one who wants the table, who itself waits for readers that came before.
LOCK_TIMEOUT = "100ms"
# A projector that is in the middle of a batch is waited for: no reader waits meanwhile.
BATCH_TIMEOUT = "10s"
PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, *[1.6] * 15)

HOLD = """
    SELECT slice, position
    FROM checkpoints
    WHERE projection = %(projection)s
      AND version = %(version)s
    ORDER BY slice
    FOR UPDATE
"""

HOLDERS = """
    SELECT DISTINCT application_name, pid, xact_start, relation::regclass::text
    FROM pg_locks
    JOIN pg_stat_activity USING (pid)
    WHERE relation IN (SELECT to_regclass(name) FROM unnest(%s::text[]) AS wanted (name))
      AND granted
      AND pid <> pg_backend_pid()
    ORDER BY xact_start
"""


def patiently(
    connection: Connection,
    attempt: Callable[[], None],
    tables: Sequence[str],
    before: Callable[[], None] = lambda: None,
) -> None:
    """Make the attempt in one transaction, again and again for 25 s while others keep it from its locks.

    `before` is called before every try, outside its transaction. Raises TableBlocked that names who has `tables` when
    no try succeeds.
    """
    for pause in (*PAUSES, None):
        before()
        try:
            with connection.transaction():
                attempt()
        except (errors.LockNotAvailable, errors.DeadlockDetected) as error:
            if pause is None:
                raise TableBlocked("; ".join(_holders(connection, tables)) or str(error)) from error
            time.sleep(pause)
        else:
            return


def wait_for_batches(connection: Connection, projection: str, version: int) -> list[tuple[int, int]]:
    """Lock the checkpoints of a version, when the batches that are being applied are: each slice and its position."""
    connection.execute(f"SET LOCAL lock_timeout = '{BATCH_TIMEOUT}'")
    return connection.execute(HOLD, {"projection": projection, "version": version}).fetchall()


def do_not_keep_waiting(connection: Connection) -> None:
    """From here on the transaction wants tables for itself: readers who come now wait for 100 ms at most."""
    connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")


def _holders(connection: Connection, tables: Sequence[str]) -> Iterator[str]:
    for application, pid, since, table in connection.execute(HOLDERS, (list(tables),)).fetchall():
        begun = f"{since:%Y-%m-%d %H:%M:%S} UTC" if since else "an unknown time"
        yield f"{application or 'a client'} (pid {pid}) has {table} in a transaction since {begun}"
