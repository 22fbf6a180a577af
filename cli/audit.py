"""`milepost audit`: what happened, why things are as they are, and proof of it for those who do not take our word."""

import click

from cli.lazy import LazyGroup

# Whoever checks a proof offline has no database, and loads nothing that speaks to one.
COMMANDS = {
    "history": "cli.audit_history:history",
    "explain": "cli.audit_explain:explain",
    "verify": "cli.audit_verify:verify",
    "prove": "cli.audit_prove:prove",
    "check-proof": "cli.audit_check_proof:check_proof",
    "key": "cli.audit_seal:key",
    "seal": "cli.audit_seal:seal",
    "export": "cli.audit_export:export",
    "import": "cli.audit_import:import_",
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def audit() -> None:
    """Read what happened, told from the log itself; verify, prove and hand over the log."""
