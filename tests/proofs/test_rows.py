"""The canonical form of a row: the same bytes that PostgreSQL sends, one form for one row, and a CloudEvent of it."""

import json
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventstore.database import Database
from eventstore.raw_rows import read_rows, ready
from eventstore.recorders import ApplicationLog
from proofs.cloudevents import line_of, row_of
from proofs.merkle import Unfit
from proofs.rows import Row, canonical, moved, parsed, position_of
from tests.eventstore.given import APRIL_3, event, id_in

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
ROWS = st.builds(
    Row,
    slice=st.integers(0, 1023),
    position=st.integers(1, 2**63 - 1),
    originator_id=st.uuids(),
    originator_version=st.integers(1, 2**31 - 1),
    topic=TEXTS,
    state=st.one_of(TEXTS, st.just('{"value":12.50}'), st.just(' {"a":\n1}')).map(str.encode),
    entry_id=st.none() | st.uuids(),
    tenant=TEXTS,
    recorded_at=st.datetimes(timezones=st.just(UTC)),
)


@settings(max_examples=100)
@given(row=ROWS, other=ROWS)
def test_a_row_has_one_form_and_a_form_one_row(row, other):
    content = canonical(row)

    assert parsed(content) == row
    assert (content == canonical(other)) is (row == other)
    assert position_of(content) == row.position
    assert parsed(moved(content, 5)) == row._replace(position=5)
    assert row_of(line_of(row, "milepost/log")) == row
    assert line_of(row, "milepost/log").count(b"\n") == 1
    for wrong in (content[:-1], content + b"\0", b"\0\x08" + content[2:]):
        with pytest.raises(Unfit):
            parsed(wrong)


def test_the_form_of_a_row_that_was_written_down():
    row = Row(3, 17, UUID(int=1), 2, "Tested", b'{"a":1}', None, "acme", datetime(2026, 4, 3, 10, tzinfo=UTC))

    assert canonical(row).hex(" ", -4).replace(" ", "") == (
        "0009"
        "00000002" "0003"
        "00000008" "0000000000000011"
        "00000010" "00000000000000000000000000000001"
        "00000004" "00000002"
        "00000006" "546573746564"
        "00000007" "7b2261223a317d"
        "ffffffff"
        "00000004" "61636d65"
        "00000008" "0002f18a26134800"
    )  # fmt: skip


def test_the_database_sends_the_canonical_form(database_url):
    database = Database(database_url)
    stream, other = id_in(1), id_in(1)
    state = '{"name":"Zoë 🎯","value":12.50}'.encode()
    ApplicationLog(database).insert_events([event(stream, 1, entry_id=id_in(1), state=state), event(other, 1)])
    database.close()
    with psycopg.connect(database_url, options="-c client_encoding=LATIN1") as connection:
        ready(connection)
        rows = [list(read_rows(connection, 1, after, 9)) for after in (0, 1, 2)]

    first, second = (parsed(row) for row in rows[0])
    assert (first.originator_id, first.state, first.position) == (stream, state, 1)
    assert (second.originator_id, second.entry_id, second.recorded_at) == (other, None, APRIL_3)
    assert [len(some) for some in rows] == [2, 1, 0]


@pytest.mark.parametrize(
    "change",
    [
        {"specversion": "0.3"},
        {"id": "3:18"},
        {"time": "2026-04-03T10:00:00"},
        {"position": "x"},
        {"position": 17},
        {"data": None, "data_base64": "!"},
        {"tenant": None},
    ],
)
def test_a_line_that_is_no_event_of_an_export_is_refused(change):
    row = Row(3, 17, UUID(int=1), 2, "Tested", b'{"a":1}', None, "acme", datetime(2026, 4, 3, 10, tzinfo=UTC))
    line = {name: value for name, value in (json.loads(line_of(row, "x")) | change).items() if value is not None}

    with pytest.raises(Unfit, match="not an event of an export"):
        row_of(json.dumps(line).encode())
