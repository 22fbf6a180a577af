"""The two questions of an auditor, history and explanation, asked of whatever names an engagement."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Response, request
from flask.views import MethodView
from marshmallow import Schema, fields, validate

from api import state
from api.access.callers import requires
from api.audit.asked import Asked
from api.audit.examples import example
from api.audit.explanation_document import ExplanationSchema
from api.audit.explanation_record import written
from api.audit.history_record import HistorySchema, history, last_position
from api.blueprints import Blueprint
from api.cursors import link
from api.fields import WholeNumber
from api.headers import conditional
from api.schema.resources import View
from api.time_travel import MomentQuery
from domain.errors import invalid
from domain.past import Past

MAX_LIMIT = 1000
CURSOR = re.compile(r"[0-9]{1,4}:[0-9]{1,18}", re.ASCII)

PART: dict[str, Any] = {
    "limit": WholeNumber(
        validate=validate.Range(1, MAX_LIMIT, error="must be {min} to {max}"),
        metadata={"description": "How many events to answer at most. Without it, all of them."},
    ),
    "cursor": fields.String(
        validate=validate.Regexp(CURSOR.pattern + r"\Z", error="must be <slice>:<number>"),
        metadata={"description": "Only events behind this position. `Link` has that of the last event."},
    ),
}


class Question(NamedTuple):
    """What names an engagement: a path, more parameters, and how it is found. `operation` ends operation ids."""

    operation: str
    path: type[Schema]
    more: dict[str, Any]
    find: Callable[[dict[str, Any], dict[str, Any]], Asked]
    noun: str


def history_of(blueprint: Blueprint, question: Question, name: str) -> View:
    """The method that answers the events, each with the state after it."""
    query: Any = MomentQuery.from_dict({**question.more, **PART}, name=f"{question.operation}HistoryQuery")

    @requires("audit:read")
    @blueprint.arguments(question.path, location="path")
    @blueprint.arguments(query, location="query")
    @blueprint.response(200, HistorySchema, examples=example(name))
    @blueprint.doc(
        operationId=f"get{question.operation}History",
        summary=f"Get the history of {question.noun}.",
        description="Every event in the order of the log, with its payload as it stands there and the state of the "
        "engagement after it. Answered from the log itself.",
    )
    def get(view: MethodView, path: dict[str, Any], query: dict[str, Any]) -> Response:
        now, asked = state.now(), question.find(path, query)
        place, after = _slice(asked.pasts[0]), _after(query.get("cursor"))
        told = history(asked, place, after=after, limit=query.get("limit"))
        return conditional(told, through=now, headers=_link(asked, told, place))

    return get


def explanation_of(blueprint: Blueprint, question: Question, name: str) -> View:
    """The method that answers what became of it, and why."""
    query: Any = MomentQuery.from_dict(question.more, name=f"{question.operation}ExplanationQuery")

    @requires("audit:read")
    @blueprint.arguments(question.path, location="path")
    @blueprint.arguments(query, location="query")
    @blueprint.response(200, ExplanationSchema, examples=example(name))
    @blueprint.doc(
        operationId=f"explain{question.operation}",
        summary=f"Explain {question.noun}.",
        description="The runs and windows with their outcomes, and each entry, counted or not and why, in words: why "
        "was this streak lost? Answered from the log itself.",
    )
    def get(view: MethodView, path: dict[str, Any], query: dict[str, Any]) -> Response:
        now = state.now()
        return conditional(written(question.find(path, query)), through=now)

    return get


def _slice(past: Past) -> int:
    return state.progress_log().position_of(past.id, 0).slice


def _after(cursor: str | None) -> int:
    return int(cursor.partition(":")[2]) if cursor else 0


def _link(asked: Asked, told: dict[str, Any], place: int) -> dict[str, str] | None:
    """Where it goes on, when events follow the last one."""
    cursor = request.args.get("cursor")
    if cursor and int(cursor.partition(":")[0]) != place:
        raise invalid("cursor", "is not a position of this history")
    last = last_position(asked)
    positions = [one["position"] for one in told["events"] if one["position"]]
    if not positions or positions[-1] == f"{place}:{last}":
        return None
    return link(positions[-1])
