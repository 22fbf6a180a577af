"""The schema of the log, one plain SQL file a step, applied under one advisory lock."""

from glob import escape
from pathlib import Path
from typing import Any

import psycopg
from yoyo import get_backend, read_migrations

from eventstore.silence import CLIENT_OPTIONS, watched

LOCK = 0x4D696C65706F7374  # The advisory lock's key: "Milepost" in ASCII.
FOLDER = Path(__file__).parent
SLICES = 64


class SlicesDiffer(Exception):
    """The log was cut into another number of slices when it was made; that number is fixed."""


def migrate(database_url: str, *, slices: int | None = None) -> None:
    """Bring the database's schema up to date and cut a new log into `slices` (1..1024, for ever; 64 by default).

    Any number of processes may call this at once: the first does the work, the others wait for it.
    Raises ValueError for a number out of range, SlicesDiffer when another number is asked for than the log has.
    """
    if slices is not None and not 1 <= slices <= 1024:
        raise ValueError(f"slices: {slices} is not between 1 and 1024")
    yoyo_url = _yoyo_url(database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        _apply(yoyo_url)
        _cut(connection, slices)


def pending(database_url: str) -> list[str]:
    """The steps that this version of Milepost has and the database has not. Reads only, unlike yoyo's own answer."""
    steps = [step.id for step in _steps()]
    with watched().connect(database_url, **CLIENT_OPTIONS) as connection:
        if connection.execute("SELECT to_regclass('_yoyo_migration')").fetchone() == (None,):
            return steps
        applied = {row[0] for row in connection.execute("SELECT migration_id FROM _yoyo_migration")}
    return [step for step in steps if step not in applied]


def _apply(yoyo_url: str) -> None:
    with get_backend(yoyo_url) as backend:
        steps = backend.to_apply(_steps())
        if steps:
            backend.apply_migrations(steps)


def _steps() -> Any:
    # yoyo takes every .py file for a step, this one too, and the folder for a pattern.
    return read_migrations(escape(str(FOLDER))).filter(lambda step: step.path.endswith(".sql"))


def _cut(connection: psycopg.Connection, slices: int | None) -> None:
    row = connection.execute("SELECT count(*) FROM slices").fetchone()
    present = row[0] if row else 0
    if present == 0:
        connection.execute("INSERT INTO slices (slice) SELECT generate_series(0, %s - 1)", (slices or SLICES,))
    elif slices is not None and present != slices:
        raise SlicesDiffer(f"slices: the log has {present}, and {slices} were asked for")


def _yoyo_url(database_url: str) -> str:
    scheme, separator, rest = database_url.partition("://")
    if not separator or scheme not in ("postgresql", "postgres"):
        raise ValueError("DATABASE_URL: a URL that starts with postgresql:// is needed")
    return f"postgresql+psycopg://{rest}"
