"""API, Audit: why was this streak lost? One call answers, window by window and entry by entry."""

import pytest

from domain.commands import Redefine, VoidEntry
from domain.vocabulary import Slug
from tests.api.audit.conftest import JANUARY_5
from tests.api.given import ADA, BOB, MONTHLY_WORKOUTS, SPEND, VISITS

LOST = (
    "broken: the window 2026-02 ended at 1 March 2026 00:00 (Europe/Vienna) with 0 of 4, after 1 of 3 windows met in a "
    "row; 1 entry in it did not count (arrived 2 h 11 min after its window was sealed)"
)


def test_a_lost_streak_is_explained_in_one_call(lost, ask):
    told = ask("engagements", MONTHLY_WORKOUTS, ADA, "explain")

    assert told["summary"] == LOST
    january, february, march = told["windows"]
    assert [one["outcome"] for one in told["windows"]] == ["met", "missed", "open"]
    assert (february["startAt"], february["endAt"]) == ("2026-01-31T23:00:00.000000Z", "2026-02-28T23:00:00.000000Z")
    assert february["localStartAt"] == "2026-02-01T00:00:00.000000+01:00"
    assert february["localEndAt"] == "2026-03-01T00:00:00.000000+01:00"
    assert (february["tally"], february["target"], february["isSealed"]) == (0, 4, True)
    assert (january["tally"], january["count"], len(january["entries"])) == (4, 4, 4)
    assert (march["key"], march["progressId"], march["isSealed"]) == ("2026-03", None, False)
    (late,) = february["entries"]
    assert (late["counted"], late["reason"], late["void"]) == (False, "too_late", None)
    assert late["why"] == "not counted: arrived 2 h 11 min after its window was sealed"
    assert (late["activityAt"], late["recordedAt"]) == ("2026-02-28T12:00:00.000000Z", "2026-03-01T01:16:00.123456Z")


def test_a_run_agrees_with_its_record(lost, ask, admin, clock):
    for moment, status in ((JANUARY_5.replace(day=25), "in_progress"), (JANUARY_5.replace(month=4), "broken")):
        clock.moment = moment
        told = ask("engagements", MONTHLY_WORKOUTS, ADA, "explain", knownAt=moment.isoformat())
        assert [run["status"] for run in told["runs"]] == [status]
    record = admin.get(f"/schema/streak_progress/record/{told['runs'][0]['progressId']}").json

    (run,) = told["runs"]
    assert run["status"] == record["streakProgressStatus"]
    assert run["endedAt"][:23] == record["streakBrokenAt"][:23]
    assert run["startedAt"][:23] == record["streakStartedAt"][:23]
    assert (run["currentProgressValue"], run["completionTargetValue"]) == (1, 3)


def test_known_at_explains_things_as_they_read_then(lost, ask):
    told = ask("engagements", MONTHLY_WORKOUTS, ADA, "explain", knownAt="2026-02-14T00:00:00+01:00")

    assert told["knownAt"] == "2026-02-13T23:00:00.000000Z"
    assert told["summary"].startswith("in progress: 1 of 3 windows met in a row; 0 of 4 in the window 2026-02, which")
    assert [one["outcome"] for one in told["windows"]] == ["met", "open"]
    nothing = ask("engagements", MONTHLY_WORKOUTS, ADA, "explain", knownAt="2026-01-01T00:00:00Z")
    assert (nothing["summary"], nothing["windows"]) == ("nothing was recorded", [])


def test_a_pause_counts_from_when_it_was_known(given, ask, clock):
    given.define(SPEND)
    given.entry(SPEND, ADA, "20")
    clock.advance(days=1)
    redefined(given, clock, "paused")
    clock.advance(days=1)
    redefined(given, clock, "live")
    clock.advance(days=40)

    told = ask("engagements", SPEND, ADA, "explain")
    before = ask("engagements", SPEND, ADA, "explain", knownAt="2026-04-04T00:00:00Z")

    (april,) = [one for one in told["windows"] if one["key"] == "2026-04"]
    assert (april["outcome"], april["isSealed"]) == ("excused", False)
    assert april["pauses"] == [{"startAt": "2026-04-04T10:15:00.000000Z", "endAt": "2026-04-05T10:15:00.000000Z"}]
    assert told["runs"][0]["status"] == "excused"
    assert before["windows"][0]["pauses"] == []


