"""`milepost log import` as a process: fed through a pipe, interrupted, killed and started again."""

import json
import signal
from datetime import UTC, datetime, timedelta

import psycopg

from tests.cli.test_log_import import NOW, entry, lines, read_rejects
from tests.processes import eventually, start

ENTRIES = 12_000


def recorded(database_url):
    with psycopg.connect(database_url) as connection:
        counts = "SELECT count(*), count(DISTINCT entry_id) FROM events WHERE entry_id IS NOT NULL"
        return connection.execute(counts).fetchone()


def leases(database_url):
    with psycopg.connect(database_url) as connection:
        return connection.execute("SELECT expires_at > clock_timestamp() FROM imports").fetchall()


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

    work.send_signal(signal.SIGINT)
    printed, told = work.communicate()

    assert held == [(True,)]
    assert leases(database_url) == [(False,)]
    assert work.returncode == 1
    assert b"stopped: start it again" in told
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
