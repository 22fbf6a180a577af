"""Which database a command works on: the one that DATABASE_URL names, or the data folder's own."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import psycopg

from cli.failures import Failed
from eventstore.database import MINIMUM_VERSION
from eventstore.embedded import EmbeddedPostgres
from eventstore.migrations import migrate
from projections.database import Reader, connect
from projections.schema import prepare

DATA_DIR = "MILEPOST_DATA_DIR"

data_dir_option: Callable[[Any], Any] = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    envvar=DATA_DIR,
    default=".milepost",
    show_default=True,
    help="Folder of the embedded PostgreSQL, which is used when DATABASE_URL is not set.",
)
tenant_option: Callable[[Any], Any] = click.option(
    "--tenant", default="default", show_default=True, help="Whose data it is. A tenant exists once it is named."
)


@contextmanager
def database(data_dir: Path, *, slices: int | None = None) -> Iterator[str]:
    """The URL of a database that answers and is up to date. An embedded server that nobody else uses ends with it."""
    with located(data_dir) as url:
        migrate(url, slices=slices)
        prepare(url)
        yield url


@contextmanager
def located(data_dir: Path) -> Iterator[str]:
    """The URL of a database that answers, as it is."""
    url = named_database()
    if url is None:
        with EmbeddedPostgres(data_dir) as embedded:
            yield embedded
        return
    _refuse_silent_or_old(url)
    yield url


@contextmanager
def reading(url: str) -> Iterator[Reader]:
    """The read tables of a database."""
    reader = Reader(url, pool_size=1)
    try:
        yield reader
    finally:
        reader.close()


def named_database() -> str | None:
    """The URL that the environment names; None when the embedded server is meant."""
    url = os.environ.get("DATABASE_URL")
    if url and not url.startswith(("postgresql://", "postgres://")):
        raise Failed("DATABASE_URL: must be a URL that starts with postgresql://")
    return url or None


def _refuse_silent_or_old(url: str) -> None:
    try:
        with connect(url, "milepost") as connection:
            version = connection.info.server_version
    except psycopg.Error as error:
        raise Failed(f"DATABASE_URL: {error}") from error
    if version < MINIMUM_VERSION:
        raise Failed(f"DATABASE_URL: PostgreSQL 14 or newer is needed, this one is {version // 10_000}")