def redefined(given, clock, status):
    command = Redefine(id=SPEND, slug=Slug.CHALLENGE, changes={"status": status})
    given.log.define(given.tenant, SPEND, command, now=clock())


def test_a_void_says_who_why_and_what_it_did(given, ask, clock):
    given.define(VISITS)
    given.entry(VISITS, BOB)
    logged = [given.entry(VISITS, ADA) for _ in range(2)]
    command = VoidEntry(entry_id=logged[0].id, reason="a mistake", actor="support")
    given.log.void_entry(given.tenant, command, now=clock.advance(minutes=1))

    (window,) = ask("engagements", VISITS, ADA, "explain")["windows"]

    voided, kept = window["entries"]
    assert voided["void"] == {
        "voidedAt": "2026-04-03T10:16:00.000000Z",
        "reason": "a mistake",
        "actor": "support",
        "isEffective": True,
        "effect": "taken off the tally: 1 of 8 were left",
        "rewardLogIds": [],
    }
    assert (voided["counted"], kept["void"], window["tally"]) == (True, None, 1)


def test_a_progress_record_is_summed_up_itself(lost, ask, clock):
    first = ask("engagements", MONTHLY_WORKOUTS, ADA, "explain")["runs"][0]["progressId"]
    clock.moment = JANUARY_5.replace(month=4)
    lost.entry(MONTHLY_WORKOUTS, ADA, None)

    told = ask("progress", first, "explain")
    both = ask("engagements", MONTHLY_WORKOUTS, ADA, "explain")

    assert (told["progressId"], told["summary"]) == (first, LOST)
    assert both["summary"].startswith("in progress: 0 of 3 windows met in a row; 1 of 4 in the window 2026-04")
    assert both["summary"].endswith(f". The run before was {LOST}")
    assert [run["number"] for run in both["runs"]] == [1, 2]
    keys = [(one["key"], one["progressId"]) for one in both["windows"]]
    assert keys == [
        ("2026-01", first),
        ("2026-02", first),
        ("2026-03", None),
        ("2026-04", both["runs"][1]["progressId"]),
    ]


def test_training_is_explained_entry_by_entry(training, ask):
    training.phase(ADA, "xss", 0, 2, 10)
    training.practise(ADA, "xss", 0, 2)
    training.learn(ADA, "jwt", 3)

    topic, scenario = ask("engagements", "xss", ADA, "explain"), ask("engagements", "jwt", ADA, "explain")

    assert topic["summary"] == (
        "challenge 0 completed: 100 of 100 (50 and 50) at 3 April 2026 10:15 (UTC); "
        "challenge 2 completed: 100 of 100 (50 and 50) at 3 April 2026 10:15 (UTC)"
    )
    assert [(one["counted"], one["reason"]) for one in topic["entries"]] == [
        (False, "phase_missing"),
        *[(True, None)] * 4,
    ]
    assert len({one["engagementId"] for one in topic["entries"]}) == len(topic["engagements"]) == 2
    assert (topic["runs"], topic["windows"]) == ([], [])
    assert scenario["summary"] == "not completed: step 3 of 7, last accessed at 3 April 2026 10:15 (UTC)"


@pytest.mark.parametrize("path", ["engagements/{definition}/{owner}", "progress/{run}"])
def test_what_somebody_else_did_is_not_in_it(lost, ask, path):
    run = ask("engagements", MONTHLY_WORKOUTS, ADA, "explain")["runs"][0]["progressId"]

    told = ask(path.format(definition=MONTHLY_WORKOUTS, owner=ADA, run=run), "explain")

    entries = [one["uniqueIdentifier"] for window in told["windows"] for one in window["entries"]]
    assert len(entries) == 5
    assert all(name.startswith(ADA) for name in entries)
