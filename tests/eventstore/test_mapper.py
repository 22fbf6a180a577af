"""Events as rows: JSON that people can read, numbers exact, old shapes upcast, and a poisoned row named."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from eventsourcing.persistence import JSONTranscoder, MapperDeserialisationError
from msgspec.structs import replace

from domain.events import Event, Recorded
from eventstore.mapper import EventMapper, decode_state, encode_state
from eventstore.recorders import ApplicationLog
from eventstore.stored import LogEvent
from tests.eventstore.given import APRIL_3, id_in


class Weighed(Event, frozen=True, kw_only=True):
    """Something was weighed."""

    TOPIC = "test.Weighed"
    kilograms: Decimal
    weighed_at: datetime
    note: str = ""


class Moved(Event, frozen=True, kw_only=True):
    """Something was moved. In its first shape it said metres, as text, and the second had no reason."""

    TOPIC = "test.Moved"
    class_version: ClassVar[int] = 3
    kilometres: Decimal
    reason: str

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["kilometres"] = Decimal(state.pop("metres")) / 1000

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> None:
        state["reason"] = "unknown"


class Nothing(Event, frozen=True, kw_only=True):
    """Has no fields in its second shape."""

    TOPIC = "test.Nothing"
    class_version: ClassVar[int] = 2

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state.clear()


@pytest.fixture
def mapper() -> EventMapper:
    mapper = EventMapper(JSONTranscoder())
    mapper.envelope = Recorded
    return mapper


def recorded(event: Event, **columns: Any) -> Recorded:
    return Recorded(
        originator_id=id_in(1), originator_version=1, tenant="acme", recorded_at=APRIL_3, event=event, **columns
    )


def weighed(kilograms: str) -> Weighed:
    return Weighed(kilograms=Decimal(kilograms), weighed_at=APRIL_3)


def test_an_event_comes_back_from_the_log_as_it_went_in(mapper: EventMapper, log: ApplicationLog):
    written = recorded(weighed("12.5"), entry_id=id_in(1), position=1)

    log.insert_events([mapper.to_stored_event(written)])
    (row,) = log.select_events(written.originator_id)

    assert mapper.to_domain_event(row) == written


def test_a_stream_read_whole_is_what_its_events_are_one_by_one(mapper: EventMapper, log: ApplicationLog):
    first, beside = recorded(weighed("12.5"), entry_id=id_in(1)), recorded(weighed("1"))
    second = replace(first, originator_version=2, entry_id=None, event=Moved(kilometres=Decimal(2), reason="spring"))
    log.insert_events([mapper.to_stored_event(one) for one in (second, beside, first)])

    whole = mapper.history(first.originator_id, log.read_stream(first.originator_id))

    assert whole == [mapper.to_domain_event(row) for row in log.select_events(first.originator_id)]
    assert whole == [replace(first, position=3), replace(second, position=1)]


def test_auditors_read_the_state_with_psql(mapper: EventMapper, log: ApplicationLog, rows):
    log.insert_events([mapper.to_stored_event(recorded(weighed("312.50")))])

    found = rows("SELECT topic, state, (state::jsonb ->> 'kilograms')::numeric FROM events")

    assert found == [
        ("test.Weighed", '{"kilograms":312.50,"weighed_at":"2026-04-03T10:00:00Z"}', Decimal("312.50")),
    ]


@pytest.mark.parametrize("digits", ["0", "0.1", "312.49999", "0.000001", "999999999999.999999", "100.00", "1E+3"])
def test_decimals_are_exact(digits: str):
    read = decode_state("test.Weighed", encode_state(weighed(digits)))

    assert str(read.kilograms) == digits


def test_decimals_are_exact_after_an_upcast():
    state = encode_state(Moved(kilometres=Decimal("999999999999.999999"), reason="spring"))

    assert decode_state("test.Moved", state).kilometres == Decimal("999999999999.999999")
    assert decode_state("test.Moved", b'{"class_version":2,"kilometres":0.1}').kilometres == Decimal("0.1")


def test_moments_keep_their_microseconds():
    written = Weighed(kilograms=Decimal(1), weighed_at=datetime(2026, 4, 3, 10, 0, 0, 1, tzinfo=UTC))

    assert decode_state("test.Weighed", encode_state(written)) == written


def test_a_first_shape_is_upcast_step_by_step():
    moved = decode_state("test.Moved", b'{"metres":"1500"}')

    assert moved == Moved(kilometres=Decimal("1.5"), reason="unknown")


def test_a_later_shape_says_which_it_is():
    state = encode_state(Moved(kilometres=Decimal("1.5"), reason="spring"))

    assert state == b'{"class_version":3,"kilometres":1.5,"reason":"spring"}'
    assert decode_state("test.Moved", state) == Moved(kilometres=Decimal("1.5"), reason="spring")


def test_a_shape_without_fields_says_which_it_is():
    assert encode_state(Nothing()) == b'{"class_version":2}'
    assert decode_state("test.Nothing", b'{"class_version":2}') == Nothing()
    assert decode_state("test.Nothing", b'{"was":"something"}') == Nothing()


@pytest.mark.parametrize(
    ("topic", "state"),
    [
        ("test.NeverHeardOf", b"{}"),
        ("tests.eventstore.test_mapper:NeverHeardOf", b"{}"),
        ("test.Weighed", b""),
        ("test.Weighed", b'{"kilograms":1'),
        ("test.Weighed", b"[]"),
        ("test.Weighed", b'{"weighed_at":"2026-04-03T10:00:00Z"}'),
        ("test.Weighed", b'{"kilograms":"heavy","weighed_at":"2026-04-03T10:00:00Z"}'),
        ("test.Weighed", b'{"kilograms":1,"weighed_at":"yesterday"}'),
        ("test.Weighed", b'{"kilograms":1,"weighed_at":"2026-04-03T10:00:00Z","note":"\xff"}'),
        ("test.Moved", b"[]"),
        ("test.Moved", b"null"),
        ("test.Moved", b'{"kilometres":1}'),
        ("test.Moved", b'{"metres":{}}'),
        ("test.Moved", b'{"metres":"far"}'),
        ("test.Moved", b'{"class_version":2,"kilometres":"far"}'),
        ("test.Moved", b'{"class_version":4,"kilometres":1}'),
        ("test.Moved", b'{"class_version":0,"kilometres":1}'),
        ("test.Moved", b'{"class_version":"two","kilometres":1}'),
        ("json", b"{}"),
    ],
)
def test_a_poisoned_row_is_named(mapper: EventMapper, topic: str, state: bytes):
    with pytest.raises(MapperDeserialisationError, match=f"^{topic}: ."):
        mapper.to_domain_event(LogEvent(id_in(1), 1, topic, state, "acme", APRIL_3))
