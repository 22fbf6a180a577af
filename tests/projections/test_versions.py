"""Two releases beside each other: each fills and reads the versions that it knows."""

from collections.abc import Iterator

import pytest

import projections.schema
from projections import PROJECTIONS
from projections.change import Projection
from projections.database import Reader, connect
from projections.following.projector import Projector
from projections.schema import prepare
from projections.versions import VERSIONS
from tests.projections.conftest import ADA

STATUS = "SELECT status FROM challenge_progress"


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> tuple[Projection, ...]:
    """The projections of a release whose challenge_progress says more."""

    def rows(recorded):
        for change in old.rows(recorded):
            if "status" in change.columns:
                change.columns["status"] = f"now {change.columns['status']}"
            yield change

    old = next(one for one in PROJECTIONS if one.name == "challenge_progress")
    new = tuple(one._replace(version=99, rows=rows) if one is old else one for one in PROJECTIONS)
    monkeypatch.setattr(projections.schema, "PROJECTIONS", new)
    return new


@pytest.fixture
def newer_reader(database_url: str) -> Iterator[Reader]:
    reader = Reader(database_url, known={**VERSIONS, "challenge_progress": 99})
    yield reader
    reader.close()


def test_versions_name_every_read_table_once():
    assert {one.name: one.version for one in PROJECTIONS} == VERSIONS


def test_a_new_release_fills_its_own_table_while_the_old_one_goes_on(
    challenge, say, projector, reader, newer, newer_reader, database_url
):
    say(challenge, ADA, "10")
    projector.catch_up()

    made = prepare(database_url)
    of_new_release = Projector(database_url, newer)
    before = (reader.value(STATUS), newer_reader.value(STATUS))
    of_new_release.catch_up()
    say(challenge, "bob", "500")
    projector.catch_up()
    of_new_release.catch_up()
    of_new_release.close()

    assert made == ["challenge_progress"]
    assert before == ("in_progress", None)
    assert sorted(row["status"] for row in reader.rows(dict, STATUS, {})) == ["completed", "in_progress"]
    assert sorted(row["status"] for row in newer_reader.rows(dict, STATUS, {})) == ["now completed", "now in_progress"]


def test_what_is_prepared_again_stays_as_it_is(challenge, say, projector, reader, database_url):
    say(challenge, ADA, "10")
    projector.catch_up()

    assert prepare(database_url) == []
    assert reader.value("SELECT count(*) FROM challenge_progress") == 1


def test_a_table_that_was_made_before_there_were_schemas_is_moved_with_its_rows(
    challenge, say, projector, reader, database_url
):
    say(challenge, ADA, "10")
    projector.catch_up()
    with connect(database_url, "test") as connection:
        connection.execute("ALTER TABLE challenge_progress SET SCHEMA public; DROP SCHEMA challenge_progress_v1")

    assert prepare(database_url) == []
    assert reader.value("SELECT count(*) FROM challenge_progress_v1.challenge_progress") == 1
