"""Resources: a path of one kind of record, put together from methods that are made for that kind."""

import re
from collections.abc import Callable
from typing import Any

from flask import Response
from flask.views import MethodView

from api.access.callers import requires
from api.blueprints import Blueprint
from api.paging import ListQuery, envelope
from api.schema.examples import example
from api.schema.records import Records, listing, single

View = Callable[..., Response]


def resource(blueprint: Blueprint, rule: str, **methods: View) -> None:
    """Let a path take these methods: `get=…, post=…`. Each is a view that gets the MethodView first."""
    name = "".join(part.title() for part in re.findall(r"\w+", rule))
    blueprint.route(rule)(type(name, (MethodView,), methods))


def operation(name: str) -> str:
    """A kind of record as operations are called after it: challenge_log is ChallengeLog."""
    return "".join(part.title() for part in name.split("_"))


def list_of(blueprint: Blueprint, of: Records, query: type[ListQuery], *scopes: str, **doc: Any) -> View:
    """The method that lists records as they are kept."""

    @requires(*scopes, reads=of.kind.projections)
    @blueprint.arguments(query, location="query")
    @blueprint.response(200, envelope(of.schema), examples=example(f"{blueprint.name}_list"))
    @blueprint.doc(**doc)
    def get(view: MethodView, query: dict[str, Any]) -> Response:
        return listing(of, query)

    return get


def one_of(blueprint: Blueprint, of: Records, *scopes: str, **doc: Any) -> View:
    """The method that answers one record as it is kept."""

    @requires(*scopes, reads=of.kind.projections)
    @blueprint.arguments(of.path, location="path")
    @blueprint.response(200, of.schema, examples=example(blueprint.name))
    @blueprint.doc(**doc)
    def get(view: MethodView, path: dict[str, Any]) -> Response:
        return single(of, path["id"])

    return get
