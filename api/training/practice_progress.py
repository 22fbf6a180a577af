"""Practice progress of a user: one row a challenge that was completed."""

from typing import Annotated, Any

import msgspec
from flask import Response
from flask.views import MethodView

from api import state, time_travel
from api.access.callers import requires
from api.schema.resources import resource
from api.schema.training_progress import PracticeProgressSchema, practice_json
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
from projections import practice_progress
from projections.practice_progress import Record

BLUEPRINT = blueprint("practice_progress", __name__, "The practice challenges that a user has completed.")

Index = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
TABLES = (practice_progress.PROJECTION.name,)
KEYSET = Keyset(("topic_id", "challenge_index"), tuple[Annotated[str, Id], Index])


@requires("progress:read", reads=TABLES)
@BLUEPRINT.arguments(UserPath, location="path")
@BLUEPRINT.arguments(PartOfThenQuery, location="query")
@BLUEPRINT.response(
    200, PracticeProgressSchema(many=True), headers=WINDOW_HEADER, examples=example("practice_progress")
)
@BLUEPRINT.doc(operationId="getPracticeProgress", summary="Get the practice progress of a user.")
def get(view: MethodView, path: dict[str, Any], query: dict[str, Any]) -> Response:
    """Get the practice progress of a user.

    One row a challenge that the user has completed, by topic and index. Attempts in flight are not shown; done again,
    the most recent completion counts.
    """
    owner_id, part, when = asked_owner(path), part_of(query, KEYSET), time_travel.asked(query)
    reader = state.reader() if when is None else time_travel.of_owner(when, owner_id, Slug.PRACTICE, TABLES)
    found = practice_progress.of_owner(reader, state.caller().tenant, owner_id, part)
    return array(found, KEYSET, _written)


def _written(record: Record) -> dict[str, Any]:
    return practice_json(record.topic_id, record.challenge_index, record)


resource(BLUEPRINT, "/<userId>/practice-progress", get=get)
