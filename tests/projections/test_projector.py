"""The projector: batches, checkpoints, several at once, an event that does not fit."""

from datetime import timedelta
from multiprocessing import get_context
from threading import Event, Thread
from uuid import UUID

from domain.application import ProgressLog
from domain.commands import AddMilestone, Redefine, VoidEntry
from domain.ids import engagement_id
from domain.vocabulary import DefinitionStatus, Slug
from projections import PROJECTIONS
from projections.database import Reader, connect
from projections.following.projector import Projector
from tests.projections.conftest import ADA, APRIL_3, BOB, Say

COUNT = "SELECT count(*) FROM {}"


def tables(database_url: str) -> dict[str, list[tuple[object, ...]]]:
    """What every read table holds."""
    with connect(database_url, "test") as connection:
        return {
            one.name: sorted(connection.execute(f"SELECT * FROM {one.name}").fetchall(), key=repr)
            for one in PROJECTIONS
        }


def test_the_read_tables_hold_what_the_events_say(
    log: ProgressLog, projector: Projector, challenge: UUID, say: Say, database_url: str
):
    milestone = UUID(int=7)
    fields = {"target_value": 100, "name": "first hundred"}
    command = AddMilestone(id=milestone, slug=Slug.CHALLENGE, definition_id=challenge, fields=fields)
    log.define("acme", challenge, command, now=APRIL_3)
    kept = say(challenge, ADA, "187.50")
    taken_back = say(challenge, ADA, "20")
    log.void_entry("acme", VoidEntry(entry_id=taken_back.id, reason="refunded", actor="me"), now=APRIL_3)

    projector.catch_up()

    rows = tables(database_url)
    assert len(rows["challenge"]) == len(rows["milestone"]) == len(rows["reward_log"]) == 1
    assert len(rows["entry_log"]) == 2
    with connect(database_url, "test") as connection:
        progress = connection.execute("SELECT id, status, value::text, target::text FROM challenge_progress").fetchall()
        task = connection.execute("SELECT period_key, value::text, count FROM task_progress").fetchall()
        voided = connection.execute("SELECT void_reason FROM entry_log WHERE id = %s", (taken_back.id,)).fetchall()
    assert progress == [(kept.run.id, "in_progress", "187.5", "500")]
    assert task == [("2026-04", "187.5", 1)]
    assert voided == [("refunded",)]


def test_checkpoints_are_level_with_the_heads_afterwards(
    projector: Projector, challenge: UUID, say: Say, reader: Reader
):
    for owner in range(20):
        say(challenge, str(UUID(int=owner)), "1")

    projector.catch_up()

    behind = "SELECT count(*) FROM checkpoints JOIN slices USING (slice) WHERE position <> head"
    assert reader.value(behind) == 0


def test_reading_on_from_the_middle_gives_the_same_as_reading_once(
    projector: Projector, challenge: UUID, say: Say, database_url: str, reader: Reader
):
    for value in range(1, 15):
        say(challenge, ADA if value % 2 else BOB, str(value), at=APRIL_3 + timedelta(days=value * 3))
        projector.catch_up()
    step_by_step = tables(database_url)

    for one in PROJECTIONS:
        reader.write(f"TRUNCATE {one.name}", {})
    reader.write("UPDATE checkpoints SET position = 0, through = NULL", {})
    projector.catch_up()

    assert tables(database_url) == step_by_step


def test_two_projectors_at_once_apply_each_event_once(challenge: UUID, say: Say, database_url: str):
    for number in range(60):
        say(challenge, str(UUID(int=number % 7)), "1", at=APRIL_3 + timedelta(seconds=number))
    projectors = [Projector(database_url) for _ in range(2)]

    threads = [Thread(target=one.catch_up) for one in projectors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    projectors[0].catch_up()

    with connect(database_url, "test") as connection:
        total = connection.execute("SELECT sum(value), count(*) FROM challenge_progress").fetchone()
    assert total == (60, 7)
    for one in projectors:
        one.close()


def test_a_projector_that_runs_sees_new_events_and_ends_when_told(
    challenge: UUID, say: Say, database_url: str, reader: Reader
):
    projector, stop = Projector(database_url), Event()
    thread = Thread(target=projector.run, args=(stop,))
    thread.start()

    logged = say(challenge, ADA, "5")
    for _ in range(300):
        if reader.value("SELECT value FROM challenge_progress WHERE id = %(id)s", {"id": logged.run.id}) is not None:
            break
        stop.wait(0.01)
    beats = "SELECT count(*) FROM heartbeats WHERE process = 'projector'"
    during = reader.value(beats)
    stop.set()
    thread.join()

    assert reader.value("SELECT value FROM challenge_progress") == 5
    assert (during, reader.value(beats)) == (1, 0)
    projector.close()


def test_an_excused_run_leaves_the_tables(
    log: ProgressLog, projector: Projector, challenge: UUID, say: Say, reader: Reader
):
    say(challenge, ADA, "5")
    for day, status in enumerate((DefinitionStatus.PAUSED, DefinitionStatus.LIVE)):
        command = Redefine(id=challenge, slug=Slug.CHALLENGE, changes={"status": status})
        log.define("acme", challenge, command, now=APRIL_3 + timedelta(days=day))
    log.advance("acme", [engagement_id("acme", challenge, ADA)], now=APRIL_3 + timedelta(days=60))

    projector.catch_up()

    assert reader.value("SELECT count(*) FROM challenge_progress") == 0
    assert reader.value("SELECT count(*) FROM task_progress") == 0
    assert reader.value("SELECT count(*) FROM entry_log") == 1


def _work(database_url: str) -> None:
    projector = Projector(database_url)
    projector.catch_up()


def test_a_projector_that_is_killed_loses_and_doubles_nothing(challenge: UUID, say: Say, database_url: str):
    for number in range(200):
        say(challenge, str(UUID(int=number % 11)), "1", at=APRIL_3 + timedelta(seconds=number))
    process = get_context("spawn").Process(target=_work, args=(database_url,))
    process.start()
    process.join(0.4)
    process.kill()
    process.join()

    projector = Projector(database_url)
    projector.catch_up()
    projector.close()

    with connect(database_url, "test") as connection:
        total = connection.execute("SELECT sum(value), count(*) FROM challenge_progress").fetchone()
    assert total == (200, 11)
