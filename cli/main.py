"""The `milepost` command itself: which commands there are, and how they end."""

from importlib import import_module

import click

from cli.failures import in_one_line

# A command's module is imported when the command is asked for: the clock need not load the web framework.
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


class Milepost(click.Group):
    """Finds a command by its name, and turns what it raises into one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        with in_one_line():
            return super().invoke(ctx)


@click.group(cls=Milepost, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="milepost")
def milepost() -> None:
    """Event-sourced progress for challenges.

    DATABASE_URL names the database. Without it every command uses the embedded PostgreSQL of the data folder, and
    starts it if it is not running. Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
    """


def main() -> None:
    """Run the command line."""
    milepost(prog_name="milepost")
