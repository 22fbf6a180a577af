"""The api in process, on a clock that stands still: clients with keys of two tenants, and the log behind them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import OctKey

from api.access import keys
from api.access.callers import Admission
from api.access.keys import NewKey
from api.app import create_app
from api.settings import Settings
from api.state import EXTENSION, State, state_of
from domain.application import ProgressLog
from projections.database import Reader
from projections.following.projector import Projector
from tests.api.given import ADA, SPEND, Given

NOW = datetime(2026, 4, 3, 10, 15, tzinfo=UTC)
ACME, GLOBEX = "acme", "globex"
BARE = Settings(database_url="postgresql://nobody@localhost/nothing", log_level="error", access_log=False)


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.moment = NOW

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **span: float) -> datetime:
        self.moment += timedelta(**span)
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, threads=4, log_level="error", access_log=False)


@pytest.fixture(scope="session")
def bare_app() -> Flask:
    """The app without a database. To put it together takes longer than most tests do."""
    return create_app(BARE)


@pytest.fixture
def app(bare_app: Flask, settings: Settings, clock: Clock) -> Iterator[Flask]:
    """The app with a database, a clock and limits of this test's own."""
    state = bare_app.extensions[EXTENSION] = State(settings, clock, Admission(settings.limits_storage))
    yield bare_app
    state.close()


@pytest.fixture
def reader(app: Flask) -> Reader:
    """The app's own way to the read tables."""
    return state_of(app).reader


@pytest.fixture
def log(app: Flask) -> ProgressLog:
    """The app's own way to the log."""
    return state_of(app).log


@pytest.fixture
def catch_up(database_url: str) -> Iterator[Callable[[], None]]:
    """Bring the read tables level with the log."""
    projector = Projector(database_url)
    yield projector.catch_up
    projector.close()


@pytest.fixture
def given(log: ProgressLog, clock: Clock) -> Given:
    """The log of acme. The same challenge, with an entry of the same owner, is in another tenant, too."""
    Given(log, clock, GLOBEX).define(SPEND).entry(SPEND, ADA, "1")
    return Given(log, clock, ACME)


@pytest.fixture
def make_key(reader: Reader) -> Callable[..., NewKey]:
    """`make_key("progress:read")`, of acme unless another tenant is named."""

    def make_key(*scopes: str, tenant: str = ACME, **options: Any) -> NewKey:
        return keys.create(reader, tenant=tenant, name="a test", scopes=scopes, **options)

    return make_key


@pytest.fixture
def client_of(app: Flask) -> Callable[[str], FlaskClient]:
    """A client that shows a key, or an end user's token, with every request."""

    def client_of(credential: str) -> FlaskClient:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {credential}"
        return client

    return client_of


@pytest.fixture
def guest(app: Flask) -> FlaskClient:
    """Somebody without a credential."""
    return app.test_client()


@pytest.fixture
def admin(make_key: Callable[..., NewKey], client_of: Callable[[str], FlaskClient]) -> FlaskClient:
    """Somebody with a key of acme that has every scope."""
    return client_of(make_key(*keys.SCOPES).key)


@pytest.fixture
def acme(make_key: Callable[..., NewKey], client_of: Callable[[str], FlaskClient]) -> FlaskClient:
    """Somebody with a key of acme that reads progress."""
    return client_of(make_key("progress:read").key)


@pytest.fixture
def globex(make_key: Callable[..., NewKey], client_of: Callable[[str], FlaskClient]) -> FlaskClient:
    """Somebody with a key of another tenant that has every scope."""
    return client_of(make_key(*keys.SCOPES, tenant=GLOBEX).key)


@pytest.fixture
def end_user(make_key: Callable[..., NewKey], client_of: Callable[[str], FlaskClient]) -> Callable[[str], FlaskClient]:
    """`end_user(owner_id)`: a client with a token of that end user of acme."""
    key = make_key("progress:read")
    return lambda owner_id: client_of(token(key, sub=owner_id))


def token(
    key: NewKey, *, alg: str = "HS256", secret: str | None = None, header: dict[str, Any] | None = None, **claims: Any
) -> str:
    """A token as a tenant signs it. A claim or a header field that is given as None is left out."""
    head = {"alg": alg, "kid": str(key.id), **(header or {})}
    body = {"exp": int((NOW + timedelta(hours=1)).timestamp()), **claims}
    return jwt.encode(
        {name: value for name, value in head.items() if value is not None},
        {name: value for name, value in body.items() if value is not None},
        OctKey.import_key(secret or key.token_secret),
        algorithms=[alg],
    )
