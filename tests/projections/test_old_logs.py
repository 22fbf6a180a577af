"""Schema evolution: a log that an older release wrote is read as it was meant, for ever.

`tests/fixtures/logs/<release>.jsonl` is what that release wrote for tests/projections/story.py: a row of `events` a
line. Such a file is never edited. A changed event class gets a higher `class_version` and an upcast; a new one becomes
part of the story and of a new file, which tests/projections/keep_log.py writes. Beside it lie the rows that today's
read tables get from it; `WRITE_EXAMPLES=1` writes those anew, for a read table that was changed on purpose.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest

from domain import application
from domain.application import ProgressLog
from domain.events import Event
from domain.practice_progress import PracticeCompleted
from eventstore import mapper
from projections import PROJECTIONS
from projections.following.projector import Projector
from projections.rebuilding.rebuild import rebuild
from tests.kept import assert_kept
from tests.projections.keep_log import COLUMNS, FOLDER

LOGS = sorted(FOLDER.glob("*.jsonl"))
SHA256 = {
    "0.1": "a91f77995fcb8f6452c42f1b71e5856b0b98751877d9763f8f1baf0e3b619578",
    "0.1-foreseen": "daeea41d079e1f0112b6422f9e2b39bb52422422d55aba94a618f1241c2f62d3",
}

INSERT = f"""
    INSERT INTO events ({COLUMNS})
    SELECT {COLUMNS}
    FROM jsonb_to_recordset(%s::jsonb) AS event (
        slice smallint, position bigint, originator_id uuid, originator_version integer, topic text, state text,
        entry_id uuid, tenant text, recorded_at timestamptz
    )
"""
HEADS = "UPDATE slices SET head = (SELECT coalesce(max(position), 0) FROM events WHERE events.slice = slices.slice)"

logs = pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)


def load(path: Path, database_url: str) -> list[dict[str, Any]]:
    """Put a kept log into an empty store."""
    kept = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
    with psycopg.connect(database_url) as connection:
        connection.execute(INSERT, (msgspec.json.encode(kept).decode(),))
        connection.execute(HEADS)
    return kept


def rows(database_url: str) -> dict[str, list[Any]]:
    """What every read table holds, as JSON has it."""
    query = "SELECT coalesce(jsonb_agg(to_jsonb(held) ORDER BY {}), '[]')::text FROM {}.{} AS held"
    with psycopg.connect(database_url, options="-c timezone=UTC") as connection:
        found = {
            one.name: connection.execute(query.format(", ".join(("slice", *one.key)), one.schema, one.name)).fetchone()
            for one in PROJECTIONS
        }
    return {name: msgspec.json.decode(text) for name, (text,) in found.items()}


@logs
def test_an_old_log_gives_todays_rows(path: Path, database_url: str):
    load(path, database_url)

    project(database_url)

    found = rows(database_url)
    assert_kept(path.with_suffix(".rows.json"), found, indent=1)
    assert [name for name, held in found.items() if not held] == []


@logs
def test_an_old_log_gives_the_same_rows_when_they_are_rebuilt(path: Path, database_url: str):
    load(path, database_url)
    for one in PROJECTIONS:
        rebuild(database_url, one.name)

    assert rows(database_url) == msgspec.json.decode(path.with_suffix(".rows.json").read_bytes())


@logs
def test_every_stream_of_an_old_log_is_read_back(path: Path, database_url: str):
    kept = load(path, database_url)
    with ProgressLog(database_url) as log:
        histories = {stream: log.history(UUID(stream)) for stream in {one["originator_id"] for one in kept}}

    assert sum(map(len, histories.values())) == len(kept)


@logs
def test_a_kept_log_is_never_edited(path: Path):
    assert hashlib.sha256(path.read_bytes()).hexdigest() == SHA256[path.stem]


def test_every_event_that_there_is_happens_in_a_kept_log():
    kept = {msgspec.json.decode(line)["topic"] for path in LOGS for line in path.read_bytes().splitlines()}

    assert {one.TOPIC for one in events(Event)} - kept == set()


def events(cls: type[Event]) -> Iterator[type[Event]]:
    """The classes of events of this release, without those of tests."""
    application.ProgressLog  # noqa: B018 - importing the application registers all events
    for one in cls.__subclasses__():
        if one.__module__.startswith("domain.") and "TOPIC" in one.__dict__:
            yield one
        yield from events(one)


def test_an_event_class_that_has_changed_since_is_upcast_and_gives_the_same_rows(
    database_url: str, monkeypatch: pytest.MonkeyPatch
):
    # As if the first release had called the topic of a completion its challenge, and said the index in words.
    path = LOGS[0]
    load(path, database_url)
    with psycopg.connect(database_url) as connection:
        older = """
            UPDATE events
            SET state = (
                (state::jsonb - 'topic_id' - 'challenge_index') || jsonb_build_object(
                    'challenge', state::jsonb -> 'topic_id',
                    'number', 'no. ' || (state::jsonb ->> 'challenge_index')
                )
            )::text
            WHERE topic = 'PracticeCompleted'
        """
        assert connection.execute(older).rowcount > 1
    with pytest.raises(RuntimeError, match="PracticeCompleted"):
        project(database_url)

    monkeypatch.setattr(PracticeCompleted, "class_version", 2)
    monkeypatch.setattr(PracticeCompleted, "upcast_v1_v2", staticmethod(upcast), raising=False)
    mapper._decoder.cache_clear()
    try:
        project(database_url)
    finally:
        mapper._decoder.cache_clear()

    assert rows(database_url) == msgspec.json.decode(path.with_suffix(".rows.json").read_bytes())


def upcast(state: dict[str, Any]) -> None:
    state["topic_id"] = state.pop("challenge")
    state["challenge_index"] = int(state.pop("number").removeprefix("no. "))


def project(database_url: str) -> None:
    projector = Projector(database_url)
    try:
        projector.catch_up()
    finally:
        projector.close()
