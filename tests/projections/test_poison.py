"""An event that cannot be applied stops its slice of its projection, and nothing else; it is named, retried, parked."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.engagement import EntryCounted
from projections import PROJECTIONS
from projections.change import Change, Projection
from projections.consistency import through
from projections.database import Reader, connect
from projections.following import poison
from projections.following.projector import Projector
from projections.log_reading import classes_read
from projections.rebuilding.rebuild import rebuild
from projections.refusals import UnreadableEvent
from tests.projections.conftest import ADA, APRIL_3, BOB
from tests.projections.test_projector import tables

BAD = "66.6"
WHOLE = next(one for one in PROJECTIONS if one.name == "task_progress")


class Code:
    """The code of `task_progress`, with a fault in it that can be mended."""

    def __init__(self, fault: Callable[[Change], None]) -> None:
        self.fault: Callable[[Change], None] | None = fault

    def rows(self, recorded: Any) -> Any:
        for change in WHOLE.rows(recorded):
            if (
                self.fault
                and isinstance(recorded.event, EntryCounted)
                and str(recorded.event.entry.activity_value) == BAD
            ):
                self.fault(change)
            yield change


def raising(change: Change) -> None:
    raise ValueError("no such thing")


# Of another row than the entries beside it: what comes later in a batch would make up for it in the same row.
def unwritable(change: Change) -> None:
    change.key = (change.key[0], "elsewhere")
    change.columns["count"] = 1 << 40


def unadaptable(change: Change) -> None:
    change.key = (change.key[0], "a\x00b")


@pytest.fixture
def code(request: pytest.FixtureRequest) -> Code:
    return Code(getattr(request, "param", raising))


@pytest.fixture
def projections(code: Code) -> list[Projection]:
    return [one._replace(rows=code.rows) if one is WHOLE else one for one in PROJECTIONS]


@pytest.fixture
def faulty(database_url, projections):
    projector = Projector(database_url, projections)
    yield projector
    projector.close()


@pytest.fixture
def stopped(faulty, challenge, say):
    """Entries of two owners in two slices, one of Ada's poisonous; the projector has done what it can."""
    for number in range(40):
        say(challenge, ADA, "1", at=APRIL_3 + timedelta(seconds=number))
        say(challenge, BOB, "1", at=APRIL_3 + timedelta(seconds=number))
    bad = say(challenge, ADA, BAD, at=APRIL_3 + timedelta(seconds=60)).position
    for number in range(40):
        say(challenge, ADA, "1", at=APRIL_3 + timedelta(minutes=2 + number))
    while faulty.step():
        pass
    return bad


def counts(reader: Reader) -> dict[str, int]:
    """How many entries the tasks of each owner have counted."""
    query = "SELECT owner_id, task_progress.count FROM task_progress JOIN challenge_progress ON id = progress_id"
    return {row["owner_id"]: row["count"] for row in reader.rows(dict, query, {})}


@pytest.mark.parametrize("code", [raising, unwritable, unadaptable], indirect=True)
def test_everything_before_it_and_beside_it_goes_on(stopped, reader, challenge):
    (found,) = poison.stopped(reader, PROJECTIONS)

    assert (found.projection, found.slice, found.position) == ("task_progress", stopped.slice, stopped.number)
    assert "EntryCounted" in found.topic
    assert found.error
    assert counts(reader) == {ADA: 40, BOB: 40}
    assert reader.value("SELECT value FROM challenge_progress WHERE owner_id = %(ada)s", {"ada": ADA}) == Decimal(
        "146.6"
    )
    assert reader.value("SELECT count(*) FROM entry_log") == 121
    others = "SELECT count(*) FROM checkpoints JOIN slices USING (slice) WHERE position < head"
    assert reader.value(others) == 1


def test_what_is_behind_it_does_not_claim_to_be_in_the_answer(stopped, reader):
    last_good = reader.value(
        "SELECT recorded_at FROM events WHERE slice = %(slice)s AND position = %(before)s",
        {"slice": stopped.slice, "before": stopped.number - 1},
    )

    assert through(reader, ["task_progress"], stopped.slice) == last_good
    assert through(reader, ["challenge_progress"], stopped.slice) > last_good


def test_it_is_tried_again_at_growing_intervals_and_goes_on_once_its_code_is_mended(
    stopped, faulty, code, reader, projector, database_url
):
    seconds = "SELECT extract(epoch FROM retry_at - clock_timestamp()) FROM poison"
    before = reader.value(seconds)
    with pytest.raises(RuntimeError, match="EntryCounted"):
        faulty.catch_up()
    after = reader.value(seconds)

    code.fault = None
    faulty.catch_up()

    assert before <= 1 < after <= 2
    assert poison.stopped(reader, PROJECTIONS) == []
    assert counts(reader) == {ADA: 81, BOB: 40}
    mended = tables(database_url)
    for one in PROJECTIONS:
        reader.write(f"TRUNCATE {one.name}", {})
    reader.write("UPDATE checkpoints SET position = 0", {})
    projector.catch_up()
    assert tables(database_url) == mended


