"""Many entries in one request: an array, or lines of any number that are answered while they come in."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec

from api.errors import problem_body, problem_of
from api.plain_json import plain_json
from api.schema.entries import Sent, parse
from api.schema.outbox import Outbox
from api.schema.recording import Answer, Desk
from api.wire import encode
from domain.application import ProgressLog
from domain.errors import InvalidInput, Refused, invalid

MAX_ENTRIES = 1000
BATCH = 500
CHUNK = 16 << 10
LEASE_SECONDS = 120


def entries_of(body: bytes) -> list[bytes]:
    """The entries of an array, unread. Raises InvalidInput when it is none, or too long."""
    try:
        found: list[bytes] = [bytes(one) for one in msgspec.json.decode(body, type=list[msgspec.Raw])]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        plain_json(body)
        raise invalid("body", f"must be an array of at most {MAX_ENTRIES} entries") from None
    if len(found) > MAX_ENTRIES:
        message = f"holds {len(found)} entries, and an array may hold {MAX_ENTRIES}: send application/x-ndjson"
        raise invalid("body", message)
    return found


def lines_of(read: Callable[[int], bytes], longest: int) -> Iterator[bytes | InvalidInput]:
    """The lines of a stream, less blank ones; a refusal in place of a long one. A line is held in memory at a time."""
    line, number, too_long = bytearray(), 1, False
    while chunk := read(CHUNK):
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            too_long = too_long or len(line) + len(end) > longest
            if too_long:
                yield invalid("body", f"line {number} is longer than {longest} bytes")
            elif found := bytes(line + end).strip():
                yield found
            line, number, too_long = bytearray(), number + 1, False
        line += rest
        if len(line) > longest:
            line, too_long = bytearray(), True
    if too_long:
        yield invalid("body", f"line {number} is longer than {longest} bytes")
    elif found := bytes(line).strip():
        yield found


def recorded(desk: Desk, entries: Iterable[bytes | InvalidInput], import_id: UUID | None) -> Iterator[list[Answer]]:
    """Record entries a batch at a time; the answers to each batch, in order."""
    waiting = iter(entries)
    while batch := [_read(one, desk.kind.name) for one in islice(waiting, BATCH)]:
        if import_id is not None:
            desk.log.log_recorder.renew_import(import_id, LEASE_SECONDS)
        yield desk.record(batch, import_id)


def answered(batches: Iterable[list[Answer]], outbox: Outbox) -> Iterator[bytes]:
    """One line for each entry, sent as soon as the connection takes it."""
    try:
        for answers in batches:
            outbox.put(b"".join(encode(item(one, with_position=True)) + b"\n" for one in answers))
            yield from outbox.ready()
        yield from outbox.rest()
    finally:
        outbox.close()


def item(answer: Answer, *, with_position: bool = False) -> dict[str, Any]:
    """The answer to one of many: its status, and the entry or the problem. In a stream no header can tell positions."""
    if answer.refusal is not None:
        problem = problem_body(problem_of(answer.refusal))
        return {"status": problem["status"], "error": problem}
    found = {"status": answer.status, "entry": answer.entry}
    return {**found, "position": str(max(answer.positions))} if with_position else found


@contextmanager
def lease(log: ProgressLog, tenant: str, *, backfill: bool) -> Iterator[UUID | None]:
    """The clock leaves alone what a backfill feeds while this lasts. None when it is no backfill."""
    if not backfill:
        yield None
        return
    import_id = log.log_recorder.begin_import(tenant, LEASE_SECONDS)
    try:
        yield import_id
    finally:
        log.log_recorder.end_import(import_id)


def _read(line: bytes | InvalidInput, kind: str) -> Sent | Refused:
    if isinstance(line, InvalidInput):
        return line
    try:
        return parse(line, kind)
    except InvalidInput as refusal:
        return refusal
