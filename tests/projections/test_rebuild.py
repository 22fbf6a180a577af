"""Rebuilding a read table from the log."""

import ast
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from domain.commands import VoidEntry
from domain.ids import engagement_id
from domain.vocabulary import Slug
from projections import PROJECTIONS
from projections.database import connect
from projections.following.projector import Projector
from projections.rebuilding.rebuild import rebuild
from projections.refusals import UnknownProjection
from tests.projections.conftest import ADA, APRIL_3, BOB
from tests.projections.test_projector import tables


@pytest.fixture
def history(log, challenge, say, streak, play):
    """A month and a half of two owners, with a void and a seal; a streak that was broken and began again."""
    for day in range(12):
        logged = say(challenge, ADA if day % 2 else BOB, "30.5", at=APRIL_3 + timedelta(days=4 * day))
    log.void_entry(
        "acme", VoidEntry(entry_id=logged.id, reason="refunded", actor="me"), now=APRIL_3 + timedelta(days=45)
    )
    played = [play(streak, ADA, "60", at=APRIL_3 + timedelta(days=day)) for day in (0, 1, 4, 5)]
    log.void_entry("acme", VoidEntry(entry_id=played[-1].id, reason="refunded", actor="me"), now=APRIL_3.replace(day=8))
    log.advance("acme", [engagement_id("acme", streak, ADA, Slug.STREAK)], now=APRIL_3.replace(day=20))


@pytest.mark.parametrize("name", [one.name for one in PROJECTIONS])
def test_a_rebuilt_table_holds_what_the_live_one_held(history, projector, database_url, name):
    projector.catch_up()
    live = tables(database_url)

    rebuild(database_url, name)

    assert tables(database_url) == live


def test_a_table_is_the_same_in_however_many_stretches_it_is_filled(history, projector, database_url, monkeypatch):
    projector.catch_up()
    live = tables(database_url)
    monkeypatch.setattr("projections.rebuilding.shadow.STRETCH", 7)
    monkeypatch.setattr("projections.log_reading.BATCH", 3)
    for copied_from in (1, 500):
        monkeypatch.setattr("projections.rebuilding.filling.COPIED_FROM", copied_from)

        rebuild(database_url, *(one.name for one in PROJECTIONS))

        assert tables(database_url) == live


def test_a_rebuilt_table_has_the_indexes_of_the_live_one_however_often_it_is_rebuilt(history, projector, database_url):
    query = """
        SELECT regexp_replace(pg_get_indexdef(indexrelid), '(INDEX )[^ ]+', '\\1')
        FROM pg_index
        WHERE indrelid = 'challenge_progress'::regclass
        ORDER BY 1
    """
    with connect(database_url, "test") as connection:
        live = connection.execute(query).fetchall()
        for _ in range(3):
            rebuild(database_url, "challenge_progress")

        assert connection.execute(query).fetchall() == live
    assert len(live) == 5


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda one: one.name)
def test_a_projection_names_the_events_that_its_rows_look_at(projection):
    tree = ast.parse(Path(projection.rows.__code__.co_filename).read_text())
    matched = {node.cls.id for node in ast.walk(tree) if isinstance(node, ast.MatchClass)}

    assert {one.__name__ for one in projection.events} == matched


def test_a_damaged_table_is_whole_again(history, projector, reader, database_url):
    projector.catch_up()
    live = tables(database_url)
    reader.write("UPDATE challenge_progress SET value = 0", {})

    rebuild(database_url, "challenge_progress")

    assert tables(database_url) == live


def test_the_projector_follows_from_where_the_rebuild_ended(history, challenge, say, projector, reader, database_url):
    rebuild(database_url, "challenge_progress")
    logged = say(challenge, str(UUID(int=9)), "7", at=APRIL_3 + timedelta(days=50))

    projector.catch_up()

    assert reader.value("SELECT value FROM challenge_progress WHERE id = %(id)s", {"id": logged.run.id}) == 7


def test_a_running_projector_goes_on_after_a_rebuild(history, challenge, say, projector, reader, database_url):
    projector.catch_up()
    rebuild(database_url, "challenge_progress")
    say(challenge, ADA, "1", at=APRIL_3 + timedelta(days=46))

    projector.catch_up()

    fresh = Projector(database_url)
    behind = reader.value("SELECT count(*) FROM checkpoints JOIN slices USING (slice) WHERE position <> head")
    assert (fresh.step(), behind) == (0, 0)
    fresh.close()


def test_progress_is_told_up_to_the_end(history, database_url):
    told: list[tuple[int, int]] = []

    done = rebuild(database_url, "entry_log", tell=lambda progress: told.append((progress.done, progress.total)))

    assert told[-1] == (done, done)


def test_an_unknown_projection_is_refused_by_name(database_url):
    with pytest.raises(UnknownProjection, match=r"nonsense: is not a projection; there are challenge, streak, "):
        rebuild(database_url, "nonsense")
