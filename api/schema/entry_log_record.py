"""Log entries as records: how they are documented and written, and the answer to one that comes in."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from marshmallow import Schema, fields, validate

from api.schema.entries import ENTRIES
from api.schema.entry_bodies import Entry
from api.schema.records import Record, Records, Row
from api.schema.resources import operation
from api.schema.wording import ENTRY_NAMES
from domain.application import Logged
from domain.vocabulary import Reason, Slug
from projections.records import Kind

REASONS = [one.value for one in Reason]


class EntryFields:
    """What every entry says, and what became of it."""

    owner_id = fields.String(data_key="ownedById", metadata={"description": "The end user."})
    activity_at = fields.DateTime(metadata={"description": "When it was done."})
    unique_identifier = fields.String(metadata={"description": "Names the entry, which is recorded once."})
    recorded_at = fields.DateTime(metadata={"description": "When it was recorded."})
    counted = fields.Boolean(metadata={"description": "Whether it counts for progress."})
    reason = fields.String(
        allow_none=True,
        validate=validate.OneOf([*REASONS, None]),
        metadata={"description": "Why it was not counted; null when it was."},
    )
    voided_at = fields.DateTime(allow_none=True, metadata={"description": "When it was taken back."})
    void_reason = fields.String(allow_none=True, metadata={"description": "Why it was taken back."})


class RepliedFields:
    """What every answer to an entry says beside it."""

    replayed = fields.Boolean(metadata={"description": "Whether it had come before: then nothing new was recorded."})


class Part(NamedTuple):
    """A part of a record: its fields, and how the outcome of an entry is put into them."""

    schema: Mapping[str, fields.Field] = {}
    of: Callable[[Logged], Mapping[str, Any]] = lambda logged: {}


NOTHING = Part()


class Progress(NamedTuple):
    """The progress after an entry: its record, what it is, and how it is written."""

    schema: type[Schema]
    about: str
    after: Callable[[Logged, Row | None, datetime], Any]


class LogKind(NamedTuple):
    """A log: what its entries are, how they are kept and answered, and by what they are asked for.

    `kept` and `followed` are what only this kind of log keeps of an entry, and answers beside its progress.
    """

    slug: Slug
    about: str
    entry: type[Entry]
    records: Records
    logged: type[Schema]
    filters: Mapping[str, fields.Field]
    progress: Progress
    kept: Part
    followed: Part

    @property
    def name(self) -> str:
        """What it is called: challenge_log."""
        return f"{self.slug}_log"

    @property
    def names(self) -> Mapping[str, str]:
        """How the wire calls what the domain refuses."""
        return ENTRY_NAMES[self.slug]


def log_of(
    slug: Slug,
    about: str,
    table: Kind,
    said: Mapping[str, fields.Field],
    progress: Progress,
    *,
    filters: Mapping[str, fields.Field],
    kept: Part = NOTHING,
    followed: Part = NOTHING,
) -> LogKind:
    """The log of a kind: `table` are its rows, `said` are the fields that only its entries have."""
    name = operation(f"{slug}_log")
    after = fields.Nested(
        progress.schema, data_key=f"{slug}Progress", allow_none=True, metadata={"description": progress.about}
    )
    linked = Record.from_dict({**said, **kept.schema}, name=f"{name}Said")
    kept_schema = _schema(f"{name}Schema", "An entry as it is kept.", EntryFields, linked)
    answered = f"Logged{operation(slug)}EntrySchema"
    with_progress = kept_schema.from_dict({"progress": after, **followed.schema}, name=f"{name}WithProgress")
    answer = "An entry that came in: as it is kept, and what followed."
    logged = _schema(answered, answer, RepliedFields, with_progress)
    records = Records(table, kept_schema, "log entry")
    return LogKind(slug, about, ENTRIES[f"{slug}_log"], records, logged, filters, progress, kept, followed)


def answer_json(kind: LogKind, logged: Logged, user: Row | None, kept: Row | None) -> dict[str, Any]:
    """The answer to an entry, as of the moment at which it was recorded: a replay gets the same again.

    `user` is the owner's row, `kept` the entry's own, which says whether it was taken back since.
    """
    progress = None if logged.run is None else kind.progress.after(logged, user, logged.recorded_at)
    return {
        **kind.records.json({**_row(logged, kept or {}), **kind.kept.of(logged)}),
        f"{kind.slug}Progress": progress,
        **kind.followed.of(logged),
        "replayed": logged.replayed,
    }


def _schema(name: str, about: str, *bases: type) -> type[Schema]:
    """A schema of several parts."""
    return type(name, bases, {"__doc__": about})


def _row(logged: Logged, kept: Row) -> dict[str, Any]:
    """The entry in the columns of its read table."""
    return {
        **msgspec.structs.asdict(logged.event.entry),
        "id": logged.id,
        "recorded_at": logged.recorded_at,
        "counted": logged.counted,
        "reason": getattr(logged.event, "reason", None),
        "voided_at": kept.get("voided_at"),
        "void_reason": kept.get("void_reason"),
        "created_at": logged.recorded_at,
        "updated_at": kept.get("updated_at") or logged.recorded_at,
    }
