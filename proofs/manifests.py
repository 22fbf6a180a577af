"""The manifest of an export: what is in it, and what it must come to."""

from datetime import datetime
from uuid import UUID

import msgspec

from proofs.merkle import Unfit

FORMAT = 1
EVENTS, CHECKPOINTS, MANIFEST = "events.ndjson", "checkpoints.txt", "manifest.json"


class Manifest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Slices are named by their numbers; a root is over all rows from the first on, not of this export alone."""

    format: int
    log_id: UUID
    slices: int
    exported_at: datetime
    since: str
    cursor: str
    events: int
    events_bytes: int
    sha256: str
    checkpoints_sha256: str
    heads: dict[int, int]
    roots: dict[int, bytes]
    keys: list[str]


def encoded(manifest: Manifest) -> bytes:
    """The manifest as JSON for people."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def decoded(content: bytes) -> Manifest:
    """The manifest in a file. Raises Unfit."""
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unfit(f"not the manifest of an export: {error}") from error
    if manifest.format != FORMAT:
        raise Unfit(f"the export has format {manifest.format}, and this version of Milepost reads {FORMAT}")
    if not 1 <= manifest.slices <= 1024 or set(manifest.heads) != set(range(manifest.slices)):
        raise Unfit("the manifest does not name the head of every slice")
    return manifest
