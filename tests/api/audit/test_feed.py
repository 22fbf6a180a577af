"""API, Audit: the feed of the log's events, its cursor, its filters, JSON and lines."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from domain.application import ProgressLog
from domain.ids import definition_id, engagement_id, owner_slice
from projections.feed import event_feed
from projections.feed.cursor import decode, encode
from tests.api.conftest import ACME, NOW, Clock
from tests.api.given import ADA, BOB, SPEND, UNKNOWN, VISITS, WEEKLY_VISITS, Given
from tests.api.schema.conftest import Ask, Asker, acme, ask, globex, projector, read
from tests.given_training import Training

__all__ = ["acme", "ask", "globex", "projector"]

FEED = "/audit/events"
LINES = "application/x-ndjson"


@pytest.fixture
def told(given: Given, clock: Clock) -> Given:
    """Two challenges and a streak of acme, entries of Ada and Bob a minute apart; Ada's too in another tenant."""
    given.define(SPEND, VISITS, WEEKLY_VISITS).user(ADA, first_name="Ada")
    for definition, owner, value in (
        (SPEND, ADA, "187.50"),
        (SPEND, BOB, "20"),
        (VISITS, ADA, None),
        (WEEKLY_VISITS, ADA, None),
        (SPEND, ADA, "0.10"),
    ):
        clock.advance(minutes=10)
        given.entry(definition, owner, value)
    return given


def followed(asker: Asker, query: str = "", limit: int = 3) -> Iterator[dict[str, Any]]:
    """Every event, page by page, until the feed is level."""
    after = ""
    for _ in range(200):
        body = asker.get(f"{FEED}?limit={limit}{after}{query}").body
        yield from body["data"]
        after = f"&after={body['paging']['nextCursor']}"
        if body["paging"]["level"]:
            return
    pytest.fail("the feed never became level")


def types(events: Iterator[dict[str, Any]]) -> list[str]:
    return [one["type"] for one in events]


def stored(rows, tenant: str = ACME) -> Counter[str]:
    query = "SELECT slice || ':' || position FROM events WHERE tenant = %s"
    return Counter(row[0] for row in rows(query, tenant))


def test_an_event_is_shown_with_its_place_its_times_and_its_payload_as_it_stands_in_the_log(told: Given, acme: Asker):
    found = [
        one for one in followed(acme) if one["type"] == "EntryCounted" and one["payload"]["entry"]["owner_id"] == BOB
    ]

    (event,) = found
    assert event.keys() == {
        "position", "streamId", "version", "type", "recordedAt", "activityAt", "entryId", "payload", "cursor",
    }  # fmt: skip
    assert event["streamId"] == str(engagement_id(ACME, SPEND, BOB))
    assert (event["version"], event["recordedAt"]) == (2, "2026-04-03T10:35:00.000000Z")
    assert event["activityAt"] == "2026-04-03T10:35:00.000000Z"
    assert UUID(event["entryId"])
    assert event["payload"]["total"] == Decimal(20)


def test_the_payload_has_exact_decimals(told: Given, acme: Asker):
    text = acme.client.get(f"{FEED}?ownedById={ADA}", headers=acme.headers).text

    assert '"activity_value":187.50' in text
    assert '"total":187.6' in text


def test_every_event_of_the_tenant_comes_once_in_the_order_of_its_stream(told: Given, acme: Asker, globex: Asker, rows):
    for limit in (1, 3, 1000):
        events = list(followed(acme, limit=limit))

        assert Counter(one["position"] for one in events) == stored(rows)
        versions = defaultdict(list)
        for one in events:
            versions[one["streamId"]].append(one["version"])
        assert all(found == list(range(1, len(found) + 1)) for found in versions.values())
    assert Counter(one["position"] for one in followed(globex)) == stored(rows, "globex")


def test_a_page_is_no_longer_than_its_limit_and_filled_while_there_is_more(told: Given, acme: Asker):
    body = acme.get(f"{FEED}?limit=5").body

    assert len(body["data"]) == body["paging"]["limit"] == 5
    assert body["paging"]["level"] is False


def test_behind_any_event_the_rest_comes_whatever_was_on_its_page(told: Given, acme: Asker):
    everything = acme.get(FEED).body["data"]

    for number, event in enumerate(everything):
        rest = acme.get(f"{FEED}?after={event['cursor']}").body["data"]
        assert [one["position"] for one in rest] == [one["position"] for one in everything[number + 1 :]]


def test_a_level_feed_goes_on_with_what_is_recorded_later(told: Given, acme: Asker):
    level = acme.get(FEED).body["paging"]
    nothing = acme.get(f"{FEED}?after={level['nextCursor']}")
    told.entry(SPEND, BOB, "1")

    assert level["level"] is True
    assert (nothing.body["data"], nothing.body["paging"]["nextCursor"]) == ([], level["nextCursor"])
    assert types(acme.get(f"{FEED}?after={level['nextCursor']}").body["data"]) == ["EntryCounted"]


