"""End users: whose progress it is. Log entries can name users that nobody registered; these records hold the rest."""

from typing import Any

from flask import Response
from flask.views import MethodView
from marshmallow import fields, validate

from api import state
from api.access.callers import requires
from api.blueprints import Blueprint
from api.fields import Word
from api.headers import position_header
from api.paging import BY_TIME, ListQuery, RecordPath, envelope, some_of, sorted_by
from api.schema.bodies import Body, Choice, Identifier, Text
from api.schema.entry_bodies import EMAIL, PHONE_NUMBER
from api.schema.examples import example
from api.schema.records import Record, Records, listing, missing, single
from api.schema.wording import rewording
from api.wire import json_response
from domain.commands import EraseUser, KeepUser
from domain.erasure import erase_user
from domain.errors import AlreadyExists, invalid
from domain.vocabulary import OwnerStatus
from projections import records
from projections.records import ACCOUNT_USER

PERSONAL = ("first_name", "last_name", "email", "phone_number")

BLUEPRINT = Blueprint(
    "account_user",
    __name__,
    url_prefix="/schema/account_user",
    description="End users: whose progress it is.",
)


class UserFields:
    """What a tenant says about an end user."""

    external_id = Text(256, 1, description="The tenant's own id of the user: unique in the tenant, and for ever.")
    first_name = Text(256, allow_none=True, description="Given name.")
    last_name = Text(256, allow_none=True, description="Family name.")
    email = Text(256, allow_none=True, pattern=EMAIL, wanted="must be an e-mail address", description="E-mail address.")
    phone_number = Text(
        16,
        allow_none=True,
        pattern=PHONE_NUMBER,
        wanted="must be a phone number as +43123456789 (E.164)",
        description="Phone number (E.164).",
    )
    status = Choice(OwnerStatus, description="Entries of a `paused` user are recorded and not counted.", default="live")


class UserChangeSchema(UserFields, Body):
    """What to change of an end user."""


class NewUserSchema(UserFields, Body):
    """An end user to register."""

    NEEDED = ("external_id",)

    id = Identifier(description="Its id, if it has one already; else one is made from the tenant and `externalId`.")


class UserSchema(UserFields, Record):
    """An end user."""

    external_id = fields.String(allow_none=True, metadata={"description": "The tenant's own id of the user."})
    erased_at = fields.DateTime(
        allow_none=True, metadata={"description": "When the personal data was erased; null when it was not."}
    )


class UserQuery(ListQuery):
    """Which end users to list, and how."""

    external_id = Word("The one with this id.", data_key="externalId")
    status = fields.String(
        validate=validate.OneOf([one.value for one in OwnerStatus]), metadata={"description": "Those only."}
    )
    sort_by = sorted_by(BY_TIME)
    wanted = some_of(UserSchema)


RECORDS = Records(ACCOUNT_USER, UserSchema, "user", str)


@BLUEPRINT.route("/record")
class UserRecords(MethodView):
    """The end users of the tenant."""

    @requires("progress:read", reads=RECORDS.kind.projections)
    @BLUEPRINT.arguments(UserQuery, location="query")
    @BLUEPRINT.response(200, envelope(UserSchema), examples=example("account_user_list"))
    @BLUEPRINT.doc(operationId="listUsers")
    def get(self, query: dict[str, Any]) -> Response:
        """List end users.

        An end user gets their own record only.
        """
        return listing(RECORDS, query)

    @requires("definitions:write")
    @BLUEPRINT.arguments(NewUserSchema, examples=example("account_user_new"))
    @BLUEPRINT.response(201, UserSchema, examples=example("account_user"))
    @BLUEPRINT.alt_response(409, "CONFLICT")
    @BLUEPRINT.doc(operationId="createUser")
    def post(self, body: dict[str, Any]) -> Response:
        """Register an end user.

        A log entry with `ownedBy` does the same on the way, except for an end user who was erased: only this registers
        one anew, under the same id, with the data that is given here.
        """
        tenant, external_id = state.caller().tenant, body["external_id"]
        identifier = str(body["id"]) if "id" in body else state.progress_log().user_id(tenant, external_id)
        refuse_taken(external_id)
        row = records.one(state.reader(), ACCOUNT_USER, tenant, identifier)
        if row is not None and row["erased_at"] is None:
            raise AlreadyExists(f"user {identifier} is there already", {"id": ["is taken"]})
        return keep(identifier, body, 201, anew=True)


