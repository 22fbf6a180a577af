"""Erasure: who an end user is gets forgotten, for ever; what they did stays in the log under their opaque id."""

from datetime import datetime

from domain import user
from domain.application import ProgressLog
from domain.commands import EraseUser
from domain.ids import owner_stream_id
from domain.outcomes import Position
from domain.retrying import retried
from domain.user import PersonalData


def erase_user(log: ProgressLog, tenant: str, command: EraseUser, *, now: datetime) -> Position | None:
    """Erase the personal data of an end user, in the transaction of the event that says so. Raises NotFound.

    Done twice, it is the same erasure, and there is no position. Whoever changes the user at the same moment is
    either first, and then what they wrote is erased, too, or decides again and finds the user erased.
    """

    def attempt() -> Position | None:
        streams = log.streams(tenant, [owner_stream_id(tenant, command.id)], now)
        decision = streams.user(command.id)
        event = user.erase(decision.state, command)
        if event is None:
            return None
        decision.record(event)
        person = PersonalData(tenant=tenant, id=command.id, columns=user.erased_columns(now))
        return log.append(streams, people=[person])

    return retried(attempt)
