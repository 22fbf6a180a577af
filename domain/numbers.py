"""Exact decimals: what may come in, and how a number is kept."""

from decimal import Decimal

MAX_WHOLE_DIGITS = 12
MAX_FRACTION_DIGITS = 6
FINEST = Decimal(1).scaleb(-MAX_FRACTION_DIGITS)
LIMIT = Decimal(10) ** MAX_WHOLE_DIGITS
ZERO = Decimal(0)
HUNDRED = Decimal(100)


def complaint(value: Decimal) -> str | None:
    """Why this may not be an activityValue or a target (RULES 4); None when it may."""
    if not value.is_finite():
        return "must be a finite number"
    if value < 0:
        return "must not be negative"
    if value >= LIMIT:
        return f"must have at most {MAX_WHOLE_DIGITS} digits before the decimal point"
    if value.quantize(FINEST) != value:
        return f"must have at most {MAX_FRACTION_DIGITS} digits after the decimal point"
    return None


def exact(value: Decimal) -> Decimal:
    """The same number in its shortest form: 187.50 is 187.5, 1E+2 is 100, -0 is 0."""
    whole = value.to_integral_value()
    return whole.quantize(1) + ZERO if value == whole else value.normalize()


def percent_of(value: Decimal, target: Decimal, places: Decimal = Decimal("0.01")) -> Decimal:
    """How much of the target is reached, in percent: rounded down, capped at 100 (RULES 5)."""
    if target <= 0 or value >= target:
        return HUNDRED
    return exact((value * HUNDRED / target).quantize(places, rounding="ROUND_DOWN"))


def remaining_of(value: Decimal, target: Decimal) -> Decimal:
    """What is left to the target; 0 once it is reached."""
    return max(exact(target - value), ZERO)