def test_a_parked_event_is_skipped_and_it_alone_and_stays_listed(stopped, faulty, reader, database_url, projections):
    with connect(database_url, "test") as connection:
        nothing = poison.park(connection, projections, (stopped.slice + 1) % 4, "ada@here", "wrong slice")
        (one,) = poison.park(connection, projections, stopped.slice, "ada@here", "a test entry")

    faulty.catch_up()

    assert nothing == []
    assert (one.position, one.parked_by, one.reason) == (stopped.number, "ada@here", "a test entry")
    assert poison.stopped(reader, PROJECTIONS) == []
    assert poison.parked(reader, PROJECTIONS) == [one]
    # Later events carry the whole tally, so the table holds all of it but what the parked event alone would have said.
    assert counts(reader) == {ADA: 81, BOB: 40}
    assert reader.value("SELECT count(*) FROM checkpoints JOIN slices USING (slice) WHERE position < head") == 0


def test_an_event_that_nobody_can_read_stops_every_projection_of_its_slice_until_it_is_parked(
    projector, challenge, say, reader, database_url
):
    good = say(challenge, ADA, "1").position
    bad = say(challenge, ADA, "2").position
    say(challenge, ADA, "4")
    say(challenge, BOB, "8")
    place = {"slice": bad.slice, "position": bad.number}
    reader.write("UPDATE events SET topic = 'FromTheFuture' WHERE slice = %(slice)s AND position = %(position)s", place)

    while projector.step():
        pass
    found = poison.stopped(reader, PROJECTIONS)
    owned = "SELECT owner_id, value FROM challenge_progress"
    before = {row["owner_id"]: row["value"] for row in reader.rows(dict, owned, {})}
    with connect(database_url, "test") as connection:
        poison.park(connection, PROJECTIONS, bad.slice, "ada@here", "broken by hand")
    projector.catch_up()
    after = {row["owner_id"]: row["value"] for row in reader.rows(dict, owned, {})}

    assert good.number < bad.number
    assert {(one.slice, one.position) for one in found} == {(bad.slice, bad.number)}
    assert [one.projection for one in found] == sorted(one.name for one in PROJECTIONS)
    assert before == {ADA: 1, BOB: 8}
    assert after == {ADA: 7, BOB: 8}


def test_nobody_waits_for_a_projection_that_is_far_behind(projector, challenge, say, reader, monkeypatch):
    monkeypatch.setattr("projections.following.projector.BATCH", 3)
    for _ in range(20):
        position = say(challenge, ADA, "1").position
    projector.catch_up()
    reader.write("UPDATE checkpoints SET position = 0 WHERE projection = 'task_progress'", {})
    say(challenge, ADA, "1")

    projector.step()

    query = "SELECT position FROM checkpoints WHERE slice = %(slice)s AND projection = %(projection)s"
    read = {
        name: reader.value(query, {"slice": position.slice, "projection": name})
        for name in ("task_progress", "challenge_progress")
    }
    assert read["challenge_progress"] > position.number > read["task_progress"] > 0


def test_a_rebuild_applies_what_was_parked_once_its_code_is_mended(stopped, faulty, code, reader, database_url):
    with connect(database_url, "test") as connection:
        poison.park(connection, [WHOLE], stopped.slice, "ada@here", "a test entry")
    faulty.catch_up()
    reader.write("UPDATE task_progress SET value = 0", {})

    code.fault = None
    rebuild(database_url, WHOLE.name)

    assert counts(reader) == {ADA: 81, BOB: 40}
    assert reader.value("SELECT sum(value) FROM task_progress") == 80 + Decimal(BAD) + 40
    assert len(poison.parked(reader, PROJECTIONS)) == 1


def test_a_rebuild_takes_away_what_stops_a_slice_and_passes_over_what_is_parked_and_cannot_be_read(
    stopped, projector, say, challenge, reader, database_url
):
    bad = say(challenge, ADA, "7", at=APRIL_3 + timedelta(days=1)).position
    place = {"slice": bad.slice, "position": bad.number}
    reader.write("UPDATE events SET topic = 'FromTheFuture' WHERE slice = %(slice)s AND position = %(position)s", place)
    with pytest.raises(RuntimeError, match="FromTheFuture"):
        projector.catch_up()
    with pytest.raises(UnreadableEvent, match=f"position {bad.number}"):
        rebuild(database_url, WHOLE.name)
    with connect(database_url, "test") as connection:
        poison.park(connection, [WHOLE], bad.slice, "ada@here", "broken by hand")
    reader.write("UPDATE poison SET parked_at = NULL, retry_at = 'infinity' WHERE position <> %(position)s", place)

    rebuild(database_url, WHOLE.name)

    assert poison.stopped(reader, [WHOLE]) == []
    assert counts(reader) == {ADA: 81, BOB: 40}


def test_an_event_that_cannot_be_read_stops_those_only_that_would_look_at_it(projector, challenge, say, reader):
    bad = say(challenge, ADA, "2").position
    place = {"slice": bad.slice, "position": bad.number}
    reader.write("UPDATE events SET state = '{}' WHERE slice = %(slice)s AND position = %(position)s", place)

    while projector.step():
        pass

    stopped = {one.projection for one in poison.stopped(reader, PROJECTIONS)}
    assert stopped == {one.name for one in PROJECTIONS if EntryCounted in classes_read(one.events)}
    assert {"challenge_progress", "entry_log"} <= stopped
    assert "team" not in stopped
