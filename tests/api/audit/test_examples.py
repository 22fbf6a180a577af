"""The examples in the audit document are answers of the running app. WRITE_EXAMPLES=1 writes them anew."""

from api.audit.examples import FOLDER
from tests.api.given import ADA, MONTHLY_WORKOUTS
from tests.kept import assert_example

EXAMPLES = {
    "engagement_history": "A streak's first month, and the two events that ended it.",
    "engagement_explained": "January of 3 months met, February missed: one entry came too late.",
    "progress_history": "The beginning of the history of one record.",
    "progress_explained": "The same streak, asked for by its record.",
}


def test_an_example_is_what_the_app_answers(lost, ask):
    engagement = ("engagements", MONTHLY_WORKOUTS, ADA)
    run = ask(*engagement)["events"][0]["progressId"]
    answers = {
        "engagement_history": ask(*engagement),
        "engagement_explained": ask(*engagement, "explain"),
        "progress_history": ask("progress", run, limit=2),
        "progress_explained": ask("progress", run, "explain", knownAt="2026-02-14T00:00:00Z"),
    }

    for name, summary in EXAMPLES.items():
        assert_example(FOLDER, name, summary, answers[name])