def test_the_link_leads_on_with_the_same_question(told: Given, acme: Asker):
    answer = acme.get(f"{FEED}?limit=2&type=EntryCounted")

    link = answer.headers["Link"].removeprefix("<").removesuffix('>; rel="next"')
    assert link == f"{FEED}?limit=2&type=EntryCounted&after={answer.body['paging']['nextCursor']}"
    assert acme.get(link).body["data"] != answer.body["data"]


def test_the_filters_agree_with_the_whole_feed(told: Given, acme: Asker):
    told.user(BOB, first_name="Bob")
    everything = list(followed(acme))
    runs = {one["payload"]["run_id"] for one in everything if one["payload"].get("owner_id") == ADA}
    ada = {str(engagement_id(ACME, one, ADA)) for one in (SPEND, VISITS)}
    ada |= {str(engagement_id(ACME, WEEKLY_VISITS, ADA, "streak"))}
    spend = {str(engagement_id(ACME, SPEND, owner)) for owner in (ADA, BOB)}
    spend |= {str(definition_id(ACME, "challenge", SPEND))}

    def positions(query: str = "") -> set[str]:
        return {one["position"] for one in followed(acme, query)}

    def among(condition: Any) -> set[str]:
        return {one["position"] for one in everything if condition(one)}

    assert len(runs) == 3
    assert positions(f"&ownedById={ADA}") == among(
        lambda one: one["streamId"] in ada or one["payload"].get("user_id") == ADA
    )
    assert positions(f"&definitionId={SPEND}") == among(lambda one: one["streamId"] in spend)
    assert positions(f"&definitionId={str(SPEND).upper()}") == positions(f"&definitionId={SPEND}")
    assert positions(f"&definitionId={SPEND}&ownedById={BOB}") == among(
        lambda one: one["streamId"] == str(engagement_id(ACME, SPEND, BOB))
    )
    assert positions("&type=RunStarted,UserRegistered") == among(
        lambda one: one["type"] in ("RunStarted", "UserRegistered")
    )
    assert positions("&from=2026-04-03T10:35:00Z&to=2026-04-03T10:45:00Z") == among(
        lambda one: "2026-04-03T10:35" <= one["recordedAt"] < "2026-04-03T10:45"
    )
    assert positions(f"&definitionId={UNKNOWN}") == positions(f"&ownedById={UNKNOWN}") == set()


def test_training_is_found_by_its_item_whatever_that_is_called(log: ProgressLog, clock: Clock, acme: Asker):
    training = Training(log, clock, ACME).topic('sql "injection"', 5).topic("xss", 5).scenario("jwt", 3)
    for owner in (ADA, BOB):
        training.practise(owner, 'sql "injection"', 0).practise(owner, "xss", 0).learn(owner, "jwt", 2)
    assignment = training.assign("topic", "xss", ADA)

    def found(query: str) -> list[str]:
        return sorted(types(followed(acme, query)))

    practised = ["PhaseScored", "PhaseScored", "PracticeCompleted"]
    item = quote('sql "injection"')
    assert found(f"&definitionId={item}") == sorted(["CatalogueItemDefined", *practised, *practised])
    assert found(f"&definitionId={item}&ownedById={BOB}") == practised
    assert found("&definitionId=jwt") == ["CatalogueItemDefined", "ScenarioAccessed", "ScenarioAccessed"]
    assert found(f"&definitionId={assignment}") == ["AssignmentDefined"]


def test_the_owner_of_another_tenant_is_somebody_else(told: Given, globex: Asker):
    found = list(followed(globex, f"&ownedById={ADA}"))

    assert types(found) == ["RunStarted", "EntryCounted"]
    assert {one["streamId"] for one in found} == {str(engagement_id("globex", SPEND, ADA))}


def test_asking_for_an_owner_touches_their_slice_alone(told: Given, acme: Asker):
    paging = acme.get(f"{FEED}?ownedById={ADA}").body["paging"]

    assert decode(paging["nextCursor"]).keys() == {owner_slice(ACME, ADA, 4)}
    assert paging["level"] is True


