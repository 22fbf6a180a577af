"""Streaks: those of a tenant, and where its users stand in them. They are read, never written."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from api import state, time_travel
from api.access.callers import requires
from api.blueprints import Blueprint
from api.headers import conditional
from api.schema.resources import resource
from api.streaks.definition_record import DefinitionsSchema, definition_json
from api.streaks.examples import example
from api.streaks.paths import MOMENTS, MomentQuery, NoQuery, StreakPath, TenantPath, UserPath, own_tenant
from api.streaks.streak_record import StreakSchema, StreaksSchema, streak_json
from domain.errors import NotFound
from domain.vocabulary import Slug
from projections import live, streak_standing
from projections.consistency import through
from projections.streak_standing import Standing
from projections.time_travel import When

BLUEPRINT = Blueprint(
    "streaks",
    __name__,
    url_prefix="/v1/streaks",
    description="The streaks of a tenant, and where its users stand in them. Events make and change these records.",
)


@requires("definitions:read", "progress:read", reads=live.READ_TABLES)
@BLUEPRINT.arguments(TenantPath, location="path")
@BLUEPRINT.arguments(NoQuery, location="query")
@BLUEPRINT.response(200, DefinitionsSchema, examples=example("definitions"))
@BLUEPRINT.doc(operationId="listStreakDefinitions", summary="List streak definitions.")
def definitions(view: MethodView, path: dict[str, Any], query: dict[str, Any]) -> Response:
    """List the streaks of a tenant.

    Those that count events, by name: drafts, paused and archived ones are not listed.
    """
    tenant, reader = own_tenant(path), state.reader()
    held = through(reader, live.READ_TABLES)
    found = [definition_json(one, tenant) for one in live.live_streaks(reader, tenant)]
    return conditional({"definitions": found}, through=held)


@requires("progress:read", reads=streak_standing.READ_TABLES)
@BLUEPRINT.arguments(UserPath, location="path")
@BLUEPRINT.arguments(MomentQuery, location="query")
@BLUEPRINT.response(200, StreaksSchema, examples=example("streaks"))
@BLUEPRINT.doc(operationId="listStreaksOfUser", summary="Get all streaks of a user.")
def of_user(view: MethodView, path: dict[str, Any], query: dict[str, Any]) -> Response:
    """Get all streaks of a user.

    Every streak that the user has a record of, by name; an empty list for somebody whose events counted in none. An
    end user's token reads their own records only: the list of anybody else is empty.
    """
    tenant, when = own_tenant(path), time_travel.asked(query, MOMENTS)
    now = when.question if when else state.now()
    standings, held = _standings(tenant, path["user_id"], now, when)
    written = [streak_json(one, tenant, now) for one in standings]
    tag = None if when else [facts for _, facts in written]
    return conditional({"streaks": [body for body, _ in written]}, through=held, tag=tag)


def _single(operation: str) -> Callable[..., Response]:
    """The method that answers one streak. Two paths lead to it, as in the source of the dialect."""

    @requires("progress:read", reads=streak_standing.READ_TABLES)
    @BLUEPRINT.arguments(StreakPath, location="path")
    @BLUEPRINT.arguments(MomentQuery, location="query")
    @BLUEPRINT.response(200, StreakSchema, examples=example("streak"))
    @BLUEPRINT.doc(operationId=operation, summary="Get one streak of a user.")
    def get(view: MethodView, path: dict[str, Any], query: dict[str, Any]) -> Response:
        """Get one streak of a user.

        404 when none of the user's events counted in it yet, and for anybody but the end user whose token asks.
        """
        tenant, when = own_tenant(path), time_travel.asked(query, MOMENTS)
        now, user_id, definition_id = when.question if when else state.now(), path["user_id"], path["definition_id"]
        standings, held = _standings(tenant, user_id, now, when, definition_id)
        if not standings:
            raise NotFound(f"Streak not found for user '{user_id}' and definition '{definition_id}'")
        body, facts = streak_json(standings[0], tenant, now)
        return conditional(body, through=held, tag=None if when else facts)

    return get


def _standings(
    tenant: str, user_id: str, now: datetime, when: When | None, definition_id: UUID | None = None
) -> tuple[list[Standing], datetime]:
    """Where a user stands, and up to when that holds everything. A row says that itself; nothing has to be read again.

    Somebody else's rows are not there for an end user.
    """
    reader, owner_id = state.reader(), state.caller().owner_id
    if owner_id not in (None, user_id):
        return [], through(reader, streak_standing.READ_TABLES)
    if when is not None:
        reader = time_travel.of_owner(when, user_id, Slug.STREAK, streak_standing.READ_TABLES)
    found = streak_standing.of_user(reader, tenant, user_id, now=now, definition_id=definition_id)
    if found:
        return found, found[0].through
    held = through(reader, streak_standing.READ_TABLES)
    return streak_standing.of_user(reader, tenant, user_id, now=now, definition_id=definition_id), held


resource(BLUEPRINT, "/<tenant_id>/definitions", get=definitions)
resource(BLUEPRINT, "/<tenant_id>/users/<user_id>", get=of_user)
resource(BLUEPRINT, "/<tenant_id>/users/<user_id>/<definition_id>", get=_single("getStreakOfUser"))
resource(
    BLUEPRINT, "/<tenant_id>/users/<user_id>/definitions/<definition_id>", get=_single("getStreakOfUserByDefinition")
)
