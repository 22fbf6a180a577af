"""Serving on one machine: projector, clock and gunicorn as children of one process, on a socket that it opened."""

import http.client
import importlib.util
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import MappingProxyType

from api.settings import Settings
from cli.children import Children, Program
from cli.context import DATA_DIR, named_database
from cli.failures import Failed
from cli.process_group import STEP_SECONDS, Told
from eventstore.embedded import EmbeddedPostgres, EmbeddedPostgresError

MILEPOST = (sys.executable, "-P", "-m", "cli")
GUNICORN = (sys.executable, "-m", "gunicorn", "-c", "python:cli.gunicorn_conf")
ASK_SECONDS = 0.05
TELL_SECONDS = 10
LOOK_SECONDS = 5
ANY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens. Opened before anything is started: wrong settings and taken ports cost nobody any time."""
    _refuse_wrong_settings()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        # The text of the module `socket` repeats the address at length.
        reason = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise Failed(f"{host} port {port}: {reason}: choose another with --host and --port") from error
    with closing(listener):
        yield listener


def _refuse_wrong_settings() -> None:
    """Raise SettingsError for what the api would not start with. Which database it is, is found out elsewhere."""
    named = os.environ.get("DATABASE_URL")
    os.environ["DATABASE_URL"] = named or "postgresql://"
    try:
        Settings.read()
    finally:
        if not named:
            del os.environ["DATABASE_URL"]


class Serving:
    """Everything that answers requests, in one process group; a child that crashes is started again."""

    def __init__(
        self,
        database_url: str,
        data_dir: Path,
        listener: socket.socket,
        report: Callable[[str], None],
        defaults: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.host, self.port = listener.getsockname()[:2]
        self._listener = listener
        self._report = report
        self._children = Children(report)
        self._told: Told | None = None
        self._database_url = database_url
        self._data_dir = data_dir.resolve()
        self._environment = {**defaults, **os.environ}
        self._embedded = EmbeddedPostgres(data_dir) if named_database() is None else None
        self._look_at = 0.0

    @property
    def url(self) -> str:
        """Where it answers."""
        host = ANY_HOST.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def __enter__(self) -> "Serving":
        self._told = Told()
        try:
            for program in (self._api(), self._follower("projector", "projections"), self._follower("clock", "clock")):
                self._children.start(program)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._children.stop()
        self._children.close()
        if self._embedded is not None:
            self._embedded.release()

    def await_ready(self) -> bool:
        """Wait until /readyz is green; False when told to stop before. Raises Failed when a child ends."""
        tell_at = time.monotonic() + TELL_SECONDS
        while not self._stop:
            self._children.refuse_ended()
            status, body = self._readiness()
            if status == 200:
                return True
            if time.monotonic() > tell_at:
                self._report(f"not ready yet: {body}")
                tell_at += TELL_SECONDS
            time.sleep(ASK_SECONDS)
        return False

    def follow(self) -> None:
        """Restart what crashes, until told to stop."""
        while not self._stop:
            self._children.restart_crashed()
            self._restart_database()
            time.sleep(STEP_SECONDS)

    @property
    def _stop(self) -> bool:
        return self._told is not None and self._told.stop

    def _restart_database(self) -> None:
        """Look now and then whether the embedded server is there; start it again if it is not."""
        if self._embedded is None or time.monotonic() < self._look_at:
            return
        try:
            self._embedded.start()
        except EmbeddedPostgresError as error:
            self._report(str(error))
        self._look_at = time.monotonic() + LOOK_SECONDS

    def _readiness(self) -> tuple[int, str]:
        connection = http.client.HTTPConnection(ANY_HOST.get(self.host, self.host), self.port, timeout=5)
        with closing(connection):
            try:
                connection.request("GET", "/readyz")
                answer = connection.getresponse()
                return answer.status, " ".join(answer.read().decode(errors="replace").split())
            except (OSError, http.client.HTTPException) as error:
                return 0, str(error)

    def _api(self) -> Program:
        """Gunicorn, on the socket that is open already. It imports from where it starts: where the package is."""
        found = importlib.util.find_spec("wsgi")
        if found is None or found.origin is None:
            raise Failed("wsgi: is not installed")
        descriptor = self._listener.fileno()
        command = (*GUNICORN, "-b", f"fd://{descriptor}", "wsgi:app")
        environment = {
            **self._environment,
            "DATABASE_URL": self._database_url,
            "MILEPOST_HOST": self.host,
            "MILEPOST_PORT": str(self.port),
        }
        return Program("api", command, environment, Path(found.origin).parent, [descriptor])

    def _follower(self, name: str, group: str) -> Program:
        """A process that follows the log or the time.

        It opens the embedded database by itself: whoever is last to go stops the server, even when this process is
        killed.
        """
        environment = {**self._environment, DATA_DIR: str(self._data_dir)}
        if named_database() is None:
            environment.pop("DATABASE_URL", None)
        return Program(name, (*MILEPOST, group, "run"), environment)
