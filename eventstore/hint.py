"""A hint for projectors that there is something new. Nothing depends on it: they poll all the same."""

import time

from eventsourcing.persistence import PersistenceError

from eventstore.database import Database

CHANNEL = "milepost"
SPACING_SECONDS = 0.05


class Hint:
    """Tells listeners, at most every 50 ms a process.

    A NOTIFY inside the append would make all commits of the database wait for each other, so it comes after.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._told = 0.0

    def give(self) -> None:
        """Tell, unless that was done a moment ago. What was appended stays appended if it cannot be told."""
        now = time.monotonic()
        if now - self._told < SPACING_SECONDS:
            return
        self._told = now
        try:
            with self._database.statement() as connection:
                connection.execute(f"NOTIFY {CHANNEL}")
        except PersistenceError:
            return
