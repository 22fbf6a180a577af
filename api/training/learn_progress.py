"""Learn progress of a user: one row a scenario that was opened."""

from typing import Annotated, Any

from flask import Response
from flask.views import MethodView

from api import state, time_travel
from api.access.callers import requires
from api.schema.resources import resource
from api.schema.training_progress import LearnProgressSchema, learn_json
from api.training.examples import example
from api.training.users import (
    WINDOW_HEADER,
    Id,
    Keyset,
    PartOfThenQuery,
    UserPath,
    array,
    asked_owner,
    blueprint,
    part_of,
)
from domain.vocabulary import Slug
from projections import learn_progress
from projections.learn_progress import Record

BLUEPRINT = blueprint("learn_progress", __name__, "The learn scenarios that a user has opened.")

TABLES = (learn_progress.PROJECTION.name,)
KEYSET = Keyset(("scenario_id",), tuple[Annotated[str, Id]])


@requires("progress:read", reads=TABLES)
@BLUEPRINT.arguments(UserPath, location="path")
@BLUEPRINT.arguments(PartOfThenQuery, location="query")
@BLUEPRINT.response(200, LearnProgressSchema(many=True), headers=WINDOW_HEADER, examples=example("learn_progress"))
@BLUEPRINT.doc(operationId="getLearnProgress", summary="Get the learn progress of a user.")
def get(view: MethodView, path: dict[str, Any], query: dict[str, Any]) -> Response:
    """Get the learn progress of a user.

    One row a scenario that the user has opened, by its id.
    """
    owner_id, part, when = asked_owner(path), part_of(query, KEYSET), time_travel.asked(query)
    reader = state.reader() if when is None else time_travel.of_owner(when, owner_id, Slug.LEARN, TABLES)
    found = learn_progress.of_owner(reader, state.caller().tenant, owner_id, part)
    return array(found, KEYSET, _written)


def _written(record: Record) -> dict[str, Any]:
    return learn_json(record.scenario_id, record)


resource(BLUEPRINT, "/<userId>/learn-progress", get=get)
