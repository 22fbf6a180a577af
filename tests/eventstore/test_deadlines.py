"""What is due, and the leases that keep the clock away from what an import feeds (RULES 4 and 6)."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import OperationalError

from eventstore.recorders import ApplicationLog
from eventstore.stored import Stream
from tests.eventstore.given import APRIL_3, event, id_in, snapshot

LATER = APRIL_3 + timedelta(microseconds=1)
STATE = '{"tenant":"acme"}'


def waiting(stream: UUID, version: int = 1) -> Stream:
    """A snapshot whose deadline is the third of April."""
    return snapshot(stream, version, STATE, APRIL_3)


def write(log: ApplicationLog, stream: Stream, import_id: UUID | None = None) -> None:
    log.insert_events([event(stream.originator_id, stream.version)], snapshots=[stream], import_id=import_id)


def due(log: ApplicationLog) -> list[UUID]:
    """What is due on the third of April, in whichever slice."""
    return [one.originator_id for number in log.due_slices(APRIL_3) for one in log.due_streams(number, APRIL_3)]


def test_a_stream_is_due_from_its_deadline_on(log: ApplicationLog):
    stream = id_in(2)
    write(log, waiting(stream))
    write(log, snapshot(id_in(2), 1, STATE, LATER))
    write(log, snapshot(id_in(1), 1, STATE))

    assert log.due_slices(APRIL_3 - timedelta(microseconds=1)) == []
    assert log.due_slices(APRIL_3) == [2]
    assert log.due_streams(2, APRIL_3) == [(stream, "acme", APRIL_3)]
    assert log.due_streams(1, APRIL_3) == []


def test_the_earliest_deadlines_come_first_and_no_more_than_asked_for(log: ApplicationLog):
    streams = [id_in(3) for _ in range(5)]
    for day, stream in enumerate(reversed(streams)):
        write(log, snapshot(stream, 1, STATE, APRIL_3 - timedelta(days=day)))

    assert [one.originator_id for one in log.due_streams(3, APRIL_3, limit=3)] == streams[:3]


def test_a_stream_with_a_new_deadline_is_not_due(log: ApplicationLog):
    stream = id_in(0)
    write(log, waiting(stream))

    write(log, snapshot(stream, 2, STATE, LATER))

    assert due(log) == []


def test_what_an_import_feeds_is_left_alone_until_the_lease_is_over(log: ApplicationLog):
    fed, live = id_in(1), id_in(3)
    import_id = log.begin_import("acme")
    write(log, waiting(fed), import_id)
    write(log, waiting(live))

    during = due(log)
    log.end_import(import_id)
    after = due(log)

    assert during == [live]
    assert sorted(after) == [fed, live]


def test_a_lease_expires_by_itself_unless_it_is_renewed(log: ApplicationLog):
    renewed, forgotten = log.begin_import("acme", seconds=0), log.begin_import("acme", seconds=0)
    streams = id_in(1), id_in(2)
    write(log, waiting(streams[0]), renewed)
    write(log, waiting(streams[1]), forgotten)

    log.renew_import(renewed)

    assert due(log) == [streams[1]]


def test_a_live_entry_does_not_take_a_stream_from_the_import_that_feeds_it(log: ApplicationLog):
    stream = id_in(1)
    import_id = log.begin_import("acme")
    write(log, waiting(stream), import_id)

    write(log, waiting(stream, 2))
    during = due(log)
    log.end_import(import_id)

    assert (during, due(log)) == ([], [stream])


def test_the_first_live_entry_after_an_import_forgets_the_import(log: ApplicationLog, rows):
    streams = [id_in(1), id_in(2)]
    over, unknown = log.begin_import("acme", seconds=0), uuid4()
    write(log, waiting(streams[0]), over)
    write(log, waiting(streams[1]), unknown)

    for stream in streams:
        write(log, waiting(stream, 2))

    assert due(log) == streams
    assert rows("SELECT DISTINCT import_id FROM streams") == [(None,)]


def test_a_lease_is_forgotten_when_it_is_long_over_and_feeds_nothing(log: ApplicationLog, rows):
    running, feeding, idle = log.begin_import("acme"), log.begin_import("acme", -7200), log.begin_import("acme", -7200)
    just_over = log.begin_import("acme", seconds=0)
    write(log, waiting(id_in(1)), feeding)

    log.forget_imports()

    assert {row[0] for row in rows("SELECT id FROM imports")} == {running, feeding, just_over}
    assert idle not in {row[0] for row in rows("SELECT id FROM imports")}


def test_a_lease_that_is_gone_cannot_be_renewed(log):
    with pytest.raises(OperationalError, match="start the import again"):
        log.renew_import(uuid4())
