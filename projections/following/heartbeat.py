"""Heartbeats: the processes beside the api say that they are at work, and what stops them."""

import os
import socket
import time
from collections.abc import Mapping

from psycopg import Connection
from psycopg.types.json import Jsonb

BEAT_SECONDS = 1.0
FORGET_SECONDS = 3_600

BEAT = """
    INSERT INTO heartbeats (process, id, beat_at, detail, release, rates)
    VALUES (%s, %s, clock_timestamp(), %s, %s, %s)
    ON CONFLICT (process, id) DO UPDATE SET
        beat_at = excluded.beat_at,
        detail = excluded.detail,
        release = excluded.release,
        rates = excluded.rates
"""

FORGET = "DELETE FROM heartbeats WHERE process = %s AND beat_at < clock_timestamp() - %s * interval '1 second'"
LEAVE = "DELETE FROM heartbeats WHERE process = %s AND id = %s"


def process_id() -> str:
    """What this process is called among those of its kind."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Heartbeat:
    """The heartbeat of one process of a kind, once a second at most. `release` is what it works for."""

    def __init__(self, process: str, identifier: str, release: str = "") -> None:
        self._process = process
        self._id = identifier
        self._release = release
        self._due = 0.0

    def due(self) -> bool:
        """Whether it is time to beat."""
        return time.monotonic() >= self._due

    def beat(self, connection: Connection, detail: str = "", rates: Mapping[str, float] | None = None) -> None:
        """Say that the process is at work; `rates` are how fast it fills each schema, those that rest too; `detail`
        is what stops it, if anything does.

        Those of its kind that have been silent for an hour are forgotten. Nobody forgets the last one.
        """
        self._due = time.monotonic() + BEAT_SECONDS
        connection.execute(BEAT, (self._process, self._id, detail, self._release, Jsonb(dict(rates or {}))))
        connection.execute(FORGET, (self._process, FORGET_SECONDS))

    def leave(self, connection: Connection) -> None:
        """Say goodbye: one that has left is not missed, one that falls silent is."""
        connection.execute(LEAVE, (self._process, self._id))
