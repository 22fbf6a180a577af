"""`milepost init`: make the database ready."""

from pathlib import Path

import click
import psycopg

from cli.context import data_dir_option, database


@click.command()
@click.option(
    "--slices",
    type=click.IntRange(1, 1024),
    help="Into how many slices a new log is cut, for ever. The default is 64.",
)
@data_dir_option
def init(slices: int | None, data_dir: Path) -> None:
    """Bring the database up to date. Safe to run again, and by many processes at once."""
    with database(data_dir, slices=slices) as url, psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM slices").fetchone()
        click.echo(f"The database is up to date. The log has {row[0] if row else 0} slices.")
