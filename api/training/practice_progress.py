"""Practice progress of a user: one row a challenge that was completed."""

from typing import Annotated, Any

import msgspec
from flask import Response
from flask.views import MethodView
from marshmallow import fields

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
from projections import practice_progress
from projections.practice_progress import Record

BLUEPRINT = blueprint("practice_progress", __name__, "The practice challenges that a user has completed.")

Index = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
KEYSET = Keyset(("topic_id", "challenge_index"), tuple[Annotated[str, Id], Index])


class PracticeProgressSchema(Shown):
    """A challenge that a user has completed."""

    topic_id = shown(fields.String, "Catalog id of the practice topic.")
    challenge_index = shown(fields.Integer, "Which challenge of the topic, from 0.")
    language = shown(fields.String, "The language that the user solved it in.")
    score = shown(fields.Integer, "Out of 100: what the two phases add up to.")
    phase1_score = shown(fields.Integer, "Vulnerability identification, out of 50.")
    phase2_score = shown(fields.Integer, "Patch selection, out of 50.")
    phase1_hint_used = shown(fields.Boolean, "Whether a hint was used in phase 1.")
    phase2_hint_used = shown(fields.Boolean, "Whether a hint was used in phase 2.")
    completed_at = shown(fields.DateTime, "When it was completed, the most recent time.")


@requires("progress:read")
@BLUEPRINT.arguments(UserPath, location="path")
@BLUEPRINT.arguments(PartQuery, location="query")
@BLUEPRINT.response(
    200, PracticeProgressSchema(many=True), headers=WINDOW_HEADER, examples=example("practice_progress")
)
@BLUEPRINT.doc(operationId="getPracticeProgress", summary="Get the practice progress of a user.")
def get(view: MethodView, path: dict[str, Any], query: dict[str, Any]) -> Response:
    """Get the practice progress of a user.

    One row a challenge that the user has completed, by topic and index. Attempts in flight are not shown; done again,
    the most recent completion counts.
    """
    owner_id, part = asked_owner(path), part_of(query, KEYSET)
    found = practice_progress.of_owner(state.reader(), state.caller().tenant, owner_id, part)
    return array(found, KEYSET, _written)


def _written(record: Record) -> dict[str, Any]:
    return {
        "topicId": record.topic_id,
        "challengeIndex": record.challenge_index,
        "language": record.language,
        "score": record.score,
        "phase1Score": record.phase1_score,
        "phase2Score": record.phase2_score,
        "phase1HintUsed": record.phase1_hint_used,
        "phase2HintUsed": record.phase2_hint_used,
        "completedAt": moments(record.completed_at)[0],
    }


resource(BLUEPRINT, "/<userId>/practice-progress", get=get)
