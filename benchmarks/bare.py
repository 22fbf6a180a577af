"""Bare Flask views, run by the gunicorn settings of the product: one INSERT of a body, and the SELECTs of its reads."""

import os
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
from flask import Flask, Response, request

from benchmarks.history import TENANT
from domain.ids import owner_slice, slice_of
from projections import assignments_of_user, challenge_progress, learn_progress, practice_progress
from projections.database import Reader
from projections.listing import Page
from projections.training import Part

TABLE = """
    CREATE TABLE bodies (
        id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        body jsonb  NOT NULL
    )
"""
INSERT = "INSERT INTO bodies (body) VALUES (%(body)s::jsonb)"
PAGE = Page(limit=100)
OF_OWNER: dict[str, Any] = {
    "practice-progress": practice_progress.of_owner,
    "learn-progress": learn_progress.of_owner,
    "assignments": assignments_of_user.of_owner,
}

encode = msgspec.json.Encoder(decimal_format="number").encode
app = Flask("bare", static_folder=None)


class Asked(Reader):
    """Takes down the query that the product's own function asks, so that the bare view cannot drift from it."""

    query = ""
    parameters: dict[str, Any] = {}

    def rows(self, row_type: type[Any], query: str, parameters: dict[str, Any]) -> list[Any]:
        self.query, self.parameters = query, parameters
        return []

    def row(self, row_type: type[Any], query: str, parameters: dict[str, Any]) -> None:
        self.query, self.parameters = query, parameters


@cache
def reader() -> Reader:
    """The product's pool, opened after the fork."""
    return Reader(os.environ["DATABASE_URL"], pool_size=int(os.environ["MILEPOST_THREADS"]) + 2)


@cache
def asked(*, one: bool) -> tuple[str, dict[str, Any]]:
    """The query of a single read or of a list, and the parameters that stay."""
    reading = Asked(os.environ["DATABASE_URL"])
    now = datetime.now(UTC)
    if one:
        challenge_progress.one(reading, TENANT, UUID(int=0), now=now)
    else:
        challenge_progress.of_tenant(reading, TENANT, {}, PAGE, now=now)
    reading.close()
    return reading.query, reading.parameters


@app.get("/record/<uuid:progress_id>")
def one(progress_id: UUID) -> Response:
    query, parameters = asked(one=True)
    place = {"id": progress_id, "slice": slice_of(progress_id, reader().slices)}
    row = reader().row(dict, query, {**parameters, **place, "now": datetime.now(UTC)})
    return Response(encode(row), mimetype="application/json")


@app.get("/record")
def many() -> Response:
    query, parameters = asked(one=False)
    rows = reader().rows(dict, query, {**parameters, "now": datetime.now(UTC)})
    return Response(encode(rows), mimetype="application/json")


@cache
def asked_of_owner(kind: str) -> tuple[str, dict[str, Any]]:
    """The query of a training array, and the parameters that stay."""
    reading, part, more = Asked(os.environ["DATABASE_URL"]), Part(), {}
    if kind == "assignments":
        more["now"] = datetime.now(UTC)
    with suppress(IndexError):
        OF_OWNER[kind](reading, TENANT, "", part, **more)
    reading.close()
    return reading.query, reading.parameters


@app.get("/training/<kind>/<owner_id>")
def of_owner(kind: str, owner_id: str) -> Response:
    query, parameters = asked_of_owner(kind)
    place = {"owner_id": owner_id, "slice": owner_slice(TENANT, owner_id, reader().slices)}
    rows = reader().rows(dict, query, {**parameters, **place, "now": datetime.now(UTC)})
    return Response(encode(rows), mimetype="application/json")


@app.post("/record")
def insert() -> Response:
    body = request.get_data()
    reader().write(INSERT, {"body": body.decode()})
    return Response(body, 201, mimetype="application/json")
