"""A tenant with one monthly challenge and one daily streak, and the log that their entries go into."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.application import ProgressLog
from domain.commands import Define, LogEntry
from domain.outcomes import Logged
from domain.vocabulary import DefinitionStatus, Method, Period, Slug
from projections.database import Reader
from projections.following.projector import Projector
from projections.rebuilding.rebuild import rebuild

APRIL_3 = datetime(2026, 4, 3, 10, tzinfo=UTC)
ADA, BOB = str(UUID(int=1)), str(UUID(int=2))

Say = Callable[..., Logged]


@pytest.fixture
def log(database_url: str) -> Iterator[ProgressLog]:
    with ProgressLog(database_url) as log:
        yield log


@pytest.fixture
def reader(database_url: str) -> Iterator[Reader]:
    reader = Reader(database_url)
    yield reader
    reader.close()


@pytest.fixture
def projector(database_url: str) -> Iterator[Projector]:
    projector = Projector(database_url)
    yield projector
    projector.close()


@pytest.fixture
def challenge(log: ProgressLog) -> UUID:
    """Spend 500 in a month."""
    return define(log)


def define(log: ProgressLog, tenant: str = "acme", **changes: Any) -> UUID:
    identifier = uuid4()
    fields = {
        "name": "monthly spend",
        "aggregation_method": Method.SUM,
        "aggregation_period": Period.MONTHLY,
        "completion_target_value": Decimal(500),
        "status": DefinitionStatus.LIVE,
        **changes,
    }
    log.define(tenant, identifier, Define(id=identifier, slug=Slug.CHALLENGE, fields=fields), now=APRIL_3)
    return identifier


@pytest.fixture
def say(log: ProgressLog) -> Say:
    """Log an entry: `say(challenge, ADA, "187.50")`."""

    def say(
        challenge: UUID, owner: str, value: str, *, at: datetime = APRIL_3, tenant: str = "acme", **more: Any
    ) -> Logged:
        entry = LogEntry(
            definition_id=challenge,
            owner_id=owner,
            activity_at=at,
            unique_identifier=str(uuid4()),
            activity_value=Decimal(value),
        )
        return log.log_entry(tenant, entry, now=more.pop("now", at), **more)

    return say


@pytest.fixture
def streak(log: ProgressLog) -> UUID:
    """Spend 50 a day."""
    return define_streak(log)


def define_streak(log: ProgressLog, tenant: str = "acme", *, now: datetime = APRIL_3, **changes: Any) -> UUID:
    identifier = uuid4()
    fields = {
        "name": "daily spend",
        "aggregation_method": Method.SUM,
        "aggregation_period": Period.DAILY,
        "aggregation_target_value": Decimal(50),
        "status": DefinitionStatus.LIVE,
        **changes,
    }
    log.define(tenant, identifier, Define(id=identifier, slug=Slug.STREAK, fields=fields), now=now)
    return identifier


@pytest.fixture
def play(log: ProgressLog) -> Say:
    """Log an entry of a streak: `play(streak, ADA, "60", at=…, game="chess")`."""

    def play(
        streak: UUID,
        owner: str,
        value: str,
        *,
        at: datetime = APRIL_3,
        now: datetime | None = None,
        tenant: str = "acme",
        **attributes: Any,
    ) -> Logged:
        entry = LogEntry(
            definition_id=streak,
            owner_id=owner,
            activity_at=at,
            unique_identifier=str(uuid4()),
            activity_value=Decimal(value),
            attributes=attributes,
            slug=Slug.STREAK,
        )
        return log.log_entry(tenant, entry, now=now or at)

    return play


@pytest.fixture
def others(log: ProgressLog, streak: UUID, play: Say) -> None:
    """A second owner of the same streak, and the same owner in a second tenant."""
    play(streak, BOB, "1")
    play(define_streak(log, "other"), ADA, "2", tenant="other")


@pytest.fixture(params=[False, True], ids=["as followed", "as rebuilt"])
def level(request: pytest.FixtureRequest, database_url: str, projector: Projector) -> Callable[[], None]:
    """Bring the read tables level with the log; in the second half of the tests they are filled anew, too."""

    def level() -> None:
        projector.catch_up()
        if request.param:
            for name in ("streak", "milestone", "streak_progress", "streak_period", "reward_log"):
                rebuild(database_url, name)

    return level
