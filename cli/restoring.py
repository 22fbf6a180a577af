"""Restoring a log: rows as they were, and made anew from them what stands beside: snapshots, heads, hashes."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Any

from psycopg import Connection

from cli.exported import Part
from domain import user
from domain.events import Recorded
from domain.refolding import refolded
from domain.streams import Snapshot
from eventstore import seals
from eventstore.people import upsert_people
from eventstore.raw_rows import read_rows, write_rows
from projections.log_reading import decoder, recorded
from proofs.merkle import Unfit, leaf_hashes
from proofs.rows import canonical
from reactors.stored_trees import add_leaves, tree_of

FETCH = 5_000
CHUNK = 1 << 14

STREAMS = """
    SELECT originator_id, originator_version, topic, state, tenant, recorded_at, entry_id, position
    FROM events
    WHERE slice = %s
    ORDER BY originator_id, originator_version
"""

PUT_STREAMS = """
    COPY streams (slice, originator_id, version, topic, state, due_at)
    FROM STDIN
"""


class NotEmpty(Exception):
    """The store has events: only an empty one can take a log that has its own positions."""


def restore(connection: Connection, parts: Sequence[Part]) -> int:
    """Write a log that was checked, in the transaction of the caller; how many streams it has.

    Raises NotEmpty, Unfoldable, and Unfit when what is in the database then does not have the roots. Appends wait
    meanwhile, and find the store full when it is done.
    """
    manifest = parts[-1].manifest
    _refuse_full(connection)
    write_rows(connection, (canonical(row) for part in parts for row in part.rows()))
    decode = decoder(connection.info.dsn)
    count = 0
    for slice_number, head in manifest.heads.items():
        connection.execute("UPDATE slices SET head = %s WHERE slice = %s", (head, slice_number))
        count += _restore_streams(connection, decode, slice_number, manifest.slices)
        _restore_hashes(connection, slice_number, head)
        if tree_of(connection, slice_number).root(head) != manifest.roots[slice_number]:
            raise Unfit(f"the rows of slice {slice_number} do not have their root in this database")
    connection.execute("UPDATE log_identity SET log_id = %s", (manifest.log_id,))
    for part in parts:
        seals.keep_public_keys(connection, part.manifest.keys)
        for (slice_number, size), note in sorted(part.notes.items()):
            seals.put_checkpoint(connection, slice_number, size, note)
    return count


def _refuse_full(connection: Connection) -> None:
    heads = connection.execute("SELECT slice, head FROM slices ORDER BY slice FOR UPDATE").fetchall()
    used = sum(head for _, head in heads)
    row = connection.execute("SELECT EXISTS (SELECT FROM events), EXISTS (SELECT FROM streams)").fetchone()
    if used or row != (False, False):
        raise NotEmpty(f"the store is not empty: it has {used:,} events")
    seals.begin(connection)


def _restore_streams(connection: Connection, decode: Any, slice_number: int, slices: int) -> int:
    """Snapshots, and of users what the log knows: that they are there, and that one was erased."""
    count = 0
    with connection.cursor(name="streams", binary=True) as rows:
        rows.itersize = FETCH
        rows.execute(STREAMS, (slice_number,))
        streams = groupby(_events(rows, decode), key=lambda one: one.originator_id)
        histories = (list(events) for _, events in streams)
        while some := list(islice(histories, FETCH)):
            _put(connection, slice_number, map(refolded, some))
            upsert_people(connection, filter(None, map(user.row_told, some)), slices)
            count += len(some)
    return count


def _events(rows: Iterable[tuple[Any, ...]], decode: Any) -> Iterator[Recorded]:
    for row in rows:
        yield from recorded([row], decode)


def _put(connection: Connection, slice_number: int, snapshots: Iterable[Snapshot]) -> None:
    with connection.cursor().copy(PUT_STREAMS) as copy:
        for one in snapshots:
            copy.write_row((slice_number, *one))


def _restore_hashes(connection: Connection, slice_number: int, head: int) -> None:
    for start in range(0, head, CHUNK):
        rows = read_rows(connection, slice_number, start, min(start + CHUNK, head))
        add_leaves(connection, slice_number, start, leaf_hashes(rows))
