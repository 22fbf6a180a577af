"""What a command line trusts: public keys, and checkpoints that were kept in files."""

from pathlib import Path

from cli.failures import Failed
from proofs.merkle import Unfit
from proofs.notes import PublicKey, notes_in


def public_key(text: str) -> PublicKey:
    """The key that --key names. Raises Failed."""
    try:
        return PublicKey.parse(text)
    except Unfit as error:
        raise Failed(f"--key: {error}") from error


def notes_of(file: Path) -> list[str]:
    """The checkpoints in a file, as notes. Raises Failed when there is none."""
    try:
        notes = notes_in(file.read_text())
    except UnicodeDecodeError as error:
        raise Failed(f"{file}: {error}") from error
    if not notes:
        raise Failed(f"{file}: holds no checkpoint")
    return notes
