"""Differences: what applying a document does to each record, field by field."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from api.schema.records import written
from api.wire import camel


class Difference(NamedTuple):
    """What applying a document does, or would do, to one record: each changed field with what it held and will hold."""

    kind: str
    id: str
    name: str
    action: str
    changes: Mapping[str, tuple[Any, Any]] = {}


def difference(
    kind: str, identifier: Any, name: str, before: Any, after: Any, more: Mapping[str, tuple[Any, Any]] | None = None
) -> Difference:
    """Between a record as it stands, if it does, and as it will be. `more` is what is kept elsewhere."""
    told = msgspec.structs.asdict(after)
    known = msgspec.structs.asdict(before) if before is not None else dict.fromkeys(told)
    changes = {
        camel(field): (written(known[field]), written(value))
        for field, value in told.items()
        if value != known[field] and field != "id"
    }
    changes |= {name: change for name, change in (more or {}).items() if change[0] != change[1]}
    action = "made" if before is None else "changed" if changes else "unchanged"
    return Difference(kind, str(identifier), name, action, changes)
