"""Cursors: every text is one set of positions, and nothing else is a cursor."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.feed.cursor import decode, encode

POSITIONS = st.dictionaries(st.integers(0, 1023), st.integers(0, 2**63 - 1), max_size=70)


@given(POSITIONS)
def test_a_cursor_comes_back_as_it_was_and_needs_no_escaping(positions: dict[int, int]):
    text = encode(positions)

    assert decode(text) == positions
    assert re.fullmatch(r"[A-Za-z0-9_-]+", text)


def test_the_same_positions_are_always_the_same_text():
    assert encode({3: 5, 1: 7}) == encode({1: 7, 3: 5})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A",
        "AQ==",
        " AQ",
        "AQ\n",
        "AQ!",
        "é",
        "Ag",
        "AR",
        "AQA",
        "AQAA_w",
        "AQAAgA",
        encode({1: 2})[:-1],
        "AYCAgIAQAA",
    ],
)
def test_what_is_no_cursor_is_refused(text: str):
    with pytest.raises(ValueError, match="is not a cursor"):
        decode(text)


@given(st.text(max_size=12))
def test_any_text_is_a_cursor_in_its_only_form_or_refused(text: str):
    try:
        positions = decode(text)
    except ValueError:
        return
    assert encode(positions) == text
