"""A tally: what one window has gathered."""

from decimal import Decimal

import msgspec

from domain.numbers import ZERO, exact
from domain.vocabulary import Method


class Tally(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many entries, their sum (method `sum`), their different values (method `distinct`)."""

    count: int = 0
    sum: Decimal = ZERO
    distinct: tuple[str, ...] = ()

    def total(self, method: Method) -> Decimal:
        """What is compared with the target."""
        match method:
            case Method.SUM:
                return self.sum
            case Method.COUNT:
                return Decimal(self.count)
            case Method.DISTINCT:
                return Decimal(len(self.distinct))


EMPTY = Tally()


def add(tally: Tally, method: Method, value: Decimal | None, attribute: str | None) -> Tally:
    """The tally with one more entry: `value` counts for sums, `attribute` for distinct values (RULES 4)."""
    count = tally.count + 1
    if method is Method.SUM and value is not None:
        return Tally(count=count, sum=exact(tally.sum + value))
    if method is Method.DISTINCT and attribute is not None and attribute not in tally.distinct:
        return Tally(count=count, distinct=(*tally.distinct, attribute))
    return Tally(count=count, distinct=tally.distinct)


def counted(before: Tally, method: Method, count: int, total: Decimal, new_value: str | None) -> Tally:
    """The tally that an event says; nothing is added up again."""
    match method:
        case Method.SUM:
            return Tally(count=count, sum=total)
        case Method.DISTINCT if new_value is not None:
            return Tally(count=count, distinct=(*before.distinct, new_value))
    return Tally(count=count, distinct=before.distinct)
