"""Learn progress of a user: one row a scenario that was opened."""

from typing import Annotated, Any

from flask import Response
from flask.views import MethodView
from marshmallow import fields, validate

from api import state
from api.access.callers import requires
from api.fields import Shown, shown
from api.schema.resources import resource
from api.training.examples import example
from api.training.users import (
    WINDOW_HEADER,
    Id,
    Keyset,
    PartQuery,
    UserPath,
    array,
    asked_owner,
    blueprint,
    part_of,
)
from api.training.wire import moments
from projections import learn_progress
from projections.learn_progress import Record

BLUEPRINT = blueprint("learn_progress", __name__, "The learn scenarios that a user has opened.")

KEYSET = Keyset(("scenario_id",), tuple[Annotated[str, Id]])
STARTED, COMPLETED = "started", "completed"


class LearnProgressSchema(Shown):
    """A scenario that a user has opened."""

    scenario_id = shown(fields.String, "Catalog id of the scenario.")
    current_step = shown(fields.Integer, "The furthest step that was reached.")
    total_steps = shown(fields.Integer, "How many steps it has. When equal, the scenario is finished.")
    status = shown(fields.String, "Whether it is finished.", validate=validate.OneOf([STARTED, COMPLETED]))
    started_at = shown(fields.DateTime, "When it was opened first.")
    completed_at = shown(fields.DateTime, "When it was finished; null until then.", allow_none=True)
    last_access_at = shown(fields.DateTime, "When it was opened last, whether or not that made progress.")


@requires("progress:read")
@BLUEPRINT.arguments(UserPath, location="path")
@BLUEPRINT.arguments(PartQuery, location="query")
@BLUEPRINT.response(200, LearnProgressSchema(many=True), headers=WINDOW_HEADER, examples=example("learn_progress"))
@BLUEPRINT.doc(operationId="getLearnProgress", summary="Get the learn progress of a user.")
def get(view: MethodView, path: dict[str, Any], query: dict[str, Any]) -> Response:
    """Get the learn progress of a user.

    One row a scenario that the user has opened, by its id.
    """
    owner_id, part = asked_owner(path), part_of(query, KEYSET)
    found = learn_progress.of_owner(state.reader(), state.caller().tenant, owner_id, part)
    return array(found, KEYSET, _written)


def _written(record: Record) -> dict[str, Any]:
    started_at, completed_at, last_access_at = moments(record.started_at, record.completed_at, record.last_access_at)
    return {
        "scenarioId": record.scenario_id,
        "currentStep": record.current_step,
        "totalSteps": record.total_steps,
        "status": STARTED if record.completed_at is None else COMPLETED,
        "startedAt": started_at,
        "completedAt": completed_at,
        "lastAccessAt": last_access_at,
    }


resource(BLUEPRINT, "/<userId>/learn-progress", get=get)
