"""Log lines: one JSON object a line on standard error."""

import os
from typing import Any

import msgspec
import structlog

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
STANDARD_ERROR = 2


class Lines:
    """Writes a line with one system call, so that the lines of threads and workers do not mix."""

    def msg(self, line: bytes) -> None:
        os.write(STANDARD_ERROR, line + b"\n")

    debug = info = warning = error = critical = msg


def configure(level: str) -> None:
    """Log what is at least as serious as this level. Holds for the whole process."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=lambda *args: Lines(),
        cache_logger_on_first_use=False,
    )


def _line(event: dict[str, Any], **options: Any) -> bytes:
    return msgspec.json.encode(event, enc_hook=str)
