"""Progress in training as it is answered: a completed challenge, an opened scenario. Their times are in seconds."""

from typing import Any

from marshmallow import fields, validate

from api.fields import Shown, shown
from api.wire import seconds

STARTED, COMPLETED = "started", "completed"


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


class LearnProgressSchema(Shown):
    """A scenario that a user has opened."""

    scenario_id = shown(fields.String, "Catalog id of the scenario.")
    current_step = shown(fields.Integer, "The furthest step that was reached.")
    total_steps = shown(fields.Integer, "How many steps it has. When equal, the scenario is finished.")
    status = shown(fields.String, "Whether it is finished.", validate=validate.OneOf([STARTED, COMPLETED]))
    started_at = shown(fields.DateTime, "When it was opened first.")
    completed_at = shown(fields.DateTime, "When it was finished; null until then.", allow_none=True)
    last_access_at = shown(fields.DateTime, "When it was opened last, whether or not that made progress.")


def practice_json(topic_id: str, challenge_index: int, done: Any) -> dict[str, Any]:
    """The row of a challenge; `done` is its completion, from the log or from the read tables."""
    return {
        "topicId": topic_id,
        "challengeIndex": challenge_index,
        "language": done.language,
        "score": done.score,
        "phase1Score": done.phase1_score,
        "phase2Score": done.phase2_score,
        "phase1HintUsed": done.phase1_hint_used,
        "phase2HintUsed": done.phase2_hint_used,
        "completedAt": seconds(done.completed_at)[0],
    }


def learn_json(scenario_id: str, steps: Any) -> dict[str, Any]:
    """The row of a scenario; `steps` say how far the user is, from the log or from the read tables."""
    started_at, completed_at, last_access_at = seconds(steps.started_at, steps.completed_at, steps.last_access_at)
    return {
        "scenarioId": scenario_id,
        "currentStep": steps.current_step,
        "totalSteps": steps.total_steps,
        "status": STARTED if completed_at is None else COMPLETED,
        "startedAt": started_at,
        "completedAt": completed_at,
        "lastAccessAt": last_access_at,
    }
