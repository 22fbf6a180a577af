"""Outbox: answers that wait until the asker reads. Most clients send all of a body before they read anything."""

import select
from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import Any

PIECE = 8 << 10
IN_MEMORY = 1 << 20


class Outbox:
    """Bytes to send, in order. What does not fit into a megabyte of memory waits on disk.

    Sending to a client that does not read yet would block, and neither side would ever go on. So nothing is sent
    while the body is still coming in unless the connection takes it at once.
    """

    def __init__(self, takes_more: Callable[[], bool]) -> None:
        self._takes_more = takes_more
        self._file: Any = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - it lives as long as the answer
        self._sent = self._written = 0

    def put(self, data: bytes) -> None:
        """Add to the end."""
        self._file.seek(self._written)
        self._file.write(data)
        self._written += len(data)

    def ready(self) -> Iterator[bytes]:
        """What the connection takes now."""
        while self._sent < self._written and self._takes_more():
            yield self._take()
        if self._sent and self._sent == self._written:
            self._file.seek(0)
            self._file.truncate()
            self._sent = self._written = 0

    def rest(self) -> Iterator[bytes]:
        """Everything that is left. The body has come in: whoever sent it reads now."""
        while self._sent < self._written:
            yield self._take()

    def close(self) -> None:
        """Forget what was not sent."""
        self._file.close()

    def _take(self) -> bytes:
        self._file.seek(self._sent)
        data: bytes = self._file.read(min(PIECE, self._written - self._sent))
        self._sent += len(data)
        return data


def takes_more(environ: dict[str, Any]) -> Callable[[], bool]:
    """Whether the connection of a request takes a piece without blocking. Without a known socket it is believed to."""
    connection = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    if connection is None:
        return lambda: True
    poll = select.poll()
    poll.register(connection, select.POLLOUT)
    return lambda: any(event & select.POLLOUT for _, event in poll.poll(0))
