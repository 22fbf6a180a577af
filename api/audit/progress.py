"""Progress records, named by their ids: the engagement of each, with what is about the record marked."""

from api.audit.asked import ProgressPath, of_progress
from api.audit.reading import audited
from api.audit.views import Question, explanation_of, history_of
from api.blueprints import Blueprint
from api.schema.resources import resource

BLUEPRINT = audited(
    Blueprint(
        "progress",
        __name__,
        url_prefix="/audit/progress",
        description="One progress record: the history that it comes from, and why it is as it is.",
    )
)

QUESTION = Question(operation="Progress", path=ProgressPath, more={}, find=of_progress, noun="a progress record")

resource(BLUEPRINT, "/<id>", get=history_of(BLUEPRINT, QUESTION, "progress_history"))
resource(BLUEPRINT, "/<id>/explain", get=explanation_of(BLUEPRINT, QUESTION, "progress_explained"))
