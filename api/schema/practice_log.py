"""Practice log: the phases of practice challenges that end users were scored in."""

from datetime import datetime
from typing import Any

from marshmallow import fields

from api.fields import Word
from api.schema.entry_log import blueprint_of
from api.schema.entry_log_record import Progress, log_of
from api.schema.records import Row
from api.schema.training_progress import PracticeProgressSchema, practice_json
from domain.application import Logged
from domain.vocabulary import Slug
from projections.records import PRACTICE_LOG

SAID = {
    "topic_id": fields.String(metadata={"description": "The topic of the catalogue."}),
    "challenge_index": fields.Integer(metadata={"description": "Which challenge of the topic, from 0."}),
    "phase": fields.Integer(metadata={"description": "1 began an attempt, 2 completed it."}),
    "score": fields.Integer(metadata={"description": "What the phase was scored with, out of 50."}),
    "hint_used": fields.Boolean(metadata={"description": "Whether a hint was used in this phase."}),
    "language": fields.String(metadata={"description": "The language that the challenge was solved in."}),
}
ABOUT = "The challenge as it counts after the entry; null while it was never completed, and when nothing was counted."


def progress_after(logged: Logged, user: Row | None, now: datetime) -> dict[str, Any]:
    """The challenge as it counts after an entry, as the training dialect shows it."""
    entry = logged.event.entry
    return practice_json(entry.topic_id, entry.challenge_index, logged.run)


KIND = log_of(
    Slug.PRACTICE,
    "The phases of practice challenges that end users were scored in.",
    PRACTICE_LOG,
    SAID,
    Progress(PracticeProgressSchema, ABOUT, progress_after),
    filters={"topic_id": Word("Entries of this topic.", data_key="topicId")},
)
BLUEPRINT = blueprint_of(KIND)
