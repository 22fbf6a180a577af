"""Going on: work that is done in turns, and that a database which does not answer does not end."""

from collections.abc import Callable
from threading import Event as Flag

RETRY_SECONDS = 1.0

Report = Callable[[str], None]


def report_nothing(message: str) -> None:
    """For those who look at the errors themselves."""


def go_on(
    stop: Flag, turn: Callable[[], None], lost: Callable[[Exception], bool], close: Callable[[], None], report: Report
) -> None:
    """Take turns until `stop` is set. Raises what a turn raises, unless that says that the database is `lost`.

    Then the connection is closed, and the next turn makes it again. It is reported when that begins, when its reason
    changes and when it is over: a long silence says nothing every second.
    """
    told = ""
    while not stop.is_set():
        try:
            turn()
        except Exception as error:
            if not lost(error):
                raise
            text = f"the database does not answer, trying again: {error}"
            if text != told:
                report(text)
            told = text
            close()
            stop.wait(RETRY_SECONDS)
        else:
            if told:
                report("the database answers again")
            told = ""
