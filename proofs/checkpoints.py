"""Checkpoints (C2SP tlog-checkpoint): the size and the root of a slice's tree at one moment, in a signed note."""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from proofs.merkle import HASH_BYTES, Unfit
from proofs.notes import PublicKey, SigningKey, opened

ORIGIN = re.compile(r"milepost/([0-9a-f-]{36})/slice/(0|[1-9][0-9]{0,3})")


class Checkpoint(NamedTuple):
    """What a log promises: the first `size` rows of a slice have this root, for ever."""

    log_id: UUID
    slice: int
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{log_name(self.log_id)}/slice/{self.slice}\n{self.size}\n{b64encode(self.root).decode()}\n"

    def signed(self, key: SigningKey) -> str:
        """The note."""
        return key.sign(self.text)


def log_name(log_id: UUID) -> str:
    """What a log is called in notes, and its key when it has no other name."""
    return f"milepost/{log_id}"


def trusted(note: str, keys: Iterable[PublicKey]) -> Checkpoint:
    """The checkpoint in a note that one of the keys has signed. Raises Unfit."""
    return read(opened(note, keys))


def told(note: str) -> Checkpoint:
    """The checkpoint in a note, whoever has signed it. Raises Unfit."""
    return read(note.rpartition("\n\n")[0] + "\n")


def read(text: str) -> Checkpoint:
    """The checkpoint in the text of a note. Lines under the third are left to others. Raises Unfit."""
    lines = text.split("\n")
    origin = ORIGIN.fullmatch(lines[0])
    if origin is None or len(lines) < 4 or not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]):
        raise Unfit("not a checkpoint of a Milepost log")
    try:
        root, log_id = b64decode(lines[2], validate=True), UUID(origin[1])
    except ValueError as error:
        raise Unfit("not a checkpoint of a Milepost log") from error
    if len(root) != HASH_BYTES:
        raise Unfit("the root of a checkpoint has 32 bytes")
    return Checkpoint(log_id, int(origin[2]), int(lines[1]), root)
