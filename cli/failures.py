"""What stops a command, said in one line: what and where, and a traceback for those who ask."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

OF_CLICK = (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError)


class Failed(click.ClickException):
    """The command was refused or failed: its text on one line, exit code 1."""

    def __init__(self, text: str) -> None:
        super().__init__(" ".join(text.split()))


@contextmanager
def in_one_line() -> Iterator[None]:
    """Turn every exception into one line on stderr; MILEPOST_DEBUG=1 lets the traceback through."""
    try:
        yield
    except OF_CLICK:
        raise
    except Exception as error:
        if os.environ.get("MILEPOST_DEBUG"):
            raise
        raise Failed(text_of(error)) from error


def text_of(error: Exception) -> str:
    """What an exception says to the one who typed the command."""
    if isinstance(error, Failed):
        return error.message
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    if type(error).__name__ == "UndefinedTable":
        return "the database is not set up: run milepost init"
    if isinstance(error, _expected()) and str(error):
        return str(error)
    return f"{type(error).__name__}: {error} (unexpected: MILEPOST_DEBUG=1 shows where)"


def _expected() -> tuple[type[Exception], ...]:
    """What commands are refused with. Imported here, so that a command without a database loads none of it."""
    import psycopg  # noqa: PLC0415
    from eventsourcing.persistence import PersistenceError  # noqa: PLC0415

    from api.settings import SettingsError  # noqa: PLC0415
    from domain.errors import Refused  # noqa: PLC0415
    from eventstore.embedded import EmbeddedPostgresError  # noqa: PLC0415
    from eventstore.migrations import SlicesDiffer  # noqa: PLC0415
    from projections.refusals import BuildRefused, UnreadableEvent  # noqa: PLC0415

    return (
        Refused,
        SettingsError,
        SlicesDiffer,
        BuildRefused,
        UnreadableEvent,
        EmbeddedPostgresError,
        PersistenceError,
        psycopg.Error,
        OSError,
    )
