"""What an append writes, what it refuses, and that a refused one leaves nothing behind."""

import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.persistence import DataError, IntegrityError

from domain.ids import owner_stream_id
from domain.user import PersonalData
from eventstore.recorders import ApplicationLog
from tests.eventstore.given import APRIL_3, event, id_in, snapshot

EVERYTHING = "SELECT slice, position, originator_id, originator_version FROM events ORDER BY slice, position"
ADA = "SELECT email, phone_number, created_at, updated_at FROM account_user"
HEADS = "SELECT slice, head FROM slices WHERE head > 0 ORDER BY slice"


def test_positions_are_gapless_in_every_slice(log: ApplicationLog, rows):
    for version in (1, 2, 3):
        log.insert_events([event(id_in(2), version), event(id_in(0), version), event(id_in(2), version)])

    found = rows("SELECT slice, position FROM events ORDER BY slice, position")

    assert found == [(0, 1), (0, 2), (0, 3), *((2, position) for position in range(1, 7))]


def test_the_answer_is_each_events_position_in_the_order_that_they_were_given(log: ApplicationLog, rows):
    first, second, third = id_in(3), id_in(1), id_in(3)
    log.insert_events([event(id_in(3), 1)])

    positions = log.insert_events([event(first, 1), event(second, 1), event(third, 1), event(first, 2)])

    assert positions == [2, 1, 3, 4]
    assert rows(EVERYTHING)[0] == (1, 1, second, 1)
    assert rows(EVERYTHING)[2:] == [(3, 2, first, 1), (3, 3, third, 1), (3, 4, first, 2)]


def test_nothing_to_write_is_nothing(log: ApplicationLog, rows):
    assert log.insert_events([]) == []
    assert rows(HEADS) == []


def test_slices_are_taken_in_ascending_order(log: ApplicationLog, database_url: str):
    events = [event(id_in(number), 1) for number in (3, 1, 2)]
    appending = threading.Thread(target=log.insert_events, args=(events,))

    with psycopg.connect(database_url) as holder:
        holder.execute("SELECT FROM slices WHERE slice = 2 FOR UPDATE")
        appending.start()
        await_waiting_backend(database_url)
        with psycopg.connect(database_url) as other:
            free = other.execute("SELECT slice FROM slices ORDER BY slice FOR UPDATE SKIP LOCKED").fetchall()
    appending.join()

    assert free == [(0,), (3,)]


def test_a_taken_version_is_refused_and_nothing_of_that_append_is_written(log: ApplicationLog, rows):
    stream, other = id_in(3), id_in(0)
    log.insert_events([event(stream, 1)], snapshots=[snapshot(stream, 1, '"first"')])

    with pytest.raises(IntegrityError):
        log.insert_events(
            [event(other, 1), event(stream, 1)],
            snapshots=[snapshot(other, 1), snapshot(stream, 2, '"second"')],
        )

    assert rows(EVERYTHING) == [(3, 1, stream, 1)]
    assert rows(HEADS) == [(3, 1)]
    assert rows("SELECT originator_id, state FROM streams") == [(stream, '"first"')]


def test_after_a_refusal_the_next_append_gets_the_next_position(log: ApplicationLog):
    streams = [id_in(1), id_in(2)]
    log.insert_events([event(one, 1) for one in streams])

    for _ in range(15):  # More often than the pool has connections.
        with pytest.raises(IntegrityError):
            log.insert_events([event(one, 1) for one in streams])

    assert log.insert_events([event(one, 2) for one in streams]) == [2, 2]


def test_an_entry_id_is_taken_for_ever(log: ApplicationLog, rows):
    entry = id_in(1)
    log.insert_events([event(id_in(1), 1, entry_id=entry)])

    with pytest.raises(IntegrityError, match="entry_id"):
        log.insert_events([event(id_in(1), 1, entry_id=entry)])
    with pytest.raises(IntegrityError, match="entry_id"):
        log.insert_events([event(id_in(1), 1, entry_id=id_in(1)), event(id_in(1), 1, entry_id=entry)])

    assert rows("SELECT slice, position, entry_id FROM events") == [(1, 1, entry)]


def test_an_entry_id_twice_in_one_append_is_refused(log: ApplicationLog, rows):
    entry = id_in(1)

    with pytest.raises(IntegrityError, match="entry_id"):
        log.insert_events([event(id_in(1), 1, entry_id=entry), event(id_in(1), 1, entry_id=entry)])

    assert rows(EVERYTHING) == []


def test_events_without_an_entry_id_do_not_clash(log: ApplicationLog):
    events = [event(id_in(1), 1), event(id_in(1), 1, entry_id=id_in(1)), event(id_in(1), 1)]

    assert log.insert_events(events) == [1, 2, 3]


