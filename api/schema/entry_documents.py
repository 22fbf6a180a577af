"""Log entries in the document: bodies made from the types that read them, and the answers to many."""

from collections.abc import Callable
from typing import Any

import msgspec
from apispec import APISpec
from marshmallow import Schema, fields

from api.documents import ProblemSchema
from api.fields import Shown
from api.schema.bulk import MAX_ENTRIES
from api.schema.entry_bodies import Entry

REFERENCE = "#/components/schemas/{name}"
LINES = "application/x-ndjson"

View = Callable[..., Any]


def entry_schema(entry: type[Entry]) -> dict[str, Any]:
    """A body that is one entry."""
    return {"$ref": REFERENCE.format(name=entry.__name__)}


def entries_schema(entry: type[Entry]) -> dict[str, Any]:
    """A body that is many. One bad entry does not stop the others, so an array may hold anything."""
    return {"type": "array", "maxItems": MAX_ENTRIES, "items": {"anyOf": [entry_schema(entry), {}]}}


def answer_schema(entry: type[Entry], logged: type[Schema]) -> type[Schema]:
    """What became of one of many entries."""
    status = fields.Integer(
        required=True, metadata={"description": "201 recorded, 200 recorded before, or that of the problem."}
    )
    answered = {
        "status": status,
        "entry": fields.Nested(logged, metadata={"description": "The entry, unless it was refused."}),
        "error": fields.Nested(ProblemSchema, metadata={"description": "The problem, when it was refused."}),
        "position": fields.String(
            metadata={"description": "Where in the log it is. In lines only, which have no header."}
        ),
    }
    return Shown.from_dict(answered, name=f"{entry.__name__}AnswerSchema")


def answers_schema(entry: type[Entry], answer: type[Schema]) -> type[Schema]:
    """What became of each entry, in order."""
    answered = {
        "data": fields.List(fields.Nested(answer), required=True),
        "accepted": fields.Integer(required=True, metadata={"description": "How many were recorded."}),
        "replayed": fields.Integer(required=True, metadata={"description": "How many had been recorded before."}),
        "refused": fields.Integer(required=True, metadata={"description": "How many were refused."}),
    }
    return Shown.from_dict(answered, name=f"{entry.__name__}AnswersSchema")


def register(spec: APISpec, entry: type[Entry]) -> None:
    """Add a kind of entry to the components of a document. Kinds have parts in common, which are there once."""
    for name, component in components(entry).items():
        if name not in spec.components.schemas:
            spec.components.schema(name, component)


def components(entry: type[Entry], reference: str = REFERENCE) -> dict[str, Any]:
    """The schemas of a kind of entry, by name."""
    _, found = msgspec.json.schema_components([entry], ref_template=reference)
    # One of the two. Said with oneOf, generated clients would take the entry for a choice, and know no fields of it.
    found[entry.__name__] |= {
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
