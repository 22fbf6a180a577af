"""Errors of the training dialect in its document."""

from marshmallow import fields

from api.documents import MEANINGS, ErrorForm
from api.fields import Shown, shown
from api.training.examples import example
from api.wire import JSON


class ErrorSchema(Shown):
    """What went wrong."""

    error = shown(fields.String, "What is wrong, for programs.")
    message = fields.String(metadata={"description": "What is wrong, for people."})
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "For wrong input: complaints by parameter."},
    )
    needed = fields.String(
        data_key="required", metadata={"description": "For a scope that is missing: the one that is needed."}
    )
    present = fields.List(
        fields.String(), metadata={"description": "For a scope that is missing: those that the credential has."}
    )


STATUSES = (400, 401, 403, 404, 429, 500, 503)

CODED = ErrorForm(
    schema=ErrorSchema,
    media_type=JSON,
    example=lambda status: example(f"error_{status}"),
    meanings={
        **{status: MEANINGS[status] for status in STATUSES},
        404: "The tenant has no such user, or it is not the one whose token asks.",
    },
)
