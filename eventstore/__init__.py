"""Where it is written: the sliced log, as a persistence module of the eventsourcing library.

The library loads it by name: ``PERSISTENCE_MODULE=eventstore``.
"""

from eventstore.factory import Factory

__all__ = ["Factory"]
