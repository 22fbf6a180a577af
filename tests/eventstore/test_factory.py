"""The factory: found by the library under its name, and no setting makes the log unsafe or unreadable."""

import pytest
from eventsourcing.persistence import InfrastructureFactory, InfrastructureFactoryError

from eventstore import Factory
from eventstore.mapper import EventMapper

URL = "postgresql://nobody@nowhere.invalid/nothing"


def factory(**settings: str) -> InfrastructureFactory:
    return InfrastructureFactory.construct({"PERSISTENCE_MODULE": "eventstore", "DATABASE_URL": URL, **settings})


def test_the_library_finds_the_factory_by_the_modules_name():
    made = factory()

    assert type(made) is Factory
    assert type(made.mapper()) is EventMapper
    made.close()


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("POSTGRES_ENABLE_DB_FUNCTIONS", "y", "readers would miss events"),
        ("POSTGRES_ENABLE_DB_FUNCTIONS", "True", "readers would miss events"),
        ("CREATE_TABLE", "yes", "tables are made by migrations"),
        ("IS_SNAPSHOTTING_ENABLED", "1", "keeps the latest snapshot already"),
        ("COMPRESSOR_TOPIC", "zlib", "auditors read the state"),
        ("CIPHER_TOPIC", "eventsourcing.cipher:AESCipher", "auditors read the state"),
        ("CIPHER_KEY", "a key", "auditors read the state"),
    ],
)
def test_an_unsafe_setting_is_refused_by_name(name: str, value: str, why: str):
    with pytest.raises(InfrastructureFactoryError, match=f"{name}: refused: .*{why}"):
        factory(**{name: value})


@pytest.mark.parametrize("off", ["n", "no", "N", "false", "f", "0", "off", ""])
def test_an_unsafe_setting_that_is_off_is_no_matter(off: str):
    factory(POSTGRES_ENABLE_DB_FUNCTIONS=off, CREATE_TABLE=off, IS_SNAPSHOTTING_ENABLED=off).close()


def test_a_missing_url_is_named():
    with pytest.raises(InfrastructureFactoryError, match="DATABASE_URL: is not set"):
        factory(DATABASE_URL="")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_POOL_SIZE", "many"),
        ("DATABASE_POOL_SIZE", "0"),
        ("DATABASE_STATEMENT_TIMEOUT", "30s"),
        ("DATABASE_LOCK_TIMEOUT", "-1"),
    ],
)
def test_a_setting_that_is_no_number_is_named(name: str, value: str):
    with pytest.raises(InfrastructureFactoryError, match=f"{name}: '{value}' is not a whole number"):
        factory(**{name: value})


def test_the_timeouts_reach_the_server(database_url: str):
    made = factory(DATABASE_URL=database_url, DATABASE_LOCK_TIMEOUT="1234", DATABASE_STATEMENT_TIMEOUT="0")

    with made.database.statement() as connection:
        settings = connection.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
        found = settings.fetchone()
    made.close()

    assert found == ("1234ms", "0")


def test_there_is_no_recorder_for_snapshots():
    with pytest.raises(InfrastructureFactoryError, match="the latest snapshot of a stream is in `streams`"):
        factory().aggregate_recorder(purpose="snapshots")


def test_the_factory_knows_which_migrations_are_missing(empty_database_url: str, database_url: str):
    bare, ready = factory(DATABASE_URL=empty_database_url), factory(DATABASE_URL=database_url)

    assert bare.pending_migrations()
    assert ready.pending_migrations() == []
