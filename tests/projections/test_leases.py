"""Several projectors, each a process: fair shares, taking over from the dead and the stopped, no doubling."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from projections import PROJECTIONS
from projections.database import Reader
from projections.following.leases import release_of
from projections.following.projector import Projector
from tests.processes import eventually, start
from tests.projections.conftest import ADA, APRIL_3, BOB
from tests.projections.test_projector import tables

TAKEOVER_SECONDS = 10
HELD = """
    SELECT projector, array_agg(slice ORDER BY slice) AS slices
    FROM leases
    WHERE expires_at > clock_timestamp()
    GROUP BY projector
"""
BEHIND = "SELECT count(*) FROM checkpoints JOIN slices USING (slice) WHERE position < head"

Starting = Callable[[], Popen[bytes]]


@pytest.fixture
def projectors(database_url: str, tmp_path: Path) -> Iterator[Starting]:
    """Start projectors as the shell does; none is left at the end."""
    started: list[Popen[bytes]] = []
    told = (tmp_path / "stderr.txt").open("wb")

    def starting() -> Popen[bytes]:
        started.append(start("projections", "run", database_url=database_url, folder=tmp_path, stderr=told))
        return started[-1]

    yield starting
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    told.close()


def held(reader: Reader) -> dict[int, list[int]]:
    """The slices of each projector, by its process id."""
    rows = reader.rows(dict, HELD, {})
    return {int(row["projector"].rpartition(":")[2]): row["slices"] for row in rows}


def shares(reader: Reader) -> list[int]:
    return sorted(map(len, held(reader).values()))


def test_projectors_share_fairly_and_one_that_is_told_to_stop_hands_over(reader, projectors):
    first = projectors()
    eventually(lambda: shares(reader) == [4])
    second = projectors()
    eventually(lambda: shares(reader) == [2, 2])
    third = projectors()
    eventually(lambda: shares(reader) == [1, 1, 2])

    first.send_signal(signal.SIGTERM)
    assert first.wait(TAKEOVER_SECONDS) == 0

    assert first.pid not in held(reader)
    eventually(lambda: shares(reader) == [2, 2])
    assert held(reader).keys() == {second.pid, third.pid}
    beating = reader.rows(dict, "SELECT id FROM heartbeats", {})
    assert {int(row["id"].rpartition(":")[2]) for row in beating} == {second.pid, third.pid}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_others_take_over_from_one_that_is_killed_or_stopped_and_nothing_is_lost_or_doubled(
    number, reader, projectors, challenge, say, database_url, projector
):
    one, other = projectors(), projectors()
    eventually(lambda: shares(reader) == [2, 2])
    written = 0

    def write() -> None:
        nonlocal written
        for owner in range(1, 13):
            say(challenge, f"owner-{owner}", "1")
        written += 12

    write()
    one.send_signal(number)
    write()
    eventually(lambda: not reader.value(BEHIND) and held(reader).keys() == {other.pid}, TAKEOVER_SECONDS)
    if number == signal.SIGSTOP:
        one.send_signal(signal.SIGCONT)
        eventually(lambda: shares(reader) == [2, 2])
    write()
    eventually(lambda: not reader.value(BEHIND))

    assert reader.value("SELECT sum(value) FROM challenge_progress") == written
    shown = tables(database_url)
    for process in (one, other):
        process.kill()
        process.wait()
    for projection in PROJECTIONS:
        reader.write(f"TRUNCATE {projection.name}", {})
    reader.write("UPDATE checkpoints SET position = 0", {})
    projector.catch_up()
    assert tables(database_url) == shown


def test_one_that_works_past_its_lease_doubles_nothing(reader, challenge, say, database_url):
    # Nothing but the row of the checkpoint keeps these two apart: each takes all slices for its own.
    say(challenge, ADA, "1", at=APRIL_3)
    say(challenge, BOB, "2", at=APRIL_3)
    overstaying, rightful = Projector(database_url), Projector(database_url)
    connection = overstaying._connect()
    with connection.transaction():
        connection.execute("SELECT FROM checkpoints WHERE projection = 'challenge_progress' FOR UPDATE")
        rightful.step([0, 1, 2, 3])
        missing = reader.value("SELECT count(*) FROM challenge_progress")
    rightful.step([0, 1, 2, 3])
    overstaying.step([0, 1, 2, 3])

    assert missing == 0
    assert reader.value("SELECT sum(value) FROM challenge_progress") == 3
    assert reader.value(BEHIND) == 0
    overstaying.close()
    rightful.close()


def test_projectors_of_two_releases_do_not_wait_for_each_other(reader, projectors, challenge, say, database_url):
    old = projectors()
    eventually(lambda: shares(reader) == [4])
    later = [one._replace(version=99) if one.name == "task_progress" else one for one in PROJECTIONS]
    new = Projector(database_url, later)

    new._beat()

    assert release_of(later) != release_of(PROJECTIONS)
    assert new._mine == [0, 1, 2, 3]
    assert held_by_release(reader) == {release_of(PROJECTIONS): [0, 1, 2, 3], release_of(later): [0, 1, 2, 3]}
    say(challenge, ADA, "1")
    eventually(lambda: not reader.value(BEHIND))
    assert old.poll() is None
    new.close()


def held_by_release(reader: Reader) -> dict[str, list[int]]:
    query = (
        "SELECT release, array_agg(slice ORDER BY slice) AS slices FROM leases WHERE projector <> '' GROUP BY release"
    )
    return {row["release"]: row["slices"] for row in reader.rows(dict, query, {})}
