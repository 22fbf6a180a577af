"""The read-side proof: what is in a read table is what its events say, field by field."""

from datetime import timedelta
from decimal import Decimal
from threading import Event, Thread
from uuid import UUID

import pytest

from projections import PROJECTIONS
from projections.database import connect
from projections.following.projector import Projector
from projections.log_reading import decoder
from projections.rebuilding.rebuild import projection_named, rebuild
from projections.rebuilding.shadow import BUILD, Shadow, advance, begin, described
from projections.rebuilding.verifying import verify
from projections.refusals import NotVerified
from tests.projections.conftest import ADA, APRIL_3, BOB, define
from tests.projections.test_projector import tables
from tests.projections.test_rebuild import history  # noqa: F401 - a fixture

NAME = "challenge_progress"


def differences(database_url, name, sample=None):
    """What the check of a table finds, and how many rows it compared."""
    with connect(database_url, "test") as connection:
        found = list(verify(connection, decoder(database_url), projection_named(name), sample=sample))
    assert [one.different for one in found] == [len(one.differences) for one in found]
    return [one for checked in found for one in checked.differences], sum(checked.rows for checked in found)


@pytest.mark.parametrize("name", [one.name for one in PROJECTIONS])
def test_a_table_that_is_right_is_verified_and_left_as_it_is(history, projector, database_url, name):  # noqa: F811
    projector.catch_up()
    before = tables(database_url)

    found, rows = differences(database_url, name)

    assert (found, rows) == ([], len(before[name]))
    assert tables(database_url) == before


def test_a_table_that_is_behind_is_compared_with_what_it_has_read(challenge, say, projector, database_url):
    say(challenge, ADA, "1")
    projector.catch_up()
    say(challenge, ADA, "2")

    assert differences(database_url, NAME) == ([], 1)


def test_an_interrupt_in_the_middle_of_a_statement_stays_an_interrupt(history, projector, database_url):  # noqa: F811
    projector.catch_up()
    connection = connect(database_url, "test")

    def interrupted(topic: str, state: str) -> None:
        connection.pgconn.send_query(b"SELECT 1")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(verify(connection, interrupted, projection_named(NAME)))
    connection.close()


def test_a_field_that_differs_is_named_with_both_values_and_its_events(
    log, challenge, say, projector, reader, database_url
):
    other = define(log, "other")
    say(other, ADA, "9", tenant="other")
    say(challenge, BOB, "2")
    first, second = say(challenge, ADA, "1.50"), say(challenge, ADA, "2")
    projector.catch_up()
    reader.write(
        "UPDATE challenge_progress SET value = 7.25, status = 'failed' WHERE id = %(id)s", {"id": first.run.id}
    )

    (found,), rows = differences(database_url, NAME)

    assert (found.kind, found.key, found.slice, rows) == ("different", (str(first.run.id),), first.position.slice, 3)
    assert found.fields == {"value": (Decimal("3.5"), Decimal("7.25")), "status": ("in_progress", "failed")}
    started = first.position.number - 1
    assert [tuple(one) for one in found.events] == [
        (started, "RunStarted"),
        (first.position.number, "EntryCounted"),
        (second.position.number, "EntryCounted"),
    ]


def test_rows_that_are_missing_or_too_many_are_named(challenge, say, projector, reader, database_url):
    logged = say(challenge, ADA, "1")
    say(challenge, BOB, "2")
    projector.catch_up()
    nowhere = UUID(int=99)
    reader.write(
        "UPDATE challenge_progress SET id = %(nowhere)s WHERE id = %(id)s", {"nowhere": nowhere, "id": logged.run.id}
    )

    found, _ = differences(database_url, NAME)

    by_kind = {one.kind: one for one in found}
    assert set(by_kind) == {"missing", "surplus"}
    assert by_kind["missing"].key == (str(logged.run.id),)
    assert by_kind["missing"].fields["value"] == (1, None)
    assert [one.type for one in by_kind["missing"].events] == ["RunStarted", "EntryCounted"]
    assert by_kind["surplus"].key == (str(nowhere),)
    assert by_kind["surplus"].fields["value"] == (None, 1)
    assert by_kind["surplus"].events == []


def test_a_slice_without_any_events_may_hold_no_rows(challenge, say, projector, reader, database_url):
    logged = say(challenge, ADA, "1")
    projector.catch_up()
    heads = {row["slice"]: row["head"] for row in reader.rows(dict, "SELECT slice, head FROM slices", {})}
    empty = next(number for number, head in heads.items() if head == 0)
    reader.write("UPDATE challenge_progress SET slice = %(empty)s", {"empty": empty})

    found, _ = differences(database_url, NAME)

    assert sorted((one.slice, one.kind) for one in found) == sorted(
        [(logged.position.slice, "missing"), (empty, "surplus")]
    )


def test_a_sample_is_whole_slices_until_so_many_rows_were_compared(challenge, say, projector, database_url):
    for number in range(40):
        say(challenge, str(UUID(int=number)), "1")
    projector.catch_up()

    _, some = differences(database_url, NAME, sample=1)
    _, every = differences(database_url, NAME, sample=40)

    assert (0 < some < 40, every) == (True, 40)


def test_it_is_right_while_a_projector_works(challenge, say, database_url):
    stop, projector = Event(), Projector(database_url)
    follow = Thread(target=projector.run, args=(stop,))
    follow.start()
    found = []
    for number in range(60):
        say(challenge, str(UUID(int=number % 7)), "1", at=APRIL_3 + timedelta(seconds=number))
        if number % 6 == 0:
            found += differences(database_url, NAME)[0] + differences(database_url, "entry_log")[0]
    stop.set()
    follow.join()
    projector.close()

    assert found == []


def test_a_build_that_is_not_what_its_events_say_does_not_become_live(challenge, say, projector, reader, database_url):
    say(challenge, ADA, "1")
    projector.catch_up()
    live, projection = tables(database_url), projection_named(NAME)
    shadow = Shadow(projection, BUILD)
    with connect(database_url, "test") as connection:
        begin(connection, projection)
        while advance(connection, decoder(database_url), shadow, described(connection, shadow), to_target=True):
            pass
        connection.execute("UPDATE challenge_progress_build SET value = 5")

    with pytest.raises(NotVerified, match=r"challenge_progress: 1 row of slice . is not what its events say"):
        rebuild(database_url, NAME)

    assert tables(database_url) == live
    assert reader.value("SELECT state FROM builds") == "following"
