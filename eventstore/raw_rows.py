"""Rows of the log as PostgreSQL's binary COPY sends them: the canonical form that is hashed, and nothing is decoded."""

from collections.abc import Iterable, Iterator

from psycopg import Connection

# The order of the columns is part of the canonical form: docs/audit.md, Rows. It never changes.
READ = """
    COPY (
        SELECT slice, position, originator_id, originator_version, topic, state, entry_id, tenant, recorded_at
        FROM events
        WHERE slice = %s
          AND position > %s
          AND position <= %s
        ORDER BY position
    ) TO STDOUT (FORMAT binary)
"""

WRITE = """
    COPY events (slice, position, originator_id, originator_version, topic, state, entry_id, tenant, recorded_at)
    FROM STDIN (FORMAT binary)
"""

# Texts in UTF-8 whatever the database uses, and in the order of the index without a sort.
SESSION = """
    SET client_encoding TO 'UTF8';
    SET enable_seqscan TO off;
    SET enable_bitmapscan TO off;
    SET enable_sort TO off
"""

# What a transaction begins with that reads many rows as they stand at one moment.
SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"

SIGNATURE = b"PGCOPY\n\xff\r\n\x00"
HEADER = SIGNATURE + bytes(8)  # No flags, no extension.
TRAILER = b"\xff\xff"
PIECE = 1 << 18


def ready(connection: Connection) -> None:
    """Make a connection fit for reading rows."""
    connection.execute(SESSION)


def read_rows(connection: Connection, slice_number: int, after: int, upto: int) -> Iterator[bytes]:
    """The rows of a slice whose positions are above `after` and at most `upto`, in order.

    The server sends every row in a message of its own, the first behind a header; so says the protocol. Read them to
    the end: until then the connection can do nothing else.
    """
    with connection.cursor().copy(READ, (slice_number, after, upto)) as copy:
        pieces = iter(copy)
        first = bytes(next(pieces, b""))
        if not first.startswith(SIGNATURE):
            raise RuntimeError("the server does not speak the binary COPY format")
        rest = first[len(HEADER) + int.from_bytes(first[len(HEADER) - 4 : len(HEADER)]) :]
        if rest and rest != TRAILER:
            yield rest
        for piece in pieces:
            if len(piece) > len(TRAILER):
                yield bytes(piece)


def row_at(connection: Connection, slice_number: int, position: int) -> bytes | None:
    """The row at one position; None when there is none."""
    rows = list(read_rows(connection, slice_number, position - 1, position))
    return rows[0] if rows else None


def write_rows(connection: Connection, rows: Iterable[bytes]) -> None:
    """Append rows in their canonical form to `events`, as they are: streams and heads are the caller's."""
    with connection.cursor().copy(WRITE) as copy:
        held = [HEADER]
        size = 0
        for row in rows:
            held.append(row)
            size += len(row)
            if size > PIECE:
                copy.write(b"".join(held))
                held, size = [], 0
        copy.write(b"".join([*held, TRAILER]))
