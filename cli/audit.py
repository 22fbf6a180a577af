"""`milepost audit`: what happened, and why things are as they are."""

import click

from cli.audit_explain import explain
from cli.audit_history import history


@click.group()
def audit() -> None:
    """Read what happened, told from the log itself."""


audit.add_command(history)
audit.add_command(explain)
