"""`milepost log import` as a process: fed through a pipe, interrupted, killed and started again."""

import json
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from tests.cli.test_log_import import NOW, entry, lines, read_rejects
from tests.processes import Running, eventually, start

ENTRIES = 12_000
OWNERS = [str(UUID(int=number)) for number in range(1, 41)]


def recorded(database_url):
    with psycopg.connect(database_url) as connection:
        counts = "SELECT count(*), count(DISTINCT entry_id) FROM events WHERE entry_id IS NOT NULL"
        return connection.execute(counts).fetchone()


def leases(database_url):
    with psycopg.connect(database_url) as connection:
        return connection.execute("SELECT expires_at > clock_timestamp() FROM imports").fetchall()


def writers(work):
    """The processes beside the one that reads."""
    found = (Path(f"/proc/{pid}/cmdline") for pid in Running(work, []).members())
    return [int(path.parent.name) for path in found if b"spawn_main" in path.read_bytes()]


def in_order(database_url):
    """The identifiers of every owner's entries, in the order of the log."""
    query = """
        SELECT state::json #>> '{entry,owner_id}', state::json #>> '{entry,unique_identifier}'
        FROM events
        WHERE entry_id IS NOT NULL
        ORDER BY 1, slice, position
    """
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(query).fetchall()
    return {owner: [row[1] for row in group] for owner, group in groupby(rows, itemgetter(0))}


def test_stdin_is_read_from_a_dash(database_url, challenge, tmp_path):
    work = start("log", "import", "-", "--json", database_url=database_url, folder=tmp_path)

    printed, told = work.communicate(lines(entry("a", at=NOW.isoformat()), {}))

    assert work.returncode == 1, told
    assert json.loads(printed)["loaded"] == 1
    assert [one["line"] for one in read_rejects(tmp_path / "stdin.rejects.jsonl")] == [2]


def test_an_import_that_is_killed_and_started_again_loads_everything_once(database_url, challenge, tmp_path):
    history = [entry(f"order-{number}", 1, at=f"2025-04-01T{number // 3600:02}:00:00Z") for number in range(ENTRIES)]
    (tmp_path / "history.jsonl").write_bytes(lines(*history))
    arguments = ("log", "import", "history.jsonl", "--backfill", "--json")
    first = start(*arguments, database_url=database_url, folder=tmp_path)
    eventually(lambda: recorded(database_url)[0])
    first.kill()
    first.communicate()

    second = start(*arguments, database_url=database_url, folder=tmp_path)
    printed, told = second.communicate()

    figures = json.loads(printed)
    assert second.returncode == 0, told
    assert (figures["read"], figures["loaded"] + figures["replayed"]) == (ENTRIES, ENTRIES)
    assert figures["replayed"] > 0
    assert recorded(database_url) == (ENTRIES, ENTRIES)


def test_ctrl_c_ends_the_lease_and_keeps_what_was_read(database_url, challenge, tmp_path):
    work = start("log", "import", "-", "--backfill", "--json", database_url=database_url, folder=tmp_path)
    work.stdin.write(lines(*(entry(f"order-{number}", 1) for number in range(ENTRIES))))
    work.stdin.flush()
    eventually(lambda: recorded(database_url)[0])
    held = leases(database_url)

    Running(work, []).tell(signal.SIGINT)
    printed, told = work.communicate()

    assert held == [(True,)]
    assert leases(database_url) == [(False,)]
    assert work.returncode == 1
    assert told.splitlines()[-1].startswith(b"Error: stopped: start it again")
    assert b"Traceback" not in told
    assert json.loads(printed)["loaded"] == recorded(database_url)[0]


def test_elsewhere_than_on_a_terminal_progress_is_json_lines(database_url, challenge, tmp_path):
    work = start("log", "import", "-", "--backfill", database_url=database_url, folder=tmp_path)
    work.stdin.write(lines(*(entry(f"order-{number}", 1) for number in range(1_000))))
    work.stdin.flush()
    eventually(lambda: leases(database_url))
    begun = datetime.now(UTC)
    eventually(lambda: datetime.now(UTC) - begun > timedelta(seconds=1))

    printed, told = work.communicate(lines(*(entry(f"more-{number}", 1) for number in range(1_000))))

    shown = json.loads(told.splitlines()[-1])
    assert shown.keys() >= {"entries", "loaded", "replayed", "refused", "rate", "etaSeconds"}
    assert shown["entries"] <= shown["loaded"] <= 2_000
    assert printed.startswith(b"read 2,000, loaded 2,000, replayed 0, refused 0 in ")


def test_processes_share_a_long_file_and_the_entries_of_an_owner_stay_in_order(database_url, challenge, tmp_path):
    history = [entry(f"order-{number}", 1, owner=OWNERS[number % 40]) for number in range(2 * ENTRIES)]
    wrong = {ENTRIES: {**history[ENTRIES], "activityValue": "many"}, 2 * ENTRIES - 1: {}}
    history = [wrong.get(number, one) for number, one in enumerate(history)]
    (tmp_path / "history.jsonl").write_bytes(lines(*history))
    arguments = ("log", "import", "history.jsonl", "--backfill", "--json", "--workers", 3)

    work = start(*arguments, database_url=database_url, folder=tmp_path)
    if sys.platform == "linux":
        eventually(lambda: len(writers(work)) == 3)
    printed, told = work.communicate()

    wanted = {}
    for number, one in enumerate(history):
        if number not in wrong:
            wanted.setdefault(one["ownedById"], []).append(one["uniqueIdentifier"])
    figures = json.loads(printed)
    assert (work.returncode, figures["loaded"], figures["refused"]) == (1, 2 * ENTRIES - 2, 2), told
    assert sorted(one["line"] for one in read_rejects(tmp_path / "history.jsonl.rejects.jsonl")) == [
        ENTRIES + 1,
        2 * ENTRIES,
    ]
    assert in_order(database_url) == wanted


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the processes in /proc")
def test_a_process_that_is_killed_ends_the_import_and_the_next_one_loads_the_rest(database_url, challenge, tmp_path):
    history = [entry(f"order-{number}", 1, owner=OWNERS[number % 40]) for number in range(3 * ENTRIES)]
    (tmp_path / "history.jsonl").write_bytes(lines(*history))
    arguments = ("log", "import", "history.jsonl", "--backfill", "--json", "--workers", 2)
    first = start(*arguments, database_url=database_url, folder=tmp_path)
    eventually(lambda: recorded(database_url)[0])
    os.kill(writers(first)[0], signal.SIGKILL)
    told = first.communicate()[1]

    second = start(*arguments, database_url=database_url, folder=tmp_path)
    figures = json.loads(second.communicate()[0])

    assert first.returncode == 1
    assert told.splitlines()[-1].startswith(b"Error: a process that wrote entries was ended: start the import again")
    assert b"Traceback" not in told
    assert leases(database_url) == [(False,), (False,)]
    assert figures["loaded"] + figures["replayed"] == 3 * ENTRIES
    assert recorded(database_url) == (3 * ENTRIES, 3 * ENTRIES)
