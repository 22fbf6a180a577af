"""The rejects file: every refused line with its number and the reason, so that it can be mended and sent again."""

import json
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

MAX_SHOWN_BYTES = 10_000


class Rejects:
    """One JSON line for each refused line. A file with nothing in it is not left behind."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0

    def __enter__(self) -> "Rejects":
        self._file = self.path.open("w", encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        # /dev/null and the like stay where they are.
        if not self.count and stat.S_ISREG(self.path.stat().st_mode):
            self.path.unlink()

    def add(self, number: int, text: bytes, reason: str, errors: Mapping[str, Sequence[str]] | None = None) -> None:
        """Note a refused line."""
        reject: dict[str, Any] = {"line": number, "reason": reason}
        if errors:
            reject["errors"] = errors
        reject["entry"] = _shown(text)
        self.count += 1
        self._file.write(json.dumps(reject, ensure_ascii=False, default=list) + "\n")


def _shown(text: bytes) -> Any:
    """The entry itself when the line is JSON; otherwise its text, as far as it can be shown."""
    if len(text) <= MAX_SHOWN_BYTES:
        with suppress(ValueError, RecursionError):
            return json.loads(text)
    return text[:MAX_SHOWN_BYTES].decode(errors="replace").rstrip("\r\n")