@BLUEPRINT.route("/record/<id>")
class UserRecord(MethodView):
    """One end user."""

    @requires("progress:read", reads=RECORDS.kind.projections)
    @BLUEPRINT.arguments(RecordPath, location="path")
    @BLUEPRINT.response(200, UserSchema, examples=example("account_user"))
    @BLUEPRINT.doc(operationId="getUser")
    def get(self, path: dict[str, Any]) -> Response:
        """Get an end user.

        An end user gets their own record only.
        """
        return single(RECORDS, path["id"])

    @requires("definitions:write")
    @BLUEPRINT.arguments(RecordPath, location="path")
    @BLUEPRINT.arguments(UserChangeSchema, examples=example("account_user_change"))
    @BLUEPRINT.response(200, UserSchema, examples=example("account_user_changed"))
    @BLUEPRINT.alt_response(409, "CONFLICT")
    @BLUEPRINT.doc(operationId="changeUser")
    def patch(self, path: dict[str, Any], body: dict[str, Any]) -> Response:
        """Change an end user.

        What is not given stays as it is; null takes it away. `externalId` stays for ever. An end user who was erased
        cannot be changed (409).
        """
        row = records.one(state.reader(), ACCOUNT_USER, state.caller().tenant, str(path["id"]))
        if row is None:
            raise missing(RECORDS, path["id"])
        changes = {name: value for name, value in body.items() if value != row[name]}
        if "external_id" in changes:
            if row["external_id"] is not None:
                raise invalid("externalId", "cannot be changed")
            refuse_taken(changes["external_id"])
        return keep(row["id"], changes, 200)

    @requires("definitions:write")
    @BLUEPRINT.arguments(RecordPath, location="path")
    @BLUEPRINT.response(204)
    @BLUEPRINT.doc(operationId="eraseUser")
    def delete(self, path: dict[str, Any]) -> Response:
        """Erase the personal data of an end user.

        Names, addresses and `externalId` are gone for ever; `erasedAt` says when. The log keeps what the user did under
        the opaque id, and that they were erased. The record stays, and so does their progress, whose `ownedBy` is then
        `{"id", "erased": true}`. Done twice, it is the same erasure.
        """
        caller = state.caller()
        command = EraseUser(id=str(path["id"]), actor=str(caller.key_id))
        position = erase_user(state.progress_log(), caller.tenant, command, now=state.now())
        response = Response(None, 204, position_header([position]))
        del response.headers["Content-Type"]
        return response


def refuse_taken(external_id: str) -> None:
    """Raises AlreadyExists when the tenant has a user of this externalId."""
    if records.users_named(state.reader(), state.caller().tenant, [external_id]):
        raise AlreadyExists(f"there is a user with the externalId {external_id!r}", {"externalId": ["is taken"]})


def keep(identifier: str, given: dict[str, Any], status: int, *, anew: bool = False) -> Response:
    """Keep what is given of a user, and answer with the record: its row is written with the event."""
    tenant = state.caller().tenant
    command = KeepUser(
        id=identifier,
        external_id=given.get("external_id"),
        status=OwnerStatus(given["status"]) if "status" in given else None,
        personal={name: given[name] for name in PERSONAL if name in given},
        anew=anew,
    )
    with rewording():
        _, position = state.progress_log().keep_user(tenant, command, now=state.now())
    row = records.one(state.reader(), ACCOUNT_USER, tenant, identifier)
    return json_response(RECORDS.json(row or {}), status, position_header([position]))
