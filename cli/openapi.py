"""`milepost openapi`: the documents that describe the api."""

import click

from api.app import DIALECTS, create_app
from api.settings import Settings

# A dialect is called as its title ends: "Milepost streaks".
PREFIXES = {dialect.title.split()[-1]: dialect.prefix for dialect in DIALECTS}


@click.command()
@click.argument("dialect", type=click.Choice(list(PREFIXES)), default="schema")
def openapi(dialect: str) -> None:
    """Print the OpenAPI 3.1 document of a dialect. No database is needed."""
    app = create_app(Settings(database_url="postgresql://", access_log=False))
    click.echo(app.test_client().get(f"{PREFIXES[dialect]}/openapi.json").text.rstrip("\n"))