def test_a_question_looks_at_a_bounded_part_and_goes_on_behind_it(
    told: Given, acme: Asker, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(event_feed, "SCAN", 4)
    cursors, pages, after = [], [], ""
    while True:
        body = acme.get(f"{FEED}?type=RewardChanged{after}").body
        cursors.append(sum(decode(body["paging"]["nextCursor"]).values()))
        pages.append(body["data"])
        after = f"&after={body['paging']['nextCursor']}"
        if body["paging"]["level"]:
            break

    assert len(pages) > 2
    assert set(map(len, pages)) == {0}
    assert {later - before for before, later in pairwise([0, *cursors])} <= {1, 2, 3, 4}
    assert types(followed(acme, "&type=EntryCounted")).count("EntryCounted") == 5


def test_the_time_that_is_asked_for_is_found_without_reading_what_lies_before_it(
    told: Given, acme: Asker, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    clock.advance(hours=1)
    told.entry(VISITS, BOB, None)
    monkeypatch.setattr(event_feed, "SCAN", 4)

    late = acme.get(f"{FEED}?from={clock.moment.isoformat().replace('+00:00', 'Z')}").body
    early = acme.get(f"{FEED}?to=2026-04-03T09:00:00Z").body

    assert (types(late["data"]), late["paging"]["level"]) == (["RunStarted", "EntryCounted"], True)
    assert (early["data"], early["paging"]["level"]) == ([], True)
    for extreme in ("from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z", "from=9999-12-31T23:59:59.999999-12:00"):
        assert acme.get(f"{FEED}?{extreme}").status in (200, 400)


def test_the_answer_says_up_to_when_it_holds_everything(told: Given, acme: Asker, rows):
    def through(query: str) -> datetime:
        return datetime.fromisoformat(acme.get(f"{FEED}?{query}").headers["Consistent-Through"])

    before = rows("SELECT statement_timestamp()")[0][0]
    assert (before - through("limit=1000")).total_seconds() <= 5
    # The first entry is on the page, and the next one, ten minutes later, need not be.
    assert through("limit=1") < NOW.astimezone(UTC)


def test_lines_hold_every_event_and_the_last_one_says_where_to_go_on(told: Given, acme: Asker):
    told.of("globex").entry(SPEND, BOB, "1")
    answer = acme.client.get(FEED, headers={**acme.headers, "Accept": LINES})
    *events, last = map(read, answer.data.splitlines())

    assert answer.mimetype == LINES
    assert events == acme.get(f"{FEED}?limit=1000").body["data"]
    assert last["paging"].keys() == {"nextCursor", "level", "consistentThrough"}
    assert last["paging"]["level"] is True
    assert decode(last["paging"]["nextCursor"]) == decode(acme.get(FEED).body["paging"]["nextCursor"])
    assert answer.headers["Consistent-Through"] <= last["paging"]["consistentThrough"]


def test_lines_are_read_in_batches_as_far_as_the_limit(told: Given, acme: Asker, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(event_feed, "SCAN", 4)
    everything = list(followed(acme))

    def lines(query: str) -> list[Any]:
        answer = acme.client.get(f"{FEED}{query}", headers={**acme.headers, "Accept": LINES})
        return list(map(read, answer.data.splitlines()))

    assert Counter(one["position"] for one in lines("")[:-1]) == Counter(one["position"] for one in everything)
    *some, last = lines("?limit=5")
    rest = lines(f"?after={last['paging']['nextCursor']}")[:-1]
    assert (len(some), last["paging"]["level"]) == (5, False)
    assert Counter(one["position"] for one in some + rest) == Counter(one["position"] for one in everything)


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("after=nonsense", {"after": ["is not a cursor of this feed"]}),
        (f"after={encode({0: 10**6})}", {"after": ["is of another log: there is no position 0:1000000 here"]}),
        (f"after={encode({4: 0})}", {"after": ["is of another log: there is no position 4:0 here"]}),
        ("type=EntryCount", {"type": ["'EntryCount': there is no such type of event"]}),
        ("from=yesterday", {"from": ["must be a time as in RFC 3339: 2026-04-03T10:15:00Z"]}),
        ("limit=0", {"limit": ["must be 1 to 1000"]}),
        ("ownedById=", {"ownedById": ["must have 1 to 200 characters"]}),
        ("cursor=AQ", {"cursor": ["is not a parameter of this query"]}),
    ],
)
def test_a_wrong_question_is_refused_by_the_name_of_what_is_wrong(acme: Asker, query: str, errors: dict[str, Any]):
    answer = acme.get(f"{FEED}?{query}")

    assert (answer.status, answer.errors) == (400, errors)


def test_only_an_auditor_reads(told: Given, ask: Ask):
    others = ask("progress:read", "logs:write", "operations", "definitions:read")

    assert others.get(FEED).status == 403
    assert ask(owner=ADA).get(FEED).status == 403
    assert ask("audit:read").get(FEED).status == 200


def test_each_read_is_logged_with_the_key_and_what_it_asked_for(ask: Ask, capfd: pytest.CaptureFixture[str]):
    ask("audit:read").get(f"{FEED}?ownedById={ADA}&limit=5")

    line = read(next(one for one in capfd.readouterr().err.splitlines() if "audit read" in one))
    assert UUID(line["key"])
    assert (line["tenant"], line["what"], line["status"]) == (ACME, FEED, 200)
    assert line["filter"] == {"ownedById": ADA, "limit": "5"}
