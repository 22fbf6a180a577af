"""API, Audit: the events of an engagement in order, each with the state after it."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from domain.commands import VoidEntry
from tests.api.audit.conftest import JANUARY_5
from tests.api.conftest import NOW
from tests.api.given import ADA, BOB, EVE, MONTHLY_WORKOUTS, SPEND, UNKNOWN


def test_every_event_of_the_stream_is_there_once_in_order_as_it_stands_in_the_log(lost, ask, reader):
    told = ask("engagements", MONTHLY_WORKOUTS, ADA)

    (engagement,) = told["engagements"]
    rows = reader.rows(
        dict,
        """
            SELECT slice, position, originator_version, topic, state
            FROM events
            WHERE originator_id = %(id)s
            ORDER BY position
        """,
        {"id": engagement["id"]},
    )
    assert len(rows) == len(told["events"]) == engagement["version"] > 6
    for row, event in zip(rows, told["events"], strict=True):
        assert event["position"] == f"{row['slice']}:{row['position']}"
        assert (event["version"], event["type"]) == (row["originator_version"], row["topic"])
        assert event["payload"] == msgspec.json.decode(row["state"])


def test_an_event_says_when_it_was_recorded_and_when_its_entry_happened(lost, ask):
    events = ask("engagements", MONTHLY_WORKOUTS, ADA)["events"]

    assert [one["type"] for one in events] == [
        "RunStarted",
        *["EntryCounted"] * 4,
        "PeriodMet",
        "PeriodSealed",
        "StreakAtRisk",
        "StreakBroken",
        "EntryNotCounted",
    ]
    late = events[-1]
    assert late["recordedAt"] == "2026-03-01T01:16:00.123456Z"
    assert late["activityAt"] == "2026-02-28T12:00:00.000000Z"
    assert late["payload"]["reason"] == "too_late"
    assert events[-2]["activityAt"] is None


def test_the_state_after_an_event_is_what_the_events_up_to_it_lead_to(given, ask):
    given.define(SPEND)
    given.entry(SPEND, BOB, "7")
    given.entry(SPEND, ADA, "187.50")
    given.entry(SPEND, ADA, "312.5")

    events = ask("engagements", SPEND, ADA)["events"]

    assert [one["type"] for one in events] == ["RunStarted", "EntryCounted", "EntryCounted", "RunCompleted"]
    sums = [one["state"]["runs"][0]["tally"]["sum"] for one in events]
    assert sums == [0, 187.5, 500, 500]
    assert [one["state"]["runs"][0]["completedAt"] for one in events[-2:]] == [None, "2026-04-03T10:15:00.000000Z"]
    assert {one["state"]["ownerId"] for one in events} == {ADA}


def test_numbers_are_exact(given, auditor):
    given.define(SPEND)
    given.entry(SPEND, ADA, "123456789012.123456")

    text = auditor.get(f"/audit/engagements/{SPEND}/{ADA}").text

    assert '"activity_value":123456789012.123456' in text
    assert '"sum":123456789012.123456' in text


def test_a_part_can_be_asked_for_and_link_leads_through_the_rest(lost, auditor):
    path, seen = f"/audit/engagements/{MONTHLY_WORKOUTS}/{ADA}", []
    whole = auditor.get(path).json["events"]
    address = f"{path}?limit=4"

    while address:
        response = auditor.get(address)
        seen += response.json["events"]
        assert len(response.json["events"]) <= 4
        link = response.headers.get("Link")
        address = link.split(">")[0].removeprefix("<") if link else None

    assert seen == whole


def test_what_was_known_at_a_time_is_what_had_been_recorded_by_then(lost, ask):
    whole = ask("engagements", MONTHLY_WORKOUTS, ADA)

    known = ask("engagements", MONTHLY_WORKOUTS, ADA, knownAt="2026-01-12T00:00:00Z")
    before = ask("engagements", MONTHLY_WORKOUTS, ADA, knownAt="2026-01-01T00:00:00Z")

    assert known["knownAt"] == "2026-01-12T00:00:00.000000Z"
    assert known["events"] == [one for one in whole["events"] if one["recordedAt"] <= known["knownAt"]]
    assert len(known["events"]) == known["engagements"][0]["version"] == 3
    assert (before["events"], before["engagements"][0]["version"]) == ([], 0)


def test_as_of_a_moment_is_what_had_happened_by_then_whenever_it_was_recorded(given, ask, auditor, admin, clock):
    given.define(SPEND)
    given.entry(SPEND, ADA, "100")
    clock.advance(hours=2)
    given.entry(SPEND, ADA, "300")
    given.entry(SPEND, ADA, "50", at=NOW + timedelta(hours=1))
    whole = ask("engagements", SPEND, ADA)["events"]
    run = whole[0]["progressId"]

    told = ask("engagements", SPEND, ADA, asOf="2026-04-03T12:00:00Z")
    both = ask("engagements", SPEND, ADA, asOf="2026-04-03T12:00:00Z", knownAt="2026-04-03T12:00:00Z")
    why = ask("engagements", SPEND, ADA, "explain", asOf="2026-04-03T12:00:00Z")
    record = admin.get(f"/schema/challenge_progress/record/{run}?asOf=2026-04-03T12:00:00Z").json

    assert [one["payload"]["total"] for one in whole[1:]] == [100, 400, 450]
    assert [one["payload"]["total"] for one in told["events"][1:]] == [100, 150]
    assert [one["position"] for one in told["events"]] == [
        whole[0]["position"],
        whole[1]["position"],
        whole[3]["position"],
    ]
    assert (told["asOf"], told["knownAt"]) == ("2026-04-03T12:00:00.000000Z", None)
    assert [one["payload"]["total"] for one in both["events"][1:]] == [100]
    assert why["windows"][0]["tally"] == record["currentProgressValue"] == 150


def test_a_progress_record_leads_to_its_history_and_marks_what_is_about_it(lost, ask, admin, clock):
    clock.moment = JANUARY_5 + timedelta(days=70)
    lost.entry(MONTHLY_WORKOUTS, ADA, None)
    whole = ask("engagements", MONTHLY_WORKOUTS, ADA)
    first = whole["events"][0]["progressId"]

    told = ask("progress", first)

    assert told["progressId"] == first
    assert [{**one, "ofThisRun": None} for one in told["events"]] == [
        {**one, "ofThisRun": None} for one in whole["events"]
    ]
    marked = [one["type"] for one in told["events"] if one["ofThisRun"]]
    assert marked[0] == "RunStarted"
    assert marked[-1] == "StreakBroken"
    assert [one["type"] for one in told["events"] if not one["ofThisRun"]] == [
        "EntryNotCounted",
        "RunStarted",
        "EntryCounted",
    ]


def test_a_void_is_in_the_history_with_its_reason_and_actor(given, ask, clock):
    given.define(SPEND)
    logged = given.entry(SPEND, ADA, "20")
    command = VoidEntry(entry_id=logged.id, reason="refunded", actor="support")
    given.log.void_entry(given.tenant, command, now=clock.advance(minutes=1))

    void = ask("engagements", SPEND, ADA)["events"][-1]

    assert (void["type"], void["entryId"]) == ("EntryVoided", str(logged.id))
    assert (void["payload"]["reason"], void["payload"]["actor"]) == ("refunded", "support")
    assert void["state"]["runs"][0]["tally"]["sum"] == 0


def test_training_has_a_history_too_of_one_challenge_or_of_all_that_were_tried(training, ask):
    training.practise(ADA, "xss", 2, 0)
    training.learn(ADA, "jwt", 3)

    topic, one = ask("engagements", "xss", ADA), ask("engagements", "xss", ADA, challengeIndex=2)
    scenario = ask("engagements", "jwt", ADA)

    assert [found["challengeIndex"] for found in topic["engagements"]] == [2, 0]
    assert {found["kind"] for found in topic["engagements"]} == {"practice"}
    assert [event["type"] for event in topic["events"]] == ["PhaseScored", "PhaseScored", "PracticeCompleted"] * 2
    numbers = [int(event["position"].partition(":")[2]) for event in topic["events"]]
    assert numbers == sorted(numbers)
    assert one["events"] == [event for event in topic["events"] if event["state"]["challengeIndex"] == 2]
    assert [event["state"]["steps"]["currentStep"] for event in scenario["events"]] == [3]
    assert ask("progress", scenario["engagements"][0]["id"])["events"] == scenario["events"]


def test_what_is_not_there_or_somebody_elses_is_not_found(lost, ask, globex, catch_up):
    ask("engagements", MONTHLY_WORKOUTS, EVE, status=404)
    ask("engagements", UNKNOWN, ADA, status=404)
    ask("engagements", "xss", ADA, challengeIndex=3, status=404)
    ask("progress", UNKNOWN, status=404)

    mine = ask("engagements", MONTHLY_WORKOUTS, ADA)
    run, stream = mine["events"][0]["progressId"], mine["engagements"][0]["id"]

    for path in (f"/audit/progress/{run}", f"/audit/progress/{stream}/explain"):
        assert globex.get(path).status_code == 404
    theirs = globex.get(f"/audit/engagements/{MONTHLY_WORKOUTS}/{ADA}").json
    assert {one["engagementId"] for one in theirs["events"]}.isdisjoint({stream})


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        (f"engagements/{SPEND}/{ADA}", "knownAt=2026-04-01", "knownAt"),
        (f"engagements/{SPEND}/{ADA}", "knownAt=2026-04-01T00:00:00", "knownAt"),
        (f"engagements/{SPEND}/{ADA}", "knownAt=0001-01-01T00:00:00%2B02:00", "knownAt"),
        (f"engagements/{SPEND}/{ADA}", "asOf=2126-04-01T00:00:00Z", "asOf"),
        (f"engagements/{SPEND}/{ADA}/explain", "knownAt=2126-04-01T00:00:00Z", "knownAt"),
        (f"engagements/{SPEND}/{ADA}", "limit=0", "limit"),
        (f"engagements/{SPEND}/{ADA}", "cursor=7", "cursor"),
        (f"engagements/{SPEND}/{ADA}", "cursor=999:1", "cursor"),
        (f"engagements/{SPEND}/{ADA}", "challengeIndex=-1", "challengeIndex"),
        (f"engagements/{SPEND}/{ADA}/explain", "limit=1", "limit"),
        (f"progress/{UNKNOWN}", "challengeIndex=1", "challengeIndex"),
        ("progress/7", "", "id"),
    ],
)
def test_what_is_wrong_is_named(given, auditor, path, query, field):
    given.define(SPEND).entry(SPEND, ADA)

    response = auditor.get(f"/audit/{path}?{query}")

    assert response.status_code == 400
    assert response.content_type == "application/problem+json"
    assert list(response.json["errors"]) == [field]


def test_an_unchanged_history_is_answered_with_304_and_says_through_when_it_holds(lost, auditor):
    path = f"/audit/engagements/{MONTHLY_WORKOUTS}/{ADA}"
    first = auditor.get(path)

    again = auditor.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Consistent-Through"] == "2026-03-01T01:15:55.123456Z"
    assert UUID(first.json["engagements"][0]["id"])
