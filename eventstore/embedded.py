"""A PostgreSQL of one's own: started by the first process that needs it, stopped by the last one out."""

import fcntl
import os
import shlex
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.pq import PGconn, Ping

from eventstore.postgres_programs import VERSION, EmbeddedPostgresError, command_line, exists, run

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]

SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
}
SOCKET = ".s.PGSQL.5432"
ATTEMPTS = 5  # The backends of a killed server need a moment to notice; until then a new one does not start.
PATIENCE = 60  # Seconds that a server gets to recover from a crash, or to finish stopping.
SOCKET_PATH_LIMIT = 100  # Bytes. The kernel's own limit is 104 on macOS and 108 on Linux.


class EmbeddedPostgres:
    """The server of one data folder, shared by every process that has started it and not released it.

    Each of them holds a shared lock on `users.lock`, which the kernel takes back from a killed one. Starting
    and stopping happen under an exclusive lock on `start.lock`, so that nobody meets a server half-way.
    """

    def __init__(self, data_dir: Path, *, settings: Mapping[str, str] = {}) -> None:
        self.data_dir = data_dir.resolve()
        self._cluster = self.data_dir / "postgres"
        self._log = self.data_dir / "postgres.log"
        self._sockets = _socket_folder(self.data_dir)
        self._settings = {**SETTINGS, "unix_socket_directories": f'"{self._sockets}"', **settings}
        self._using: int | None = None

    def start(self) -> str:
        """Return the database's URL, with a server behind it that answers. Safe to call twice.

        Raises EmbeddedPostgresError, whose text says what to do.
        """
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _locked(self.data_dir / "start.lock", fcntl.LOCK_EX) as starting:
                if self._using is None:
                    self._using = _lock(self.data_dir / "users.lock", fcntl.LOCK_SH)
                self._await_server(starting)
                self._create_database()
        except (OSError, psycopg.Error) as error:
            self.release()
            raise EmbeddedPostgresError(f"The embedded PostgreSQL of {self.data_dir}: {error}") from error
        except BaseException:
            self.release()
            raise
        return self._url("milepost")

    def release(self) -> None:
        """Stop using the server. Nobody else uses it? Then it is stopped. Safe to call twice."""
        if self._using is None:
            return
        os.close(self._using)
        self._using = None
        if not self.data_dir.exists():
            return  # A server whose folder has been removed under it ends by itself.
        with (
            _locked(self.data_dir / "start.lock", fcntl.LOCK_EX),
            suppress(BlockingIOError),
            _locked(self.data_dir / "users.lock", fcntl.LOCK_EX | fcntl.LOCK_NB),
        ):
            self._stop_server()

    def __enter__(self) -> str:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _await_server(self, starting: int) -> None:
        """Return when the server answers. One that is starting, recovering or stopping is waited for."""
        _make_private(self._sockets, self.data_dir)
        deadline = time.monotonic() + PATIENCE
        while PGconn.ping(f"{self._url('postgres')}&connect_timeout=5".encode()) != Ping.OK:
            if time.monotonic() > deadline:
                raise self._error(f"PostgreSQL does not answer after {PATIENCE} seconds.")
            if self._is_running():
                time.sleep(0.05)
            else:
                self._start_server(starting)

    def _start_server(self, starting: int) -> None:
        if not self._cluster.exists():
            self._make_cluster(starting)
        self._refuse_other_version()
        self._drop_stale_lock_files()
        options = shlex.join(f"-c{name}={value}" for name, value in self._settings.items())
        for _ in range(ATTEMPTS):
            started, output = self._pg_ctl("start", "-l", str(self._log), "-o", options)
            if started or self._is_running():
                return
            time.sleep(0.2)
        raise self._error(f"PostgreSQL did not start: {output}")

    def _stop_server(self) -> None:
        if self._is_running():
            stopped, output = self._pg_ctl("stop", "-m", "fast")
            if not stopped:
                raise self._error(f"PostgreSQL did not stop: {output}")
        with suppress(OSError):
            self._sockets.rmdir()

    def _make_cluster(self, starting: int) -> None:
        """Write the cluster under another name first: one that is half made never gets the real name."""
        partial = self.data_dir / "postgres.partial"
        shutil.rmtree(partial, ignore_errors=True)
        options = ["--no-locale", "--encoding=UTF8", "--username=milepost", "--auth=trust"]
        if self._settings.get("fsync") == "off":
            options.append("--no-sync")
        # initdb inherits the lock: if this process is killed, the next one waits until initdb has ended.
        made, output = run(
            "initdb", "-D", str(partial), *options, owner=self.data_dir.stat().st_uid, pass_fds=[starting]
        )
        if not made:
            raise EmbeddedPostgresError(f"PostgreSQL's initdb failed:\n{output}")
        partial.rename(self._cluster)

    def _refuse_other_version(self) -> None:
        written = (self._cluster / "PG_VERSION").read_text().strip()
        if written != VERSION:
            raise EmbeddedPostgresError(
                f"{self._cluster} was written by PostgreSQL {written}, and the installed one is {VERSION}: "
                "dump it with the old one and restore it into a new data folder."
            )

    def _create_database(self) -> None:
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'milepost'").fetchone():
                connection.execute("CREATE DATABASE milepost")

    def _is_running(self) -> bool:
        pid = self._recorded_pid()
        return pid is not None and f" -D {self._cluster} " in command_line(pid)

    def _drop_stale_lock_files(self) -> None:
        # The pid of nobody is left to PostgreSQL, which then also looks for backends that have outlived their
        # server. What it would take for a running server is a zombie, or another program with that pid.
        (self._sockets / f"{SOCKET}.lock").unlink(missing_ok=True)
        pid = self._recorded_pid()
        if pid is None or exists(pid):
            (self._cluster / "postmaster.pid").unlink(missing_ok=True)

    def _recorded_pid(self) -> int | None:
        try:
            return int((self._cluster / "postmaster.pid").read_text().partition("\n")[0])
        except (FileNotFoundError, ValueError):
            return None

    def _pg_ctl(self, verb: str, *arguments: str) -> tuple[bool, str]:
        owner = self._cluster.stat().st_uid
        return run("pg_ctl", verb, "-D", str(self._cluster), "-w", "-t", str(PATIENCE), *arguments, owner=owner)

    def _error(self, text: str) -> EmbeddedPostgresError:
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return EmbeddedPostgresError("\n".join([text, f"The end of {self._log}:", *lines[-10:]]))

    def _url(self, database: str) -> str:
        return f"postgresql://milepost@/{database}?host={quote(str(self._sockets))}&port=5432"


def _socket_folder(data_dir: Path) -> Path:
    inside = data_dir / "socket"
    # A comma would be read as the border between two hosts.
    if len(os.fsencode(inside / SOCKET)) <= SOCKET_PATH_LIMIT and "," not in str(inside):
        return inside
    # Not tempfile.gettempdir(): two processes with different TMPDIRs have to meet at the same socket.
    return Path("/tmp") / f"milepost-{blake2b(os.fsencode(data_dir), digest_size=8).hexdigest()}"


def _make_private(folder: Path, data_dir: Path) -> None:
    """Make a folder that only the data's owner can enter, and refuse one that somebody else has put there."""
    owner = data_dir.stat().st_uid
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        os.chown(folder, owner, -1)
    found = folder.lstat()
    private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) & 0o077 == 0
    if not private or found.st_uid not in (owner, os.geteuid()):
        raise EmbeddedPostgresError(f"{folder} is not a private folder of this user: remove it.")


@contextmanager
def _locked(path: Path, kind: int) -> Iterator[int]:
    descriptor = _lock(path, kind)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(path: Path, kind: int) -> int:
    """Open and lock a file. Closing it is what unlocks it, and dying closes it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, kind)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
