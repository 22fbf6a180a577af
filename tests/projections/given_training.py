"""A catalogue, its second tenant and a second owner, and the read tables, as followed and as rebuilt."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from projections import assignments_of_user, learn_progress, practice_progress
from projections.database import Reader
from projections.following.projector import Projector
from projections.rebuilding.rebuild import rebuild
from projections.training import Part
from tests.given_training import Training
from tests.projections.conftest import ADA, APRIL_3, BOB

TABLES = (
    "catalogue",
    "practice_progress",
    "learn_progress",
    "training_log",
    "team",
    "team_member",
    "assignment",
    "assignment_progress",
)


class Clock:
    """A clock that moves when it is told to."""

    moment = APRIL_3

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, hours: float = 1) -> datetime:
        self.moment += timedelta(hours=hours)
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def training(log, clock: Clock) -> Training:
    """A category with two topics in two modules, and a course with two scenarios.

    A second owner, and the same owner in a second tenant, have done everything.
    """
    for tenant in ("other", "acme"):
        training = Training(log, clock, tenant)
        training.item("web", "category").item("injection", "module", "web").item("scripts", "module", "web")
        training.topic("sql", 3, "injection").topic("xss", 2, "scripts")
        training.item("auth", "course").scenario("jwt", 4, "auth").scenario("saml", 2, "auth")
        for owner in (ADA, BOB) if tenant == "other" else (BOB,):
            training.practise(owner, "sql", 0, 1, 2).practise(owner, "xss", 0, 1)
            training.learn(owner, "jwt", 4)
            training.learn(owner, "saml", 2)
    clock.advance()
    return training


@pytest.fixture(params=[False, True], ids=["as followed", "as rebuilt"])
def level(request: pytest.FixtureRequest, database_url: str, projector: Projector) -> Callable[[], None]:
    """Bring the read tables level with the log; in the second half of the tests they are filled anew, too."""

    def level() -> None:
        projector.catch_up()
        if request.param:
            for name in TABLES:
                rebuild(database_url, name)

    return level


class Shown:
    """What a user is shown, once the read tables are level."""

    def __init__(self, reader: Reader, level: Callable[[], None], clock: Clock) -> None:
        self.reader, self.level, self.clock = reader, level, clock

    def practice(self, owner: str = ADA, tenant: str = "acme", **part: Any) -> Any:
        self.level()
        return practice_progress.of_owner(self.reader, tenant, owner, Part(**part))

    def learn(self, owner: str = ADA, tenant: str = "acme", **part: Any) -> Any:
        self.level()
        return learn_progress.of_owner(self.reader, tenant, owner, Part(**part))

    def assignments(self, owner: str = ADA, tenant: str = "acme", **part: Any) -> Any:
        self.level()
        return assignments_of_user.of_owner(self.reader, tenant, owner, Part(**part), now=self.clock())


@pytest.fixture
def shown(reader: Reader, level: Callable[[], None], clock: Clock) -> Shown:
    return Shown(reader, level, clock)
