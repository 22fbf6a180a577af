"""Public keys as they are given on a command line."""

from cli.failures import Failed
from proofs.merkle import Unfit
from proofs.notes import PublicKey


def public_key(text: str) -> PublicKey:
    """The key that --key names. Raises Failed."""
    try:
        return PublicKey.parse(text)
    except Unfit as error:
        raise Failed(f"--key: {error}") from error
