"""`milepost serve`: the whole of Milepost on one machine."""

import json
from pathlib import Path

import click

from cli.context import data_dir_option, database
from cli.serving import Serving, listening


@click.command()
@click.option("--host", envvar="MILEPOST_HOST", default="127.0.0.1", show_default=True)
@click.option("--port", envvar="MILEPOST_PORT", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option("--json", "as_json", is_flag=True, help='Print one JSON line {"url"} when ready.')
@data_dir_option
def serve(host: str, port: int, as_json: bool, data_dir: Path) -> None:
    """Serve: the database if none is named, projector, clock and api in one process group, until Ctrl-C.

    A process that crashes is started again. Port 0 takes any that is free.
    """
    with listening(host, port) as listener, database(data_dir) as database_url:
        with Serving(database_url, data_dir, listener, report) as serving:
            if serving.await_ready():
                url = serving.url
                click.echo(json.dumps({"url": url}) if as_json else f"Ready: {url}   documentation: {url}/docs")
                serving.follow()


def report(message: str) -> None:
    """Tell the one who watches."""
    click.echo(f"milepost: {message}", err=True)
