"""Heartbeats: the processes beside the api say that they are at work, and what stops them."""

import os
import socket

from psycopg import Connection

BEAT = """
    INSERT INTO heartbeats (process, id, beat_at, detail)
    VALUES (%s, %s, clock_timestamp(), %s)
    ON CONFLICT (process, id) DO UPDATE SET beat_at = excluded.beat_at, detail = excluded.detail
"""


def process_id() -> str:
    """What this process is called among those of its kind."""
    return f"{socket.gethostname()}:{os.getpid()}"


def beat(connection: Connection, process: str, identifier: str, detail: str = "") -> None:
    """Say that a process of this kind is at work; `detail` is what stops it, if anything does."""
    connection.execute(BEAT, (process, identifier, detail))
