"""Errors of the streaks dialect in its document."""

from marshmallow import fields

from api.documents import MEANINGS, ErrorForm
from api.fields import shown
from api.streaks.examples import example
from api.streaks.fields import Written
from api.wire import JSON


class ErrorSchema(Written):
    """What went wrong."""

    code = shown(fields.String, "What is wrong, for programs.")
    message = shown(fields.String, "What is wrong, for people. Wrong input is named field by field.")
    status = shown(fields.Integer, "The HTTP status.")


class ErrorEnvelopeSchema(Written):
    """An error."""

    error = shown(fields.Nested, "What went wrong.", nested=ErrorSchema)


ENVELOPES = ErrorForm(
    schema=ErrorEnvelopeSchema,
    media_type=JSON,
    example=lambda status: example(f"error_{status}"),
    meanings={
        **MEANINGS,
        400: "The input is not good. `message` says what is wrong with which field or parameter.",
        403: "The credential is not one of this tenant, or its scopes do not suffice.",
        404: "The user has no record of this streak, or it is somebody else's.",
        409: "The event came before with other content.",
    },
)
