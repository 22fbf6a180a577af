"""How much each figure is made of: a full run, a quick one of a minute, and one that only shows that it works."""

from typing import NamedTuple


class Sizes(NamedTuple):
    """Counts, and seconds where the name says so."""

    entries: int
    owners: int
    rounds: int
    stock_entries: int
    memory_entries: int
    long_stream: int
    stream_pairs: int
    served_entries: int
    http_rounds: int
    http_seconds: float
    rebuild_entries: int
    rebuild_rounds: int
    peer_entries: int
    breaks: int
    training_entries: int
    training_users: int
    training_assignments: int


FULL = Sizes(
    entries=200_000,
    owners=20_000,
    rounds=3,
    stock_entries=2_000,
    memory_entries=1_000_000,
    long_stream=10_000,
    stream_pairs=500,
    served_entries=20_000,
    http_rounds=9,
    http_seconds=2.0,
    rebuild_entries=435_000,
    rebuild_rounds=2,
    peer_entries=3_000,
    breaks=100_000,
    training_entries=2_000_000,
    training_users=100_000,
    training_assignments=1_000,
)

QUICK = Sizes(
    entries=20_000,
    owners=2_000,
    rounds=1,
    stock_entries=500,
    memory_entries=60_000,
    long_stream=10_000,
    stream_pairs=100,
    served_entries=4_000,
    http_rounds=3,
    http_seconds=0.5,
    rebuild_entries=40_000,
    rebuild_rounds=1,
    peer_entries=500,
    breaks=10_000,
    training_entries=40_000,
    training_users=2_000,
    training_assignments=1_000,
)

TINY = Sizes(
    entries=300,
    owners=30,
    rounds=1,
    stock_entries=20,
    memory_entries=300,
    long_stream=100,
    stream_pairs=10,
    served_entries=300,
    http_rounds=1,
    http_seconds=0.1,
    rebuild_entries=300,
    rebuild_rounds=1,
    peer_entries=20,
    breaks=200,
    training_entries=300,
    training_users=30,
    training_assignments=20,
)
