"""Proofs as JSON that stands alone: whoever has the log's public key can check it, offline."""

from collections.abc import Collection
from typing import Any

import msgspec

from proofs.checkpoints import Checkpoint, log_name, trusted
from proofs.merkle import Unfit, leaf_hash, refuse_wrong_consistency, refuse_wrong_inclusion
from proofs.notes import PublicKey
from proofs.rows import Row, parsed


class Inclusion(msgspec.Struct, frozen=True, kw_only=True, tag_field="format", tag="milepost-inclusion/1"):
    """One row was in the log when the checkpoint was signed. Bytes are base64."""

    row: dict[str, Any]
    canonical: bytes
    leaf: bytes
    path: list[bytes]
    checkpoint: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing that one checkpoint covers was changed before a newer one was signed."""

    older: str
    newer: str
    path: list[bytes]


class Consistency(msgspec.Struct, frozen=True, kw_only=True, tag_field="format", tag="milepost-consistency/1"):
    """The same for several slices."""

    proofs: list[Step]


_decoder: msgspec.json.Decoder[Inclusion | Consistency] = msgspec.json.Decoder(Inclusion | Consistency)


def encoded(document: Inclusion | Consistency) -> bytes:
    """The JSON of a proof, for people too."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def decoded(content: bytes) -> Inclusion | Consistency:
    """The proof in a file. Raises Unfit for anything else."""
    try:
        return _decoder.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unfit(f"not a proof of Milepost: {error}") from error


def plain(row: Row) -> dict[str, Any]:
    """A row as JSON shows it to people."""
    return {
        "slice": row.slice,
        "position": row.position,
        "streamId": str(row.originator_id),
        "version": row.originator_version,
        "type": row.topic,
        "tenant": row.tenant,
        "recordedAt": row.recorded_at.isoformat().replace("+00:00", "Z"),
        "entryId": str(row.entry_id) if row.entry_id else None,
        "state": row.state.decode(),
    }


def checked(document: Inclusion | Consistency, keys: Collection[PublicKey]) -> list[str]:
    """What is proved, one sentence each. Raises Unfit when something is not."""
    if isinstance(document, Inclusion):
        return [_checked_inclusion(document, keys)]
    if not document.proofs:
        raise Unfit("the document holds no proof")
    return [_checked_step(step, keys) for step in document.proofs]


def _checked_inclusion(proof: Inclusion, keys: Collection[PublicKey]) -> str:
    checkpoint = trusted(proof.checkpoint, keys)
    row = parsed(proof.canonical)
    if proof.row != plain(row):
        raise Unfit("the row that is shown is not the row that is proved")
    if row.slice != checkpoint.slice:
        raise Unfit(f"the row is of slice {row.slice}, and the checkpoint of slice {checkpoint.slice}")
    if proof.leaf != leaf_hash(proof.canonical):
        raise Unfit("the leaf is not the hash of the row")
    refuse_wrong_inclusion(proof.leaf, row.position - 1, checkpoint.size, proof.path, checkpoint.root)
    return f"{row.topic} at {row.slice}:{row.position} is in {_named(checkpoint)}"


def _checked_step(step: Step, keys: Collection[PublicKey]) -> str:
    older, newer = trusted(step.older, keys), trusted(step.newer, keys)
    if (older.log_id, older.slice) != (newer.log_id, newer.slice):
        raise Unfit(f"{_named(older)} and {_named(newer)} are not of one tree")
    refuse_wrong_consistency(older.size, older.root, newer.size, newer.root, step.path)
    return f"the first {older.size} rows are unchanged in {_named(newer)}"


def _named(checkpoint: Checkpoint) -> str:
    return f"slice {checkpoint.slice} of {log_name(checkpoint.log_id)}, {checkpoint.size} rows"
