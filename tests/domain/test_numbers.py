"""Exact decimals (RULES 4 and 5): what may come in, how it is kept, how it is shown in percent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.numbers import complaint, exact, percent_of, remaining_of

AMOUNTS = st.integers(min_value=0, max_value=10**18 - 1).map(lambda units: Decimal(units).scaleb(-6))


@pytest.mark.parametrize("text", ["0", "0.000001", "999999999999.999999", "187.50", "1E+2", "1.5000000000000000000000"])
def test_a_value_has_at_most_12_digits_before_and_6_after_the_point(text: str):
    assert complaint(Decimal(text)) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("NaN", "must be a finite number"),
        ("sNaN", "must be a finite number"),
        ("Infinity", "must be a finite number"),
        ("-Infinity", "must be a finite number"),
        ("-0.000001", "must not be negative"),
        ("1000000000000", "must have at most 12 digits before the decimal point"),
        ("1E+1000000", "must have at most 12 digits before the decimal point"),
        ("0.0000001", "must have at most 6 digits after the decimal point"),
        ("1E-1000000", "must have at most 6 digits after the decimal point"),
        ("1." + "0" * 40 + "1", "must have at most 6 digits after the decimal point"),
    ],
)
def test_nan_infinity_negatives_and_longer_numbers_are_refused(text: str, why: str):
    assert complaint(Decimal(text)) == why


@pytest.mark.parametrize(
    ("text", "shortest"),
    [("187.50", "187.5"), ("1E+2", "100"), ("312.500000", "312.5"), ("0.00", "0"), ("-0", "0"), ("1E-6", "0.000001")],
)
def test_a_number_is_kept_in_its_shortest_form(text: str, shortest: str):
    assert exact(Decimal(text)).as_tuple() == Decimal(shortest).as_tuple()


@given(AMOUNTS)
def test_the_shortest_form_is_the_same_number(value: Decimal):
    assert exact(value) == value
    assert exact(exact(value)).as_tuple() == exact(value).as_tuple()


@pytest.mark.parametrize(
    ("value", "target", "percent"),
    [
        ("187.50", "500", "37.5"),
        ("0", "500", "0"),
        ("1", "3", "33.33"),
        ("2", "3", "66.66"),
        ("99.999", "100", "99.99"),
        ("999999999999.999998", "999999999999.999999", "99.99"),
        ("500", "500", "100"),
        ("750", "500", "100"),
    ],
)
def test_percentages_are_rounded_down_to_two_decimals_and_capped_at_100(value: str, target: str, percent: str):
    assert percent_of(Decimal(value), Decimal(target)) == Decimal(percent)


def test_training_percentages_have_one_decimal():
    assert percent_of(Decimal(2), Decimal(3), Decimal("0.1")) == Decimal("66.6")


@given(AMOUNTS, AMOUNTS.filter(bool))
def test_a_percentage_never_says_more_than_what_was_reached(value: Decimal, target: Decimal):
    percent = percent_of(value, target)

    assert 0 <= percent <= 100
    assert (percent == 100) == (value >= target)
    assert percent == 100 or percent * target <= value * 100 < (percent + Decimal("0.01")) * target


@pytest.mark.parametrize(
    ("value", "target", "remaining"),
    [("187.50", "500", "312.5"), ("500", "500", "0"), ("750", "500", "0"), ("0.1", "0.3", "0.2")],
)
def test_remaining_is_exact_and_0_once_the_target_is_reached(value: str, target: str, remaining: str):
    assert remaining_of(Decimal(value), Decimal(target)) == Decimal(remaining)
