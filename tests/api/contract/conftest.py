"""The running app as a contract test meets it: a projector follows the log, a key may do everything, data is there."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask
from schemathesis import Case

from api.access import keys
from api.app import create_app
from api.settings import Settings
from api.state import state_of
from projections.following.projector import Projector
from tests.api.conftest import ACME, Clock
from tests.api.contract.circumstances import Circumstances
from tests.api.given import Given
from tests.conftest import _database, _name


class Running:
    """An app that runs, a tenant with records there, and a key that may do everything as often as it likes."""

    def __init__(self, app: Flask) -> None:
        self.app, state = app, state_of(app)
        limits = {"per_minute": keys.MAX_PER_HOUR, "per_hour": keys.MAX_PER_HOUR}
        self.key = keys.create(state.reader, tenant=ACME, name="contract", scopes=keys.SCOPES, **limits).key
        self.options: dict[str, Any] = {"app": app, "headers": {"X-API-Key": self.key}}
        self.circumstances = Circumstances(Given(state.log, state.clock, ACME))
        self.answers: dict[str, set[int]] = {}

    def ask(self, case: Case) -> None:
        """Send what schemathesis made, bent until it makes sense, and check the answer."""
        self.circumstances.bend(case)
        response = case.call_and_validate(**self.options)
        self.answers.setdefault(case.operation.label, set()).add(response.status_code)


@pytest.fixture(scope="module")
def running(server_url: str, template_url: str) -> Iterator[Running]:
    """One app for a whole module: what its tests write is there for the next ones."""
    with _database(server_url, template=_name(template_url)) as url, followed(url):
        settings = Settings(database_url=url, threads=4, log_level="error", access_log=False)
        app = create_app(settings, now=Clock())
        yield Running(app)
        state_of(app).close()


@contextmanager
def followed(database_url: str) -> Iterator[None]:
    """A projector follows the log for a while: some writes answer with what the read tables hold."""
    stop = Event()
    with closing(Projector(database_url)) as projector:
        thread = Thread(target=projector.run, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
