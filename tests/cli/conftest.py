"""The command line as tests use it: in this process, on the test's own database."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from cli.main import milepost as command
from domain.application import ProgressLog
from domain.commands import Define
from domain.vocabulary import DefinitionStatus, Method, Period, Slug
from projections.database import Reader
from projections.following.projector import Projector
from tests.given_sealed import KEY

Milepost = Callable[..., Result]

CHALLENGE = UUID("0a31a1de-44c6-4a43-a0d7-5b8e2a7f9d01")
ADA, BOB = "7b0c7a3e-52a0-4d80-9b7e-0e7c5f3f1a01", "7b0c7a3e-52a0-4d80-9b7e-0e7c5f3f1a02"


@pytest.fixture
def milepost(database_url) -> Milepost:
    """Run a command line on the test's database; answer its exit code, stdout and stderr."""

    def run(*arguments: object, stdin: str | bytes | None = None, **environment: str) -> Result:
        variables = {"DATABASE_URL": database_url, "MILEPOST_DEBUG": None, **environment}
        words = [str(argument) for argument in arguments]
        result = CliRunner().invoke(command, words, input=stdin, env=variables, prog_name="milepost")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run


@pytest.fixture
def outside(tmp_path) -> Path:
    """The file outside the database that checkpoints go to."""
    return tmp_path / "checkpoints.txt"


@pytest.fixture
def audit(milepost, outside) -> Milepost:
    """`audit("verify", …)` with the key in the environment, and checkpoints in a file outside."""
    variables = {"MILEPOST_SIGNING_KEY": str(KEY), "MILEPOST_CHECKPOINT_FILE": str(outside)}
    return lambda *arguments, **environment: milepost("audit", *arguments, **{**variables, **environment})


@pytest.fixture
def log(database_url):
    with ProgressLog(database_url) as log:
        yield log


@pytest.fixture
def challenge(log) -> str:
    """A live monthly sum challenge of the tenant `default`."""
    fields = {
        "name": "Spend 500 in a month",
        "aggregation_method": Method.SUM,
        "aggregation_period": Period.MONTHLY,
        "completion_target_value": Decimal(500),
        "status": DefinitionStatus.LIVE,
    }
    command = Define(id=CHALLENGE, slug=Slug.CHALLENGE, fields=fields)
    log.define("default", CHALLENGE, command, now=datetime(2025, 1, 1, tzinfo=UTC))
    return str(CHALLENGE)


@pytest.fixture
def reader(database_url):
    """The read tables, level with the log whenever they are asked."""
    projector, reader = Projector(database_url), LevelReader(database_url)
    reader.projector = projector
    yield reader
    reader.close()
    projector.close()


class LevelReader(Reader):
    """Catches up with the log before every query."""

    projector: Projector

    def rows(self, *arguments):
        self.projector.catch_up()
        return super().rows(*arguments)

    def row(self, *arguments):
        self.projector.catch_up()
        return super().row(*arguments)
