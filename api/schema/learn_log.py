"""Learn log: the scenarios that end users opened, and the steps that they reached."""

from datetime import datetime
from typing import Any

from marshmallow import fields

from api.fields import Word
from api.schema.entry_log import blueprint_of
from api.schema.entry_log_record import Progress, log_of
from api.schema.records import Row
from api.schema.training_progress import LearnProgressSchema, learn_json
from domain.application import Logged
from domain.vocabulary import Slug
from projections.records import LEARN_LOG

SAID = {
    "scenario_id": fields.String(metadata={"description": "The scenario of the catalogue."}),
    "step": fields.Integer(
        allow_none=True, metadata={"description": "The step that was reached, as it was sent; null when it was opened."}
    ),
}


def progress_after(logged: Logged, user: Row | None, now: datetime) -> dict[str, Any]:
    """How far the end user is in the scenario after an entry, as the training dialect shows it."""
    return learn_json(logged.event.entry.scenario_id, logged.run)


KIND = log_of(
    Slug.LEARN,
    "The scenarios that end users opened, and the steps that they reached.",
    LEARN_LOG,
    SAID,
    Progress(LearnProgressSchema, "The scenario after the entry; null when it was not counted.", progress_after),
    filters={"scenario_id": Word("Entries of this scenario.", data_key="scenarioId")},
)
BLUEPRINT = blueprint_of(KIND)
