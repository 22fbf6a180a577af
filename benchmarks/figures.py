"""A figure: what Milepost measured, beside the floor or the peer that the same run measured."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class Wanted(NamedTuple):
    """The bound on a ratio, or on a measured value."""

    value: float
    at_most: bool = False

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.value:g}"


class Comparison(NamedTuple):
    """What a figure stands beside. `ratios` are Milepost's measure divided by this one, pair by pair."""

    role: str
    what: str
    values: Sequence[float]
    ratios: Sequence[float]
    wanted: Wanted | None = None


class Figure(NamedTuple):
    """One thing measured, in rounds that alternate with what it is compared with."""

    name: str
    unit: str
    values: Sequence[float]
    comparisons: Sequence[Comparison]
    wanted: Wanted | None = None
    note: str = ""


def compared(
    role: str, what: str, ours: Sequence[float], others: Sequence[float], wanted: Wanted | None = None
) -> Comparison:
    """Measures taken in pairs, each of ours beside the other's of the same round."""
    ratios = [one / other for one, other in zip(ours, others, strict=True)]
    return Comparison(role, what, list(others), ratios, wanted)


def met(wanted: Wanted | None, values: Sequence[float]) -> bool | None:
    """Whether the median keeps the bound; None when nothing is wanted."""
    if wanted is None:
        return None
    reached = median(values)
    return reached <= wanted.value if wanted.at_most else reached >= wanted.value
