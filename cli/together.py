"""Several kinds of work in one process, each in a thread of its own: when one ends, all do."""

from collections.abc import Callable
from functools import partial
from threading import Event, Thread

import click

Work = Callable[[Event, Callable[[str], None]], None]


def together(**works: Work) -> Callable[[Event], None]:
    """One work that does all of these until its flag is set. What they report goes to stderr under their names.

    Raises what one of them raises.
    """

    def run(stop: Event) -> None:
        failures: list[Exception] = []
        threads = [Thread(target=_guarded, args=(name, work, stop, failures)) for name, work in works.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    return run


def _guarded(name: str, work: Work, stop: Event, failures: list[Exception]) -> None:
    try:
        work(stop, partial(_report, name))
    except Exception as error:
        failures.append(error)
    finally:
        stop.set()


def _report(name: str, message: str) -> None:
    click.echo(f"{name}: {message}", err=True)
