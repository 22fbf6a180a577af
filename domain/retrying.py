"""Trying again: what to do when others wrote to a stream first, or the log does not answer."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from eventsourcing.persistence import IntegrityError, OperationalError

from domain.errors import Busy

TRIES = 50
T = TypeVar("T")


def retried(attempt: Callable[[], T]) -> T:
    """What an attempt answers once nobody writes in between. Raises Busy when others kept writing."""
    for turn in range(TRIES):
        try:
            with answering():
                return attempt()
        except IntegrityError:
            time.sleep(random.uniform(0, 0.002 * min(turn + 1, 10)))
    raise Busy(f"others kept writing to the same stream, {TRIES} times in a row")


@contextmanager
def answering() -> Iterator[None]:
    """Raises Busy when the log does not answer."""
    try:
        yield
    except OperationalError as error:
        raise Busy(f"the log did not answer: {error}") from error
