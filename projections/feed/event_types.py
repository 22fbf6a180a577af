"""The types of events that the log knows."""

from collections.abc import Iterator

from domain import kinds
from domain.events import Event


def _types(event: type[Event]) -> Iterator[str]:
    for one in event.__subclasses__():
        if "TOPIC" in vars(one) and one.__module__.startswith(f"{kinds.__package__}."):
            yield one.TOPIC
        yield from _types(one)


EVENT_TYPES = tuple(sorted(_types(Event)))