def test_a_snapshot_only_moves_forwards(log: ApplicationLog):
    stream = id_in(2)
    log.insert_events([event(stream, 1), event(stream, 2)], snapshots=[snapshot(stream, 2, '"two"', APRIL_3)])

    log.insert_events([event(id_in(2), 1)], snapshots=[snapshot(stream, 1, '"one"')])
    log.insert_events([event(id_in(2), 1)], snapshots=[snapshot(stream, 2, '"another two"')])
    kept = log.load_streams([stream])[stream]
    log.insert_events([event(stream, 3)], snapshots=[snapshot(stream, 3, '"three"')])

    assert kept == snapshot(stream, 2, '"two"', APRIL_3)
    assert log.load_streams([stream])[stream] == snapshot(stream, 3, '"three"')


def test_a_snapshot_is_written_wherever_its_stream_is(log: ApplicationLog, rows):
    stream = id_in(0)

    positions = log.insert_events([event(id_in(3), 1)], snapshots=[snapshot(stream, 7, '"folded anew"')])

    assert positions == [1]
    assert log.load_streams([stream]) == {stream: snapshot(stream, 7, '"folded anew"')}
    assert rows(HEADS) == [(3, 1)]


def test_a_slice_that_does_not_exist_is_named(log: ApplicationLog, database_url: str, rows):
    assert log.slices == 4
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM slices WHERE slice = 3")

    with pytest.raises(DataError, match="slice 3 does not exist"):
        log.insert_events([event(id_in(3), 1)])
    with pytest.raises(DataError, match="slice 3 does not exist"):
        log.insert_events([event(id_in(0), 1), event(id_in(3), 1)])

    assert rows(EVERYTHING) == []


def test_what_is_written_is_read_back_exactly(log: ApplicationLog):
    moment = datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    stream, entry = id_in(1), id_in(1)
    long = '{"text":"' + "žluťoučký 🐎 " * 10_000 + '"}'
    written = [event(stream, 1, entry_id=entry, state=long.encode()), event(stream, 2, state=b"")]
    kept = [snapshot(stream, 2, long, moment), snapshot(id_in(1), 1, "", None)]

    log.insert_events(written, snapshots=kept)
    read = log.select_events(stream)

    assert read == written
    assert [(one.tenant, one.recorded_at, one.entry_id, one.position) for one in read] == [
        ("acme", APRIL_3, entry, 1),
        ("acme", APRIL_3, None, 2),
    ]
    assert [*log.load_streams([one.originator_id for one in kept]).values()] == kept


def test_text_that_postgres_cannot_hold_is_refused(log: ApplicationLog, rows):
    with pytest.raises(DataError):
        log.insert_events([event(id_in(1), 1, state=b"\xff")])
    with pytest.raises(DataError):
        log.insert_events([event(id_in(1), 1, state=b"\x00")])

    assert rows(EVERYTHING) == []


def test_a_large_batch_is_one_append(log: ApplicationLog, rows):
    streams = [id_in(number % 4) for number in range(3_000)]
    events = [event(stream, version, entry_id=uuid4()) for version in (1, 2, 3, 4) for stream in streams]

    positions = log.insert_events(events, snapshots=(snapshot(stream, 4) for stream in streams))

    assert rows(HEADS) == [(0, 3_000), (1, 3_000), (2, 3_000), (3, 3_000)]
    assert rows("SELECT count(*), min(version), max(version) FROM streams") == [(3_000, 4, 4)]
    assert [positions[index] for index in (0, 1, 2, 3, 4, 11_999)] == [1, 1, 1, 1, 2, 3_000]


def test_a_persons_data_is_written_with_the_events_or_not_at_all(log: ApplicationLog, rows):
    stream = owner_stream_id("acme", "ada")
    ada = ada_with(email="a@x", created_at=APRIL_3, updated_at=APRIL_3)
    later = APRIL_3 + timedelta(days=1)
    renamed = ada_with(phone_number="1", created_at=later, updated_at=later)

    log.insert_events([event(stream, 1)], people=[ada])
    with pytest.raises(IntegrityError):
        log.insert_events([event(stream, 1)], people=[renamed])
    kept = rows(ADA)
    log.insert_events([event(stream, 2)], people=[renamed])

    assert kept == [("a@x", None, APRIL_3, APRIL_3)]
    assert rows(ADA) == [("a@x", "1", APRIL_3, later)]


def test_events_are_not_written_when_the_persons_data_cannot_be(log: ApplicationLog, rows):
    nobody = ada_with(email="a@x", created_at=None, updated_at=APRIL_3)

    with pytest.raises(IntegrityError, match="created_at"):
        log.insert_events([event(owner_stream_id("acme", "ada"), 1)], people=[nobody])

    assert rows(EVERYTHING) == []
    assert rows(HEADS) == []


def ada_with(**columns: object) -> PersonalData:
    return PersonalData(tenant="acme", id="ada", columns=columns)


def await_waiting_backend(url: str) -> None:
    """Return when somebody waits for a lock in this database."""
    query = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(500):
            if connection.execute(query).fetchone() is not None:
                return
            time.sleep(0.01)
    raise TimeoutError("nobody waits for a lock")
