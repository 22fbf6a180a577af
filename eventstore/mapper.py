"""Events to JSON and back. The state is readable JSON text; old shapes are upcast when they are read."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import Mapper, MapperDeserialisationError, StoredEvent
from eventsourcing.utils import get_topic, resolve_topic

from eventstore.stored import LogEvent

_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode_plain = msgspec.json.Decoder(float_hook=Decimal).decode


class EventMapper(Mapper[UUID]):
    """Maps a recorded event (an envelope around a frozen msgspec struct) to a row of the log.

    `envelope` builds the domain's envelope from the columns and the decoded event; the application sets it,
    so that this room needs no class of the domain.
    """

    envelope: Callable[..., Any]

    @staticmethod
    def decode(topic: str, state: bytes | str) -> Any:
        """The event alone, without its envelope."""
        return decode_state(topic, state)

    def to_stored_event(self, domain_event: Any) -> LogEvent:
        event = domain_event.event
        return LogEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=get_topic(type(event)),
            state=encode_state(event),
            tenant=domain_event.tenant,
            recorded_at=domain_event.recorded_at,
            entry_id=domain_event.entry_id,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        return self.envelope(
            originator_id=stored_event.originator_id,
            originator_version=stored_event.originator_version,
            event=decode_state(stored_event.topic, stored_event.state),
            tenant=getattr(stored_event, "tenant", ""),
            recorded_at=getattr(stored_event, "recorded_at", None),
            entry_id=getattr(stored_event, "entry_id", None),
            position=getattr(stored_event, "position", 0),
        )

    def history(self, originator_id: UUID, rows: Iterable[tuple[Any, ...]]) -> list[Any]:
        """The events of a whole stream. A stored event of each on the way takes as long as all the rest."""
        return [
            self.envelope(
                originator_id=originator_id,
                originator_version=version,
                event=decode_state(topic, state),
                tenant=tenant,
                recorded_at=recorded_at,
                entry_id=entry_id,
                position=position,
            )
            for version, topic, state, tenant, recorded_at, entry_id, position in rows
        ]


def encode_state(event: msgspec.Struct) -> bytes:
    """The JSON of an event. A class whose shape has changed since writes its version first."""
    state = _encode(event)
    version = getattr(type(event), "class_version", 1)
    if version == 1:
        return state
    return b'{"class_version":%d%s' % (version, b"}" if state == b"{}" else b"," + state[1:])


def decode_state(topic: str, state: bytes | str) -> Any:
    """The event that a row holds. Raises MapperDeserialisationError with the topic and what does not fit."""
    try:
        return _decoder(topic)(state)
    except Exception as error:  # An upcast may trip over anything in a state that it did not expect.
        raise MapperDeserialisationError(f"{topic}: {error or type(error).__name__}") from error


@lru_cache(maxsize=1024)
def _decoder(topic: str) -> Callable[[bytes | str], Any]:
    cls = resolve_topic(topic)
    if getattr(cls, "class_version", 1) == 1:
        return msgspec.json.Decoder(cls).decode
    return lambda state: _upcast(cls, _decode_plain(state))


def _upcast(cls: Any, state: dict[str, Any]) -> Any:
    version = state.pop("class_version", 1)
    if version > cls.class_version:
        raise ValueError(f"was written with version {version} of the class, and this is {cls.class_version}")
    while version < cls.class_version:
        getattr(cls, f"upcast_v{version}_v{version + 1}")(state)
        version += 1
    return msgspec.convert(state, cls)
