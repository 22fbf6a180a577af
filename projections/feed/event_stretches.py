"""Stretches of the log: how far each slice is read at a time, and where in it a moment is."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from projections.database import Reader

Positions = Mapping[int, int]

# How many events a question looks at, over all slices, whatever it filters.
SCAN = 10_000
# Stamps in a slice are in the order of its positions, except that the machines that give them have clocks of their own.
CLOCKS_DIFFER = timedelta(minutes=1)


class Stretch(NamedTuple):
    """A part of a slice, behind `after` and up to `until`, and how many events are wanted of it."""

    slice: int
    after: int
    until: int
    quota: int

    def reached(self, found: Sequence[int]) -> int:
        """Up to which position the stretch was looked at, when these positions of it were found."""
        return found[-1] if len(found) == self.quota else self.until


def stretches(start: Positions, ends: Positions, limit: int, scan: int | None) -> list[Stretch]:
    """What to read next of each slice that goes on, for `limit` events in all, looking at `scan` at most.

    The slices that are furthest behind come first when there are more of them than that, so none is left behind for
    ever. Without `scan` all of a slice is looked at.
    """
    most = limit if scan is None else min(limit, scan)
    behind = sorted((one for one in ends if start[one] < ends[one]), key=lambda one: start[one] - ends[one])[:most]
    quota, more = divmod(limit, len(behind))
    found = []
    for turn, one in enumerate(behind):
        until = ends[one] if scan is None else min(ends[one], start[one] + scan // len(behind))
        found.append(Stretch(one, start[one], until, quota + (turn < more)))
    return found


# Halves, in all slices at once, what lies between an event that is earlier and one that is not.
SEARCH = """
    WITH RECURSIVE search (slice, low, high) AS (
        SELECT *
        FROM unnest(%(slices)s::smallint[], %(lows)s::bigint[], %(highs)s::bigint[])
        UNION ALL
        SELECT
            search.slice,
            CASE WHEN event.recorded_at < %(moment)s + %(margin)s THEN event.position ELSE low END,
            CASE WHEN event.recorded_at < %(moment)s + %(margin)s THEN high ELSE event.position END
        FROM search
        JOIN events AS event
          ON event.slice = search.slice
         AND event.position = (low + high) / 2
        WHERE high - low > 1
    )
    SELECT slice, max(low) AS last
    FROM search
    GROUP BY slice
"""


def last_before(reader: Reader, heads: Positions, moment: datetime, margin: timedelta) -> dict[int, int]:
    """The last position of each slice that was recorded before a moment and a margin, if its stamps are in order."""
    parameters = {
        "slices": list(heads),
        "lows": [0] * len(heads),
        "highs": [head + 1 for head in heads.values()],
        "moment": moment,
        "margin": margin,
    }
    return {row["slice"]: row["last"] for row in reader.rows(dict, SEARCH, parameters)}
