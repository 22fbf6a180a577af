"""Rates: how many events a second were worked off lately."""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable

WINDOW_SECONDS = 10.0


class Rates:
    """Counts by name, and what they come to a second over the last ten seconds, or since the start if that is later."""

    def __init__(self, names: Iterable[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._names = tuple(names)
        self._clock = clock
        self._since = clock()
        self._counted: deque[tuple[float, Counter[str]]] = deque()

    def count(self, name: str, events: int) -> None:
        """So many events were worked off just now."""
        now = self._clock()
        if not self._counted or now - self._counted[-1][0] > 1:
            self._counted.append((now, Counter()))
        self._counted[-1][1][name] += events

    def a_second(self) -> dict[str, float]:
        """Events a second, by name; 0.0 of those that rest."""
        now = self._clock()
        while self._counted and now - self._counted[0][0] > WINDOW_SECONDS:
            self._counted.popleft()
        seconds = min(max(now - self._since, 1.0), WINDOW_SECONDS)
        total: Counter[str] = Counter()
        for _, counter in self._counted:
            total.update(counter)
        return {name: round(total[name] / seconds, 1) for name in self._names}
