"""A version of a read table that no release reads any more goes, with everything that the database knows of it."""

from functools import partial

from psycopg import Connection, errors, sql

from projections.database import connect
from projections.rebuilding.patience import do_not_keep_waiting, patiently, wait_for_batches
from projections.rebuilding.shadow import BUILD, KEPT
from projections.refusals import NoSuchVersion, StillUsed
from projections.schema import one_at_a_time
from projections.versions_held import Held, held_versions

FORGET = """
    WITH
        read AS (
            DELETE FROM checkpoints
            WHERE projection = %(projection)s
              AND version = %(version)s
        ),
        stopped AS (
            DELETE FROM poison
            WHERE projection = %(projection)s
              AND version = %(version)s
        ),
        built AS (
            DELETE FROM build_slices
            WHERE projection = %(projection)s
              AND version = %(version)s
        )
    DELETE FROM builds
    WHERE projection = %(projection)s
      AND version = %(version)s
"""


def drop_version(database_url: str, name: str, version: int, *, even_so: bool = False) -> Held:
    """Drop this version of the read table `name` in one transaction, with its checkpoints, builds and poison.

    What it was. Raises NoSuchVersion that says what there is; StillUsed when this release reads it, when somebody else
    is at work on it or the version is a newer one (both unless `even_so`), and when something depends on its tables
    that Milepost has not made; TableBlocked when a transaction keeps them for longer than 25 s.
    """
    with connect(database_url, "milepost drop-version") as connection:
        held = _droppable(connection, name, version, even_so)
        patiently(connection, partial(_drop, connection, held, even_so), [f'"{held.schema}"."{name}"'])
        return held


def _droppable(connection: Connection, name: str, version: int, even_so: bool) -> Held:
    there = held_versions(connection)
    found = next((one for one in there if (one.projection, one.version) == (name, version)), None)
    if found is None:
        known = [one for one in there if one.projection == name] or there
        listed = ", ".join(f"{one.projection} v{one.version}" for one in known)
        raise NoSuchVersion(f"{name} v{version}: is not in the database; there is {listed or 'no read table'}")
    if found.read_here:
        raise StillUsed(f"{name} v{version}: this release reads it")
    if not even_so and (uses := found.uses()):
        raise StillUsed(f"{name} v{version}: {'; '.join(uses)}. Stop who uses it, or say --even-so")
    if not even_so and found.newer:
        raise StillUsed(f"{name} v{version}: is of a newer release, which may be about to begin; or say --even-so")
    return found


def _drop(connection: Connection, held: Held, even_so: bool) -> None:
    """Whoever starts meanwhile and would make the version waits, and then makes it anew."""
    one_at_a_time(connection)
    wait_for_batches(connection, held.projection, held.version)
    _droppable(connection, held.projection, held.version, even_so)
    do_not_keep_waiting(connection)
    names = [held.projection, *(f"{held.projection}_{role}" for role in (BUILD, KEPT))]
    tables = sql.SQL(", ").join(sql.Identifier(held.schema, name) for name in names)
    try:
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(tables))
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {}").format(sql.Identifier(held.schema)))
    except errors.DependentObjectsStillExist as error:
        raise StillUsed(f"{held.projection} v{held.version}: {error.diag.message_detail}") from error
    connection.execute(FORGET, {"projection": held.projection, "version": held.version})
