"""Leases: which slices a projector works on, so that several share the work and take over from one that is gone.

A lease assigns work and guards nothing: two projectors at one slice, for whatever reason, wait in turn for the row of
the checkpoint, and the later one finds it moved. Only the clock of the database says whether a lease has expired.
"""

from collections.abc import Iterable
from hashlib import blake2b

from psycopg import Connection

from projections.change import Projection

LEASE_SECONDS = 5
FORGET_SECONDS = 86_400

BEGIN = """
    INSERT INTO leases (release, slice)
    SELECT %s, slice
    FROM slices
    ON CONFLICT DO NOTHING
"""

FORGET = """
    DELETE FROM leases
    WHERE release <> %s
      AND expires_at BETWEEN '-infinity' AND clock_timestamp() - %s * interval '1 second'
      AND NOT EXISTS (
        SELECT
        FROM heartbeats
        WHERE heartbeats.release = leases.release
          AND beat_at > clock_timestamp() - %s * interval '1 second'
      )
"""

RENEW = """
    UPDATE leases
    SET expires_at = clock_timestamp() + %(lease)s * interval '1 second'
    WHERE release = %(release)s
      AND projector = %(projector)s
    RETURNING slice
"""

# Those at work, and how many of them come before this one: the first ones have one slice more where it does not divide.
SHARE = """
    SELECT
        (SELECT count(*) FROM slices),
        count(*),
        count(*) FILTER (WHERE id < %(projector)s)
    FROM heartbeats
    WHERE process = 'projector'
      AND release = %(release)s
      AND (id = %(projector)s OR beat_at > clock_timestamp() - %(lease)s * interval '1 second')
"""

GIVE_BACK = """
    UPDATE leases
    SET projector = '',
        expires_at = '-infinity'
    WHERE release = %(release)s
      AND projector = %(projector)s
      AND (%(slices)s::smallint[] IS NULL OR slice = ANY(%(slices)s))
"""

TAKE = """
    UPDATE leases
    SET projector = %(projector)s,
        expires_at = clock_timestamp() + %(lease)s * interval '1 second'
    WHERE release = %(release)s
      AND slice IN (
        SELECT slice
        FROM leases
        WHERE release = %(release)s
          AND projector <> %(projector)s
          AND expires_at < clock_timestamp()
        ORDER BY slice
        LIMIT %(count)s
        FOR UPDATE SKIP LOCKED
      )
    RETURNING slice
"""


def release_of(projections: Iterable[Projection]) -> str:
    """A name for the tables that a projector fills: those that fill the same ones share the slices."""
    schemas = ",".join(sorted(one.schema for one in projections))
    return blake2b(schemas.encode(), digest_size=6).hexdigest()


class Leases:
    """The slices of one projector: its fair share among those of its release that have beaten lately."""

    def __init__(self, release: str, projector: str) -> None:
        self._asked = {"release": release, "projector": projector, "lease": LEASE_SECONDS}
        self._release = release

    def begin(self, connection: Connection) -> None:
        """Have a lease for every slice, and forget those of releases that are long gone."""
        connection.execute(BEGIN, (self._release,))
        connection.execute(FORGET, (self._release, FORGET_SECONDS, FORGET_SECONDS))

    def renew(self, connection: Connection) -> list[int]:
        """Keep the fair share: give back what is over it, take what nobody holds. All that is held then."""
        held = sorted(row[0] for row in connection.execute(RENEW, self._asked))
        row = connection.execute(SHARE, self._asked).fetchone()
        slices, projectors, before = row or (0, 1, 0)
        share = slices // projectors + (before < slices % projectors)
        if len(held) > share:
            self.give_back(connection, held[share:])
            return held[:share]
        if len(held) < share:
            taken = connection.execute(TAKE, {**self._asked, "count": share - len(held)})
            held += [row[0] for row in taken]
        return sorted(held)

    def give_back(self, connection: Connection, slices: Iterable[int] | None = None) -> None:
        """Let others have these slices at once, or all that are held."""
        asked = {**self._asked, "slices": None if slices is None else list(slices)}
        connection.execute(GIVE_BACK, asked)
