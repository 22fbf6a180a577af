"""Engagements, named by whose they are: an owner on a challenge, a streak, a topic or a scenario."""

from api.audit.asked import CHALLENGE_INDEX, EngagementPath, of_engagement
from api.audit.reading import audited
from api.audit.views import Question, explanation_of, history_of
from api.blueprints import Blueprint
from api.schema.resources import resource

BLUEPRINT = audited(
    Blueprint(
        "engagement",
        __name__,
        url_prefix="/audit/engagements",
        description="One owner on one definition: what happened, and why it is as it is.",
    )
)

QUESTION = Question(
    operation="Engagement",
    path=EngagementPath,
    more={"challenge_index": CHALLENGE_INDEX},
    find=of_engagement,
    noun="an engagement",
)

PATH = "/<definitionId>/<ownerId>"

resource(BLUEPRINT, PATH, get=history_of(BLUEPRINT, QUESTION, "engagement_history"))
resource(BLUEPRINT, f"{PATH}/explain", get=explanation_of(BLUEPRINT, QUESTION, "engagement_explained"))
