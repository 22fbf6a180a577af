"""The `milepost` command itself: which commands there are, and how they end."""

import click

from cli.failures import in_one_line
from cli.lazy import LazyGroup

COMMANDS = {
    "demo": "cli.demo:demo",
    "serve": "cli.serve:serve",
    "init": "cli.init:init",
    "log": "cli.log:log",
    "definitions": "cli.definitions:definitions",
    "keys": "cli.keys:keys",
    "projections": "cli.projections:projections",
    "clock": "cli.clock:clock",
    "audit": "cli.audit:audit",
    "openapi": "cli.openapi:openapi",
    "doctor": "cli.doctor:doctor",
}


class Milepost(LazyGroup):
    """Turns what a command raises into one line and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        with in_one_line():
            return super().invoke(ctx)


@click.group(cls=Milepost, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="milepost")
def milepost() -> None:
    """Event-sourced progress for challenges.

    DATABASE_URL names the database. Without it every command uses the embedded PostgreSQL of the data folder, and
    starts it if it is not running. Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
    """


def main() -> None:
    """Run the command line."""
    milepost(prog_name="milepost")
