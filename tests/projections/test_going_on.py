"""A process goes on when its database falls silent, and says so once."""

from threading import Event

import pytest

from projections.following import going_on
from projections.following.going_on import go_on


@pytest.fixture
def lived(monkeypatch):
    """What is reported, and how often the connection was closed, when turns end like this: with an error or well."""
    monkeypatch.setattr(going_on, "RETRY_SECONDS", 0)

    def lived(*ends):
        stop, reported, closed, left = Event(), [], [], list(ends)

        def turn():
            error = left.pop(0)
            if not left:
                stop.set()
            if error:
                raise error

        go_on(stop, turn, lambda error: isinstance(error, OSError), lambda: closed.append(True), reported.append)
        return [text.removeprefix("the database ") for text in reported], len(closed)

    return lived


def test_a_silence_is_reported_when_it_begins_when_its_reason_changes_and_when_it_is_over(lived):
    refused, cut = OSError("refused"), OSError("cut off")

    reported, closed = lived(None, refused, refused, cut, None, None, refused, None)

    assert reported == [
        "does not answer, trying again: refused",
        "does not answer, trying again: cut off",
        "answers again",
        "does not answer, trying again: refused",
        "answers again",
    ]
    assert closed == 4


def test_it_can_be_told_to_stop_while_the_database_is_silent(lived):
    assert lived(OSError("refused"))[1] == 1


def test_any_other_error_ends_it(lived):
    with pytest.raises(ValueError, match="a fault of its own"):
        lived(None, ValueError("a fault of its own"), None)
