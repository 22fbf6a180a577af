"""A subscription that polls: nothing depends on LISTEN."""

from threading import Event
from typing import TYPE_CHECKING, Any

from eventsourcing.persistence import ApplicationRecorder, Notification, Subscription

if TYPE_CHECKING:
    from eventstore.recorders import ApplicationLog

POLL_SECONDS = 0.05
BATCH = 500


class PollingSubscription(Subscription[ApplicationRecorder]):
    """Yields the notifications of a log of one slice; waits for more until it is stopped."""

    def __init__(self, recorder: "ApplicationLog", **kwargs: Any) -> None:
        super().__init__(recorder, **kwargs)
        self._waiting: list[Notification] = []
        self._stopped = Event()

    def stop(self) -> None:
        super().stop()
        self._stopped.set()

    def __next__(self) -> Notification:
        while not self._stopped.is_set():
            if not self._waiting:
                self._read()
            if self._waiting:
                notification = self._waiting.pop()
                self._last_notification_id = notification.id
                return notification
            self._stopped.wait(POLL_SECONDS)
        raise StopIteration

    def _read(self) -> None:
        found = self._recorder.select_notifications(
            start=self._last_notification_id or 0, limit=BATCH, topics=self._topics, inclusive_of_start=False
        )
        self._waiting = list(reversed(found))
