"""The lines of a file that may be compressed, may come through a pipe and may hold anything."""

import gzip
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

MAX_LINE_BYTES = 1 << 20
GZIP = b"\x1f\x8b"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class CutOff(Exception):
    """The file ends, or breaks, in the middle of its compressed data."""


class Line(NamedTuple):
    """A line that is not empty; `complaint` when it is too long to be read."""

    number: int
    text: bytes
    complaint: str | None = None


class Source:
    """A file as it is read: its lines, how many bytes of it are done, and of how many if that is known."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._lines: BinaryIO = gzip.GzipFile(fileobj=file) if _begins_with(file, GZIP) else file  # type: ignore[assignment]
        status = os.fstat(file.fileno())
        self.total = status.st_size if stat.S_ISREG(status.st_mode) else None

    @property
    def done(self) -> int:
        """Bytes of the file that have been read; 0 when it cannot be told."""
        return self._file.tell() if self.total is not None else 0

    def __iter__(self) -> Iterator[Line]:
        """The lines, numbered from 1; empty ones are passed over. Raises CutOff where a gzip stream breaks."""
        number = 0
        readline = self._lines.readline
        try:
            while text := readline(MAX_LINE_BYTES):
                number += 1
                if number == 1:
                    text = text.removeprefix(BYTE_ORDER_MARK)
                if len(text) == MAX_LINE_BYTES and not text.endswith(b"\n"):
                    self._skip_line()
                    yield Line(number, text[:200], f"the line is longer than {MAX_LINE_BYTES} bytes")
                elif not text.isspace():
                    yield Line(number, text)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise CutOff(f"the compressed data is broken after line {number}: {error}") from error

    def _skip_line(self) -> None:
        while (text := self._lines.readline(MAX_LINE_BYTES)) and not text.endswith(b"\n"):
            pass


@contextmanager
def opened(name: str) -> Iterator[Source]:
    """The file with this name; `-` is stdin."""
    if name == "-":
        yield Source(sys.stdin.buffer)
        return
    with Path(name).open("rb", buffering=1 << 18) as file:
        yield Source(file)


def _begins_with(file: BinaryIO, mark: bytes) -> bool:
    return bool(file.peek(len(mark))[: len(mark)] == mark)  # type: ignore[attr-defined]
