"""Writing batches of lines into the log: what a process of an import does, the one that reads or one beside it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from api.schema.entries import parse_entry
from api.schema.wording import ENTRY_NAMES, reworded
from cli.lines import Line
from domain.application import ProgressLog
from domain.commands import Entry
from domain.errors import InvalidInput, Refused
from domain.outcomes import Logged

LEASE_SECONDS = 60


class Target(NamedTuple):
    """Where lines go: whose log, which of its logs when a line names none, under which lease if they are history."""

    tenant: str
    kind: str | None = None
    import_id: UUID | None = None


class Refusal(NamedTuple):
    """A line that was refused, and why."""

    line: Line
    reason: str
    errors: Mapping[str, Sequence[str]]


class Written(NamedTuple):
    """What became of a batch."""

    loaded: int
    replayed: int
    refused: list[Refusal]


class _Kind(msgspec.Struct):
    kind: str | None = None


_kind_of = msgspec.json.Decoder(_Kind).decode


def write(log: ProgressLog, target: Target, lines: Sequence[Line]) -> Written:
    """Record what the lines say, in their order. One that is refused does not stop the others."""
    refused: list[Refusal] = []
    parsed: list[Line] = []
    entries: list[Entry] = []
    for line in lines:
        try:
            entries.append(_parse(line, target.kind))
            parsed.append(line)
        except InvalidInput as refusal:
            refused.append(Refusal(line, refusal.message, refusal.errors))
    replayed = 0
    for line, entry, outcome in zip(parsed, entries, _recorded(log, target, entries), strict=True):
        if isinstance(outcome, Refused):
            told = reworded(outcome, ENTRY_NAMES[entry.slug])
            refused.append(Refusal(line, told.message, told.errors))
        elif outcome.replayed:
            replayed += 1
    return Written(len(lines) - replayed - len(refused), replayed, sorted(refused, key=lambda one: one.line.number))


def _recorded(log: ProgressLog, target: Target, entries: Sequence[Entry]) -> list[Logged | Refused]:
    if target.import_id is not None:
        log.log_recorder.renew_import(target.import_id, LEASE_SECONDS)
    return log.log_entries(target.tenant, entries, now=datetime.now(UTC), import_id=target.import_id, brief=True)


def _parse(line: Line, kind: str | None) -> Entry:
    if line.complaint:
        raise InvalidInput(line.complaint)
    # A line that cannot be read at all is explained by the parser.
    with suppress(msgspec.MsgspecError, UnicodeDecodeError):
        kind = _kind_of(line.text).kind or kind
        if kind is None:
            raise InvalidInput("kind: the line names none, and --kind was not given", {"kind": ["is needed"]})
    return parse_entry(line.text, kind or "challenge_log")
