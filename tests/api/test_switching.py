"""Read tables are rebuilt and switched while the api answers and a projector follows the log."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from threading import Event, Thread
from uuid import UUID

import pytest

import projections.rebuilding.rebuild
from api.access.keys import MAX_PER_HOUR
from projections import PROJECTIONS, challenge_progress
from projections.database import Reader, connect
from projections.following.projector import Projector
from projections.listing import Page
from projections.rebuilding.kept import switch_back
from projections.rebuilding.rebuild import rebuild
from projections.refusals import TableBlocked
from tests.api.given import ADA, BOB, SPEND
from tests.processes import eventually

OWNERS = [str(UUID(int=number)) for number in range(1, 31)]
PAGE = "/schema/challenge_progress/record?limit=100"
NAME = "challenge_progress"


@pytest.fixture
def mark(monkeypatch) -> Callable[[int], None]:
    """Let every row that a rebuild makes from now on have this target, so that rows of two tables can be told apart."""

    def mark(number: int) -> None:
        def rows(recorded):
            for change in real.rows(recorded):
                if "target" in change.columns:
                    change.columns["target"] = number
                yield change

        marked = tuple(one._replace(rows=rows) if one.name == NAME else one for one in PROJECTIONS)
        monkeypatch.setattr(projections.rebuilding.rebuild, "PROJECTIONS", marked)

    real = next(one for one in PROJECTIONS if one.name == NAME)
    return mark


@contextmanager
def going_on(work: Callable[[], None]) -> Iterator[list[int]]:
    """Work is done again and again in a thread of its own; how often. What it raises, the test raises."""
    stop, rounds, errors = Event(), [0], []

    def body() -> None:
        while not stop.is_set():
            try:
                work()
            except Exception as error:
                errors.append(error)
            rounds[0] += 1

    thread = Thread(target=body)
    thread.start()
    try:
        yield rounds
    finally:
        stop.set()
        thread.join()
    assert errors == []


def test_ten_switches_disturb_no_reader_and_no_projector(
    make_key, client_of, given, catch_up, reader, clock, database_url, mark
):
    tireless = client_of(make_key("progress:read", per_minute=MAX_PER_HOUR, per_hour=MAX_PER_HOUR).key)
    given.define(SPEND)
    for owner in OWNERS:
        given.entry(SPEND, owner, "1")
    catch_up()
    elsewhere, projector, stop = given.of("globex"), Projector(database_url), Event()
    entries = reader.value("SELECT count(*) FROM entry_log WHERE tenant = 'globex'")
    seen: set[int] = set()

    def ask_the_api() -> None:
        answer = tireless.get(PAGE)
        assert answer.status_code == 200, answer.text
        targets = [one["completionTargetValue"] for one in answer.json["data"]]
        assert (len(targets), len(set(targets))) == (len(OWNERS), 1), targets
        seen.update(targets)

    def ask_the_table() -> None:
        found = challenge_progress.of_tenant(reader, "acme", {}, Page(limit=100), now=clock())
        assert (len(found.rows), len({one.target for one in found.rows})) == (len(OWNERS), 1)

    def log_more() -> None:
        elsewhere.entry(SPEND, BOB, "1")

    follow = Thread(target=projector.run, args=(stop,))
    follow.start()
    try:
        with going_on(ask_the_api) as asked, going_on(ask_the_table) as looked, going_on(log_more) as logged:
            for number in range(1, 11):
                mark(number)
                rebuild(database_url, NAME)
                before = asked[0], looked[0], logged[0]
                eventually(lambda before=before: min(map(int.__sub__, (asked[0], looked[0], logged[0]), before)) > 1)
    finally:
        stop.set()
        follow.join()
    # The projector of the fixture was idle for all that time: on a slow machine the database has given it up.
    with closing(projector):
        projector.catch_up()

    assert set(range(1, 11)) <= seen
    assert logged[0] > 20
    held = reader.value("SELECT sum(value) FROM challenge_progress WHERE tenant = 'globex'")
    assert held == entries + logged[0]


def test_a_switch_back_brings_what_came_since(acme, given, catch_up, reader, database_url, mark):
    given.define(SPEND).entry(SPEND, ADA, "1")
    catch_up()
    mark(7)
    rebuild(database_url, NAME)
    given.entry(SPEND, BOB, "2")
    catch_up()
    given.entry(SPEND, BOB, "3")
    rebuilt = {one["completionTargetValue"] for one in acme.get(PAGE).json["data"]}

    switch_back(database_url, NAME)
    before = sorted((one["currentProgressValue"], one["completionTargetValue"]) for one in acme.get(PAGE).json["data"])
    switch_back(database_url, NAME)
    forth = sorted((one["currentProgressValue"], one["completionTargetValue"]) for one in acme.get(PAGE).json["data"])

    assert rebuilt == {7, 500}
    # Bob's run came after the rebuild: the projector wrote it unmarked, the switch back reads it again, marked.
    assert before == [(1, 500), (5, 7)]
    assert forth == [(1, 7), (5, 500)]
    level = "SELECT bool_and(position = head) FROM checkpoints JOIN slices USING (slice) WHERE projection = %(name)s"
    assert reader.value(level, {"name": NAME})


def test_a_long_reader_blocks_the_switch_but_no_other_reader(acme, given, catch_up, reader, database_url, monkeypatch):
    given.define(SPEND).entry(SPEND, ADA, "1")
    catch_up()
    monkeypatch.setattr("projections.rebuilding.patience.PAUSES", (0.05,) * 4)
    impatient = Reader(database_url)
    with connect(database_url, "a long report") as long, long.transaction():
        long.execute("SELECT count(*) FROM challenge_progress")

        def ask() -> None:
            assert impatient.value("SELECT count(*) FROM challenge_progress") == 2

        impatient.write("SELECT set_config('statement_timeout', '5s', false)", {})
        with going_on(ask) as asked, pytest.raises(TableBlocked, match=r"a long report \(pid \d+\) has challenge_"):
            rebuild(database_url, NAME)
        state = reader.value("SELECT state FROM builds WHERE projection = %(name)s", {"name": NAME})
    impatient.close()
    rebuild(database_url, NAME)

    assert (state, asked[0] > 0) == ("verified", True)
    assert reader.value("SELECT role FROM builds WHERE projection = %(name)s", {"name": NAME}) == "kept"
