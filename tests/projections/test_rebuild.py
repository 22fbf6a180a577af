"""Rebuilding a read table from the log."""

from datetime import timedelta
from uuid import UUID

import pytest

from domain.commands import VoidEntry
from domain.ids import engagement_id
from domain.vocabulary import Slug
from projections import PROJECTIONS
from projections.projector import Projector
from projections.rebuild import UnknownProjection, rebuild
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

    done = rebuild(database_url, "entry_log", lambda *numbers: told.append(numbers))

    assert told[-1] == (done, done)


def test_an_unknown_projection_is_refused_by_name(database_url):
    with pytest.raises(UnknownProjection, match=r"nonsense: is not a projection; there are challenge, streak, "):
        rebuild(database_url, "nonsense")
