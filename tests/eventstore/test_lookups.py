"""Reading streams and entries by their ids: one query, whatever their number, and never a whole table."""

import re

import psycopg
import pytest
from eventsourcing.persistence import NotSupportedError, OperationalError

from eventstore.database import Database
from eventstore.recorders import FIND_ENTRIES, HISTORY, LOAD, ApplicationLog
from tests.eventstore.given import event, id_in, snapshot


def test_no_ids_find_nothing(log: ApplicationLog):
    assert log.load_streams([]) == {}
    assert log.find_entries([]) == {}


def test_ids_that_the_log_does_not_have_are_left_out(log: ApplicationLog):
    stream, entry = id_in(1), id_in(1)
    log.insert_events([event(stream, 1, entry_id=entry)], snapshots=[snapshot(stream, 1)])

    streams = log.load_streams([id_in(1), stream, id_in(3), stream])
    entries = log.find_entries([id_in(1), entry, id_in(3), entry])

    assert streams == {stream: snapshot(stream, 1)}
    assert entries == {entry: event(stream, 1)}
    assert (entries[entry].position, entries[entry].entry_id, entries[entry].tenant) == (1, entry, "acme")


def test_an_id_is_looked_for_in_its_own_slice(log: ApplicationLog, database_url: str):
    stream = id_in(1)
    log.insert_events([event(stream, 1)], snapshots=[snapshot(stream, 1)])
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE streams SET slice = 2")

    assert log.load_streams([stream, id_in(2)]) == {}


def test_ten_thousand_ids_are_found_at_once(log: ApplicationLog):
    streams = [id_in(number % 4) for number in range(10_000)]
    entries = {stream: id_in(index % 4) for index, stream in enumerate(streams)}
    log.insert_events(
        [event(stream, 1, entry_id=entries[stream]) for stream in streams],
        snapshots=[snapshot(stream, 1) for stream in streams],
    )

    found = log.load_streams(streams)
    recorded = log.find_entries([*entries.values()])

    assert found.keys() == entries.keys()
    assert {one.originator_id: entry for entry, one in recorded.items()} == entries


@pytest.mark.parametrize("query", [LOAD, FIND_ENTRIES], ids=["streams", "entries"])
def test_a_plan_made_while_the_log_was_empty_reads_no_whole_table(database: Database, query: str):
    prepared = query.replace("%b", "$1", 1).replace("%b", "$2", 1)

    with database.statement() as connection:
        connection.execute("SET random_page_cost = 4")
        connection.execute(f"PREPARE lookup (smallint[], uuid[]) AS {prepared}")
        plan = "\n".join(row[0] for row in connection.execute("EXPLAIN EXECUTE lookup ('{}', '{}')"))

    assert "Index Scan" in plan
    assert not re.search("Seq Scan|Bitmap|Hash|Merge", plan)


def test_a_plan_of_a_whole_stream_made_while_the_log_was_empty_reads_nothing_else(database: Database):
    prepared = HISTORY.replace("%s", "$1", 1).replace("%s", "$2", 1)

    with database.statement() as connection:
        connection.execute(f"PREPARE history (smallint, uuid) AS {prepared}")
        plan = "\n".join(row[0] for row in connection.execute("EXPLAIN EXECUTE history (0, gen_random_uuid())"))

    assert "Index Cond: ((slice = $1) AND (originator_id = $2))" in plan
    assert not re.search("Seq Scan|Bitmap|Sort", plan)


def test_a_log_of_several_slices_has_no_single_order(log: ApplicationLog):
    with pytest.raises(NotSupportedError, match="the log has 4 slices"):
        log.select_notifications(start=1, limit=10)
    with pytest.raises(NotSupportedError, match="the log has 4 slices"):
        log.max_notification_id()
    with pytest.raises(NotSupportedError, match="the log has 4 slices"):
        log.subscribe()


def test_a_stream_of_a_log_of_several_slices_is_read_by_its_versions(log: ApplicationLog):
    stream = id_in(3)
    log.insert_events([event(stream, 1), event(id_in(3), 1), event(id_in(0), 1), event(stream, 2), event(stream, 3)])

    assert [one.originator_version for one in log.select_events(stream)] == [1, 2, 3]
    assert [one.position for one in log.select_events(stream)] == [1, 3, 4]
    assert [one.originator_version for one in log.select_events(stream, gt=1, desc=True, limit=1)] == [3]


def test_a_database_that_was_never_set_up_says_how_to(empty_database_url: str):
    database = Database(empty_database_url)

    with pytest.raises(OperationalError, match="milepost init"):
        ApplicationLog(database).insert_events([event(id_in(0), 1)])

    database.close()


def test_one_connection_is_enough(database_url: str):
    database = Database(database_url, pool_size=1, pool_timeout=1)
    stream = id_in(1)

    ApplicationLog(database).insert_events([event(stream, 1), event(id_in(2), 1)], snapshots=[snapshot(stream, 1)])
    streams = ApplicationLog(database).load_streams([stream])
    entries = ApplicationLog(database).find_entries([stream])
    events = ApplicationLog(database).select_events(stream)
    database.close()

    assert (len(streams), len(entries), len(events)) == (1, 0, 1)
