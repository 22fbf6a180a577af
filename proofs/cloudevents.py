"""A row as a CloudEvents 1.0 event in JSON, from which the same row is made again, byte for byte."""

from base64 import b64decode, b64encode
from datetime import datetime
from uuid import UUID

import msgspec

from proofs.merkle import Unfit
from proofs.rows import Row

JSON = "application/json"


class CloudEvent(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One line of an export. Extension attributes are those without an underscore in the specification's list.

    `position` is text: a whole number of CloudEvents has 32 bits. `data` is the state as it is stored, byte for byte; a
    state that is no JSON on one line is in `data_base64`.
    """

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    slice: int
    position: str
    stream: UUID
    version: int
    tenant: str
    entryid: UUID | None = None
    datacontenttype: str | None = None
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    data_base64: str | None = None


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(CloudEvent)
_raw = msgspec.json.Decoder(msgspec.Raw)


def line_of(row: Row, source: str) -> bytes:
    """The line, with its line break."""
    as_json = _is_one_value(row.state)
    event = CloudEvent(
        specversion="1.0",
        id=f"{row.slice}:{row.position}",
        source=source,
        type=row.topic,
        subject=str(row.originator_id),
        time=row.recorded_at,
        slice=row.slice,
        position=str(row.position),
        stream=row.originator_id,
        version=row.originator_version,
        tenant=row.tenant,
        entryid=row.entry_id,
        datacontenttype=JSON if as_json else None,
        data=msgspec.Raw(row.state) if as_json else msgspec.UNSET,
        data_base64=None if as_json else b64encode(row.state).decode(),
    )
    return _encode(event) + b"\n"


def row_of(line: bytes) -> Row:
    """The row that a line holds. Raises Unfit."""
    try:
        event = _decoder.decode(line)
        state = _state(event)
        row = Row(
            event.slice,
            int(event.position),
            event.stream,
            event.version,
            event.type,
            state,
            event.entryid,
            event.tenant,
            event.time,
        )
    except (msgspec.MsgspecError, ValueError, UnicodeDecodeError) as error:
        raise Unfit(f"not an event of an export: {error}") from error
    if event.specversion != "1.0" or event.time.tzinfo is None or event.id != f"{row.slice}:{row.position}":
        raise Unfit("not an event of an export: specversion, id or time is wrong")
    return row


def _state(event: CloudEvent) -> bytes:
    if isinstance(event.data, msgspec.UnsetType):
        return b64decode(event.data_base64 or "", validate=True)
    return bytes(event.data)


def _is_one_value(state: bytes) -> bool:
    if b"\n" in state:
        return False
    try:
        return bytes(_raw.decode(state)) == state
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
