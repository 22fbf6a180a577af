"""Limits: how many requests a caller has made in this minute and this hour, and what is left."""

from collections.abc import Callable
from threading import Lock
from typing import Any, NamedTuple

import structlog
from limits.errors import StorageError
from limits.storage import storage_from_string

from api.settings import SettingsError

MINUTE, HOUR = 60, 3600
MAX_COUNTERS = 100_000

# How long a request may wait for Redis before it is let in uncounted.
WAIT_SECONDS = 0.5

log = structlog.get_logger()


class Standing(NamedTuple):
    """Where a caller stands against the limit that is nearest to being used up."""

    limit: int
    remaining: int
    resets_at: int
    exceeded: bool
    window_seconds: int = MINUTE

    def headers(self) -> dict[str, str]:
        """X-RateLimit-…; Reset is in Unix seconds."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.resets_at),
        }


class Limits:
    """Counts requests in calendar minutes and hours (fixed windows), in this process or in Redis."""

    def __init__(self, storage_url: str) -> None:
        self._count = _Counters().count if storage_url == "memory://" else _shared(storage_url)

    def hit(self, name: str, per_minute: int, per_hour: int, now: float) -> Standing:
        """Count one request of this caller at this time (Unix seconds)."""
        minute = self._standing(name, per_minute, MINUTE, now)
        hour = self._standing(name, per_hour, HOUR, now)
        if minute.exceeded != hour.exceeded:
            return minute if minute.exceeded else hour
        if minute.exceeded:
            return max(minute, hour, key=lambda one: one.resets_at)
        return min(minute, hour, key=lambda one: one.remaining)

    def _standing(self, name: str, limit: int, seconds: int, now: float) -> Standing:
        window = int(now // seconds)
        count = self._count(name, seconds, window)
        return Standing(limit, max(limit - count, 0), (window + 1) * seconds, count > limit, seconds)


class _Counters:
    """The counters of one process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counters: dict[tuple[str, int], list[int]] = {}

    def count(self, name: str, seconds: int, window: int) -> int:
        with self._lock:
            counter = self._counters.get((name, seconds))
            if counter is None:
                if len(self._counters) >= MAX_COUNTERS:
                    self._forget(window * seconds)
                counter = self._counters[name, seconds] = [window, 0]
            elif counter[0] != window:
                counter[:] = (window, 0)
            counter[1] += 1
            return counter[1]

    def _forget(self, now: int) -> None:
        """Drop the counters whose window is over; when that is not enough, all of them."""
        current = {key: found for key, found in self._counters.items() if (found[0] + 1) * key[1] > now}
        self._counters = current if len(current) < MAX_COUNTERS else {}


def _shared(storage_url: str) -> Callable[[str, int, int], int]:
    """Counters that all processes share. While Redis does not answer nobody is limited, and the log says so."""
    try:
        from redis.backoff import NoBackoff  # noqa: PLC0415 - an extra, which only those who share limits install
        from redis.retry import Retry  # noqa: PLC0415
    except ImportError:
        raise SettingsError("MILEPOST_LIMITS_STORAGE: shared limits need the extra: milepost[redis]") from None
    patience = {"socket_connect_timeout": WAIT_SECONDS, "socket_timeout": WAIT_SECONDS, "retry": Retry(NoBackoff(), 0)}
    storage: Any = storage_from_string(storage_url, wrap_exceptions=True, **patience)

    def count(name: str, seconds: int, window: int) -> int:
        try:
            counted: int = storage.incr(f"milepost/{name}/{seconds}/{window}", seconds)
        except StorageError as error:
            log.warning(
                "limits are not counted", storage=storage_url.partition("@")[2] or storage_url, error=str(error)
            )
            return 0
        return counted

    return count
