"""Log entries in the document: bodies made from the types that read them, and the answers to many."""

from collections.abc import Callable
from typing import Any

import msgspec
from apispec import APISpec
from marshmallow import fields

from api.documents import ProblemSchema
from api.fields import Shown
from api.schema.bulk import MAX_ENTRIES
from api.schema.challenge_log_record import LoggedEntrySchema
from api.schema.entries import ChallengeEntry

REFERENCE = "#/components/schemas/{name}"
ENTRY = {"$ref": REFERENCE.format(name="ChallengeEntry")}
LINES = "application/x-ndjson"

# One bad entry does not stop the others, so an array may hold anything: each item is answered alone.
ENTRIES = {"type": "array", "maxItems": MAX_ENTRIES, "items": {"anyOf": [ENTRY, {}]}}

View = Callable[..., Any]


class EntryAnswerSchema(Shown):
    """What became of one of many entries."""

    status = fields.Integer(
        required=True, metadata={"description": "201 recorded, 200 recorded before, or that of the problem."}
    )
    entry = fields.Nested(LoggedEntrySchema, metadata={"description": "The entry, unless it was refused."})
    error = fields.Nested(ProblemSchema, metadata={"description": "The problem, when it was refused."})
    position = fields.String(metadata={"description": "Where in the log it is. In lines only, which have no header."})


class EntryAnswersSchema(Shown):
    """What became of each entry, in order."""

    data = fields.List(fields.Nested(EntryAnswerSchema), required=True)
    accepted = fields.Integer(required=True, metadata={"description": "How many were recorded."})
    replayed = fields.Integer(required=True, metadata={"description": "How many had been recorded before."})
    refused = fields.Integer(required=True, metadata={"description": "How many were refused."})


def register(spec: APISpec) -> None:
    """Add the entries to the components of a document."""
    for name, component in components().items():
        spec.components.schema(name, component)


def components(reference: str = REFERENCE) -> dict[str, Any]:
    """The schemas of entries, by name."""
    _, found = msgspec.json.schema_components([ChallengeEntry], ref_template=reference)
    # One of the two. Said with oneOf, generated clients would take the entry for a choice, and know no fields of it.
    found["ChallengeEntry"] |= {
        "if": {"required": ["ownedBy"]},
        "then": {"not": {"required": ["ownedById"]}},
        "else": {"required": ["ownedById"]},
    }
    return found


def takes(schema: dict[str, Any], examples: dict[str, Any]) -> Callable[[View], View]:
    """Document the JSON body that a view reads by itself."""

    def document(view: View) -> View:
        documented = view.__dict__.setdefault("_apidoc", {}).setdefault("arguments", {})
        body = {"in": "json", "required": True, "schema": schema, "examples": examples}
        documented.setdefault("parameters", []).append(body)
        documented.setdefault("responses", {})[400] = "BAD_REQUEST"
        return view

    return document
