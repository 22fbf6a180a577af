"""Publishing: signed checkpoints are handed to where whoever runs the database cannot take them back."""

import fcntl
import os
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import Request, urlopen

from psycopg import Connection

from eventstore import seals

BATCH = 1_000
TIMEOUT_SECONDS = 10


class PublishingFailed(Exception):
    """Checkpoints could not be handed over: they are kept, and tried again."""


class Outside(NamedTuple):
    """Where checkpoints go: a file that is only added to, a URL that they are posted to, both or neither.

    The `token` is what the URL knows us by, if it asks.
    """

    file: Path | None = None
    url: str | None = None
    token: str | None = None


def publish(connection: Connection, outside: Outside) -> int:
    """Hand over what was not handed over yet, at least once; how many checkpoints. Raises PublishingFailed."""
    if not (outside.file or outside.url):
        return 0
    count = 0
    while True:
        with connection.transaction():
            waiting = seals.unpublished(connection, BATCH)
            if waiting:
                _hand_over("\n".join(note for _, _, note in waiting) + "\n", outside)
                seals.published(connection, waiting)
        count += len(waiting)
        if len(waiting) < BATCH:
            return count


def _hand_over(notes: str, outside: Outside) -> None:
    try:
        if outside.url:
            _post(notes.encode(), outside.url, outside.token)
        if outside.file:
            _append(outside.file, notes.encode())
    except (URLError, OSError) as error:
        place = outside.url if isinstance(error, URLError) else outside.file
        raise PublishingFailed(f"checkpoints are not published, trying again: {place}: {error}") from error


def _append(path: Path, notes: bytes) -> None:
    """Add to the end of a file, on disk when this returns. What a killed process left half written is closed off."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        end = os.fstat(descriptor).st_size
        torn = end and os.pread(descriptor, 2, max(end - 2, 0)) != b"\n\n"
        content = (b"\n\n" if torn else b"") + notes
        while content:
            content = content[os.write(descriptor, content) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _post(notes: bytes, url: str, token: str | None) -> None:
    request = Request(url, notes, {"Content-Type": "text/plain; charset=utf-8"}, method="POST")
    if token:  # For this URL only, wherever it may point.
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
        answer.read()
        if answer.url != url:  # What follows a redirection is a GET: nothing was taken there.
            raise URLError(f"points to {answer.url}")
