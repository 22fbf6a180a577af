"""Assignments of a user: what is to be done, and how far it is."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from flask import Response
from flask.views import MethodView
from marshmallow import fields, validate

from api import state, time_travel
from api.access.callers import requires
from api.fields import Shown, shown
from api.schema.resources import resource
from api.training.examples import example
from api.training.users import WINDOW_HEADER, Keyset, PartOfThenQuery, UserPath, array, asked_owner, blueprint, part_of
from api.wire import seconds
from domain.numbers import ZERO, percent_of
from domain.vocabulary import ContentArea
from projections import assignments_of_user
from projections.assignments_of_user import Record

BLUEPRINT = blueprint("assignments", __name__, "What a user is to complete: assigned to the user, a team or everybody.")

KEYSET = Keyset(("created_at", "id"), tuple[Annotated[datetime, msgspec.Meta(tz=True)], UUID])
TENTH = Decimal("0.1")
TARGETS = ("category", "module", "topic", "course", "scenario", "custom-course")


class AssignmentSchema(Shown):
    """An active assignment as it stands for a user."""

    id = shown(fields.UUID, "The assignment's id.")
    content_area = shown(
        fields.String, "Practice or learn.", validate=validate.OneOf([one.value for one in ContentArea])
    )
    target_type = shown(
        fields.String,
        "For practice: category, module, topic or custom-course. For learn: course, scenario or custom-course.",
        validate=validate.OneOf(TARGETS),
    )
    target_id = shown(fields.String, "Catalog id of what is to be completed.")
    target_title = shown(fields.String, "What that is called.")
    deadline = shown(fields.DateTime, "Until when; null when there is no deadline.", allow_none=True)
    is_mandatory = shown(fields.Boolean, "Whether it must be done.")
    is_overdue = shown(fields.Boolean, "Whether the deadline has passed and it is not completed.")
    is_completed = shown(fields.Boolean, "Whether everything was done. It stays so when the catalogue grows.")
    total_items = shown(fields.Integer, "How many challenges or scenarios there are now.")
    completed_items = shown(fields.Integer, "How many of them the user has completed.")
    progress_percent = shown(
        fields.Decimal, "The completion ratio scaled to 0-100, one decimal, rounded down.", places=1
    )
    note = shown(fields.String, "Why it was assigned, or null.", allow_none=True)


@requires("progress:read", reads=assignments_of_user.READ_TABLES)
@BLUEPRINT.arguments(UserPath, location="path")
@BLUEPRINT.arguments(PartOfThenQuery, location="query")
@BLUEPRINT.response(200, AssignmentSchema(many=True), headers=WINDOW_HEADER, examples=example("assignments"))
@BLUEPRINT.doc(operationId="getAssignments", summary="Get the active assignments of a user.")
def get(view: MethodView, path: dict[str, Any], query: dict[str, Any]) -> Response:
    """Get the active assignments of a user.

    Those of the user, of the user's teams and of the whole organisation, in the order in which they were made, with
    how far the user is in the catalogue as it is now. The same target assigned twice is there twice.
    """
    owner_id, part, when = asked_owner(path), part_of(query, KEYSET), time_travel.asked(query)
    reader = state.reader() if when is None else time_travel.assignments_of(when, owner_id)
    now = state.now() if when is None else when.question
    found = assignments_of_user.of_owner(reader, state.caller().tenant, owner_id, part, now=now)
    return array(found, KEYSET, _written)


def _written(record: Record) -> dict[str, Any]:
    return {
        "id": record.id,
        "contentArea": record.content_area,
        "targetType": record.target_type,
        "targetId": record.target_id,
        "targetTitle": record.target_title,
        "deadline": seconds(record.deadline)[0],
        "isMandatory": record.is_mandatory,
        "isOverdue": bool(record.is_overdue),
        "isCompleted": record.is_completed,
        "totalItems": record.total_items,
        "completedItems": record.completed_items,
        "progressPercent": percent(record.completed_items, record.total_items),
        "note": record.note,
    }


def percent(completed: int, total: int) -> Decimal:
    """100 · completed / total, one decimal, rounded down; 0.0 of nothing (RULES 8)."""
    return percent_of(Decimal(completed), Decimal(total), TENTH).quantize(TENTH) if total else ZERO.quantize(TENTH)


resource(BLUEPRINT, "/<userId>/assignments", get=get)
