"""What lies beside a live table: the one that was live before is brought back or dropped, an unfinished one dropped."""

from collections.abc import Callable

from projections.log_reading import decoder
from projections.rebuilding.rebuild import catch_up, projection_named
from projections.rebuilding.runner import alone
from projections.rebuilding.shadow import BUILD, KEPT, Shadow, discard, state
from projections.rebuilding.switching import switch
from projections.refusals import NothingKept


def switch_back(database_url: str, name: str, tell: Callable[[], None] = lambda: None) -> None:
    """Bring the table from before the last switch level with the log, and make it live; the other one is kept.

    `tell` is called after every stretch. Raises NothingKept, AlreadyRunning, UnreadableEvent or TableBlocked.
    """
    shadow = Shadow(projection_named(name), KEPT)
    with alone(database_url, [shadow.projection]) as connection:
        if state(connection, shadow) is None:
            raise NothingKept(f"{name}: no table is kept from before a rebuild")
        decode = decoder(database_url)
        switch(connection, decode, shadow, lambda: catch_up(connection, decode, shadow, tell))


def drop_old(database_url: str, name: str) -> None:
    """Drop the table from before the last switch. Raises NothingKept or AlreadyRunning."""
    shadow = Shadow(projection_named(name), KEPT)
    with alone(database_url, [shadow.projection]) as connection:
        if not discard(connection, shadow):
            raise NothingKept(f"{name}: no table is kept from before a rebuild")


def discard_build(database_url: str, name: str) -> None:
    """Drop the table of a rebuild that was begun and not finished. Raises NothingKept or AlreadyRunning."""
    shadow = Shadow(projection_named(name), BUILD)
    with alone(database_url, [shadow.projection]) as connection:
        if not discard(connection, shadow):
            raise NothingKept(f"{name}: no rebuild was begun and not finished")
