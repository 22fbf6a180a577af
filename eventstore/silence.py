"""A database that has fallen silent is given up: connections that wait for an answer only so long.

A network that drops packets, or something between that keeps sockets open and forwards nothing, ends no connection.
TCP's own timeouts see the first at best. So every statement has a time limit at the server, and the client gives the
connection up a second after that: then the server's refusal would have come, had it answered at all.
"""

import time
from collections.abc import Generator
from typing import Any, ClassVar, TypeVar

import psycopg
from psycopg import Connection

Answer = TypeVar("Answer")

STATEMENT_SECONDS = 5.0
MARGIN_SECONDS = 1.0

# What the kernels find out by themselves, at both ends. Over a Unix socket all of this is without effect.
CLIENT_OPTIONS: dict[str, Any] = {
    "connect_timeout": 5,
    "tcp_user_timeout": 8_000,
    "keepalives_idle": 5,
    "keepalives_interval": 1,
    "keepalives_count": 3,
}
SERVER_SETTINGS: dict[str, str] = {
    "tcp_user_timeout": "8000",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "3",
}


class Silent(psycopg.OperationalError):
    """The database has not said anything for longer than a statement may take: the connection is given up."""


class Watched(Connection[Any]):
    """A connection that is closed when the server lets it wait for more than `silence` seconds. Raises Silent."""

    silence: ClassVar[float] = STATEMENT_SECONDS + MARGIN_SECONDS

    def wait(self, gen: Generator[Any, Any, Answer], *args: Any, **kwargs: Any) -> Answer:
        """Wait as psycopg does, which asks several times a second whether there is something to read."""
        try:
            return super().wait(self._while_answering(gen), *args, **kwargs)
        except Silent:
            self.close()
            raise

    def _while_answering(self, gen: Generator[Any, Any, Answer]) -> Generator[Any, Any, Answer]:
        try:
            wanted = next(gen)
            heard_at = time.monotonic()
            while True:
                ready = yield wanted
                now = time.monotonic()
                if ready:
                    heard_at = now
                elif now - heard_at > self.silence:
                    raise Silent(f"no answer for {self.silence:g} s")
                wanted = gen.send(ready)
        except StopIteration as end:
            answer: Answer = end.value
            return answer


def watched(statement_seconds: float = STATEMENT_SECONDS) -> type[Watched]:
    """The class of connections whose server ends a statement after so many seconds (0: never, so none is given up)."""
    silence = statement_seconds + MARGIN_SECONDS if statement_seconds else float("inf")
    return type("Watched", (Watched,), {"silence": silence})


def server_options(**settings: object) -> str:
    """These settings, and the server's part of noticing that a client is gone, as the `options` of a connection."""
    return " ".join(f"-c {name}={value}" for name, value in {**SERVER_SETTINGS, **settings}.items())
