"""A rebuild of a read table, as it is shown beside the table."""

from marshmallow import fields, validate

from api.fields import Shown, shown

STATES = ("filling", "indexing", "following", "verified")


class RebuildSchema(Shown):
    """A table that is being built beside the live one, which goes on answering."""

    state = shown(
        fields.String,
        "`filling` from the log, `indexing`, `following` the log until it is level, `verified` and about to switch.",
        validate=validate.OneOf(STATES),
    )
    done = shown(fields.Integer, "How many events it has read, over all slices.")
    total = shown(fields.Integer, "How many there are.")
    rate = shown(fields.Float, "Events a second; null while none are read.", allow_none=True)
    eta_seconds = shown(fields.Float, "For how much longer they are read at that rate.", allow_none=True)
    at_work = shown(fields.Boolean, "Whether somebody works on it. If not, it goes on when it is started again.")
    runner = shown(fields.String, "Who works on it, or did last: machine and process id.", allow_none=True)
    workers = shown(fields.Integer, "How many processes fill it; 0 when the runner does so itself.")
    started_at = shown(fields.DateTime, "When it was first begun.")
